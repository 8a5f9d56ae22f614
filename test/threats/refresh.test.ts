// THREATS.md section 3: rotation, replay, the grace window, and what refreshing may never do.

import assert from "node:assert/strict";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { after, test } from "node:test";
import fc from "fast-check";
import { type Answered, basic, type RegisteredClient, startTestServer } from "../running-server.ts";
import { rounds, seed } from "../seed.ts";

const server = await startTestServer();
after(() => server.close());

const client = await server.registerClient();
const publicClient = { token_endpoint_auth_method: "none", grant_types: ["refresh_token"] };

async function refresh(
  by: RegisteredClient,
  token: unknown,
  more: Record<string, string> = {},
): Promise<Answered> {
  const form = { grant_type: "refresh_token", refresh_token: String(token), ...more };
  return server.form("/oauth2/token", form, by);
}

async function isLive(token: unknown): Promise<boolean> {
  return (await server.introspect(String(token))).active === true;
}

function assertInvalidGrant(answer: Answered, what = ""): void {
  assert.equal(answer.status, 400, what + answer.text);
  assert.equal(answer.json.error, "invalid_grant", what);
}

/** Moves the rotations of a grant back in time, as if so many milliseconds had passed. */
function age(grantId: string | undefined, milliseconds: number): void {
  const database = new DatabaseSync(join(server.data, "rescind.db"), { timeout: 5000 });
  const { changes } = database
    .prepare(
      "UPDATE refresh_tokens SET spent_at_ms = spent_at_ms - ? WHERE grant_id = ? AND spent_at_ms IS NOT NULL",
    )
    .run(milliseconds, BigInt(String(grantId).replace("gnt_", "")));
  database.close();
  assert.ok(changes > 0);
}

test("RT-01 B1 of 64 concurrent refreshes of one token all that succeed get the same successor, and none fails otherwise", async () => {
  for (let round = 0; round < rounds(6, 10_000); round++) {
    const by = round % 2 === 0 ? client : await server.registerClient({ access_token_format: "opaque" });
    const opened = await server.openGrant(by);
    const answers = await Promise.all(Array.from({ length: 64 }, () => refresh(by, opened.refresh_token)));
    const won = answers.filter(({ status }) => status === 200);
    assert.ok(won.length >= 1);
    for (const answer of answers) if (answer.status !== 200) assertInvalidGrant(answer);
    const successors = new Set(won.map(({ json }) => json.refresh_token));
    assert.equal(successors.size, 1, `round ${round}`);
    const [successor] = successors;
    assert.notEqual(successor, opened.refresh_token);
    const ids = await Promise.all(
      won.map(async ({ json }) => (await server.introspect(String(json.access_token))).jti),
    );
    assert.equal(new Set(ids).size, won.length, "every answer has an access token of its own");
    assert.equal((await refresh(by, successor)).status, 200);
    assertInvalidGrant(await refresh(by, opened.refresh_token));
    for (const { json } of won) assert.equal(await isLive(json.access_token), false);
  }
});

test("RT-02 B2 a replay ends the grant: every token of it, one entry on the feed, one audit record that says why", async () => {
  const opened = await server.openGrant(client, "usr_rt02");
  const other = await server.openGrant(client, "usr_rt02");
  const second = await refresh(client, opened.refresh_token);
  const third = await refresh(client, second.json.refresh_token);
  const before = Number((await server.introspect(String(other.access_token))).head);
  const replay = await refresh(client, opened.refresh_token);
  assertInvalidGrant(replay);
  assert.equal(
    replay.headers.get("rescind-seq"),
    String(before + 1),
    "it revoked, and says from which number",
  );
  for (const token of [
    opened.access_token,
    second.json.access_token,
    second.json.refresh_token,
    third.json.access_token,
    third.json.refresh_token,
  ])
    assert.equal(await isLive(token), false);
  for (const token of [other.access_token, other.refresh_token]) assert.equal(await isLive(token), true);
  assertInvalidGrant(await refresh(client, third.json.refresh_token));
  assertInvalidGrant(await refresh(client, opened.refresh_token));

  const { head } = await server.introspect(String(other.access_token));
  assert.equal(head, before + 1, "replaying again appends nothing");
  const history = (await server.admin("GET", "/admin/v1/revocations?limit=1")).json.items as object[];
  const { id, seq, at, actor, note, ...rest } = history[0] as Record<string, unknown>; // the contract's RevocationItem
  assert.match(String(note), /^A refresh token \(tid_\d+\) was presented again\.$/);
  assert.equal(seq, head);
  assert.deepEqual(actor, { kind: "client", id: client.client_id });
  assert.deepEqual(rest, {
    select: { grant_id: opened.grant_id },
    reason: "replay_detected",
    suspend: false,
    final: true,
  });
  assert.ok(typeof at === "string");
  const audit = (await server.admin("GET", "/admin/v1/audit?limit=1000")).json.items as {
    revocation_id?: string;
  }[];
  assert.equal(audit.filter((record) => record.revocation_id === id).length, 1);
  const lifted = await server.admin("POST", `/admin/v1/revocations/${id}/lift`);
  assert.equal(lifted.status, 409);
});

test("RT-03 B1 a retry within the window gets the same successor, until the successor is used", async () => {
  for (const by of [client, await server.registerClient({ access_token_format: "opaque" })]) {
    const opened = await server.openGrant(by);
    const first = await refresh(by, opened.refresh_token);
    const retried = await refresh(by, opened.refresh_token);
    assert.equal(retried.status, 200);
    assert.equal(retried.json.refresh_token, first.json.refresh_token);
    assert.notEqual(retried.json.access_token, first.json.access_token);
    assert.equal((await refresh(by, first.json.refresh_token)).status, 200);
    assertInvalidGrant(await refresh(by, opened.refresh_token));
    assert.equal(await isLive(first.json.access_token), false);
  }
});

test("RT-03 B2 the window is bounded: ten seconds later the same retry is a replay", async () => {
  const opened = await server.openGrant(client);
  const first = await refresh(client, opened.refresh_token);
  age(opened.grant_id, 120_000);
  assertInvalidGrant(await refresh(client, opened.refresh_token));
  assertInvalidGrant(await refresh(client, first.json.refresh_token));
  assert.equal(await isLive(first.json.access_token), false);
});

test("RT-03 an answer lost before a restart can be asked for again after it", async () => {
  const opened = await server.openGrant(client);
  const first = await refresh(client, opened.refresh_token);
  await server.restart();
  const retried = await refresh(client, opened.refresh_token);
  assert.equal(retried.json.refresh_token, first.json.refresh_token);
});

test("RT-03 B3 what is kept of a successor and cannot be used fails the retry, and ends nothing", async () => {
  const opened = await server.openGrant(client);
  const first = await refresh(client, opened.refresh_token);
  // However long this takes, it is within the window.
  age(opened.grant_id, -600_000);
  const database = new DatabaseSync(join(server.data, "rescind.db"), { timeout: 5000 });
  const id = BigInt(String(opened.grant_id).replace("gnt_", ""));
  const kept = database.prepare(
    "SELECT successor_sealed FROM refresh_tokens WHERE grant_id = ? AND spent_at_ms > 0",
  );
  const { successor_sealed: sealed } = kept.get(id) ?? {};
  assert.ok(sealed instanceof Uint8Array);
  const change = database.prepare(
    "UPDATE refresh_tokens SET successor_sealed = ? WHERE grant_id = ? AND spent_at_ms IS NOT NULL",
  );
  // The last byte of the salt, as another master key would have it; and the form of some other version.
  for (const other of [sealed.with(-1, (sealed.at(-1) ?? 0) ^ 1), sealed.subarray(1)]) {
    assert.equal(change.run(other, id).changes, 1);
    assert.equal((await refresh(client, opened.refresh_token)).status, 500);
    assert.equal(await isLive(first.json.access_token), true);
    assert.equal(await isLive(first.json.refresh_token), true);
  }
  change.run(sealed, id);
  database.close();
  const retried = await refresh(client, opened.refresh_token);
  assert.equal(retried.json.refresh_token, first.json.refresh_token);
});

test("RT-03 in the window the retry may narrow its scope and is refused like any other request", async () => {
  const opened = await server.openGrant(client, "usr_rt03", { scope: "read write" });
  const first = await refresh(client, opened.refresh_token);
  const narrowed = await refresh(client, opened.refresh_token, { scope: "read" });
  assert.equal(narrowed.json.scope, "read");
  assert.equal(narrowed.json.refresh_token, first.json.refresh_token);
  assert.equal((await refresh(client, opened.refresh_token, { scope: "admin" })).json.error, "invalid_scope");
  assert.equal((await refresh(client, first.json.refresh_token)).json.scope, "read write");
});

test("RT-06 another client gets nothing for a refresh token, spent or not, and does no harm", async () => {
  const thief = await server.registerClient();
  const spa = await server.registerClient(publicClient);
  const opened = await server.openGrant(client);
  const attempts = async (token: unknown): Promise<void> => {
    assertInvalidGrant(await refresh(thief, token));
    const form = { grant_type: "refresh_token", refresh_token: String(token), client_id: spa.client_id };
    assertInvalidGrant(await server.form("/oauth2/token", form));
  };
  await attempts(opened.refresh_token);
  const first = await refresh(client, opened.refresh_token);
  assert.equal(first.status, 200);
  await attempts(opened.refresh_token);
  const second = await refresh(client, first.json.refresh_token);
  await attempts(opened.refresh_token);
  assert.equal(second.status, 200);
  assert.equal(await isLive(second.json.access_token), true, "a stranger's replay does not end the grant");
  assert.equal((await refresh(client, second.json.refresh_token)).status, 200);
});

test("RT-07 refreshing needs the client's credentials", async () => {
  const opened = await server.openGrant(client);
  const form = { grant_type: "refresh_token", refresh_token: String(opened.refresh_token) };
  const { client_id } = client;
  for (const answer of [
    await server.form("/oauth2/token", form),
    await server.form("/oauth2/token", { ...form, client_id }),
    await server.form("/oauth2/token", { ...form, client_id, client_secret: "wrong" }),
    await server.request("/oauth2/token", {
      method: "POST",
      headers: { authorization: basic(client_id, "") },
      body: new URLSearchParams(form),
    }),
    await server.request("/oauth2/token", {
      method: "POST",
      headers: { authorization: `Bearer ${opened.access_token}` },
      body: new URLSearchParams(form),
    }),
  ]) {
    assert.equal(answer.status, 401);
    assert.equal(answer.json.error, "invalid_client");
  }
  assert.equal((await refresh(client, opened.refresh_token)).status, 200, "nothing was spent");
});

test("RT-08 whatever scope is asked for, the answer is within what was granted", async () => {
  const wide = await server.registerClient({ scope: "a b c d e rescind:read" });
  const some = fc.subarray(["a", "b", "c", "d", "e"], { minLength: 1 });
  const any = fc.array(fc.constantFrom("a", "b", "c", "d", "e", "f", "rescind:read", "rescind:admin", "A"));
  const property = fc.asyncProperty(some, any, async (granted, asked) => {
    const opened = await server.openGrant(wide, "usr_rt08", { scope: granted.join(" ") });
    const answer = await refresh(wide, opened.refresh_token, { scope: asked.join(" ") });
    const within = asked.every((value) => granted.includes(value));
    if (!within) {
      assert.equal(answer.json.error, "invalid_scope");
      return;
    }
    const expected = asked.length === 0 ? granted : asked;
    assert.deepEqual(new Set(String(answer.json.scope).split(" ")), new Set(expected));
    assert.equal((await server.introspect(String(answer.json.access_token))).scope, answer.json.scope);
  });
  await fc.assert(property, { seed, numRuns: rounds(50, 2000) });
});

test("RT-09 orders on the subject, the client, the key or the grant end refreshing", async () => {
  const by = await server.registerClient();
  const keyId = by.keys[0]?.key_id;
  for (const select of [
    { subject: "usr_rt09" },
    { client_id: by.client_id },
    { subject: "usr_rt09", client_id: by.client_id },
    { key_id: keyId },
    { all: true },
  ]) {
    const opened = await server.openGrant(by, "usr_rt09");
    const first = await refresh(by, opened.refresh_token);
    assert.equal((await server.admin("POST", "/admin/v1/revocations", { select })).status, 201);
    assertInvalidGrant(await refresh(by, first.json.refresh_token), JSON.stringify(select));
    assert.equal(await isLive(first.json.access_token), false);
  }
});

test("RT-13 unknown parameters change nothing and are never stored", async () => {
  const marker = "smuggled-marker-4874";
  const opened = await server.openGrant(client);
  const more = {
    client_session_host: marker,
    sub: marker,
    grant_id: marker,
    __proto__x: marker,
    lineage: marker,
  };
  const { json } = await refresh(client, opened.refresh_token, more);
  const seen = await server.introspect(String(json.access_token));
  assert.ok(!JSON.stringify(seen).includes(marker));
  const database = new DatabaseSync(join(server.data, "rescind.db"), { readOnly: true });
  const tables = database.prepare("SELECT name FROM sqlite_schema WHERE type = 'table'").all();
  for (const { name } of tables) {
    const rows = database.prepare(`SELECT * FROM ${name}`);
    rows.setReadBigInts(true);
    const text = JSON.stringify(rows.all(), (_key, value: unknown) =>
      typeof value === "bigint" ? String(value) : value,
    );
    assert.ok(!text.includes(marker), String(name));
  }
  database.close();
});
