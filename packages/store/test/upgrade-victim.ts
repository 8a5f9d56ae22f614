// The process that an upgrade test kills: opens a database of an older schema. Run by upgrade.test.ts.

import { openAt } from "./opened.ts";

const [, , path = ""] = process.argv;
process.stdout.write("opening\n");
const store = await openAt(path);
await store.close();
