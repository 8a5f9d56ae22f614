// The process that a crash test kills while it makes many orders at once, the first of which ends a webhook
// subscription. Run by crash.test.ts.

import { order, unit } from "./conformance/facts.ts";
import { boundTo, subscribed } from "./conformance/webhook-facts.ts";
import { openAt } from "./opened.ts";

const [, , path = "", many = "25"] = process.argv;
const store = await openAt(path);
process.stdout.write("ready\n");
for (;;) {
  const binding = boundTo(store);
  await subscribed(store, binding);
  const tokens = Array.from({ length: Number(many) - 1 }, () => unit("token", `tid_${store.nextId()}`));
  const units = [unit("grant", binding.grantId), ...tokens];
  const [receipt] = await store.revokeMany(units.map((of) => order(store, of)));
  process.stdout.write(`ended ${binding.grantId} ${receipt?.seq}\n`);
}
