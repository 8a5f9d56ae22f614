// RFC 8693: token exchange. What a client gets for a subject token and an actor token, and what it does not get.

import assert from "node:assert/strict";
import { after, describe, test } from "node:test";
import { exchangeTokenTypes, tokenExchangeGrant } from "@rescind/core";
import { decodeJwt } from "jose";
import { exchange, exchanged, exchanger } from "../exchanges.ts";
import { IdentityProvider } from "../identity-provider.ts";
import { peopleOf } from "../people.ts";
import { type Answered, startTestServer } from "../running-server.ts";

const server = await startTestServer();
const people = await peopleOf(server);
const idp = await IdentityProvider.start();
await idp.registerAt(server);
after(async () => {
  await people.close();
  await Promise.all([server.close(), idp.close()]);
});

const [orders, mail] = ["https://orders.example", "https://mail.example"];
const web = await people.client({ audience: [orders] });
const gateway = await exchanger(server, { scope: "read write email openid", audience: [orders, mail] });
const robot = await exchanger(server, { scope: "read", audience: [mail] });
const person = await people.signIn();
const signedIn = await people.tokens(web, person, { scopes: ["openid", "read", "write", "offline_access"] });
const token = String(signedIn.access_token);

function assertRefused(answer: Answered, error: string, words?: RegExp): void {
  assert.deepEqual([answer.status, answer.json.error], [400, error], answer.text);
  if (words !== undefined) assert.match(String(answer.json.error_description), words);
}

describe("the answer (section 2.2.1)", () => {
  test("is an access token of the requesting client for the same subject, and no refresh token", async () => {
    const { status, headers, json } = await exchange(server, gateway, token, { scope: "read" });
    assert.equal(status, 200);
    assert.match(headers.get("cache-control") ?? "", /no-store/);
    const { access_token, expires_in, ...rest } = json;
    assert.deepEqual(rest, {
      token_type: "Bearer",
      scope: "read",
      issued_token_type: exchangeTokenTypes.accessToken,
    });
    assert.ok(Number(expires_in) > 800 && Number(expires_in) <= 900);
    const claims = decodeJwt(String(access_token));
    const parent = decodeJwt(token);
    assert.deepEqual(
      [claims.sub, claims.client_id, claims.aud, claims.exchanges, claims.key_id, claims.auth_time],
      [person.subject, gateway.client_id, orders, 1, gateway.keys[0]?.key_id, parent.auth_time],
    );
    for (const name of ["grant_id", "sid", "offline", "act"])
      assert.equal(claims[name], undefined, "its parents' units stand in its lineage only");
    assert.equal(claims.grant_iat, parent.grant_iat);
    const lineage = claims.lineage as string[];
    // token, grant, session, subject, client, subject+client, key, signing-key: its parent is offline, so no logout.
    assert.equal(new Set(lineage).size, 8);
    for (const fp of lineage) assert.match(fp, /^[\w-]{22}$/);
  });

  test("introspection shows lineage, actors and the person's name, as for any token of theirs", async () => {
    const actor_token = await server.clientToken(robot);
    for (const access_token_format of ["jwt", "opaque"]) {
      const client = await exchanger(server, { access_token_format, scope: "read" });
      const members = await server.introspect(await exchanged(server, client, token, { actor_token }));
      assert.equal(members.username, person.subject.slice(4));
      assert.deepEqual(members.act, { sub: robot.client_id });
      assert.equal(members.exchanges, 1);
      assert.ok((members.lineage as string[]).length > 8);
    }
  });

  test("it is not live for longer than any token it came from", async () => {
    const short = await server.registerClient({ access_token_ttl: 60 });
    const subject = (await server.openGrant(short)).access_token;
    const actor_token = await server.clientToken(short);
    const parent = decodeJwt(String(subject)).exp;
    const { json } = await exchange(server, gateway, subject);
    assert.equal(decodeJwt(String(json.access_token)).exp, parent);
    const acted = await exchange(server, gateway, token, { actor_token });
    assert.equal(decodeJwt(String(acted.json.access_token)).exp, decodeJwt(actor_token).exp);
  });

  test("discovery names the grant type", async () => {
    const { json } = await server.request("/.well-known/oauth-authorization-server");
    assert.ok((json.grant_types_supported as string[]).includes(tokenExchangeGrant));
  });
});

describe("scope and target (section 2.1)", () => {
  test("without scope: what the subject token has and the client may have; more is invalid_scope", async () => {
    const all = await exchange(server, gateway, token);
    assert.deepEqual(String(all.json.scope).split(" ").sort(), ["openid", "read", "write"]);
    assert.equal((await exchange(server, robot, token)).json.scope, "read");
    assertRefused(await exchange(server, gateway, token, { scope: "email" }), "invalid_scope");
    assertRefused(await exchange(server, robot, token, { scope: "read write" }), "invalid_scope");
    assertRefused(await exchange(server, gateway, token, { scope: "offline_access" }), "invalid_scope");
    const narrow = await exchanged(server, gateway, token, { scope: "read" });
    assertRefused(await exchange(server, gateway, narrow, { scope: "write" }), "invalid_scope");
  });

  test("resource and audience name one target, among those of the client; anything else is invalid_target", async () => {
    const audienceOf = async (more: Record<string, string>) =>
      decodeJwt(await exchanged(server, gateway, token, more)).aud;
    assert.equal(await audienceOf({}), orders);
    assert.equal(await audienceOf({ resource: mail }), mail);
    assert.equal(await audienceOf({ audience: mail }), mail);
    assert.equal(await audienceOf({ audience: mail, resource: mail }), mail);
    assert.equal(await audienceOf({ resource: server.issuer }), server.issuer);
    for (const more of [
      { resource: "https://elsewhere.example" },
      { audience: "https://elsewhere.example" },
      { audience: web.client_id },
      { resource: orders, audience: mail },
    ])
      assertRefused(await exchange(server, gateway, token, more), "invalid_target");
    assertRefused(await exchange(server, robot, token, { resource: orders }), "invalid_target");
  });

  test("a resource's settings decide format, life and scopes", async () => {
    const resource = "https://opaque.example";
    await server.admin("POST", "/admin/v1/resources", {
      ...{ resource, access_token_format: "opaque", access_token_ttl: 30, scopes: ["read"] },
    });
    const client = await exchanger(server, { audience: [resource] });
    const { json } = await exchange(server, client, token);
    assert.match(String(json.access_token), /^rat_/);
    assert.deepEqual([json.expires_in, json.scope], [30, "read"]);
  });

  test("requested_token_type: an access token, or a JWT where it comes out as one", async () => {
    const opaque = await exchanger(server, { access_token_format: "opaque" });
    const jwt = { requested_token_type: exchangeTokenTypes.jwt };
    const { json } = await exchange(server, gateway, token, jwt);
    assert.equal(json.issued_token_type, exchangeTokenTypes.accessToken);
    assertRefused(await exchange(server, opaque, token, jwt), "invalid_request", /opaque/);
    const plain = { requested_token_type: exchangeTokenTypes.accessToken };
    assert.equal((await exchange(server, opaque, token, plain)).status, 200);
    for (const other of ["refresh_token", "id_token", "saml2"]) {
      const requested_token_type = `urn:ietf:params:oauth:token-type:${other}`;
      const answer = await exchange(server, gateway, token, { requested_token_type });
      assertRefused(answer, "invalid_request", /requested_token_type/);
    }
  });
});

describe("what is refused (section 2.2.2)", () => {
  test("parameters that are missing or do not go together", async () => {
    const type = exchangeTokenTypes.accessToken;
    for (const [more, words] of [
      [{ subject_token: "" }, /subject_token is missing/],
      [{ subject_token_type: "" }, /subject_token_type is missing/],
      [{ subject_token_type: "jwt" }, /subject_token_type must be/],
      [{ actor_token_type: type }, /beside an actor_token/],
      [{ actor_token: token, actor_token_type: "" }, /actor_token_type is missing/],
      [{ actor_token: token, actor_token_type: "x" }, /actor_token_type must be/],
    ] as const)
      assertRefused(await exchange(server, gateway, token, more), "invalid_request", words);
  });

  test("a client that is not registered for it: unauthorized_client, before anything is said of the token", async () => {
    for (const subject of [token, "nothing"])
      assertRefused(await exchange(server, web, subject), "unauthorized_client");
  });

  test("IN-05 IN-06 refresh tokens, ID tokens, codes, sessions and texts are no subject and no actor", async () => {
    const code = await people.code(web, person);
    for (const [what, text] of Object.entries({
      "a refresh token": String(signedIn.refresh_token),
      "an ID token": String(signedIn.id_token),
      "a code": code,
      "a session": person.cookie,
      "a secret": gateway.client_secret,
      "an altered token": `${token.slice(0, -2)}AA`,
      "a text": "made-up-text",
      "a JWT of nobody": "e30.e30.e30",
    })) {
      for (const type of text.includes(".")
        ? Object.values(exchangeTokenTypes)
        : [exchangeTokenTypes.accessToken]) {
        const subject = await exchange(server, gateway, text, { subject_token_type: type });
        assertRefused(subject, "invalid_request", /subject_token is malformed/);
        const actor = await exchange(server, gateway, token, { actor_token: text, actor_token_type: type });
        assertRefused(actor, "invalid_request", /actor_token is malformed/);
        assert.ok(!actor.text.includes(text), what);
      }
    }
    const opaque = await exchanger(server, { access_token_format: "opaque" });
    const rat = await server.clientToken(opaque);
    const asJwt = { subject_token_type: exchangeTokenTypes.jwt };
    assertRefused(await exchange(server, gateway, rat, asJwt), "invalid_request", /says jwt/);
    assert.equal((await people.redeem(web, code)).status, 200, "and the code is not spent");
  });

  test("RV-09 a revoked or expired token, in either place", async () => {
    const { access_token } = await server.openGrant(web);
    await server.form("/oauth2/revoke", { token: String(access_token) }, web);
    assertRefused(await exchange(server, gateway, access_token), "invalid_request");
    const actor_token = String(access_token);
    assertRefused(await exchange(server, gateway, token, { actor_token }), "invalid_request");
  });

  test("a public client exchanges its own tokens and no others", async () => {
    const spa = await server.registerClient({
      ...{ grant_types: ["refresh_token", tokenExchangeGrant], token_endpoint_auth_method: "none" },
      ...{ audience: [orders, mail] },
    });
    const own = (await server.openGrant(spa)).access_token;
    const ask = (subject_token: unknown, more = {}) =>
      server.form("/oauth2/token", {
        ...{ grant_type: tokenExchangeGrant, client_id: spa.client_id, subject_token: String(subject_token) },
        ...{ subject_token_type: exchangeTokenTypes.accessToken, ...more },
      });
    const answer = await ask(own, { resource: mail });
    assert.equal(answer.status, 200, answer.text);
    assertRefused(await ask(token), "invalid_request");
    assertRefused(await ask(await idp.sign({ aud: spa.client_id })), "invalid_request");
    const actor = { actor_token: token, actor_token_type: exchangeTokenTypes.accessToken };
    assertRefused(await ask(own, actor), "invalid_request");
  });

  test("IN-10 RV-16 a person who is disabled or gone, as subject or as actor", async () => {
    const someone = await people.addUser();
    const session = await people.signIn(someone);
    const theirs = String((await people.tokens(web, session)).access_token);
    assert.equal((await exchange(server, gateway, theirs)).status, 200);
    // As another node would find it whose order is still on its way: the log says nothing of the person yet.
    await people.store.changeUser({ ...someone, status: "disabled" }, [], Date.now());
    assertRefused(await exchange(server, gateway, theirs), "invalid_request");
    assertRefused(await exchange(server, gateway, token, { actor_token: theirs }), "invalid_request");
    await people.store.deleteUser(someone.subject, []);
    assertRefused(await exchange(server, gateway, theirs), "invalid_request");
  });

  test("a suspended or deleted client's tokens", async () => {
    const [suspended, deleted] = [await server.registerClient(), await server.registerClient()];
    const tokens = await Promise.all([suspended, deleted].map((client) => server.clientToken(client)));
    await server.admin("POST", `/admin/v1/clients/${suspended.client_id}/revoke`);
    await server.admin("DELETE", `/admin/v1/clients/${deleted.client_id}`);
    for (const text of tokens) assertRefused(await exchange(server, gateway, text), "invalid_request");
  });

  test("more than eight exchanges in a row", async () => {
    let text = token;
    for (let level = 1; level <= 8; level++) {
      text = await exchanged(server, level % 2 === 0 ? gateway : robot, text);
      assert.equal(decodeJwt(text).exchanges, level);
    }
    assertRefused(await exchange(server, gateway, text), "invalid_request", /8 times/);
    assertRefused(
      await exchange(server, gateway, token, { actor_token: text }),
      "invalid_request",
      /8 times/,
    );
  });

  test("JW-06 a JWT that would be longer than anybody reads, and a lineage without end", async () => {
    const wide = await exchanger(server, { custom_claims: { words: "x".repeat(4000) } });
    let text = await server.clientToken(robot);
    let answer = await exchange(server, wide, token, { actor_token: text });
    assert.equal(answer.status, 200);
    for (let level = 1; level < 8 && answer.status === 200; level++) {
      // Every actor was exchanged itself, with another line than the subject's.
      const actor_token = await exchanged(
        server,
        robot,
        await server.clientToken(await server.registerClient()),
      );
      text = String(answer.json.access_token);
      answer = await exchange(server, wide, text, { actor_token });
    }
    assertRefused(answer, "invalid_request", /longer than 8192/);
  });

  test("WEB-10 a doubled parameter", async () => {
    const body = new URLSearchParams({ grant_type: tokenExchangeGrant, subject_token: token });
    body.append("subject_token", token);
    const { status, json } = await server.request("/oauth2/token", { method: "POST", body });
    assert.deepEqual([status, json.error], [400, "invalid_request"]);
  });
});

describe("actors (section 4.1)", () => {
  test("the newest stands outermost, those before it inside, through JWTs and opaque tokens", async () => {
    const opaque = await exchanger(server, { access_token_format: "opaque" });
    const colleague = await people.signIn();
    const theirs = String((await people.tokens(web, colleague)).access_token);
    const first = await exchanged(server, opaque, token, { actor_token: await server.clientToken(robot) });
    const second = await exchanged(server, gateway, first, { actor_token: theirs });
    const act = {
      ...{ sub: colleague.subject, client_id: web.client_id },
      act: { sub: robot.client_id },
    };
    assert.deepEqual(decodeJwt(second).act, act);
    const third = await exchanged(server, opaque, second);
    assert.deepEqual((await server.introspect(third)).act, act, "without an actor nothing is added");
  });
});

describe("tokens of other issuers", () => {
  test("a registered issuer's JWT for this server, the client or its resources is a subject and an actor", async () => {
    for (const aud of [server.issuer, gateway.client_id, orders, ["x", mail]]) {
      const foreign = await idp.sign({ aud, sub: "auth0|ann", scope: "read openid rescind:admin" });
      const { json } = await exchange(server, gateway, foreign, {
        subject_token_type: exchangeTokenTypes.jwt,
      });
      const claims = decodeJwt(String(json.access_token));
      assert.deepEqual([claims.iss, claims.sub, claims.scope], [server.issuer, "auth0|ann", "read"]);
      const acted = await exchanged(server, gateway, token, { actor_token: foreign });
      assert.deepEqual(decodeJwt(acted).act, { sub: "auth0|ann", iss: idp.issuer });
    }
    assertRefused(
      await exchange(server, gateway, await idp.sign({ aud: "https://x.example" })),
      "invalid_request",
    );
  });

  test("it never gives what this server's own endpoints ask for", async () => {
    const admin = await exchanger(server, { scope: "rescind:admin rescind:read openid read" });
    const foreign = await idp.sign({ aud: server.issuer, scope: "rescind:admin rescind:read openid" });
    const { json } = await exchange(server, admin, foreign);
    assert.equal(json.scope, undefined);
    const headers = { authorization: `Bearer ${json.access_token}` };
    const listed = await server.request("/admin/v1/clients", { headers });
    assert.ok(listed.status === 401 || listed.status === 403);
    assertRefused(await exchange(server, admin, foreign, { scope: "rescind:admin" }), "invalid_scope");
  });

  test("one whose subject is a user or client of ours is refused: its token would be theirs", async () => {
    for (const sub of [person.subject, web.client_id, "admin", "console"]) {
      const answer = await exchange(server, gateway, await idp.sign({ aud: server.issuer, sub }));
      assertRefused(answer, "invalid_request", /names a subject of this one/);
    }
    const theirs = await idp.sign({ aud: server.issuer, sub: person.subject });
    assert.equal((await exchange(server, gateway, token, { actor_token: theirs })).status, 200);
  });

  test("one without a subject, of no registered issuer, or too long-lived is refused", async () => {
    const day = Math.floor(Date.now() / 1000) + 2 * 86_400;
    for (const claims of [
      { sub: undefined },
      { sub: "a\nb" },
      { iss: "https://unknown.example" },
      { exp: day },
    ]) {
      const text = await idp.sign({ aud: server.issuer, ...claims });
      assertRefused(await exchange(server, gateway, text), "invalid_request");
    }
  });
});
