// JW-12: whoever stole a signing key can write any life into a token. Its entry stays for the longest life that is
// believed, and by then the key itself is gone, so that no forgery outlives the entry.

import assert from "node:assert/strict";
import { createPrivateKey } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { entryLife, keyAcceptedFor } from "@rescind/core";
import { openStore } from "@rescind/store";
import { startTestServer } from "../../../../test/running-server.ts";
import { encodeJson, signJws } from "../../src/keys/jws.ts";
import { loadMasterKey } from "../../src/keys/master-key.ts";
import { ensureFirstKeys, loadKeyRing } from "../../src/keys/signing-keys.ts";

test("JW-12 a key that stopped signing is accepted for a day, not longer, and its entry stays that long", async () => {
  const data = mkdtempSync(join(tmpdir(), "rescind-test-"));
  const store = await openStore(`sqlite:${join(data, "rescind.db")}`);
  try {
    const seal = loadMasterKey(undefined, data);
    await ensureFirstKeys(store, seal);
    const key = (await store.listSigningKeys()).find(({ use }) => use === "access");
    assert.ok(key !== undefined);
    const retiredAtMs = 1_800_000_000_000;
    await store.retireSigningKey(key.kid, retiredAtMs);
    const ring = await loadKeyRing(store, seal);
    const end = retiredAtMs + keyAcceptedFor * 1000;
    assert.equal(ring.byKid("access", key.kid, end - 1)?.kid, key.kid);
    assert.equal(ring.byKid("access", key.kid, end), undefined);
    const shortest = { accessToken: 1, grant: 1 };
    const { expires = 0 } = entryLife("signing-key", false, retiredAtMs / 1000, shortest);
    assert.ok(expires * 1000 > end);
  } finally {
    await store.close();
    rmSync(data, { recursive: true, force: true });
  }
});

test("JW-12 a token signed with our own key that claims to live for two days is nobody's", async () => {
  const server = await startTestServer();
  try {
    const client = await server.registerClient();
    const [header = "", payload = ""] = (await server.clientToken(client)).split(".");
    const claims = JSON.parse(Buffer.from(payload, "base64url").toString());
    const { kid } = JSON.parse(Buffer.from(header, "base64url").toString());
    const store = await openStore(`sqlite:${join(server.data, "rescind.db")}`);
    const record = (await store.listSigningKeys()).find((key) => key.kid === kid);
    await store.close();
    const seal = loadMasterKey(readFileSync(join(server.data, "master.key"), "utf8"), server.data);
    const der = Buffer.from(seal.open(`signing-key/${kid}`, record?.sealed ?? new Uint8Array()));
    const stolen = createPrivateKey({ key: der, format: "der", type: "pkcs8" });
    const forged = (life: number) =>
      signJws(
        encodeJson({ alg: "ES256", typ: "at+jwt", kid }),
        { ...claims, exp: claims.iat + life },
        "ES256",
        stolen,
      );
    assert.equal((await server.introspect(forged(3600))).active, true, "the forgery is otherwise perfect");
    assert.deepEqual(await server.introspect(forged(2 * 86_400)), { active: false });
  } finally {
    await server.close();
  }
});
