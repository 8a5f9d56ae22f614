// What a presented refresh token gets: rotate, keep, grace, replay, refuse. RFC 6749 section 6, RFC 9700 section 4.14.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import {
  decideRefresh,
  type Grant,
  graceWindowMs,
  judgedRefreshToken,
  liveness,
  type RefreshFacts,
  type RefreshToken,
  type Verdict,
} from "@rescind/core";
import fc from "fast-check";
import { holds } from "./property.ts";
import { issuer } from "./world.ts";

const grant: Grant = {
  grantId: "gnt_1",
  clientId: "shop",
  subject: "usr_1",
  scopes: ["orders:read"],
  audience: ["https://api.example"],
  sessionId: undefined,
  authTime: undefined,
  offline: true,
  openedAt: 1000,
  expiresAt: 1_000_000,
  claims: {},
};
const unspent: RefreshToken = {
  id: "7",
  grantId: "gnt_1",
  keyId: undefined,
  rev: 3,
  issuedAt: 1000,
  expiresAt: 900_000,
  spentAtMs: undefined,
  successorSealed: undefined,
  successorSpent: false,
};
const spentAtMs = 5_000_000;
const sealed = new Uint8Array([1, 2, 3]);
const spent: RefreshToken = { ...unspent, spentAtMs, successorSealed: sealed };

const live: Verdict = { kind: "live" };
const revoked: Verdict = { kind: "revoked", by: { seq: 4, unit: "grant" } };
const expired: Verdict = { kind: "expired" };

function facts(changed: Partial<RefreshFacts>): RefreshFacts {
  const at = { nowMs: spentAtMs + 1000, answeringSinceMs: 0 };
  return { token: unspent, grant, clientId: "shop", rotation: true, verdict: live, ...at, ...changed };
}

function outcome(changed: Partial<RefreshFacts>): string {
  const decision = decideRefresh(facts(changed));
  return decision.kind === "refuse" ? decision.error : decision.kind;
}

describe("an unspent refresh token", () => {
  test("rotates", () => assert.equal(outcome({}), "rotate"));
  test("is kept where the client has rotation off", () => assert.equal(outcome({ rotation: false }), "keep"));
  test("RT-09 is refused when revoked", () => assert.equal(outcome({ verdict: revoked }), "invalid_grant"));
  test("is refused when expired", () => assert.equal(outcome({ verdict: expired }), "invalid_grant"));
  test("RT-06 is refused to another client", () => {
    assert.equal(outcome({ clientId: "bank" }), "invalid_grant");
  });
});

describe("a spent refresh token", () => {
  const inside = { token: spent, nowMs: spentAtMs + graceWindowMs };
  const outside = { token: spent, nowMs: spentAtMs + graceWindowMs + 1 };

  test("RT-03 B1 gets the same successor within the grace window, its last millisecond included", () => {
    assert.deepEqual(decideRefresh(facts(inside)), { kind: "grace", sealed });
  });

  test("RT-02 B2 is replay after the window", () => assert.equal(outcome(outside), "replay"));

  test("RT-03 B1 is replay as soon as the successor is used, also within the window", () => {
    assert.equal(outcome({ ...inside, token: { ...spent, successorSpent: true } }), "replay");
  });

  test("RV-15 gets nothing in the window once anything covers the grant", () => {
    assert.equal(outcome({ ...inside, verdict: revoked }), "invalid_grant");
  });

  test("RT-02 is replay after the window even under a standing entry or after it has expired", () => {
    assert.equal(outcome({ ...outside, verdict: revoked }), "replay");
    assert.equal(outcome({ ...outside, verdict: expired }), "replay");
  });

  test("C4 RT-06 tells another client nothing and ends nothing", () => {
    assert.equal(outcome({ ...inside, clientId: "bank" }), "invalid_grant");
    assert.equal(outcome({ ...outside, clientId: "bank" }), "invalid_grant");
  });

  test("is replay also where the client has turned rotation off meanwhile", () => {
    assert.equal(outcome({ ...outside, rotation: false }), "replay");
  });

  test("whose successor is not kept gets nothing and ends nothing within the window", () => {
    assert.equal(outcome({ ...inside, token: { ...spent, successorSealed: undefined } }), "invalid_grant");
  });
});

describe("B3 RT-04 the window after an outage", () => {
  const since = spentAtMs + 50_000;
  const after = { token: spent, answeringSinceMs: since };

  test("is a full one from the start, for a rotation of the minute before it", () => {
    assert.equal(outcome({ ...after, nowMs: since + graceWindowMs }), "grace");
    assert.equal(outcome({ ...after, nowMs: since + graceWindowMs + 1 }), "replay");
  });

  test("is not opened again for a rotation of more than a minute before", () => {
    const late = spentAtMs + 60_001;
    assert.equal(outcome({ token: spent, answeringSinceMs: late, nowMs: late + 1 }), "replay");
  });

  test("counts the minute from the beginning of the outage where that is known, however long it was", () => {
    const hours = { token: spent, answeringSinceMs: spentAtMs + 7_200_000, nowMs: spentAtMs + 7_200_001 };
    assert.equal(outcome({ ...hours, answeredUntilMs: spentAtMs + 60_000 }), "grace");
    assert.equal(outcome({ ...hours, answeredUntilMs: spentAtMs + 60_001 }), "replay");
    assert.equal(outcome(hours), "replay");
  });

  test("is not opened again once the successor is used, nor under a standing entry", () => {
    const during = { ...after, nowMs: since + 1 };
    assert.equal(outcome({ ...during, token: { ...spent, successorSpent: true } }), "replay");
    assert.equal(outcome({ ...during, verdict: revoked }), "invalid_grant");
  });

  test("is the usual one for what was spent after the start", () => {
    const started = { token: spent, answeringSinceMs: spentAtMs };
    assert.equal(outcome({ ...started, nowMs: spentAtMs + graceWindowMs }), "grace");
    assert.equal(outcome({ ...started, nowMs: spentAtMs + graceWindowMs + 1 }), "replay");
  });
});

test("over all facts: never a new token for another client, under an entry, after expiry or from a spent token", () => {
  const anyFacts = fc.record({
    clientId: fc.constantFrom("shop", "bank"),
    rotation: fc.boolean(),
    verdict: fc.constantFrom(live, revoked, expired),
    token: fc
      .record({ isSpent: fc.boolean(), successorSpent: fc.boolean() })
      .map(({ isSpent, successorSpent }) => (isSpent ? { ...spent, successorSpent } : unspent)),
    nowMs: fc.integer({ min: spentAtMs, max: spentAtMs + 100_000 }),
    answeringSinceMs: fc.integer({ min: spentAtMs - 100_000, max: spentAtMs + 100_000 }),
  });
  holds(
    fc.property(anyFacts, (changed) => {
      const { kind } = decideRefresh(facts(changed));
      const fresh = kind === "rotate" || kind === "keep";
      if (fresh) assert.equal(changed.token.spentAtMs, undefined);
      if (fresh || kind === "grace") assert.deepEqual([changed.clientId, changed.verdict], ["shop", live]);
      if (kind === "replay") assert.notEqual(changed.token.spentAtMs, undefined);
      if (kind === "replay") assert.equal(changed.clientId, "shop");
    }),
    2000,
  );
});

test("what is judged of a refresh token are its grant's units, and it ends with its grant", () => {
  const judged = judgedRefreshToken(unspent, { ...grant, expiresAt: 800_000, sessionId: "ses_1" }, issuer);
  assert.equal(judged.expiresAt, 800_000);
  assert.equal(judged.authorisedAt, grant.openedAt);
  assert.deepEqual(
    [judged.tokenId, judged.grantId, judged.sessionId, judged.subject, judged.clientId, judged.rev],
    ["tid_7", "gnt_1", "ses_1", "usr_1", "shop", 3],
  );
  assert.equal(liveness(judged, [], 799_999).kind, "live");
  assert.equal(liveness(judged, [], 800_000).kind, "expired");
});
