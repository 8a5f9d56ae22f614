// Calls every verb that meets tables which grow, so that its statements are run.

import type { Store } from "@rescind/store";
import {
  accessToken,
  fingerprint,
  grant,
  nowS,
  order,
  refreshToken,
  tokenOf,
  unit,
} from "../conformance/facts.ts";
import { filledId } from "./plans.ts";

const page = { limit: 20, cursor: undefined };

export async function callEverything(store: Store): Promise<void> {
  await find(store);
  await change(store);
  await list(store);
  await store.prune(nowS, 100);
  await store.prune(nowS + 86_400, 100);
}

async function find(store: Store): Promise<void> {
  const id = filledId(10);
  await store.head();
  await store.findAccessToken(id);
  await store.findAccessTokens([id, filledId(11), filledId(12)]);
  await store.findTokenOwner(id);
  await store.findTokenOwners([id, filledId(11), filledId(12)], { digests: true });
  await store.findTokenOwners([id, filledId(11), filledId(12)], { digests: false });
  await store.findImportedToken(new Uint8Array(32));
  await store.findRefreshToken(id);
  await store.findGrant(`gnt_${id}`);
  await store.findClient("client_1");
  await store.findSession(id);
  await store.findCode(id);
  await store.findPushedRequest(id);
  await store.findUser("usr_1");
  await store.findUserByName("u1");
  await store.readFeed(10, 100);
  await store.readKept({ after: 10, upTo: 1000, limit: 100 });
  await store.hashAt(10);
  await store.countAfter((await store.head()).position.seq - 5);
  await store.findEntries([fingerprint(unit("token", "tid_1"))]);
  await store.consentedScopes("usr_1", "client_1");
  await store.findIdentity("1", "sub");
  for (const filter of [
    { kind: "all" },
    { kind: "session", sessionId: `ses_${id}` },
    { kind: "subject", subject: "usr_1" },
    { kind: "grant", grantId: `gnt_${id}` },
  ] as const)
    await store.heldUpstreamTokens(filter, { after: undefined, limit: 50, at: nowS });
}

async function change(store: Store): Promise<void> {
  await store.issue(accessToken(store));
  const of = grant(store, { subject: "usr_1", clientId: "client_1" });
  const refresh = refreshToken(store, of);
  await store.openGrant(of, { access: tokenOf(store, of), refresh });
  const successor = refreshToken(store, of);
  await store.rotate({
    spent: refresh.token.id,
    successor,
    sealed: new Uint8Array(1),
    access: tokenOf(store, of),
  });
  await store.spendAssertion("client_1", "jti", nowS + 60);
  for (const [name, value, client] of [
    ["token", "tid_1"],
    ["grant", of.grantId],
    ["subject", "usr_1"],
    ["client", "client_1"],
    ["subject+client", "usr_1", "client_1"],
    ["session", "ses_1"],
    ["all", ""],
  ] as const) {
    const made = order(store, unit(name, value, client));
    await store.revoke(made);
    await store.lift({ id: store.nextId(), orderId: made.id, atMs: nowS * 1000, actor: made.actor });
  }
  await store.revokeMany([order(store, unit("token", "tid_2")), order(store, unit("token", "tid_3"))]);
  await store.noteUses([{ grantId: of.grantId, clientId: "client_1", atMs: nowS * 1000 }]);
}

async function list(store: Store): Promise<void> {
  for (const filter of [
    {},
    { subject: "usr_1" },
    { clientId: "client_1" },
    { grantId: `gnt_${filledId(10)}` },
  ]) {
    await store.listTokens(filter, page, nowS);
    await store.listGrants(filter, page, nowS);
  }
  await store.listOrders({}, page);
  await store.listOrders({ subject: "usr_1" }, page);
  await store.listOrders({ clientId: "client_1" }, page);
  await store.listAudit({}, page);
  await store.readAudit(10, 100);
  await store.listClients(page);
  await store.listUsers({}, page);
  await store.listSessions({ subject: "usr_1" }, page, nowS);
  await store.listConsents({ subject: "usr_1" }, page);
  for (const of of [
    unit("subject", "usr_1"),
    unit("client", "client_1"),
    unit("grant", `gnt_${filledId(10)}`),
    unit("token", "tid_1"),
  ])
    await store.countAffected({ unit: of, fp: fingerprint(of), before: undefined, at: nowS, limitMs: 500 });
}
