// The feed by CONTRACT.md section 6: settings, pages, positions and resync. Streams are in feed-stream.test.ts,
// acknowledgements and leases in feed-leases.test.ts.

import assert from "node:assert/strict";
import { createHash, createHmac } from "node:crypto";
import { after, test } from "node:test";
import { chainInput, fingerprintInput, parseFeedEntry } from "@rescind/core";
import { type Answered, type RegisteredClient, startTestServer } from "../running-server.ts";

const server = await startTestServer();
after(() => server.close());

interface WireEntry {
  readonly seq: number;
  readonly kind: string;
  readonly unit?: string;
  readonly fp?: string;
  readonly expires?: number;
  readonly before?: number;
  readonly suspend?: boolean;
  readonly lifts?: number;
}

const reader = await server.tokenWithScope("rescind:feed");
const client = await server.registerClient();

async function feed(query = "", token = reader): Promise<Answered> {
  return server.request(`/revocations${query}`, { headers: { authorization: `Bearer ${token}` } });
}

function entriesOf({ json }: Answered): readonly WireEntry[] {
  return json.entries as WireEntry[]; // the contract's page
}

/** One revocation; its number. */
async function revokeOne(by: RegisteredClient = client): Promise<number> {
  const token = await server.clientToken(by);
  const answer = await server.form("/oauth2/revoke", { token }, by);
  return Number(answer.headers.get("rescind-seq"));
}

test("an empty log stands at 0 and 32 zero bytes", async () => {
  const { status, headers, json } = await feed();
  assert.equal(status, 200);
  assert.equal(headers.get("cache-control"), "no-store");
  assert.deepEqual(json, { head: 0, hash: "A".repeat(43), entries: [], more: false });
});

test("settings tell version, issuer, fingerprint key and lease interval", async () => {
  const { status, json } = await server.request("/revocations/settings", {
    headers: { authorization: `Bearer ${reader}` },
  });
  assert.equal(status, 200);
  assert.equal(json.version, 1);
  assert.equal(json.issuer, server.issuer);
  assert.equal(Buffer.from(String(json.fingerprint_key), "base64url").length, 32);
  assert.equal(json.lease_interval, 1);
  assert.deepEqual(json.issuers, []);
});

test("the feed wants a Bearer token with rescind:feed", async () => {
  for (const path of ["/revocations", "/revocations/settings"]) {
    assert.equal((await server.request(path)).status, 401, path);
    for (const scope of ["read", "rescind:read", "rescind:admin", "rescind:introspect"]) {
      const authorization = `Bearer ${await server.tokenWithScope(scope)}`;
      const { status, headers } = await server.request(path, { headers: { authorization } });
      assert.equal(status, 403, `${path} ${scope}`);
      assert.match(headers.get("www-authenticate") ?? "", /insufficient_scope.*rescind:feed/);
    }
  }
});

test("an entry names its unit by a fingerprint that only the key's holders can compute", async () => {
  const token = await server.clientToken(client);
  const { jti } = await server.introspect(token);
  const answer = await server.form("/oauth2/revoke", { token }, client);
  const [entry] = entriesOf(await feed(`?after=${Number(answer.headers.get("rescind-seq")) - 1}`));
  const { json } = await server.request("/revocations/settings", {
    headers: { authorization: `Bearer ${reader}` },
  });
  const unit = { name: "token", issuer: server.issuer, value: String(jti) } as const;
  const expected = createHmac("sha256", Buffer.from(String(json.fingerprint_key), "base64url"))
    .update(fingerprintInput(unit))
    .digest()
    .subarray(0, 16)
    .toString("base64url");
  assert.equal(entry?.fp, expected);
  assert.equal(entry?.unit, "token");
  const expiresIn = Number(entry?.expires) - Date.now() / 1000;
  assert.ok(
    expiresIn > 900 && expiresIn < 900 + 86_400 + 600,
    "stays as long as the token may live, and a margin",
  );
});

test("FD-06 entries carry no identifiers, whatever was revoked", async () => {
  const { access_token, grant_id } = await server.openGrant(client, "usr_secretive");
  await server.form("/oauth2/revoke", { token: String(access_token), cascade: "subject_client" }, client);
  await server.admin("POST", "/admin/v1/revocations", {
    select: { subject: "usr_secretive" },
    note: "usr_note",
  });
  const { text } = await feed("?limit=10000");
  for (const identifier of ["usr_secretive", "usr_note", String(grant_id), client.client_id, "tid_", "key_"])
    assert.ok(!text.includes(identifier), identifier);
});

test("every kind of entry reads back through core's parser, and the chain of hashes holds over pages of any size", async () => {
  await server.admin("POST", `/admin/v1/clients/${(await server.registerClient()).client_id}/revoke`);
  const order = {
    select: { subject: "usr_k" },
    before: new Date(Date.now() - 60_000).toISOString().replace(/\.\d+/, ""),
  };
  const { json: ordered } = await server.admin("POST", "/admin/v1/revocations", order);
  await server.admin("POST", `/admin/v1/revocations/${ordered.id}/lift`);
  await revokeOne();
  const all = await feed("?limit=10000");
  const kinds = new Set(entriesOf(all).map((entry) => entry.kind));
  assert.deepEqual(kinds, new Set(["revoke", "lift"]));
  assert.ok(entriesOf(all).some((entry) => entry.suspend === true && entry.expires === undefined));
  assert.ok(entriesOf(all).some((entry) => Number.isInteger(entry.before)));
  for (const limit of [1, 2, 3, 7]) {
    let position = `0.${"A".repeat(43)}`;
    const read: WireEntry[] = [];
    for (;;) {
      const page = await feed(`?after=${position}&limit=${limit}`);
      assert.equal(page.status, 200, page.text);
      assert.ok(entriesOf(page).length <= limit);
      position = hashedUp(position, entriesOf(page));
      assert.equal(
        position.slice(position.indexOf(".") + 1),
        page.json.hash,
        "hash is that of the last entry",
      );
      read.push(...entriesOf(page));
      if (page.json.more !== true) break;
    }
    assert.deepEqual(read, entriesOf(all));
    assert.equal(Number(position.split(".")[0]), all.json.head);
  }
});

/** The position after these entries, computed as a reader does. */
function hashedUp(position: string, entries: readonly WireEntry[]): string {
  let [seq, hash] = position.split(".");
  for (const wire of entries) {
    const entry = parseFeedEntry(wire);
    assert.ok(entry !== undefined, JSON.stringify(wire));
    assert.equal(entry.seq, Number(seq) + 1, "no gaps");
    hash = createHash("sha256")
      .update(chainInput(Buffer.from(String(hash), "base64url"), entry))
      .digest("base64url");
    seq = String(entry.seq);
  }
  return `${seq}.${hash}`;
}

test("after=SEQ alone is not checked by hash, and is 410 above the head only", async () => {
  const seq = await revokeOne();
  assert.deepEqual(
    entriesOf(await feed(`?after=${seq - 1}`)).map((entry) => entry.seq),
    [seq],
  );
  const atHead = await feed(`?after=${seq}`);
  assert.deepEqual([atHead.status, entriesOf(atHead).length, atHead.json.more], [200, 0, false]);
  const above = await feed(`?after=${seq + 1}`);
  assert.equal(above.status, 410);
  assert.equal(above.headers.get("content-type"), "application/problem+json");
  assert.equal(above.json.code, "resync");
});

test("a position that is not on the log is 410 resync", async () => {
  const seq = await revokeOne();
  const { json } = await feed(`?after=${seq - 1}`);
  const hash = String(json.hash);
  assert.equal((await feed(`?after=${seq}.${hash}`)).status, 200);
  const wrong = `${hash.startsWith("B") ? "C" : "B"}${hash.slice(1)}`;
  for (const position of [`${seq}.${wrong}`, `${seq - 1}.${hash}`, `${seq + 1}.${hash}`, `0.${hash}`]) {
    const answer = await feed(`?after=${position}`);
    assert.equal(answer.status, 410, position);
    assert.equal(answer.json.code, "resync");
  }
});

test("a malformed query is 400 and names the parameter", async () => {
  const queries = [
    "after=x",
    "after=-1",
    "after=01",
    "after=1.",
    "after=1.short",
    "after=1e3",
    "after=9007199254740993",
  ];
  for (const query of [...queries, "limit=0", "limit=10001", "limit=1.5", "limit=x", "limit=-1"]) {
    const answer = await feed(`?${query}`);
    assert.equal(answer.status, 400, query);
    assert.match(answer.text, new RegExp(`"pointer":"/${query.split("=")[0]}"`), query);
  }
  for (const query of ["since=1", "after=0&after=1", "limit=1&limit=2"])
    assert.equal((await feed(`?${query}`)).status, 400, query);
});

test("the log goes on over a restart, with the same hashes", async () => {
  const before = await feed("?limit=10000");
  await server.restart();
  const same = await feed("?limit=10000");
  assert.equal(same.text, before.text);
  assert.equal(await revokeOne(), Number(before.json.head) + 1);
  const more = await feed(`?after=${before.json.head}.${before.json.hash}`);
  assert.equal(entriesOf(more).length, 1);
  assert.equal(
    hashedUp(`${before.json.head}.${before.json.hash}`, entriesOf(more)).split(".")[1],
    more.json.hash,
  );
});
