// The process that a crash test kills: issues, revokes and rotates as fast as it can and prints each thing that was
// acknowledged. Run by crash.test.ts.

import { formatId } from "@rescind/core";
import { accessToken, opened, order, refreshToken, tokenOf, unit } from "./conformance/facts.ts";
import { newCode, redemption } from "./conformance/people-facts.ts";
import { openAt } from "./opened.ts";

const [, , path = "", lanes = "16"] = process.argv;
const store = await openAt(path);

/** One line for each acknowledgement; written with the lines of the same turn. */
function acknowledge(line: string): void {
  process.stdout.write(`${line}\n`);
}

async function lane(): Promise<never> {
  for (;;) {
    const token = accessToken(store);
    await store.issue(token);
    acknowledge(`issued ${token.token.id}`);
    const receipt = await store.revoke(order(store, unit("token", formatId("token", token.token.id))));
    acknowledge(`revoked ${receipt.seq} ${token.token.id}`);
    const { grant, refresh } = await opened(store);
    const successor = refreshToken(store, grant);
    const access = tokenOf(store, grant);
    await store.rotate({ spent: refresh.token.id, successor, sealed: new Uint8Array([1]), access });
    acknowledge(`rotated ${refresh.token.id} ${successor.token.id}`);
    const made = newCode(store);
    await store.issueCode(made);
    const first = redemption(store, made);
    await store.redeemCode(first);
    acknowledge(`redeemed ${made.code.id} ${first.grant.grantId}`);
  }
}

acknowledge("ready");
await Promise.all(Array.from({ length: Number(lanes) }, lane));
