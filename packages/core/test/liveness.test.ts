// The rule: tables for each clause, and properties over all of them. DESIGN.md section 1.
import assert from "node:assert/strict";
import { test } from "node:test";
import {
  clockTolerance,
  covers,
  isWide,
  type Judged,
  liveness,
  unitKey,
  unitNames,
  unitsOf,
} from "@rescind/core";
import fc from "fast-check";
import { holds } from "./property.ts";
import { foreignTokens, seconds, standing, tokens, units } from "./world.ts";

const token: Judged = {
  issuer: "https://as.example",
  ours: true,
  tokenId: "tid_1",
  grantId: "gnt_1",
  subject: "usr_1",
  clientId: "shop",
  offline: false,
  rev: 7,
  authorisedAt: 1000,
  expiresAt: 2000,
  lineage: [],
};
const foreign: Judged = {
  issuer: "https://idp.example",
  ours: false,
  tokenId: "a",
  subject: "b",
  offline: false,
  authorisedAt: 1000,
  expiresAt: 2000,
  lineage: [],
};

test("a token is live until the second of its exp, and not at it", () => {
  assert.deepEqual(liveness(token, [], 1999.999), { kind: "live" });
  assert.deepEqual(liveness(token, [], 2000), { kind: "expired" });
});

test("a token whose nbf lies ahead of the clock tolerance is not yet live", () => {
  const later = { ...token, notBefore: 1500 };
  assert.equal(liveness(later, [], 1500 - clockTolerance - 1).kind, "not-yet");
  assert.equal(liveness(later, [], 1500 - clockTolerance).kind, "live");
});

test("a revoked token that is not yet live is revoked: waiting would not help", () => {
  const entry = { seq: 1, unit: "token" } as const;
  assert.deepEqual(liveness({ ...token, notBefore: 1900 }, [entry], 1500), { kind: "revoked", by: entry });
});

test("RV-14 RV-20 a wide entry covers what has a smaller rev, by numbers and not by clocks", () => {
  for (const unit of unitNames.filter(isWide)) {
    assert.equal(covers({ seq: 8, unit }, token), true, `${unit}: issued before the entry`);
    assert.equal(covers({ seq: 7, unit }, token), false, `${unit}: the decision to issue saw the entry`);
    assert.equal(covers({ seq: 6, unit }, token), false, `${unit}: issued after the entry`);
  }
});

test("an entry of a token, a grant or a signing key covers for good, whatever the token's rev", () => {
  for (const unit of ["token", "grant", "signing-key"] as const)
    for (const seq of [1, 7, 8]) assert.equal(covers({ seq, unit }, token), true, `${unit} at ${seq}`);
  assert.deepEqual(
    unitNames.filter((unit) => !isWide(unit)),
    ["token", "grant", "signing-key"],
  );
});

test("a suspension covers what is issued after it too", () => {
  for (const unit of ["client", "key"] as const) {
    assert.equal(covers({ seq: 3, unit, suspend: true }, token), true);
    assert.equal(covers({ seq: 3, unit, suspend: true, before: 1 }, token), true);
    assert.equal(covers({ seq: 3, unit, suspend: false }, token), false);
  }
});

test("before spares what was authorised later, inclusive to the second", () => {
  assert.equal(covers({ seq: 8, unit: "subject", before: 1000 }, token), true);
  assert.equal(covers({ seq: 8, unit: "subject", before: 999 }, token), false);
});

test("before never reaches a token that was issued after the entry", () => {
  assert.equal(covers({ seq: 7, unit: "subject", before: 5000 }, token), false);
});

test("before does not narrow an entry of a token or a grant", () => {
  assert.equal(covers({ seq: 8, unit: "grant", before: 1 }, token), true);
});

test("one of ours without rev or without the time of its grant is covered: what is unknown is refused", () => {
  assert.equal(covers({ seq: 1, unit: "subject" }, { ...token, rev: undefined }), true);
  assert.equal(covers({ seq: 8, unit: "subject", before: 1 }, { ...token, authorisedAt: undefined }), true);
});

test("RV-02 a foreign JWT is judged by iat with the clock tolerance, and without iat it is covered", () => {
  const entry = (before: number) => ({ seq: 1, unit: "issuer", before }) as const;
  assert.equal(covers(entry(1000), foreign), true);
  assert.equal(covers(entry(1000 - clockTolerance), foreign), true);
  assert.equal(covers(entry(1000 - clockTolerance - 1), foreign), false);
  assert.equal(covers(entry(1), { ...foreign, authorisedAt: undefined }), true);
});

test("a foreign JWT that brings a rev of its own gains nothing by it", () => {
  assert.equal(covers({ seq: 1, unit: "issuer", before: 1000 }, { ...foreign, rev: 2 ** 52 }), true);
});

test("RV-10 adding a revoke entry never makes a token live, wherever it stands among the others", () => {
  holds(
    fc.property(
      tokens,
      fc.array(standing),
      standing,
      fc.nat(),
      seconds,
      (judged, found, added, place, at) => {
        if (liveness(judged, found, at).kind === "live") return;
        const more = found.toSpliced(place % (found.length + 1), 0, added);
        assert.notEqual(liveness(judged, more, at).kind, "live");
      },
    ),
    2000,
  );
});

test("RV-10 every unit is judged by itself: the verdict of a set is the OR over its single entries", () => {
  holds(
    fc.property(tokens, fc.array(standing), seconds, (judged, found, at) => {
      const alone = found.some((entry) => liveness(judged, [entry], at).kind === "revoked");
      assert.equal(liveness(judged, found, at).kind === "revoked", alone);
    }),
    2000,
  );
});

test("the order in which entries are found does not matter", () => {
  holds(
    fc.property(tokens, fc.array(standing), seconds, (judged, found, at) => {
      assert.equal(liveness(judged, found.toReversed(), at).kind, liveness(judged, found, at).kind);
    }),
  );
});

test("A6 a verdict of revoked names an entry that covers the token alone", () => {
  holds(
    fc.property(tokens, fc.array(standing), seconds, (judged, found, at) => {
      const verdict = liveness(judged, found, at);
      if (verdict.kind !== "revoked") return;
      assert.ok(found.some((entry) => entry === verdict.by) && covers(verdict.by, judged));
    }),
  );
});

test("A5 what is revoked stays so until it expires: no clock makes it live again", () => {
  holds(
    fc.property(tokens, fc.array(standing), seconds, seconds, (judged, found, at, later) => {
      if (liveness(judged, found, at).kind !== "revoked") return;
      assert.ok(["revoked", "expired"].includes(liveness(judged, found, Math.max(at, later)).kind));
    }),
  );
});

test("raising rev alone never revokes, and raising the number of a wide entry never spares", () => {
  holds(
    fc.property(tokens, standing, fc.nat(20), (judged, entry, more) => {
      const newer = { ...judged, rev: judged.rev === undefined ? undefined : judged.rev + more };
      if (!covers(entry, judged)) assert.equal(covers(entry, newer), false);
      if (covers(entry, judged)) assert.equal(covers({ ...entry, seq: entry.seq + more }, judged), true);
    }),
  );
});

test("units of a token are distinct, and never name a value it does not have", () => {
  holds(
    fc.property(tokens, (judged) => {
      const keys = unitsOf(judged).map(unitKey);
      assert.equal(new Set(keys).size, keys.length);
      for (const unit of unitsOf(judged)) {
        assert.equal(unit.issuer, judged.issuer);
        assert.equal(unit.value === "", unit.name === "all" || unit.name === "issuer");
      }
    }),
  );
});

test("two units have the same key only if they are the same", () => {
  holds(
    fc.property(units, units, (one, other) => {
      const same = JSON.stringify(one) === JSON.stringify(other);
      assert.equal(unitKey(one) === unitKey(other), same);
    }),
  );
});

test("a token of a client has no grant, session or subject unit, but one of the client as its own subject", () => {
  const own = { ...token, grantId: undefined, subject: "shop", signingKey: "es-1", keyId: "key_1" };
  const names = unitsOf(own).map((unit) => unit.name);
  assert.deepEqual(names.sort(), ["all", "client", "key", "signing-key", "subject+client", "token"]);
  const pair = unitsOf(own).find((unit) => unit.name === "subject+client");
  assert.deepEqual([pair?.value, pair?.client], ["shop", "shop"]);
});

test("a token marked offline has its session unit and no logout unit", () => {
  const kept = unitsOf({ ...token, sessionId: "ses_1", offline: true }).map((unit) => unit.name);
  const ended = unitsOf({ ...token, sessionId: "ses_1", offline: false }).map((unit) => unit.name);
  assert.deepEqual([kept.includes("session"), kept.includes("logout")], [true, false]);
  assert.deepEqual([ended.includes("session"), ended.includes("logout")], [true, true]);
});

test("a foreign token has its token, subject and issuer units only, also where its sub is its client", () => {
  holds(
    fc.property(foreignTokens, (judged) => {
      const names = unitsOf(judged).map((unit) => unit.name);
      const expected = [
        "issuer",
        ...(judged.tokenId ? ["token"] : []),
        ...(judged.subject ? ["subject"] : []),
      ];
      assert.deepEqual(names, expected);
    }),
  );
});
