// FAULTS row 25 in small; in the long run with 10,000.

import { test } from "node:test";
import { reconnect } from "./reconnect.ts";

test("FD-08 FAULTS 25 D4 300 subscribers that lose the server together are all back at the head soon", (t) =>
  reconnect(t, 300));
