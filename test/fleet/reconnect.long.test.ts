// FAULTS row 25 with the number it states. Wants 10,000 free file descriptors here and in the server.

import { test } from "node:test";
import { reconnect } from "./reconnect.ts";

test("FD-08 FAULTS 25 D4 10,000 subscribers that lose the server together are all back at the head within 30 s", (t) =>
  reconnect(t, 10_000));
