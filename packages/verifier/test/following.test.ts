// The verifier against a real HTTP peer: starting, following the feed, falling behind, healing.

import assert from "node:assert/strict";
import { test } from "node:test";
import { CredentialsRefused, createVerifier, Unanswered } from "@rescind/verifier";
import { audience, clientId, clientSecret, type FeedPeer, type Logged, makeSigner } from "./feed-peer.ts";
import { startPeer, startVerifier, untilFresh, untilVerdict, verdict } from "./running-verifier.ts";
import { until } from "./until.ts";

test("a token is accepted with its claims, and refused once it is revoked", async (t) => {
  const peer = await startPeer(t);
  const verifier = await startVerifier(t, peer);
  const token = await peer.issue({ jti: "tok_1" });
  const verified = await verifier.verify(token, { scope: "orders:read" });
  assert.equal(verified.subject, "usr_1");
  assert.equal(verified.clientId, "shop");
  assert.equal(verified.grantId, "grt_1");
  assert.deepEqual(verified.scopes, ["orders:read"]);
  assert.equal(verified.claims.jti, "tok_1");
  peer.revoke("token", "tok_1");
  await untilVerdict(verifier, token, "revoked");
  assert.equal(verifier.status().entries, 1);
});

test("JW-13 a token seen before is refused after its revocation, and comes back with the lift", async (t) => {
  const peer = await startPeer(t);
  const verifier = await startVerifier(t, peer);
  const token = await peer.issue();
  for (let i = 0; i < 3; i++) assert.equal(await verdict(verifier, token), "accepted");
  const seq = peer.revoke("client", "shop", { suspend: true });
  await untilVerdict(verifier, token, "revoked");
  peer.lift(seq);
  await untilVerdict(verifier, token, "accepted");
});

for (const [unit, value, client] of [
  ["token", "tok_1", undefined],
  ["grant", "grt_1", undefined],
  ["session", "ses_1", undefined],
  ["logout", "ses_1", undefined],
  ["subject", "usr_1", undefined],
  ["client", "shop", undefined],
  ["subject+client", "usr_1", "shop"],
  ["key", "key_1", undefined],
  ["signing-key", "sig-1", undefined],
  ["all", "", undefined],
] as const)
  test(`an order on the unit ${unit} is found on the token`, async (t) => {
    const peer = await startPeer(t);
    const verifier = await startVerifier(t, peer);
    const token = await peer.issue({ jti: "tok_1", key_id: "key_1" });
    const other = await peer.issue({ sub: "usr_2", client_id: "x", grant_id: "g", sid: "s", key_id: "k" });
    peer.revoke(unit, value, client === undefined ? {} : { client });
    await untilVerdict(verifier, token, "revoked");
    const isShared = unit === "all" || unit === "signing-key";
    assert.equal(await verdict(verifier, other), isShared ? "revoked" : "accepted");
  });

for (const [unit, value, client] of [
  ["token", "tok_p", undefined],
  ["grant", "grt_p", undefined],
  ["session", "ses_p", undefined],
  ["logout", "ses_p", undefined],
  ["subject", "usr_p", undefined],
  ["client", "shop_p", undefined],
  ["subject+client", "usr_p", "shop_p"],
  ["key", "key_p", undefined],
  ["signing-key", "sig_p", undefined],
  ["issuer", "", undefined],
] as const)
  test(`an exchanged token dies with an ancestor by the unit ${unit}, seen before or not`, async (t) => {
    const peer = await startPeer(t);
    const verifier = await startVerifier(t, peer);
    const parent = peer.fingerprint(unit, value, client);
    const lineage = [peer.fingerprint("grant", "another"), parent];
    const act = { sub: "usr_actor", client_id: "shop", act: { sub: "usr_before" } };
    const exchanged = { lineage, exchanges: 2, act, grant_iat: 1000 };
    const [seen, unseen] = [await peer.issue(exchanged), await peer.issue(exchanged)];
    const verified = await verifier.verify(seen);
    assert.deepEqual([verified.claims.act, verified.claims.exchanges], [act, 2]);
    peer.revoke(unit, value, client === undefined ? {} : { client });
    await untilVerdict(verifier, seen, "revoked");
    assert.equal(await verdict(verifier, unseen), "revoked");
    assert.equal(await verdict(verifier, await peer.issue({ lineage: [lineage[0]] })), "accepted");
  });

test("a wide order spares what was issued after it; a token without rev is covered by it", async (t) => {
  const peer = await startPeer(t);
  const verifier = await startVerifier(t, peer);
  peer.revoke("subject", "usr_1");
  await until("the entry is applied", () => verifier.status().position.seq === 1);
  assert.equal(await verdict(verifier, await peer.issue()), "accepted");
  assert.equal(await verdict(verifier, await peer.issue({ rev: 0 })), "revoked");
  assert.equal(await verdict(verifier, await peer.issue({ rev: undefined })), "revoked");
});

test("a log of several pages with holes, its end removed, is loaded before anything is accepted", async (t) => {
  const peer = await startPeer(t);
  peer.pageSize = 3;
  for (let i = 1; i <= 20; i++) peer.revoke("token", `tok_${i}`);
  for (const seq of [1, 5, 6, 11, 19, 20]) peer.removed.add(seq);
  const verifier = await startVerifier(t, peer);
  assert.deepEqual(verifier.status().position, peer.head);
  assert.equal(verifier.status().entries, 14);
  assert.equal(await verdict(verifier, await peer.issue({ jti: "tok_7" })), "revoked");
  peer.revoke("token", "tok_new");
  await untilVerdict(verifier, await peer.issue({ jti: "tok_new" }), "revoked");
});

test("createVerifier rejects at once when the credentials are refused", async (t) => {
  const peer = await startPeer(t);
  await assert.rejects(
    createVerifier({ issuer: peer.issuer, audience, clientId, clientSecret: "wrong" }),
    CredentialsRefused,
  );
});

test("createVerifier rejects within its time when the server is away or gives no lease", async (t) => {
  const peer = await startPeer(t);
  peer.faults.noLeases = true;
  await startsInVain(peer);
  peer.faults.down = true;
  const options = { issuer: peer.issuer, audience, clientId, clientSecret, startTimeout: 2 };
  await assert.rejects(createVerifier(options), Unanswered);
});

test("createVerifier waits for a server that comes up late", async (t) => {
  const peer = await startPeer(t);
  peer.faults.down = true;
  const starting = startVerifier(t, peer);
  await until("it has tried", () => peer.timesAsked("/.well-known/openid-configuration") >= 2);
  peer.faults.down = false;
  assert.equal((await starting).status().freshness, "fresh");
});

test("createVerifier refuses an http issuer that is not on loopback", async () => {
  const options = { audience, clientId, clientSecret };
  await assert.rejects(createVerifier({ issuer: "http://id.example", ...options }), TypeError);
  await assert.rejects(createVerifier({ issuer: "nothing", ...options }), TypeError);
});

test("a cut stream is opened again from the last position, and nothing is missed", async (t) => {
  const peer = await startPeer(t);
  const verifier = await startVerifier(t, peer);
  await until("the stream is open", () => peer.streams === 1);
  const token = await peer.issue({ jti: "tok_1" });
  peer.cutStreams();
  peer.revoke("token", "tok_1");
  await untilVerdict(verifier, token, "revoked");
  assert.equal(peer.timesAsked("/revocations/settings"), 2, "reconnecting needed no second loading");
});

test("a stream that stays silent is noticed by the lease and replaced", async (t) => {
  const peer = await startPeer(t);
  const verifier = await startVerifier(t, peer, { onStale: "reject" });
  const token = await peer.issue({ jti: "tok_1" });
  await until("the stream is open", () => peer.streams === 1);
  peer.faults.silentStream = true;
  peer.revoke("token", "tok_1");
  peer.faults.silentStream = false;
  await untilVerdict(verifier, token, "revoked");
});

test("a refused access token for the feed is renewed once", async (t) => {
  const peer = await startPeer(t);
  const verifier = await startVerifier(t, peer);
  const before = peer.timesAsked("/token");
  peer.feedTokens.clear();
  peer.cutStreams();
  await until("it got another", () => peer.timesAsked("/token") > before);
  const token = await peer.issue({ jti: "tok_1" });
  peer.revoke("token", "tok_1");
  await untilVerdict(verifier, token, "revoked");
});

for (const [what, fault] of [
  ["FD-03 a skipped entry", (logged: Logged) => (logged.entry.seq === 2 ? [] : [logged])],
  ["FD-05 an altered entry", (logged: Logged) => (logged.entry.seq === 2 ? [withExpiry(logged)] : [logged])],
  [
    "FD-05 a hash that does not belong to its entry",
    (logged: Logged) => (logged.entry.seq === 2 ? [{ ...logged, hash: `${"B".repeat(42)}A` }] : [logged]),
  ],
  [
    "an entry of an unknown kind",
    (logged: Logged) =>
      logged.entry.seq === 2 ? [{ ...logged, entry: { ...logged.entry, kind: "novel" } as never }] : [logged],
  ],
] as const)
  test(`${what} means loading again; until then nothing is accepted by itself, and then all is as it should be`, async (t) => {
    const peer = await startPeer(t);
    const verifier = await startVerifier(t, peer, { onStale: "reject" });
    await until("the stream is open", () => peer.streams === 1);
    const token = await peer.issue({ jti: "tok_2" });
    peer.faults.stream = fault;
    const loadings = peer.timesAsked("/revocations/settings");
    peer.revoke("token", "tok_1");
    peer.revoke("token", "tok_2");
    peer.revoke("token", "tok_3");
    await untilVerdict(verifier, token, "revoked");
    assert.ok(peer.timesAsked("/revocations/settings") > loadings, "it loaded again");
    peer.faults.stream = undefined;
    await untilFresh(verifier);
    assert.deepEqual(verifier.status().position, peer.head);
    assert.equal(verifier.status().entries, 3);
  });

test("FD-04 entries sent twice change nothing and cost no loading", async (t) => {
  const peer = await startPeer(t);
  const verifier = await startVerifier(t, peer);
  await until("the stream is open", () => peer.streams === 1);
  const loadings = peer.timesAsked("/revocations/settings");
  peer.faults.stream = (logged) => [logged, ...peer.log.slice(0, 2), logged];
  for (let i = 1; i <= 5; i++) peer.revoke("token", `tok_${i}`);
  await until("all is applied", () => verifier.status().position.seq === 5);
  assert.equal(verifier.status().entries, 5);
  assert.equal(peer.timesAsked("/revocations/settings"), loadings);
});

test("FD-11 after a restore the log begins an epoch, and what was issued before is refused", async (t) => {
  const peer = await startPeer(t);
  for (let i = 1; i <= 5; i++) peer.revoke("token", `tok_${i}`);
  const verifier = await startVerifier(t, peer);
  const token = await peer.issue();
  assert.equal(await verdict(verifier, token), "accepted");
  peer.log.splice(3);
  peer.append({ seq: 3 * 2 ** 20 + 1, kind: "revoke", unit: "all", fp: peer.fingerprint("all", "") });
  await untilVerdict(verifier, token, "revoked");
  assert.deepEqual(verifier.status().position, peer.head);
});

test("FD-11 a log that was set back without an epoch is never decided by", async (t) => {
  const peer = await startPeer(t);
  for (let i = 1; i <= 5; i++) peer.revoke("token", `tok_${i}`);
  const verifier = await startVerifier(t, peer, { onStale: "reject" });
  const token = await peer.issue();
  assert.equal(await verdict(verifier, token), "accepted");
  peer.log.splice(3);
  await until("it noticed", () => verifier.status().position.seq === 3);
  const before = peer.acknowledgements.length;
  await until("it leased again", () => peer.acknowledgements.length > before + 3);
  assert.equal(await verdict(verifier, token), "stale");
});

test("FD-05 a lease signed by another key, for another request or by the token key is none", async (t) => {
  const forger = await makeSigner("feed-1", "EdDSA");
  const forgeries: ((peer: FeedPeer) => void)[] = [
    (peer) => {
      peer.faults.leaseSigner = forger;
    },
    (peer) => {
      peer.faults.leaseSigner = peer.keys[0];
    },
    (peer) => {
      peer.faults.lease = (payload) => ({ ...payload, nonce: "another" });
    },
    (peer) => {
      peer.faults.lease = (payload) => ({ ...payload, iss: "https://other.example" });
    },
  ];
  await Promise.all(
    forgeries.map(async (forge) => {
      const peer = await startPeer(t);
      forge(peer);
      await startsInVain(peer);
    }),
  );
});

test("FD-02 an old lease sent again is none", async (t) => {
  const peer = await startPeer(t);
  let first: Record<string, unknown> | undefined;
  const verifier = await startVerifier(t, peer, { maxStaleness: 1, onStale: "reject" });
  const token = await peer.issue();
  peer.faults.lease = (payload) => {
    first ??= payload;
    return first;
  };
  await until("a lease was sent again", () => first !== undefined);
  await untilVerdict(verifier, token, "stale");
});

test("an entry that somebody waits for is acknowledged at once, with the signed lease and the counts", async (t) => {
  const peer = await startPeer(t);
  const verifier = await startVerifier(t, peer, { name: "api", leaseInterval: 3600 });
  await verdict(verifier, await peer.issue());
  await until("the stream is open", () => peer.streams === 1);
  peer.revoke("token", "tok_1", { ack: true });
  await until("it is acknowledged", () => peer.acknowledgements.length === 2);
  const [, last] = peer.acknowledgements;
  assert.deepEqual(last?.applied, peer.head);
  assert.equal(last?.name, "api");
  assert.equal(last?.max_staleness, 5);
  assert.equal(typeof last?.lease, "string");
  assert.deepEqual(last?.counts, { checks: 1, refusals: 0, revoked_uses: 0 });
});

/** Has asked for leases and got none; on a busy machine the time for that is given again, and longer. */
async function startsInVain({ issuer, acknowledgements }: FeedPeer): Promise<void> {
  for (let startTimeout = 2; acknowledgements.length < 2; startTimeout *= 2) {
    const options = { issuer, audience, clientId, clientSecret, startTimeout };
    await assert.rejects(createVerifier(options), Unanswered);
    assert.ok(startTimeout < 60, "leases are asked for");
  }
}

function withExpiry(logged: Logged): Logged {
  return { ...logged, entry: { ...logged.entry, expires: 1 } as never };
}
