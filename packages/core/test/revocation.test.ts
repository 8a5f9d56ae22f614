// What a request to the revocation endpoint does: nothing, refuse, or an order. RFC 7009, CONTRACT.md section 6.
import assert from "node:assert/strict";
import { test } from "node:test";
import {
  decideRevocation,
  defaultPolicy,
  type RevocationRequest,
  reaches,
  unitKey,
  unitReached,
  unitsOf,
} from "@rescind/core";
import fc from "fast-check";
import { holds } from "./property.ts";
import { clientTokens, issuer, seconds, userTokens } from "./world.ts";

const access = {
  issuer,
  kind: "access",
  tokenId: "tid_1",
  grantId: "gnt_1",
  subject: "usr_1",
  clientId: "shop",
  expiresAt: 2000,
} as const;
const refresh = { ...access, kind: "refresh", tokenId: "tid_2" } as const;

function decide(changed: Partial<RevocationRequest>) {
  return decideRevocation({
    clientId: "shop",
    policy: defaultPolicy,
    cascade: undefined,
    token: access,
    at: 1500,
    ...changed,
  });
}

test("RV-03 a client's own access token is ordered revoked, and only it", () => {
  assert.deepEqual(decide({}), { kind: "order", unit: { name: "token", issuer, value: "tid_1" } });
});

test("RV-08 a refresh token orders its grant revoked", () => {
  assert.deepEqual(decide({ token: refresh }), {
    kind: "order",
    unit: { name: "grant", issuer, value: "gnt_1" },
  });
});

test("cascade decides for this once, and the client's policy where it is absent", () => {
  const pair = { name: "subject+client", issuer, value: "usr_1", client: "shop" } as const;
  assert.deepEqual(decide({ cascade: "subject_client" }), { kind: "order", unit: pair });
  const policy = { accessToken: "grant", refreshToken: "subject_client" } as const;
  assert.deepEqual(decide({ policy }), { kind: "order", unit: { name: "grant", issuer, value: "gnt_1" } });
  assert.deepEqual(decide({ policy, token: refresh }), { kind: "order", unit: pair });
});

test("RV-06 an unknown and an expired token are nothing to do", () => {
  assert.deepEqual(decide({ token: undefined }), { kind: "nothing" });
  assert.deepEqual(decide({ at: 2000 }), { kind: "nothing" });
  assert.equal(decide({ at: 1999 }).kind, "order");
});

test("RV-02 C4 another client's token is refused without effect, and marked for the audit", () => {
  for (const token of [access, refresh]) {
    const decision = decide({ clientId: "bank", token });
    assert.ok(decision.kind === "refuse" && decision.foreign === true);
    assert.equal(decision.error, "invalid_grant");
  }
});

test("RV-06 an unknown cascade is refused before the token is looked at", () => {
  for (const token of [undefined, access, { ...access, clientId: "bank" }]) {
    const decision = decide({ cascade: "everything", token });
    assert.ok(decision.kind === "refuse" && decision.foreign === undefined);
    assert.equal(decision.error, "invalid_request");
  }
});

test("RV-02 RV-05 over all pairs of client and token: an order names the client's own live token, or there is none", () => {
  const cascades = fc.constantFrom(undefined, "", ...reaches);
  holds(
    fc.property(
      fc.oneof(userTokens, clientTokens),
      fc.constantFrom("access", "refresh"),
      fc.constantFrom("shop", "bank"),
      cascades,
      seconds,
      (judged, kind, clientId, cascade, at) => {
        const decision = decide({ clientId, cascade, token: { ...judged, kind }, at });
        const entitled = judged.clientId === clientId && judged.expiresAt > at;
        assert.equal(decision.kind === "order", entitled);
        if (decision.kind !== "order") return;
        assert.ok(unitsOf(judged).map(unitKey).includes(unitKey(decision.unit)));
        if (cascade === "grant") assert.deepEqual(decision.unit, unitReached({ ...judged, kind }, "grant"));
      },
    ),
    2000,
  );
});
