// SQLite held to the store's promises.

import { conformance } from "./conformance/conformance.ts";
import { freshPath, openAt } from "./opened.ts";

conformance("SQLite", () => openAt(freshPath()));
