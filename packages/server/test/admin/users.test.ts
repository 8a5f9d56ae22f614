// Users: what an administrator may do with people, and what ends with it.
import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import bcrypt from "bcryptjs";
import { consoleRefresh, consoleTokens } from "../../../../test/console-login.ts";
import { peopleOf } from "../../../../test/people.ts";
import { type Answered, startTestServer, type TestServer } from "../../../../test/running-server.ts";

let server: TestServer;
before(async () => {
  server = await startTestServer();
});
after(() => server.close());

const password = "correct horse battery";
let made = 0;

/** A new user; `facts` add to or replace the defaults. */
async function newUser(facts: Record<string, unknown> = {}): Promise<{ sub: string; username: string }> {
  const username = `person-${++made}`;
  const answer = await server.admin("POST", "/admin/v1/users", { username, password, ...facts });
  assert.equal(answer.status, 201, answer.text);
  return { sub: String(answer.json.sub), username: String(answer.json.username) };
}

function change(sub: string, body: object): Promise<Answered> {
  return server.admin("PATCH", `/admin/v1/users/${encodeURIComponent(sub)}`, body);
}

async function isActive(token: unknown): Promise<boolean> {
  return (await server.introspect(String(token))).active === true;
}

describe("a user", () => {
  test("is created, read, listed, changed and deleted, and nobody ever sees a password", async () => {
    const answer = await server.admin("POST", "/admin/v1/users", {
      username: "Ada",
      password,
      name: "Ada Lovelace",
      email: "ada@example.com",
      groups: ["engine"],
      claims: { desk: 7 },
      roles: ["operator", "viewer"],
    });
    assert.equal(answer.status, 201);
    const { sub, created_at, ...rest } = answer.json;
    assert.match(String(sub), /^usr_\w{24}$/);
    assert.ok(Math.abs(Date.parse(String(created_at)) - Date.now()) < 60_000);
    assert.deepEqual(rest, {
      username: "Ada",
      name: "Ada Lovelace",
      email: "ada@example.com",
      email_verified: false,
      groups: ["engine"],
      claims: { desk: 7 },
      roles: ["viewer", "operator"],
      status: "active",
      has_password: true,
    });
    assert.deepEqual((await server.admin("GET", `/admin/v1/users/${sub}`)).json, answer.json);
    for (const query of ["username=ADA", "email=ADA@example.com", "role=operator", "status=active"]) {
      const list = await server.admin("GET", `/admin/v1/users?${query}`);
      const items = list.json.items as { sub: string }[];
      assert.ok(
        items.some((item) => item.sub === sub),
        `${query}: ${list.text}`,
      );
      assert.ok(!/argon2|"password/.test(list.text), query);
    }
    const changed = await change(String(sub), { username: "ada.l", name: null, groups: [], claims: {} });
    assert.equal(changed.status, 200);
    assert.deepEqual(
      [changed.json.username, changed.json.name, changed.json.groups, changed.json.claims],
      ["ada.l", undefined, [], {}],
    );
    assert.equal((await server.admin("DELETE", `/admin/v1/users/${sub}`)).status, 204);
    for (const method of ["GET", "DELETE"] as const)
      assert.equal((await server.admin(method, `/admin/v1/users/${sub}`)).status, 404);
    assert.equal((await change(String(sub), { name: "x" })).status, 404);
    assert.equal((await server.admin("POST", `/admin/v1/users/${sub}/setup-link`)).status, 404);
  });

  test("has a name of its own: case, width and composition do not make another", async () => {
    await newUser({ username: "Bücher" });
    for (const username of ["bücher", "BU\u0308CHER", "Bücher"]) {
      const { status, json } = await server.admin("POST", "/admin/v1/users", { username, password });
      assert.deepEqual([status, pointer(json)], [409, "/username"], username);
    }
    const other = await newUser();
    assert.deepEqual(pointer((await change(other.sub, { username: "BÜCHER" })).json), "/username");
  });

  test("may bring a subject along, which is nobody else's and no client's; and a client takes no subject", async () => {
    const client = await server.registerClient();
    const { sub } = await newUser({ sub: "auth0|5f7c8ec7c33c6c004bbafe82" });
    assert.equal(sub, "auth0|5f7c8ec7c33c6c004bbafe82");
    assert.equal((await server.admin("GET", `/admin/v1/users/${encodeURIComponent(sub)}`)).json.sub, sub);
    const cases: [string, number][] = [
      [sub, 409],
      [client.client_id, 400],
      ["admin", 400],
      ["console", 400],
      ["", 400],
      ["x".repeat(256), 400],
      ["line\nbreak", 400],
    ];
    for (const [taken, expected] of cases) {
      const body = { username: "somebody", sub: taken };
      const { status, json } = await server.admin("POST", "/admin/v1/users", body);
      assert.deepEqual([status, pointer(json)], [expected, "/sub"], taken);
    }
    const body = { client_id: sub, name: "x", grant_types: ["client_credentials"] };
    assert.equal((await server.admin("POST", "/admin/v1/clients", body)).status, 409);
  });

  test("an email is verified by word only, and another one is not", async () => {
    const { sub } = await newUser({ email: "v@example.com", email_verified: true });
    assert.equal((await change(sub, { name: "V" })).json.email_verified, true);
    assert.equal((await change(sub, { email: "w@example.com" })).json.email_verified, false);
    assert.equal(
      (await change(sub, { email: "x@example.com", email_verified: true })).json.email_verified,
      true,
    );
    assert.equal((await change(sub, { email: null })).json.email_verified, false);
    assert.equal(pointer((await change(sub, { email_verified: true })).json), "/email_verified");
  });

  test("fields that cannot be are named", async () => {
    const cases: [Record<string, unknown>, string][] = [
      [{ username: "" }, "/username"],
      [{ username: " x" }, "/username"],
      [{ username: "x ", password }, "/username"],
      [{ username: "a\u202eb" }, "/username"],
      [{ password: "short" }, "/password"],
      [{ username: "Longenough", password: "longenough" }, "/password"],
      [{ password: "x".repeat(1025) }, "/password"],
      [{ password, password_hash: bcrypt.hashSync("x", 8) }, "/password_hash"],
      [{ password_hash: "5f4dcc3b5aa765d61d8327deb882cf99" }, "/password_hash"],
      [{ email: "nobody" }, "/email"],
      [{ email: "a@b@c" }, "/email"],
      [{ roles: ["root"] }, "/roles/0"],
      [{ roles: ["viewer", "viewer"] }, "/roles"],
      [{ groups: [""] }, "/groups/0"],
      [{ claims: { big: "x".repeat(4096) } }, "/claims"],
      [{ status: "gone" }, "/status"],
      [{ is_admin: true }, "/is_admin"],
      [{ passwordHash: "x" }, "/passwordHash"],
    ];
    for (const [facts, where] of cases) {
      const body = { username: "nobody", ...facts };
      const { status, json, text } = await server.admin("POST", "/admin/v1/users", body);
      assert.deepEqual(
        [status, pointer(json)],
        [400, where],
        `${JSON.stringify(facts).slice(0, 60)} ${text}`,
      );
      assert.ok(!/5f4dcc3b/.test(text));
    }
    assert.deepEqual((await server.admin("GET", "/admin/v1/users?username=nobody")).json.items, []);
  });
});

describe("RV-16 what ends with a change of the person", () => {
  test("disabling ends sessions and tokens, for good, and nothing new is had until they are active", async () => {
    const user = await newUser({ roles: ["viewer"] });
    const who = { username: user.username, password };
    const { json: tokens } = await consoleTokens(server, who);
    const client = await server.registerClient();
    const grant = await server.openGrant(client, user.sub);
    const answer = await change(user.sub, { status: "disabled" });
    assert.equal(answer.status, 200);
    const seq = Number(answer.headers.get("rescind-seq"));
    assert.ok(seq > 0);
    for (const token of [tokens.access_token, tokens.refresh_token, grant.access_token, grant.refresh_token])
      assert.equal(await isActive(token), false);
    assert.equal((await consoleRefresh(server, tokens.refresh_token)).json.error, "invalid_grant");
    await assert.rejects(consoleTokens(server, who), /no code/);
    const body = { client_id: client.client_id, subject: user.sub };
    assert.equal((await server.admin("POST", "/admin/v1/grants", body)).status, 409);
    assert.equal((await server.admin("POST", `/admin/v1/users/${user.sub}/setup-link`)).status, 409);
    const { items } = (await server.admin("GET", `/admin/v1/sessions?subject=${user.sub}`)).json;
    assert.deepEqual(
      (items as { status: string }[]).map(({ status }) => status),
      ["revoked"],
    );

    const [order] = (await server.admin("GET", "/admin/v1/revocations?limit=1")).json.items as Record<
      string,
      unknown
    >[];
    assert.deepEqual([order?.seq, order?.reason, order?.final], [seq, "user_disabled", true]);
    assert.equal((await server.admin("POST", `/admin/v1/revocations/${order?.id}/lift`)).status, 409);
    assert.equal((await change(user.sub, { status: "active" })).headers.get("rescind-seq"), null);
    assert.equal(await isActive(tokens.access_token), false);
    assert.equal((await consoleTokens(server, who)).status, 200);
  });

  test("RT-09 another password ends sessions and tokens; the first one ends nothing", async () => {
    const user = await newUser({ password: undefined });
    const grant = await server.openGrant(await server.registerClient(), user.sub);
    const first = await change(user.sub, { password });
    assert.deepEqual([first.headers.get("rescind-seq"), first.json.has_password], [null, true]);
    assert.equal(await isActive(grant.access_token), true);
    const { json: tokens } = await consoleTokens(server, { username: user.username, password });
    const second = await change(user.sub, { password: "another password" });
    assert.ok(Number(second.headers.get("rescind-seq")) > 0);
    assert.equal(await isActive(tokens.access_token), false);
    assert.equal((await consoleRefresh(server, tokens.refresh_token)).json.error, "invalid_grant");
    await assert.rejects(consoleTokens(server, { username: user.username, password }), /no code/);
    const again = { username: user.username, password: "another password" };
    assert.equal((await consoleTokens(server, again)).status, 200);
  });

  test("deleting ends everything for good", async () => {
    const user = await newUser();
    const who = { username: user.username, password };
    const { json: tokens } = await consoleTokens(server, who);
    const answer = await server.admin("DELETE", `/admin/v1/users/${user.sub}`);
    assert.ok(Number(answer.headers.get("rescind-seq")) > 0);
    assert.equal(await isActive(tokens.access_token), false);
    assert.equal((await consoleRefresh(server, tokens.refresh_token)).json.error, "invalid_grant");
    await assert.rejects(consoleTokens(server, who), /no code/);
  });

  test("a role taken away ends tokens that have its scopes, at every client; the session stays", async () => {
    const user = await newUser({ roles: ["administrator"] });
    const { json: tokens } = await consoleTokens(server, { username: user.username, password });
    assert.match(String(tokens.scope), /rescind:admin/);
    const other = await server.registerClient({
      grant_types: ["authorization_code", "refresh_token"],
      redirect_uris: ["https://app.example/callback"],
      scope: "rescind:admin read",
    });
    const plain = await server.registerClient();
    const elsewhere = await server.openGrant(other, user.sub, { scope: "rescind:admin" });
    const spared = await server.openGrant(plain, user.sub, { scope: "read" });
    const answer = await change(user.sub, { roles: ["viewer"] });
    assert.ok(Number(answer.headers.get("rescind-seq")) > 0);
    assert.equal(await isActive(tokens.access_token), false);
    assert.equal(await isActive(elsewhere.access_token), false);
    assert.equal(await isActive(spared.access_token), true);
    assert.equal((await consoleRefresh(server, tokens.refresh_token)).status, 400);
    const { json: fewer } = await consoleTokens(server, { username: user.username, password });
    assert.equal(fewer.scope, "openid profile email rescind:account rescind:read");
    const { items } = (await server.admin("GET", `/admin/v1/sessions?subject=${user.sub}`)).json;
    assert.ok((items as { status: string }[]).every(({ status }) => status === "live"));
  });

  test("a role given ends nothing", async () => {
    const user = await newUser({ roles: ["viewer"] });
    const { json: tokens } = await consoleTokens(server, { username: user.username, password });
    assert.equal((await change(user.sub, { roles: ["operator"] })).headers.get("rescind-seq"), null);
    assert.equal(await isActive(tokens.access_token), true);
  });
});

test("the last active administrator stays one, also where two are taken away at once", async () => {
  const own = await startTestServer();
  try {
    const [first] = (await own.admin("GET", "/admin/v1/users")).json.items as { sub: string }[];
    const path = `/admin/v1/users/${first?.sub}`;
    const refused: [string, unknown?][] = [
      ["DELETE"],
      ["PATCH", { status: "disabled" }],
      ["PATCH", { roles: ["operator"] }],
      ["PATCH", { roles: [] }],
    ];
    for (const [method, body] of refused) {
      const { status, text } = await own.admin(method, path, body);
      assert.equal(status, 409, text);
      assert.match(text, /last active administrator/);
    }
    assert.equal((await own.admin("PATCH", path, { name: "Still here" })).status, 200);
    const second = await own.admin("POST", "/admin/v1/users", { username: "b", roles: ["administrator"] });
    const paths = [path, `/admin/v1/users/${second.json.sub}`];
    const results = await Promise.all(paths.map((one) => own.admin("PATCH", one, { roles: [] })));
    assert.deepEqual(results.map(({ status }) => status).sort(), [200, 409]);
    const { items } = (await own.admin("GET", "/admin/v1/users?role=administrator&status=active")).json;
    assert.equal((items as unknown[]).length, 1);
  } finally {
    await own.close();
  }
});

test("an imported hash signs in and is replaced by our own; the password stays", async () => {
  const user = await newUser({ password: undefined, password_hash: bcrypt.hashSync(password, 8) });
  for (let time = 0; time < 2; time++)
    assert.equal((await consoleTokens(server, { username: user.username, password })).status, 200);
  const people = await peopleOf(server);
  try {
    assert.match((await people.store.findUser(user.sub)).passwordHash ?? "", /^\$argon2id\$/);
  } finally {
    await people.close();
  }
});

test("E2 WEB-16 no password, hash or link is in an answer, in the audit log or in the database", async () => {
  const secret = `a password ${randomBytes(12).toString("hex")}`;
  const hash = bcrypt.hashSync(`${secret}2`, 8);
  const key = { "idempotency-key": randomBytes(8).toString("hex") };
  const body = { username: "secretive", password: secret };
  const first = await server.admin("POST", "/admin/v1/users", body, key);
  assert.deepEqual((await server.admin("POST", "/admin/v1/users", body, key)).json, first.json);
  const other = await server.admin("POST", "/admin/v1/users", { ...body, password: `${secret}3` }, key);
  assert.equal(other.status, 422);
  const { sub } = first.json;
  const answers = [first, await change(String(sub), { password_hash: hash })];
  const link = await server.admin("POST", `/admin/v1/users/${sub}/setup-link`, undefined, key);
  const text = new URL(String(link.json.setup_url)).searchParams.get("link") ?? "";
  assert.match(text, /^rsl_/);
  answers.push(await server.admin("GET", "/admin/v1/audit?limit=1000"));
  for (const { text: shown } of answers)
    for (const hidden of [secret, hash, text]) assert.ok(!shown.includes(hidden));
  const actions = (answers.at(-1)?.json.items as { action: string }[]).map(({ action }) => action);
  for (const action of ["user.created", "user.updated", "setup-link.created"])
    assert.ok(actions.includes(action));
  await server.restart();
  const files = ["rescind.db", "rescind.db-wal"].map((name) => readAll(join(server.data, name)));
  const digests = [JSON.stringify([{}, body]), secret].map((plain) =>
    createHash("sha256").update(plain).digest("base64url"),
  );
  for (const hidden of [secret, text, ...digests])
    for (const file of files) assert.ok(!file.includes(hidden), "found in the database");
});

function readAll(path: string): Buffer {
  try {
    return readFileSync(path);
  } catch {
    return Buffer.alloc(0); // no write-ahead log after a clean stop
  }
}

function pointer(problem: Record<string, unknown>): string | undefined {
  return (problem.errors as { pointer: string }[] | undefined)?.[0]?.pointer;
}
