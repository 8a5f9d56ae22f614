// The process whose writes are recorded: issues and revokes a number of times and prints each acknowledgement. Run by
// power.test.ts.

import { accessToken, order, unit } from "./conformance/facts.ts";
import { openAt } from "./opened.ts";

const [, , path = "", count = "20"] = process.argv;
const store = await openAt(path);
for (let index = 0; index < Number(count); index += 1) {
  const token = accessToken(store);
  await store.issue(token);
  process.stdout.write(`issued ${token.token.id}\n`);
  const { seq } = await store.revoke(order(store, unit("subject", `usr_${index}`)));
  process.stdout.write(`revoked ${seq}\n`);
}
process.exit(0);
