// Token exchange as a decision and as a lineage: who may, what comes of it, and that nothing outlives what it came from.
// RFC 8693, DESIGN.md section 3, FAULTS A6, C3, B4.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import {
  actOf,
  checkLineage,
  clockTolerance,
  decideExchange,
  type Exchange,
  type ExchangeParent,
  foreignParent,
  lineageOf,
  longestLineage,
  mostExchanges,
  ownParent,
  parseForeignClaims,
  type Refusal,
  unitKey,
} from "@rescind/core";
import { client } from "./clients.ts";
import { foreignIssuer, issuer } from "./world.ts";

const live = { kind: "live" } as const;
const revoked = { kind: "revoked", by: { seq: 1, unit: "token" } } as const;

const subject: ExchangeParent = {
  judged: {
    ...{ issuer, ours: true, tokenId: "tid_1", grantId: "gnt_1", subject: "usr_1", clientId: "web" },
    ...{ offline: false, rev: 3, authorisedAt: 1000, expiresAt: 2000, lineage: [] },
  },
  subject: "usr_1",
  clientId: "web",
  scopes: ["orders:read", "orders:write", "offline_access", "mail"],
  audience: ["https://web.example"],
  exchanges: 0,
  act: undefined,
  authTime: 990,
};
const actor: ExchangeParent = {
  ...subject,
  judged: { ...subject.judged, tokenId: "tid_2", grantId: undefined, subject: "robot", clientId: "robot" },
  ...{ subject: "robot", clientId: "robot", scopes: [], authTime: undefined },
};
const foreign: ExchangeParent = {
  ...subject,
  judged: {
    ...{ issuer: foreignIssuer, ours: false, tokenId: "j", subject: "ann", offline: false },
    ...{ authorisedAt: 1000, expiresAt: 2000, lineage: [] },
  },
  ...{ subject: "ann", clientId: "their-client", audience: [issuer] },
};

function decide(facts: Partial<Parameters<typeof decideExchange>[0]> = {}): Exchange | Refusal {
  const actorVerdict = facts.actor === undefined ? undefined : live;
  return decideExchange({
    ...{ client, issuer, subject, subjectVerdict: live, actor: undefined, actorVerdict },
    ...facts,
  });
}

function accepted(decision: Exchange | Refusal): Exchange {
  if ("kind" in decision) return assert.fail(decision.description);
  return decision;
}

function refusal(decision: unknown): string {
  assert.ok(typeof decision === "object" && decision !== null && "error" in decision, "it was accepted");
  return String(decision.error);
}

describe("what an exchanged token takes from its parents", () => {
  test("scopes are those of the subject token that the client may have, never offline_access", () => {
    assert.deepEqual(accepted(decide()).scopes, ["orders:read", "orders:write"]);
  });

  test("a client's own token gives nobody an account; a person's does", () => {
    const scopes = ["rescind:account", "orders:read"];
    const registered = { ...client, scopes };
    const of = (parent: ExchangeParent) =>
      accepted(decide({ client: registered, subject: { ...parent, scopes } })).scopes;
    assert.deepEqual(of(subject), scopes);
    assert.deepEqual(of(actor), ["orders:read"]);
  });

  test("the actor stands in act, the one before it inside, and gives no scope", () => {
    const acted = accepted(decide({ subject: { ...subject, act: { sub: "desk" } }, actor }));
    assert.deepEqual(acted.act, { sub: "robot", act: { sub: "desk" } });
    assert.deepEqual(acted.scopes, ["orders:read", "orders:write"]);
    const person = { ...actor, subject: "usr_2", clientId: "web" };
    assert.deepEqual(accepted(decide({ actor: person })).act, { sub: "usr_2", client_id: "web" });
    const theirs = accepted(decide({ actor: foreign }));
    assert.deepEqual(theirs.act, { sub: "ann", iss: foreignIssuer });
  });

  test("without an actor whoever acted before still did", () => {
    const act = { sub: "desk" };
    assert.deepEqual(accepted(decide({ subject: { ...subject, act } })).act, act);
  });

  test("it ends no later than either parent, and was authorised when the earlier one was", () => {
    const early = { ...actor, judged: { ...actor.judged, authorisedAt: 900, expiresAt: 1500 } };
    const exchange = accepted(decide({ actor: early }));
    assert.deepEqual([exchange.expiresAt, exchange.grantIat, exchange.authTime], [1500, 900, 990]);
  });

  test("a foreign parent counts as authorised earlier by the tolerance, without iat at the beginning of time", () => {
    const at = (authorisedAt: number | undefined): number =>
      accepted(decide({ subject: { ...foreign, judged: { ...foreign.judged, authorisedAt } } })).grantIat;
    assert.equal(at(1000), 1000 - clockTolerance);
    assert.equal(at(1000.5), 1001 - clockTolerance);
    assert.equal(at(3), 0);
    assert.equal(at(undefined), 0);
  });

  test("fractions of a second never make it outlive a parent", () => {
    const judged = { ...foreign.judged, expiresAt: 1999.9 };
    assert.equal(accepted(decide({ subject: { ...foreign, judged } })).expiresAt, 1999);
  });
});

describe("what is refused", () => {
  test("a subject or actor token that is not live is invalid_request (RFC 8693 section 2.2.2)", () => {
    for (const verdict of [revoked, { kind: "expired" }, { kind: "not-yet" }] as const) {
      assert.equal(refusal(decide({ subjectVerdict: verdict })), "invalid_request");
      assert.equal(refusal(decide({ actor, actorVerdict: verdict })), "invalid_request");
    }
    assert.equal(refusal(decide({ actor, actorVerdict: undefined })), "invalid_request");
  });

  test("a public client exchanges its own tokens only, and no foreign ones", () => {
    const shop = { ...client, authMethod: "none" } as const;
    const own = { ...subject, clientId: shop.clientId };
    assert.equal(refusal(decide({ client: shop })), "invalid_request");
    assert.equal(refusal(decide({ client: shop, subject: own, actor })), "invalid_request");
    assert.equal(refusal(decide({ client: shop, subject: foreign })), "invalid_request");
    accepted(decide({ client: shop, subject: own }));
  });

  test("a foreign token must be meant for this server, the client, or one of its resources", () => {
    const meantFor = (uri: string) => decide({ subject: { ...foreign, audience: ["x", uri] } });
    for (const uri of [issuer, client.clientId, ...client.audience]) accepted(meantFor(uri));
    assert.equal(refusal(meantFor("https://elsewhere.example")), "invalid_request");
    assert.equal(refusal(decide({ subject: { ...foreign, audience: [] } })), "invalid_request");
    assert.equal(refusal(decide({ actor: { ...foreign, audience: [] } })), "invalid_request");
  });

  test("more than eight exchanges in a row, on either side", () => {
    const last = { ...subject, exchanges: mostExchanges - 1 };
    assert.equal(accepted(decide({ subject: last })).exchanges, mostExchanges);
    const over = { exchanges: mostExchanges };
    assert.equal(refusal(decide({ subject: { ...subject, ...over } })), "invalid_request");
    assert.equal(refusal(decide({ actor: { ...actor, ...over } })), "invalid_request");
  });

  test("a lineage of more fingerprints than a token should carry", () => {
    const many = (count: number) => Array.from({ length: count }, (_, index) => `fp${index}`);
    const lineage = (count: number) =>
      lineageOf([{ ...foreign.judged, lineage: many(count) }], (unit) => unitKey(unit));
    assert.equal(checkLineage(lineage(longestLineage - 3)), undefined);
    assert.equal(refusal(checkLineage(lineage(longestLineage - 2))), "invalid_request");
  });
});

describe("a token as a parent", () => {
  const claims = { iss: foreignIssuer, exp: 2000, aud: issuer };
  const parent = (more: Record<string, unknown>) => {
    const token = parseForeignClaims({ ...claims, ...more }, "k1");
    assert.ok(token !== undefined);
    return foreignParent(token, issuer);
  };

  test("a foreign issuer cannot give scopes of this server's own endpoints", () => {
    const scope = "openid rescind:admin grant_management_revoke rescind:read orders:read offline_access";
    assert.deepEqual(parent({ sub: "ann", scope })?.scopes, ["orders:read", "offline_access"]);
  });

  test("a foreign subject becomes one of ours, so it must look like one", () => {
    assert.equal(parent({}), undefined);
    for (const sub of ["a\nb", "\u202eann", "x".repeat(256)]) assert.equal(parent({ sub }), undefined);
    assert.equal(parent({ sub: "auth0|5f7c" })?.subject, "auth0|5f7c");
  });

  test("actors that a foreign issuer names are its own or a third's, never ours; what names nobody is left out", () => {
    const act = { sub: "bot", exp: 5, act: { sub: "desk", iss: "https://third.example", act: { sub: 7 } } };
    assert.deepEqual(parent({ sub: "ann", act })?.act, {
      ...{ sub: "bot", iss: foreignIssuer },
      act: { sub: "desk", iss: "https://third.example" },
    });
    const spoofed = { sub: "bot", act: { sub: "usr_1", iss: issuer, act: { sub: "desk" } } };
    assert.deepEqual(parent({ sub: "ann", act: spoofed })?.act, { sub: "bot", iss: foreignIssuer });
    assert.equal(parent({ sub: "ann", act: { sub: "usr_1", iss: issuer } })?.act, undefined);
    for (const nobody of ["bot", null, [], {}, { sub: "" }]) assert.equal(actOf(nobody), undefined);
  });

  test("a chain of actors has an end", () => {
    let act: object = { sub: "first" };
    for (let i = 0; i < 10_000; i++) act = { sub: `a${i}`, act };
    const depth = (claim: { act?: object | undefined } | undefined): number =>
      claim === undefined ? 0 : 1 + depth(claim.act);
    assert.equal(depth(actOf(act)), 16);
  });

  test("whatever has a lineage counts as exchanged", () => {
    const token = {
      ...{ id: "1", clientId: "web", subject: "usr_1", grantId: undefined, sessionId: undefined },
      ...{ keyId: undefined, kid: undefined, scopes: [], audience: [issuer], rev: 0, issuedAt: 1000 },
      ...{ expiresAt: 2000, grantIat: 900, authTime: undefined, offline: false, claims: {} },
    };
    assert.equal(ownParent({ ...token, lineage: [] }, issuer).exchanges, 0);
    assert.equal(ownParent({ ...token, lineage: ["fp"] }, issuer).exchanges, 1);
    assert.equal(ownParent({ ...token, lineage: ["fp"], exchanges: 4 }, issuer).exchanges, 4);
  });
});
