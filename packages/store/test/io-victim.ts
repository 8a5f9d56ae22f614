// The process whose fsync is made to fail: prints what was acknowledged and what was refused, and exits with 3 when
// the store says that the disk failed, as a server does. Ends by itself after so many. Run by disk.test.ts.

import { accessToken } from "./conformance/facts.ts";
import { openAt } from "./opened.ts";

const [, , path = "", count = "Infinity"] = process.argv;
const store = await openAt(path, {
  onFailure: () => {
    process.stdout.write("failed\n");
    setImmediate(() => process.exit(3));
  },
});

for (let index = 0; index < Number(count); index += 1) {
  const token = accessToken(store);
  const outcome = await store.issue(token).then(
    () => "issued",
    () => "refused",
  );
  process.stdout.write(`${outcome} ${token.token.id}\n`);
}
await store.close();
