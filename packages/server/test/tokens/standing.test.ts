// What this node's listeners are told: every entry that it learns of, in order, whichever way it learned.

import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { formatId } from "@rescind/core";
import { openStore } from "@rescind/store";
import { tokenHashing } from "../../src/keys/digest.ts";
import { orderOf } from "../../src/revocation/order.ts";
import { StandingEntries } from "../../src/tokens/standing.ts";

test("listeners hear of what was appended, also where everything is loaded anew; once each", async (t) => {
  const folder = mkdtempSync(join(tmpdir(), "rescind-test-"));
  const store = await openStore(`sqlite:${join(folder, "rescind.db")}`);
  t.after(async () => {
    await store.close();
    rmSync(folder, { recursive: true, force: true });
  });
  const issuer = "https://issuer.example";
  const of = { hashing: tokenHashing(undefined, new Uint8Array(32)), now: Date.now, store, issuer };
  const order = async (): Promise<void> => {
    const unit = { name: "token", issuer, value: formatId("token", store.nextId()) } as const;
    const actor = { kind: "admin", id: "admin" } as const;
    await store.revoke(orderOf({ unit, actor, reason: "administrator", final: false, select: {} }, of));
  };

  await order();
  const standing = new StandingEntries(store, of.hashing.fingerprint);
  const heard: number[] = [];
  standing.subscribe((entries) => heard.push(...entries.map(({ seq }) => seq)));
  await standing.load();
  assert.deepEqual(heard, [], "what stood before the start is no news");
  await order();
  await standing.reach(await store.head());
  await order();
  await order();
  await standing.load();
  await order();
  await standing.reach(await store.head());
  assert.deepEqual(heard, [2, 3, 4, 5]);
});
