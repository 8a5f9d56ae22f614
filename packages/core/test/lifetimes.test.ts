// How long an entry stays: longer than anything it covers can be live anywhere. DESIGN.md section 4.
import assert from "node:assert/strict";
import { test } from "node:test";
import {
  clockSkew,
  entryLife,
  isWide,
  lifetimes,
  longestTransaction,
  RevocationSet,
  stalenessCap,
  unitNames,
} from "@rescind/core";
import fc from "fast-check";
import { holds } from "./property.ts";
import { type KeyedRevoke, keysOf } from "./world.ts";

const longestLives = fc.record({
  accessToken: fc.integer({ min: 1, max: lifetimes.accessTokenCap }),
  grant: fc.integer({ min: 1, max: 2 * lifetimes.grant }),
});
/** The time of an order, in fractions of seconds. */
const orderTimes = fc.double({ min: 0, max: 4e9, noNaN: true });
const shares = fc.double({ min: 0, max: 1, noNaN: true });

test("E3 RV-21 no entry leaves a verifier before exp, skew and staleness of any access token it covers", () => {
  holds(
    fc.property(
      fc.constantFrom(...unitNames),
      orderTimes,
      longestLives,
      shares,
      shares,
      (unit, at, longest, lateness, life) => {
        // The last moment at which something covered can be issued: its transaction began before the order.
        const issuedAt = at + lateness * longestTransaction;
        const exp = issuedAt + life * longest.accessToken;
        const { expires } = entryLife(unit, false, at, longest);
        assert.ok(expires !== undefined && expires >= exp + clockSkew + stalenessCap - 1e-6);
      },
    ),
    2000,
  );
});

test("E3 RV-21 the server keeps an entry as long as any refresh token or session it covers can live", () => {
  holds(
    fc.property(fc.constantFrom(...unitNames), orderTimes, longestLives, (unit, at, longest) => {
      const { expires, keepUntil } = entryLife(unit, false, at, longest);
      assert.ok(expires !== undefined && keepUntil !== undefined && keepUntil >= expires);
      const coversGrants = unit === "grant" || isWide(unit);
      if (coversGrants) assert.ok(keepUntil >= at + longest.grant + longestTransaction + clockSkew);
    }),
  );
});

test("a suspension stays until it is lifted", () => {
  for (const unit of ["client", "key"] as const)
    assert.deepEqual(entryLife(unit, true, 1000, { accessToken: 900, grant: 900 }), {
      expires: undefined,
      keepUntil: undefined,
    });
});

test("longer lives never make an entry leave earlier", () => {
  holds(
    fc.property(
      fc.constantFrom(...unitNames),
      orderTimes,
      longestLives,
      fc.nat(1000),
      fc.nat(1000),
      (unit, at, longest, moreAccess, moreGrant) => {
        const risen = { accessToken: longest.accessToken + moreAccess, grant: longest.grant + moreGrant };
        const before = entryLife(unit, false, at, longest);
        const after = entryLife(unit, false, at, risen);
        assert.ok((after.expires ?? 0) >= (before.expires ?? 0));
        assert.ok((after.keepUntil ?? 0) >= (before.keepUntil ?? 0));
      },
    ),
  );
});

test("times on the wire are whole seconds", () => {
  const { expires, keepUntil } = entryLife("grant", false, 1000.25, { accessToken: 900, grant: 5000 });
  assert.ok(Number.isInteger(expires) && Number.isInteger(keepUntil));
});

test("E3 RV-21 a set still holds the entry at the last moment at which a stale verifier may ask for it", () => {
  holds(
    fc.property(fc.constantFrom(...unitNames), fc.nat(2 ** 31), longestLives, (name, at, longest) => {
      const of = { name, issuer: "https://as.example", value: "x" };
      const { expires } = entryLife(name, false, at, longest);
      const entry: KeyedRevoke = { seq: 1, kind: "revoke", unit: name, fp: "A".repeat(22), of, expires };
      const set = new RevocationSet<KeyedRevoke>(keysOf);
      set.apply(entry, "h");
      set.expire(at + longestTransaction + longest.accessToken + clockSkew + stalenessCap);
      assert.equal(set.size, 1);
      set.expire((expires ?? 0) + 1);
      assert.equal(set.size, 0);
    }),
  );
});
