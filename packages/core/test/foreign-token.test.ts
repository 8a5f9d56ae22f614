// What is read of other providers' JWTs, and how long they may live.
import assert from "node:assert/strict";
import { test } from "node:test";
import {
  type ForeignToken,
  foreignLivesTooLong,
  foreignTokenTtlCap,
  judgedForeignToken,
  liveness,
  parseForeignClaims,
  unitsOf,
} from "@rescind/core";

const least = { iss: "https://idp.example", exp: 2000 };
const read = (claims: Record<string, unknown>): ForeignToken | undefined =>
  parseForeignClaims({ ...least, ...claims }, "k1");

test("a foreign JWT needs an issuer and an end, and nothing else", () => {
  const token = read({});
  assert.ok(token !== undefined);
  assert.deepEqual([token.issuer, token.expiresAt, token.audience, token.scopes], [least.iss, 2000, [], []]);
  for (const missing of ["iss", "exp"]) assert.equal(read({ [missing]: undefined }), undefined, missing);
});

test("client and scopes go by the names that providers give them", () => {
  for (const [claims, expected] of [
    [{ client_id: "a", azp: "b", scope: "x  y" }, ["a", ["x", "y"]]],
    [{ azp: "b", scp: "x y" }, ["b", ["x", "y"]]],
    [{ scp: ["x", "y"] }, [undefined, ["x", "y"]]],
  ] as const) {
    const token = read(claims);
    assert.deepEqual([token?.clientId, token?.scopes], expected);
  }
});

test("a claim of the wrong type is refused, since it could hide a unit", () => {
  for (const [name, values] of Object.entries({
    iss: [1, ""],
    exp: ["2000", null, Number.NaN],
    iat: ["1000", null],
    nbf: ["1000"],
    sub: [7, "", null],
    jti: [7, ""],
    aud: [7, [7], [""]],
    azp: [{}],
    client_id: [[]],
    scope: [7, [7]],
  }))
    for (const value of values) assert.equal(read({ [name]: value }), undefined, `${name} ${String(value)}`);
});

test("it has the units issuer, subject and token of its issuer, whatever its client is", () => {
  const token = read({ sub: "client-1", client_id: "client-1", jti: "j" });
  assert.ok(token !== undefined);
  const units = unitsOf(judgedForeignToken(token)).map(({ name, issuer, value }) => [name, issuer, value]);
  assert.deepEqual(units, [
    ["issuer", least.iss, ""],
    ["token", least.iss, "j"],
    ["subject", least.iss, "client-1"],
  ]);
});

test("E3 a token that lives longer than its issuer's are registered to is not believed", () => {
  const issuer = { maxTokenTtl: 600 };
  assert.equal(foreignLivesTooLong({ expiresAt: 1660 }, issuer, 1000), false);
  assert.equal(foreignLivesTooLong({ expiresAt: 1661 }, issuer, 1000), true);
  assert.ok(foreignTokenTtlCap >= 3600);
});

test("RV-21 its whole life counts, not what is left of it: entries about it may be gone by then", () => {
  const issuer = { maxTokenTtl: 600 };
  const day = 86_400;
  const tooLong = (token: object) =>
    foreignLivesTooLong({ expiresAt: 2 * day, ...token }, issuer, 2 * day - 60);
  assert.equal(tooLong({ issuedAt: 2 * day - 600 }), false);
  assert.equal(tooLong({ issuedAt: day }), true);
  assert.equal(tooLong({ issuedAt: day, notBefore: 2 * day - 600 }), true);
  assert.equal(tooLong({ notBefore: day }), true);
  assert.equal(tooLong({}), false);
});

test("a token dated ahead is not yet live: until then every order by time would spare it", () => {
  const at = (claims: Record<string, unknown>, now: number) => {
    const token = read(claims);
    assert.ok(token !== undefined);
    return liveness(judgedForeignToken(token), [], now).kind;
  };
  assert.equal(at({ iat: 1500 }, 1489), "not-yet");
  assert.equal(at({ iat: 1500 }, 1490), "live");
  assert.equal(at({ iat: 1400, nbf: 1500 }, 1489), "not-yet");
  assert.equal(at({ iat: 1500, nbf: 1400 }, 1489), "not-yet");
});

test("half a surrogate pair has no fingerprint of its own, NUL no place in every database: both are refused", () => {
  for (const name of ["sub", "jti", "iss"])
    for (const text of ["a\ud800", "a\0"]) assert.equal(read({ [name]: text }), undefined, name);
});
