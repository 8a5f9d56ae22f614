// Consents: remembered with the code, withdrawn with the order, whatever the interleaving.

import assert from "node:assert/strict";
import type { Store } from "@rescind/store";
import { rounds } from "../../../../test/seed.ts";
import { nowS, order, unit } from "./facts.ts";
import { newCode, nowMs, user } from "./people-facts.ts";
import { allOf, type Opener, promise } from "./suite.ts";

export function consents(open: Opener): void {
  promise("scopes are remembered with a code, each once, by subject and client", open, async (store) => {
    await consent(store, ["openid", "orders:read"]);
    await consent(store, ["orders:read", "orders:write"]);
    await consent(store, ["openid"], { clientId: "other" });
    await store.issueCode(newCode(store, { subject: "usr_2" }));
    assert.deepEqual(await store.consentedScopes("usr_1", "client"), [
      "openid",
      "orders:read",
      "orders:write",
    ]);
    assert.deepEqual(await store.consentedScopes("usr_1", "other"), ["openid"]);
    assert.deepEqual(await store.consentedScopes("usr_2", "client"), []);
  });

  promise("a transaction that has its code gets no consent either", open, async (store) => {
    const transaction = "one";
    assert.equal(await store.issueCode(newCode(store, {}, { transaction, consent: ["openid"] })), "issued");
    const again = newCode(store, {}, { transaction, consent: ["orders:write"] });
    assert.equal(await store.issueCode(again), "used-already");
    assert.deepEqual(await store.consentedScopes("usr_1", "client"), ["openid"]);
  });

  promise("C3 an order of subject+client removes this consent, other orders none", open, async (store) => {
    for (const [subject, clientId] of [
      ["usr_1", "client"],
      ["usr_1", "other"],
      ["usr_2", "client"],
    ] as const)
      await consent(store, ["openid"], { subject, clientId });
    for (const wide of [unit("subject", "usr_1"), unit("client", "client"), unit("all", "")])
      await store.revoke(order(store, wide));
    assert.equal((await store.listConsents({}, { limit: 10, cursor: undefined })).items.length, 3);
    await store.revoke(order(store, unit("subject+client", "usr_1", "client")));
    const left = await allOf((page) => store.listConsents({}, page), 1);
    assert.deepEqual(
      left.map(({ subject, clientId }) => [subject, clientId]),
      [
        ["usr_2", "client"],
        ["usr_1", "other"],
      ],
    );
  });

  promise(
    "C3 an order that names a scope forgets that one, and the consent with the last",
    open,
    async (store) => {
      await consent(store, ["openid", "orders:read", "orders:write"]);
      await consent(store, ["orders:write"], { clientId: "other" });
      await consent(store, ["orders:write"], { subject: "usr_2" });
      const takeBack = (scope: string) =>
        store.revoke(order(store, unit("subject+client", "usr_1", "client"), { scope }));
      const { seq } = await takeBack("orders:write");
      assert.deepEqual(await store.consentedScopes("usr_1", "client"), ["openid", "orders:read"]);
      assert.deepEqual(await store.consentedScopes("usr_1", "other"), ["orders:write"]);
      assert.deepEqual(await store.consentedScopes("usr_2", "client"), ["orders:write"]);
      await consent(store, ["orders:write"], { rev: seq - 1 });
      assert.deepEqual(await store.consentedScopes("usr_1", "client"), ["openid", "orders:read"]);
      assert.equal((await takeBack("orders:write")).appended, true, "what was issued since is covered too");
      for (const scope of ["openid", "orders:read"]) await takeBack(scope);
      const left = (await store.listConsents({ subject: "usr_1" }, { limit: 10, cursor: undefined })).items;
      assert.deepEqual(
        left.map(({ clientId }) => clientId),
        ["other"],
      );
    },
  );

  promise("before spares a consent that was given later, in the same second not", open, async (store) => {
    await consent(store, ["openid"], { issuedAt: nowS });
    const withdraw = (before: number) =>
      store.revoke(order(store, unit("subject+client", "usr_1", "client"), { before }));
    await withdraw(nowS - 1);
    assert.deepEqual(await store.consentedScopes("usr_1", "client"), ["openid"]);
    await withdraw(nowS);
    assert.deepEqual(await store.consentedScopes("usr_1", "client"), []);
  });

  promise("a consent that was being given while it was withdrawn is not remembered", open, async (store) => {
    const withdraw = () => store.revoke(order(store, unit("subject+client", "usr_1", "client")));
    const { seq } = await withdraw();
    await consent(store, ["openid"], { rev: seq - 1 });
    assert.deepEqual(await store.consentedScopes("usr_1", "client"), []);
    await consent(store, ["openid"], { rev: seq });
    assert.deepEqual(await store.consentedScopes("usr_1", "client"), ["openid"]);
    await withdraw();
    const late = newCode(store, { rev: seq }, { consent: ["orders:write"] });
    assert.equal(await store.issueCode(late), "issued", "the code is there: the rule refuses it");
    assert.deepEqual(await store.consentedScopes("usr_1", "client"), []);
  });

  promise("no consent outlives its withdrawal, however they race", open, async (store) => {
    for (let round = 0; round < rounds(8, 500); round += 1) {
      const subject = `usr_${round}`;
      await store.createUser(user(subject), undefined, nowMs);
      const rev = (await store.head()).position.seq;
      await Promise.all([
        ...Array.from({ length: 6 }, () => consent(store, ["openid", "orders:read"], { subject, rev })),
        store.revoke(order(store, unit("subject+client", subject, "client"))),
        ...Array.from({ length: 6 }, () => consent(store, ["openid", "orders:write"], { subject, rev })),
      ]);
      assert.deepEqual(await store.consentedScopes(subject, "client"), []);
    }
    assert.deepEqual((await store.listConsents({}, { limit: 10, cursor: undefined })).items, []);
  });

  promise("consents are listed newest first by cursor, and by what is asked", open, async (store) => {
    for (let index = 0; index < 5; index += 1)
      await consent(store, ["b", "a"], {
        subject: `usr_${index % 3}`,
        clientId: `client_${index % 2}`,
        issuedAt: nowS + index,
      });
    const listed = async (filter: Parameters<Store["listConsents"]>[0]) =>
      (await allOf((page) => store.listConsents(filter, page), 2)).map(
        ({ subject, clientId }) => `${subject} ${clientId}`,
      );
    const all = ["usr_1 client_0", "usr_0 client_1", "usr_2 client_0", "usr_1 client_1", "usr_0 client_0"];
    assert.deepEqual(await listed({}), all);
    assert.deepEqual(await listed({ subject: "usr_1" }), [all[0], all[3]]);
    assert.deepEqual(await listed({ clientId: "client_1" }), [all[1], all[3]]);
    assert.deepEqual(await listed({ clientId: "client_1", subject: "usr_0" }), [all[1]]);
    const { items } = await store.listConsents({ subject: "usr_2" }, { limit: 1, cursor: undefined });
    assert.deepEqual(items, [
      { subject: "usr_2", clientId: "client_0", scopes: ["a", "b"], grantedAtMs: (nowS + 2) * 1000 },
    ]);
  });
}

async function consent(
  store: Store,
  scopes: readonly string[],
  facts: Parameters<typeof newCode>[1] = {},
): Promise<void> {
  assert.equal(await store.issueCode(newCode(store, facts, { consent: scopes })), "issued");
}
