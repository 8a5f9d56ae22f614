// A person's own things at /account/v1: what they see, what they end, and the history of it.
import assert from "node:assert/strict";
import { after, describe, test } from "node:test";
import { authorizationUrl, browserWith, headingOf } from "../../../../test/authorization.ts";
import { accountWorld, ids, password } from "./world.ts";

const world = await accountWorld();
after(() => world.close());
const { server, people, app, someone, call, items, isActive, newestOrder } = world;

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

  test("C3 one scope: what was given ends, and only for that scope the application has to ask again", async () => {
    const ada = await someone();
    const client = await people.client({ name: "Prints" });
    const browser = browserWith(server, ada);
    const ask = (scope: string) => browser.open(authorizationUrl(server, client, { scope }));
    const consent = await ask("openid read write offline_access");
    const code = (await browser.submit(consent, { answer: "allow" })).sent.get("code");
    const tokens = (await people.redeem(client, code ?? "")).json;
    assert.equal(await isActive(tokens.access_token), true);
    const path = `/applications/${client.client_id}/scopes`;
    const before = (await items(ada.token, "/applications")).find(
      ({ client_id }) => client_id === client.client_id,
    );
    const ended = await call(ada.token, "DELETE", `${path}/write`);
    assert.equal(ended.status, 204, ended.text);
    const order = await newestOrder();
    assert.deepEqual(
      [order.select, order.reason, order.final, String(order.seq)],
      [
        { subject: ada.subject, client_id: client.client_id, scope: "write" },
        "consent_withdrawn",
        true,
        ended.headers.get("rescind-seq"),
      ],
    );
    for (const token of [tokens.access_token, tokens.refresh_token])
      assert.equal(await isActive(token), false);
    assert.equal(await isActive(ada.token), true);

    assert.notEqual((await ask("openid read offline_access")).sent.get("code"), null, "nothing is asked");
    const again = await ask("openid write");
    assert.equal(headingOf(again), headingOf(consent), "this is asked again");
    assert.match(again.text, /wants to:<\/p>\s*<ul class="scopes"><li>Use <code>write<\/code><\/li><\/ul>/);
    assert.match(again.text, /allowed it before:<\/p>\s*<ul class="scopes"><li>Know who you are/);
    assert.doesNotMatch(consent.text, /allowed it before/);
    const after = (await items(ada.token, "/applications")).find(
      ({ client_id }) => client_id === client.client_id,
    );
    const named = (scopes: unknown) => (scopes as { scope: string }[]).map(({ scope }) => scope).sort();
    assert.deepEqual(named(before?.scopes), ["offline_access", "openid", "read", "write"]);
    assert.deepEqual(
      [named(after?.scopes), after?.since],
      [["offline_access", "openid", "read"], before?.since],
    );
    const [newest] = await items(ada.token, "/revocations");
    assert.deepEqual([newest?.client_name, newest?.scope, newest?.by], ["Prints", "write", "you"]);

    assert.equal((await call(ada.token, "DELETE", `${path}/write`)).status, 204, "again is harmless");
    const never = await call(ada.token, "DELETE", `${path}/email`);
    assert.equal(never.status, 404, never.text);
    assert.equal((await call(ada.token, "DELETE", `${path}/not%20one`)).status, 400);
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
