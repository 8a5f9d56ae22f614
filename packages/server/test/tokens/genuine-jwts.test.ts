// JWTs that were found genuine are found again by their text alone, as long as their key is accepted. Whether they are
// live is asked every time (JW-13; the rest of it over HTTP in test/threats).
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { type AccessToken, accessTokenClaims, keyAcceptedFor } from "@rescind/core";
import { openStore } from "@rescind/store";
import { tokenHashing } from "../../src/keys/digest.ts";
import { signJws } from "../../src/keys/jws.ts";
import { loadMasterKey } from "../../src/keys/master-key.ts";
import { ensureFirstKeys, loadKeyRing } from "../../src/keys/signing-keys.ts";
import { Catalog } from "../../src/tokens/catalog.ts";
import { ForeignTokens } from "../../src/tokens/foreign-tokens.ts";
import { GenuineJwts } from "../../src/tokens/genuine-jwts.ts";
import { recognise } from "../../src/tokens/recognise.ts";

const issuer = "http://127.0.0.1:9400";

function tokenWith(id: string, at: number, life: number): AccessToken {
  return {
    ...{ id, clientId: "api", subject: "api", grantId: undefined, sessionId: undefined, keyId: undefined },
    ...{ kid: undefined, scopes: ["read"], audience: [issuer], rev: 0, issuedAt: at, expiresAt: at + life },
    ...{ grantIat: undefined, authTime: undefined, offline: false, lineage: [], claims: { team: "a" } },
  };
}

test("JW-09 JW-13 a remembered JWT has the facts of the first look, and none when its key is accepted no more", async () => {
  const data = mkdtempSync(join(tmpdir(), "rescind-test-"));
  const store = await openStore(`sqlite:${join(data, "rescind.db")}`);
  try {
    const seal = loadMasterKey(undefined, data);
    await ensureFirstKeys(store, seal);
    let nowMs = Date.now();
    const now = () => nowMs;
    const fetch = () => Promise.reject(new Error("nothing is fetched"));
    const parts = {
      ...{ store, issuer, now, catalog: new Catalog(store, seal), genuineJwts: new GenuineJwts() },
      hashing: tokenHashing(undefined, new Uint8Array(32)),
      foreignTokens: new ForeignTokens({ fetch, now, onFailure: () => undefined }),
    };
    const key = (await loadKeyRing(store, seal)).signer("access", "ES256", nowMs);
    assert.ok(key !== undefined);
    const at = Math.floor(nowMs / 1000);
    const claims = accessTokenClaims(tokenWith("123", at, 900), issuer);
    const text = signJws(key.headerFor("at+jwt"), claims, "ES256", key.privateKey);

    const first = await recognise(text, parts);
    assert.ok(first.kind === "access");
    assert.equal(parts.genuineJwts.find(text), first.token);
    const again = await recognise(text, parts);
    assert.ok(again.kind === "access" && again.token === first.token);
    const altered = `${text.slice(0, -4)}AAAA`;
    assert.equal((await recognise(altered, parts)).kind, "unknown");
    assert.equal(parts.genuineJwts.find(altered), undefined);

    await store.retireSigningKey(key.kid, nowMs);
    nowMs += keyAcceptedFor * 1000 - 1;
    assert.equal((await recognise(text, parts)).kind, "access");
    nowMs += 1;
    assert.equal((await recognise(text, parts)).kind, "unknown");
  } finally {
    await store.close();
    rmSync(data, { recursive: true, force: true });
  }
});

test("WEB-06 what is remembered is bounded, and what is asked for stays", () => {
  const remembered = new GenuineJwts();
  const token = (index: number) => tokenWith(String(index), 0, 1);
  for (let index = 0; index < 50_000; index++) {
    remembered.remember(`token ${index}`, token(index));
    remembered.find("token 0");
  }
  assert.equal(remembered.find("token 0")?.id, "0");
  assert.equal(remembered.find("token 1"), undefined);
  const kept = Array.from({ length: 50_000 }, (_, index) => remembered.find(`token ${index}`)).filter(
    Boolean,
  );
  assert.ok(kept.length <= 20_000, `${kept.length} are kept`);
});
