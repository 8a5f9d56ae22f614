// The view `live_tokens`, which people and reports may read directly: the same rule as the lists.

import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { test } from "node:test";
import { formatId } from "@rescind/core";
import {
  accessToken,
  administrator,
  fingerprint,
  firstPage,
  nowS,
  opened,
  order,
  refreshToken,
  tokenOf,
  unit,
} from "./conformance/facts.ts";
import { freshPath, openAt } from "./opened.ts";

test("C3 the view live_tokens holds exactly the tokens that the lists call live", async () => {
  const path = freshPath();
  const store = await openAt(path);
  const openings = [];
  for (let index = 0; index < 12; index += 1)
    openings.push(
      await opened(store, {
        subject: `usr_${index % 4}`,
        clientId: `client_${index % 3}`,
        sessionId: `ses_${index % 6}`,
      }),
    );
  for (let index = 0; index < 3; index += 1)
    await store.issue(
      accessToken(store, { clientId: `client_${index}`, subject: `client_${index}`, kid: `kid_${index}` }),
    );
  const [first, second, third] = openings;
  assert.ok(first && second && third);
  const lineage = [fingerprint(unit("grant", second.grant.grantId))];
  await store.issue(tokenOf(store, third.grant, { lineage }));
  const successor = refreshToken(store, third.grant);
  await store.rotate({
    spent: third.refresh.token.id,
    successor,
    sealed: new Uint8Array(1),
    access: tokenOf(store, third.grant),
  });
  const lifted = order(store, unit("session", "ses_1"));
  const orders = [
    order(store, unit("token", formatId("token", first.access.token.id))),
    order(store, unit("grant", second.grant.grantId)),
    lifted,
    order(store, unit("subject+client", "usr_3", "client_0")),
    order(store, unit("signing-key", "kid_1")),
    order(store, unit("client", "client_2"), { before: nowS - 1 }),
    order(store, { ...unit("all", ""), issuer: "https://other.example" }),
  ];
  for (const made of orders) await store.revoke(made);
  await store.lift({ id: store.nextId(), orderId: lifted.id, atMs: Date.now(), actor: administrator });
  const { items } = await store.listTokens({ status: "live" }, firstPage, nowS);
  const database = new DatabaseSync(path, { readOnly: true });
  const rows = database
    .prepare("SELECT kind || ' ' || id AS token FROM live_tokens WHERE exp > ? ORDER BY id DESC")
    .all(nowS);
  database.close();
  assert.deepEqual(
    rows.map(({ token }) => token),
    items.map(({ kind, id }) => `${kind} ${id}`),
  );
  assert.ok(items.length > 5 && items.length < 29, `${items.length} of 29 are live`);
  await store.close();
});
