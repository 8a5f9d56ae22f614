// A person's own things at /account/v1: two people, each with everything, and nobody reaches the other's.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { consoleTokens } from "../../../../test/console-login.ts";
import { type People, peopleOf, type SignedIn } from "../../../../test/people.ts";
import {
  type Answered,
  type RegisteredClient,
  startTestServer,
  type TestServer,
} from "../../../../test/running-server.ts";

let server: TestServer;
let people: People;
let app: RegisteredClient;
let made = 0;

before(async () => {
  server = await startTestServer();
  people = await peopleOf(server);
  app = await people.client({
    name: "Photos",
    scope: "openid profile email read write offline_access rescind:account",
  });
});
after(async () => {
  await people.close();
  await server.close();
});

const password = "correct horse battery";

interface Someone extends SignedIn {
  readonly username: string;
  /** With the scope rescind:account, of this session. */
  readonly token: string;
  readonly tokens: Record<string, unknown>;
}

async function someone(): Promise<Someone> {
  const username = `someone-${++made}`;
  const { json } = await server.admin("POST", "/admin/v1/users", { username, password, name: "Some One" });
  const session = await people.signIn((await people.store.findUser(String(json.sub))).user);
  const tokens = await people.tokens(app, session, { scopes: ["openid", "rescind:account"] });
  return { ...session, username, tokens, token: String(tokens.access_token) };
}

function call(token: unknown, method: string, path: string, body?: unknown): Promise<Answered> {
  return server.request(`/account/v1${path}`, {
    method,
    headers: {
      authorization: `Bearer ${token}`,
      ...(body === undefined ? {} : { "content-type": "application/json" }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
}

async function items(token: unknown, path: string): Promise<Record<string, unknown>[]> {
  const answer = await call(token, "GET", path);
  assert.equal(answer.status, 200, answer.text);
  return answer.json.items as Record<string, unknown>[]; // the contract's list
}

async function isActive(token: unknown): Promise<boolean> {
  return (await server.introspect(String(token))).active === true;
}

function ids(tokens: Record<string, unknown>): { grant_id: string; jti: string; sid: string } {
  const [, payload = ""] = String(tokens.access_token).split(".");
  return JSON.parse(Buffer.from(payload, "base64url").toString());
}

/** The newest order, as administrators see it. */
async function newestOrder(): Promise<Record<string, unknown>> {
  const { json } = await server.admin("GET", "/admin/v1/revocations?limit=1");
  const [newest = {}] = json.items as Record<string, unknown>[]; // the contract's list
  return newest;
}

describe("what a person sees", () => {
  test("who they are", async () => {
    const ada = await someone();
    const { json } = await call(ada.token, "GET", "/profile");
    const { created_at, ...rest } = json;
    assert.ok(Math.abs(Date.parse(String(created_at)) - Date.now()) < 60_000);
    assert.deepEqual(rest, {
      sub: ada.subject,
      username: ada.username,
      name: "Some One",
      groups: [],
      roles: [],
      has_password: true,
    });
  });

  test("a subject that only an administrator knows has a sub and what it was given", async () => {
    const { access_token, grant_id } = await server.openGrant(app, "crm|4711", { scope: "rescind:account" });
    assert.deepEqual((await call(access_token, "GET", "/profile")).json, { sub: "crm|4711" });
    const [grant] = await items(access_token, "/grants");
    assert.deepEqual([grant?.grant_id, grant?.current, grant?.status], [grant_id, true, "live"]);
    assert.equal((await call(access_token, "POST", "/sessions/revoke-others")).status, 409);
    const changed = await call(access_token, "POST", "/password", {
      current_password: password,
      new_password: "another password",
    });
    assert.equal(changed.status, 409);
  });

  test("the applications that act for them, with what they may do, in words where there are some", async () => {
    const ada = await someone();
    const first = { scopes: ["openid", "read", "offline_access"] };
    await people.tokens(app, ada, first);
    const other = await people.client({ name: "Calendar" });
    await people.tokens(other, ada, { scopes: ["email"] });
    const [of, calendar] = [app, other].map((client) => client.client_id);
    const applications = await items(ada.token, "/applications");
    const photos = applications.find(({ client_id }) => client_id === of);
    assert.deepEqual([photos?.name, photos?.grants, photos?.sessions, photos?.exact], ["Photos", 2, 1, true]);
    const scopes = photos?.scopes as { scope: string; description?: string }[];
    assert.deepEqual(scopes.map(({ scope }) => scope).sort(), [
      "offline_access",
      "openid",
      "read",
      "rescind:account",
    ]);
    assert.equal(scopes.find(({ scope }) => scope === "read")?.description, undefined);
    assert.match(scopes.find(({ scope }) => scope === "rescind:account")?.description ?? "", /your own/);
    assert.equal(applications.filter(({ client_id }) => client_id === calendar).length, 1);
    assert.ok(applications.every(({ since }) => Math.abs(Date.parse(String(since)) - Date.now()) < 60_000));
  });

  test("their sessions and grants, with those of this token marked", async () => {
    const ada = await someone();
    const elsewhere = await people.signIn((await people.store.findUser(ada.subject)).user);
    await people.tokens(app, elsewhere);
    const sessions = await items(ada.token, "/sessions");
    assert.deepEqual(
      sessions.map(({ session_id, current }) => [session_id, current]).sort(),
      [
        [ada.sessionId, true],
        [elsewhere.sessionId, false],
      ].sort(),
    );
    const grants = await items(ada.token, "/grants?status=live");
    assert.deepEqual(grants.map(({ current }) => current).sort(), [false, true]);
    assert.ok(grants.every((grant) => !("subject" in grant)));
  });
});

describe("what a person ends", () => {
  test("an application: its tokens die, its consent is gone, other applications stay", async () => {
    const ada = await someone();
    const other = await people.client();
    const held = await people.tokens(other, ada, { scopes: ["openid", "offline_access"] });
    const ended = await call(ada.token, "DELETE", `/applications/${other.client_id}`);
    assert.equal(ended.status, 204);
    const order = await newestOrder();
    assert.equal(String(order.seq), ended.headers.get("rescind-seq"));
    assert.deepEqual(order.select, { subject: ada.subject, client_id: other.client_id });
    assert.deepEqual(
      [order.reason, order.final, order.actor],
      ["consent_withdrawn", true, { kind: "user", id: ada.subject }],
    );
    assert.equal(await isActive(held.access_token), false);
    assert.equal(await isActive(held.refresh_token), false);
    assert.equal(await isActive(ada.token), true);
    const left = await items(ada.token, "/applications");
    assert.deepEqual(
      left.map(({ client_id }) => client_id),
      [app.client_id],
    );
    const lifted = await server.admin("POST", `/admin/v1/revocations/${order.id}/lift`);
    assert.equal(lifted.status, 409, "what a person took back stays");
  });

  test("one grant, another session, all others, and everything", async () => {
    const ada = await someone();
    const user = (await people.store.findUser(ada.subject)).user;
    const grant = await people.tokens(app, ada);
    const gone = await call(ada.token, "DELETE", `/grants/${ids(grant).grant_id}`);
    assert.deepEqual([gone.status, await isActive(grant.access_token)], [204, false]);
    assert.deepEqual((await newestOrder()).reason, "user_request");

    const phone = await people.signIn(user);
    const onPhone = await people.tokens(app, phone, { scopes: ["openid", "offline_access"] });
    const signedOut = await call(ada.token, "DELETE", `/sessions/${phone.sessionId}`);
    assert.ok(Number(signedOut.headers.get("rescind-seq")) > Number(gone.headers.get("rescind-seq")));
    assert.deepEqual([signedOut.status, await isActive(onPhone.access_token)], [204, false]);

    const others = [await people.signIn(user), await people.signIn(user)];
    const held = await Promise.all(others.map((session) => people.tokens(app, session)));
    const answer = await call(ada.token, "POST", "/sessions/revoke-others");
    assert.deepEqual([answer.status, answer.json.sessions], [200, 2]);
    assert.equal(answer.headers.get("rescind-seq"), String(answer.json.seq));
    for (const { access_token } of held) assert.equal(await isActive(access_token), false);
    assert.equal(await isActive(ada.token), true);
    assert.deepEqual((await call(ada.token, "POST", "/sessions/revoke-others")).json, { sessions: 0 });

    const everywhere = await call(ada.token, "POST", "/sign-out-everywhere");
    assert.deepEqual([everywhere.status, (await newestOrder()).select], [200, { subject: ada.subject }]);
    assert.equal(await isActive(ada.token), false);
    assert.equal((await call(ada.token, "GET", "/profile")).status, 401);
  });

  test("an Idempotency-Key makes trying again harmless", async () => {
    const ada = await someone();
    await people.signIn((await people.store.findUser(ada.subject)).user);
    const headers = { authorization: `Bearer ${ada.token}`, "idempotency-key": "once" };
    const ask = () => server.request("/account/v1/sessions/revoke-others", { method: "POST", headers });
    const [first, again] = [await ask(), await ask()];
    assert.deepEqual([first.json.sessions, again.json], [1, first.json]);
  });
});

describe("the history that a person sees", () => {
  test("says what was taken back, why, by whom and of which application, and no note or name of an administrator", async () => {
    const [ada, bob] = [await someone(), await someone()];
    const mine = await people.tokens(app, ada);
    const { grant_id } = ids(mine);
    await server.admin("POST", "/admin/v1/revocations", {
      select: { token: mine.access_token },
      reason: "token_leaked",
      note: "found in a public repository of bob",
    });
    await server.form("/oauth2/revoke", { token: String(mine.refresh_token) }, app);
    const elsewhere = await people.signIn((await people.store.findUser(ada.subject)).user);
    await call(ada.token, "DELETE", `/sessions/${elsewhere.sessionId}`);
    await server.admin("POST", "/admin/v1/revocations", { select: { subject: bob.subject } });
    const history = await items(ada.token, "/revocations");
    assert.deepEqual(
      history.map(({ unit, reason, by, client_id, client_name }) => ({
        unit,
        reason,
        by,
        client_id,
        client_name,
      })),
      [
        { unit: "session", reason: "user_request", by: "you", client_id: undefined, client_name: undefined },
        {
          unit: "grant",
          reason: "client_request",
          by: "application",
          client_id: app.client_id,
          client_name: "Photos",
        },
        {
          unit: "token",
          reason: "token_leaked",
          by: "administrator",
          client_id: app.client_id,
          client_name: "Photos",
        },
      ],
    );
    assert.deepEqual([history[1]?.grant_id, history[2]?.token_id], [grant_id, ids(mine).jti]);
    const text = JSON.stringify(history);
    for (const secret of ["repository", bob.subject, '"admin"', "note"])
      assert.ok(!text.includes(secret), secret);
  });

  test("a leak report is told to whose token it was, and to nobody else", async () => {
    const [ada, bob] = [await someone(), await someone()];
    const leaked = await people.tokens(app, ada);
    const reported = await server.request("/leaked-tokens", {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ tokens: [leaked.access_token] }),
    });
    assert.equal(reported.status, 202);
    const [newest] = await items(ada.token, "/revocations");
    assert.deepEqual(
      [newest?.reason, newest?.by, newest?.token_id, newest?.client_name],
      ["token_leaked", "server", ids(leaked).jti, "Photos"],
    );
    assert.deepEqual(await items(bob.token, "/revocations"), []);
  });

  test("a lifted order says so", async () => {
    const ada = await someone();
    const { grant_id } = ids(await people.tokens(app, ada));
    const { json } = await server.admin("POST", "/admin/v1/revocations", { select: { grant_id } });
    await server.admin("POST", `/admin/v1/revocations/${json.id}/lift`);
    const [newest] = await items(ada.token, "/revocations");
    assert.deepEqual([newest?.id, newest?.lifted], [json.id, true]);
  });
});

describe("another password", () => {
  const change = (someone: Someone, current_password: string, new_password: string) =>
    call(someone.token, "POST", "/password", { current_password, new_password });

  test("wants the current one, ends every session and token, and opens the door from then on", async () => {
    const ada = await someone();
    const elsewhere = await people.tokens(
      app,
      await people.signIn((await people.store.findUser(ada.subject)).user),
      { scopes: ["openid", "offline_access"] },
    );
    const changed = await change(ada, password, "a better passphrase");
    assert.equal(changed.status, 204, changed.text);
    const order = await newestOrder();
    assert.deepEqual(
      [order.reason, order.select, order.actor, order.final, String(order.seq)],
      [
        "password_changed",
        { subject: ada.subject },
        { kind: "user", id: ada.subject },
        true,
        changed.headers.get("rescind-seq"),
      ],
    );
    for (const token of [ada.token, elsewhere.access_token, elsewhere.refresh_token])
      assert.equal(await isActive(token), false);
    const who = { username: ada.username, password: "a better passphrase" };
    assert.equal((await consoleTokens(server, who)).status, 200);
    await assert.rejects(consoleTokens(server, { ...who, password }));
  });

  test("is refused where the current one is wrong, or the new one is weak, the same or the username", async () => {
    const ada = await someone();
    for (const [current, next, pointer] of [
      ["not the password", "a better passphrase", "/current_password"],
      [password, "short", "/new_password"],
      [password, password, "/new_password"],
      [password, ada.username.toUpperCase(), "/new_password"],
    ] as const) {
      const answer = await change(ada, current, next);
      assert.equal(answer.status, 400, next);
      assert.equal((answer.json.errors as { pointer: string }[])[0]?.pointer, pointer);
    }
    assert.equal(await isActive(ada.token), true);
    assert.equal((await consoleTokens(server, { username: ada.username, password })).status, 200);
  });

  test("WEB-18 ten wrong ones in a minute close the door, at the sign-in page too", async () => {
    const ada = await someone();
    const guesses = Array.from({ length: 12 }, (_, guess) =>
      change(ada, `guess number ${guess}`, "a better one"),
    );
    const answers = await Promise.all(guesses);
    assert.deepEqual(
      [400, 429].map((status) => answers.filter((answer) => answer.status === status).length),
      [10, 2],
    );
    const right = await change(ada, password, "a better passphrase");
    assert.equal(right.status, 429);
    assert.ok(Number(right.headers.get("retry-after")) > 0);
    await assert.rejects(consoleTokens(server, { username: ada.username, password }));
  });
});

describe("nobody reaches another's", () => {
  test("WEB-04 every call with another person's ids is 404 like one with ids of nothing, and changes nothing", async () => {
    const [ada, bob] = [await someone(), await someone()];
    const only = await people.client({ name: "Bob's" });
    const his = await people.tokens(only, bob);
    const { grant_id } = ids(his);
    const head = (await server.introspect(ada.token)).head;
    for (const path of ["applications", "grants", "sessions"] as const) {
      const theirs = { applications: only.client_id, grants: grant_id, sessions: bob.sessionId }[path];
      const nothing = { applications: "nobody", grants: "gnt_1", sessions: "ses_1" }[path];
      const [answer, none] = [
        await call(ada.token, "DELETE", `/${path}/${theirs}`),
        await call(ada.token, "DELETE", `/${path}/${nothing}`),
      ];
      assert.deepEqual([answer.status, answer.json], [404, none.json], path);
      const listed = await items(ada.token, `/${path}`);
      assert.ok(!JSON.stringify(listed).includes(theirs), path);
    }
    assert.deepEqual(await items(ada.token, `/grants?client_id=${only.client_id}`), []);
    assert.equal((await server.introspect(ada.token)).head, head, "nothing was ordered");
    assert.equal(await isActive(his.access_token), true);
  });

  test("WEB-04 a subject that is sent along is refused, not obeyed", async () => {
    const [ada, bob] = [await someone(), await someone()];
    for (const path of ["/profile", "/applications", "/grants", "/sessions", "/revocations"])
      assert.equal((await call(ada.token, "GET", `${path}?subject=${bob.subject}`)).status, 400, path);
    for (const path of ["/sign-out-everywhere", "/sessions/revoke-others", "/password"])
      assert.equal((await call(ada.token, "POST", path, { subject: bob.subject })).status, 400, path);
    assert.equal(await isActive(ada.token), true);
    assert.equal(await isActive(bob.token), true);
  });

  test("WEB-04 what one person does to themselves leaves the other as they were", async () => {
    const [ada, bob] = [await someone(), await someone()];
    assert.equal((await call(ada.token, "DELETE", `/applications/${app.client_id}`)).status, 204);
    assert.equal(await isActive(ada.token), false);
    const again = await people.tokens(app, ada, { scopes: ["openid", "rescind:account"] });
    assert.equal((await call(again.access_token, "POST", "/sign-out-everywhere")).status, 200);
    assert.equal(await isActive(bob.token), true);
    assert.deepEqual(await items(bob.token, "/revocations"), []);
  });

  test("WEB-04 the administration's scopes open no account, and the account's none of the administration", async () => {
    const ada = await someone();
    assert.equal((await call(await server.adminToken(), "GET", "/profile")).status, 403);
    const machine = await server.tokenWithScope("rescind:account");
    const refused = await call(machine, "GET", "/profile");
    assert.deepEqual([refused.status, refused.json.code], [403, "insufficient-scope"]);
    const headers = { authorization: `Bearer ${ada.token}` };
    assert.equal((await server.request("/admin/v1/settings", { headers })).status, 403);
  });
});
