// The cascade table, in both directions: what each order covers, and what it spares. DESIGN.md section 3.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import {
  cascade,
  chooseReach,
  covers,
  defaultPolicy,
  type Judged,
  type Reach,
  reaches,
  type Unit,
  unitKey,
  unitNames,
  unitReached,
  unitsOf,
} from "@rescind/core";
import fc from "fast-check";
import { holds } from "./property.ts";
import { clientTokens, foreignIssuer, issuer, userTokens } from "./world.ts";

const user = { issuer, ours: true, rev: 5, authorisedAt: 1000, expiresAt: 2000, lineage: [] } as const;

/** Two users, two clients, two sessions of one user, one of its grants offline, a client's own token, a foreign JWT. */
const world: Readonly<Record<string, Judged>> = {
  "shop access": {
    ...user,
    ...{ tokenId: "tid_1", grantId: "gnt_1", sessionId: "ses_1", subject: "usr_1", clientId: "shop" },
    ...{ keyId: "key_1", signingKey: "es-1", offline: false },
  },
  "shop access, next": {
    ...user,
    ...{ tokenId: "tid_2", grantId: "gnt_1", sessionId: "ses_1", subject: "usr_1", clientId: "shop" },
    ...{ keyId: "key_2", signingKey: "es-2", offline: false },
  },
  "shop refresh": {
    ...user,
    ...{ tokenId: "tid_3", grantId: "gnt_1", sessionId: "ses_1", subject: "usr_1", clientId: "shop" },
    ...{ keyId: "key_1", offline: false },
  },
  "shop offline": {
    ...user,
    ...{ tokenId: "tid_4", grantId: "gnt_2", sessionId: "ses_1", subject: "usr_1", clientId: "shop" },
    ...{ keyId: "key_2", offline: true },
  },
  "bank access": {
    ...user,
    ...{ tokenId: "tid_5", grantId: "gnt_3", sessionId: "ses_2", subject: "usr_1", clientId: "bank" },
    ...{ keyId: "key_3", signingKey: "es-1", offline: false },
  },
  "other user": {
    ...user,
    ...{ tokenId: "tid_6", grantId: "gnt_4", subject: "usr_2", clientId: "shop", offline: true },
  },
  "shop itself": {
    ...user,
    tokenId: "tid_7",
    subject: "shop",
    clientId: "shop",
    keyId: "key_1",
    offline: false,
  },
  "session 1": { ...user, sessionId: "ses_1", subject: "usr_1", offline: false },
  "session 2": { ...user, sessionId: "ses_2", subject: "usr_1", offline: false },
  foreign: {
    ...{ issuer: foreignIssuer, ours: false, tokenId: "tid_1", subject: "usr_1", clientId: "shop" },
    ...{ offline: false, authorisedAt: 1000, expiresAt: 2000, lineage: [] },
  },
};

const ofGrant1 = ["shop access", "shop access, next", "shop refresh"];
const ours = Object.keys(world).filter((name) => name !== "foreign");

const orders: readonly { unit: Unit; dead: readonly string[] }[] = [
  { unit: { name: "token", issuer, value: "tid_1" }, dead: ["shop access"] },
  { unit: { name: "grant", issuer, value: "gnt_1" }, dead: ofGrant1 },
  { unit: { name: "logout", issuer, value: "ses_1" }, dead: [...ofGrant1, "session 1"] },
  { unit: { name: "session", issuer, value: "ses_1" }, dead: [...ofGrant1, "shop offline", "session 1"] },
  {
    unit: { name: "subject+client", issuer, value: "usr_1", client: "shop" },
    dead: [...ofGrant1, "shop offline"],
  },
  { unit: { name: "subject+client", issuer, value: "shop", client: "shop" }, dead: ["shop itself"] },
  {
    unit: { name: "subject", issuer, value: "usr_1" },
    dead: [...ofGrant1, "shop offline", "bank access", "session 1", "session 2"],
  },
  { unit: { name: "subject", issuer, value: "shop" }, dead: [] },
  {
    unit: { name: "client", issuer, value: "shop" },
    dead: [...ofGrant1, "shop offline", "other user", "shop itself"],
  },
  { unit: { name: "key", issuer, value: "key_1" }, dead: ["shop access", "shop refresh", "shop itself"] },
  { unit: { name: "signing-key", issuer, value: "es-1" }, dead: ["shop access", "bank access"] },
  { unit: { name: "all", issuer, value: "" }, dead: ours },
  { unit: { name: "issuer", issuer: foreignIssuer, value: "" }, dead: ["foreign"] },
  { unit: { name: "subject", issuer: foreignIssuer, value: "usr_1" }, dead: ["foreign"] },
  { unit: { name: "token", issuer: foreignIssuer, value: "tid_1" }, dead: ["foreign"] },
];

describe("C3 RV-05 RV-08 an order covers exactly what the cascade table says", () => {
  for (const { unit, dead } of orders) {
    const name = [unit.name, unit.value, unit.client, unit.issuer === issuer ? "" : "(foreign)"];
    test(name.filter((part) => part !== undefined && part !== "").join(" "), () => {
      const entry = { seq: 6, unit: unit.name, before: unit.issuer === issuer ? undefined : 1000 };
      const reached = Object.entries(world).filter(
        ([, token]) => unitsOf(token).map(unitKey).includes(unitKey(unit)) && covers(entry, token),
      );
      assert.deepEqual(
        reached.map(([token]) => token),
        Object.keys(world).filter((token) => dead.includes(token)),
      );
    });
  }
});

test("the table announces every unit once", () => {
  assert.deepEqual(cascade.flatMap((row) => row.announcedAs).sort(), [...unitNames].sort());
});

describe("the unit that a revocation by token names", () => {
  const access = { issuer, kind: "access", tokenId: "t", grantId: "g", subject: "s", clientId: "c" } as const;
  const refresh = { ...access, kind: "refresh" } as const;
  const own = { ...access, grantId: undefined, subject: "c" } as const;
  const token: Unit = { name: "token", issuer, value: "t" };
  const grant: Unit = { name: "grant", issuer, value: "g" };
  const pair: Unit = { name: "subject+client", issuer, value: "s", client: "c" };

  test("an access token: itself, its grant, or all that this subject gave this client", () => {
    assert.deepEqual(unitReached(access, "token"), token);
    assert.deepEqual(unitReached(access, "grant"), grant);
    assert.deepEqual(unitReached(access, "subject_client"), pair);
  });

  test("a refresh token never means less than its grant", () => {
    assert.deepEqual(unitReached(refresh, "token"), grant);
    assert.deepEqual(unitReached(refresh, "grant"), grant);
    assert.deepEqual(unitReached(refresh, "subject_client"), pair);
  });

  test("a client-credentials token has no grant: itself, or all of the client's own", () => {
    assert.deepEqual(unitReached(own, "token"), token);
    assert.deepEqual(unitReached(own, "grant"), token);
    assert.deepEqual(unitReached(own, "subject_client"), { ...pair, value: "c" });
  });

  test("RV-01 a token without what names the unit is a defect: an order of nothing is never made", () => {
    assert.throws(() => unitReached({ ...own, tokenId: undefined }, "token"), TypeError);
    assert.throws(() => unitReached({ ...access, subject: undefined }, "subject_client"), TypeError);
    assert.throws(() => unitReached({ ...access, clientId: "" }, "subject_client"), TypeError);
  });

  test("RV-08 whatever the reach, the token presented is among what dies", () => {
    const kinds = fc.constantFrom("access", "refresh");
    holds(
      fc.property(
        fc.oneof(userTokens, clientTokens),
        kinds,
        fc.constantFrom(...reaches),
        (judged, kind, reach) => {
          const unit = unitReached({ ...judged, kind }, reach);
          assert.ok(unitsOf(judged).map(unitKey).includes(unitKey(unit)));
          assert.ok(covers({ seq: (judged.rev ?? 0) + 1, unit: unit.name }, judged));
        },
      ),
    );
  });

  test("RV-08 a wider reach covers all that a narrower one does", () => {
    holds(
      fc.property(userTokens, userTokens, (judged, other) => {
        const sameGrant = { subject: judged.subject, clientId: judged.clientId, grantId: judged.grantId };
        const bystander = other.grantId === judged.grantId ? { ...other, ...sameGrant } : other;
        const keys = unitsOf(bystander).map(unitKey);
        const reached = (reach: Reach) =>
          keys.includes(unitKey(unitReached({ ...judged, kind: "access" }, reach)));
        const sameToken = bystander.tokenId === judged.tokenId && bystander.grantId !== judged.grantId;
        if (!sameToken && reached("token")) assert.ok(reached("grant"));
        if (reached("grant")) assert.ok(reached("subject_client"));
      }),
    );
  });
});

describe("the reach of a request", () => {
  const wide = { accessToken: "subject_client", refreshToken: "subject_client" } as const;

  test("is the client's policy where cascade is absent or empty", () => {
    for (const asked of [undefined, ""]) {
      assert.equal(chooseReach("access", defaultPolicy, asked), "token");
      assert.equal(chooseReach("refresh", defaultPolicy, asked), "grant");
      assert.equal(chooseReach("access", wide, asked), "subject_client");
    }
  });

  test("is what cascade says for this once, wider or narrower", () => {
    assert.equal(chooseReach("access", defaultPolicy, "grant"), "grant");
    assert.equal(chooseReach("access", wide, "token"), "token");
    assert.equal(chooseReach("refresh", wide, "grant"), "grant");
  });

  test("is never less than the grant for a refresh token", () => {
    assert.equal(chooseReach("refresh", wide, "token"), "grant");
  });

  test("is refused where cascade is no reach", () => {
    for (const asked of ["Token", "all", "subject+client", "toString"]) {
      const refused = chooseReach("access", defaultPolicy, asked);
      assert.ok(typeof refused === "object" && refused.error === "invalid_request", asked);
      assert.match(refused.description, /cascade/);
    }
  });
});
