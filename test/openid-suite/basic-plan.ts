// The modules of the suite's Basic OP plan, as black-box cases of our own; the Form Post plan is the same ones again
// with response_mode=form_post. Names are the suite's; docs/conformance.md says what each came to.

import assert from "node:assert/strict";
import { after, test } from "node:test";
import { startPromptModules } from "./prompt-modules.ts";
import {
  asksToSignIn,
  assertErrorPage,
  type Login,
  type RelyingParty,
  type ResponseMode,
  redirectUri,
  startRelyingParty,
} from "./relying-party.ts";
import { startTokenModules } from "./token-modules.ts";

/** Registers a test for each module of the plan. */
export async function basicPlan(mode: ResponseMode): Promise<void> {
  const party = await startRelyingParty(mode);
  after(() => party.close());
  happyModules(party);
  claimModules(party);
  toleratedParameters(party);
  requestObjects(party);
  redirectModules(party);
  startPromptModules(party);
  startTokenModules(party);
}

function happyModules(party: RelyingParty): void {
  test("oidcc-server: two clients log in, and the ID token says no more than was asked for", async () => {
    for (const client of [party.client, party.secondClient]) {
      const { code, tokens, idToken } = await party.login({}, { client });
      assert.ok(code.length >= 43, "a code is long enough to hold 256 bits");
      assert.match(code, /^[\x20-\x7e]+$/);
      const expected = [
        "iss",
        "sub",
        "aud",
        "exp",
        "iat",
        "auth_time",
        "nonce",
        "acr",
        "amr",
        "azp",
        "at_hash",
        "sid",
      ];
      assert.deepEqual(
        Object.keys(idToken).filter((name) => !expected.includes(name)),
        [],
      );
      assert.equal((await party.userinfo(tokens.access_token)).status, 200);
    }
  });

  test("oidcc-server: the ID token's times are whole seconds around now", async () => {
    const { idToken } = await party.login();
    const now = Date.now() / 1000;
    for (const [time, before, beyond] of [
      [idToken.iat, now - 60, now + 10],
      [idToken.exp, now, now + 24 * 60 * 60],
      [idToken.auth_time, now - 60, now + 10],
    ] as const) {
      assert.ok(Number.isInteger(time), String(time));
      assert.ok(Number(time) >= before && Number(time) <= beyond, String(time));
    }
  });

  test("oidcc-response-type-missing: goes back as an error", async () => {
    const { landed, state } = await party.authorize({ response_type: undefined });
    assert.ok(["unsupported_response_type", "invalid_request"].includes(party.errorAt(landed, state)));
  });

  test("oidcc-idtoken-signature: without a choice it is RS256, with a kid that is published", async () => {
    const { header } = await party.login();
    assert.equal(header.alg, "RS256");
    assert.ok(header.kid);
  });

  test("oidcc-idtoken-unsigned: none is neither offered nor registered", async () => {
    const offered = party.metadata.id_token_signing_alg_values_supported as string[]; // of discovery
    assert.ok(offered.includes("RS256") && !offered.includes("none"));
    const path = `/admin/v1/clients/${party.client.client_id}`;
    const { status } = await party.server.admin("PATCH", path, { id_token_signed_response_alg: "none" });
    assert.equal(status, 400);
  });

  test("oidcc-alternate-happy-flow: the order of scopes and of parameters means nothing", async () => {
    const { sent, nonce, state } = party.request({ scope: "email openid" });
    const reordered = new URLSearchParams([...sent].reverse());
    const person = party.browser();
    const url = `${party.metadata.authorization_endpoint}?${reordered}`;
    const { code } = party.answerAt(await person.signIn(url, party.alice), state);
    const { json } = await party.redeem(String(code));
    assert.equal((await party.verified(String(json.id_token))).payload.nonce, nonce);
    assert.equal((await party.userinfo(json.access_token)).json.email, "alice@example.com");
  });

  test("oidcc-ensure-request-without-nonce-succeeds-for-code-flow: and the ID token has none", async () => {
    const { idToken } = await party.login({ nonce: undefined });
    assert.equal("nonce" in idToken, false);
  });

  test("oidcc-ensure-post-request-succeeds: the request may come as a form", async () => {
    await party.login({}, { post: true });
  });
}

function claimModules(party: RelyingParty): void {
  test("oidcc-userinfo-get, oidcc-userinfo-post-header: the same claims either way", async () => {
    const { tokens } = await party.login({ scope: "openid profile" });
    const got = await party.userinfo(tokens.access_token);
    const posted = await party.userinfo(tokens.access_token, { method: "POST" });
    for (const { status, headers, json } of [got, posted]) {
      assert.equal(status, 200);
      assert.match(headers.get("content-type") ?? "", /^application\/json/);
      assert.equal(json.sub, party.alice.sub);
    }
    assert.deepEqual(got.json, posted.json);
  });

  test("oidcc-userinfo-post-body: a token in the body is refused, which the standard leaves open", async () => {
    const { tokens } = await party.login();
    const body = new URLSearchParams({ access_token: String(tokens.access_token) });
    const { status } = await party.userinfo(tokens.access_token, { method: "POST", headers: {}, body });
    assert.equal(status, 401);
  });

  for (const [module, scope, claims] of [
    ["oidcc-scope-profile", "openid profile", ["name", "preferred_username", "sub"]],
    ["oidcc-scope-email", "openid email", ["email", "email_verified", "sub"]],
    [
      "oidcc-scope-all",
      "openid profile email groups",
      ["email", "email_verified", "groups", "name", "preferred_username", "sub"],
    ],
  ] as const) {
    test(`${module}: ${scope} releases exactly what is known of it, at userinfo`, async () => {
      const { tokens, idToken } = await party.login({ scope });
      const { json } = await party.userinfo(tokens.access_token);
      assert.deepEqual(Object.keys(json).sort(), claims);
      assert.equal(typeof (json.email_verified ?? true), "boolean");
      for (const name of claims.filter((claim) => claim !== "sub")) assert.equal(name in idToken, false);
    });
  }

  for (const [module, scope] of [
    ["oidcc-scope-address", "address"],
    ["oidcc-scope-phone", "phone"],
  ]) {
    test(`${module}: ${scope} is not offered, and asking for it says so`, async () => {
      assert.equal((party.metadata.scopes_supported as string[]).includes(String(scope)), false);
      const { landed, state } = await party.authorize({ scope: `openid ${scope}` });
      assert.equal(party.errorAt(landed, state), "invalid_scope");
    });
  }

  test("oidcc-claims-essential: a claims parameter does no harm, and releases nothing beyond the scope", async () => {
    const claims = JSON.stringify({ userinfo: { name: { essential: true } } });
    const { tokens, idToken } = await party.login({ claims });
    assert.deepEqual((await party.userinfo(tokens.access_token)).json, { sub: party.alice.sub });
    assert.equal("name" in idToken, false);
    assert.notEqual(party.metadata.claims_parameter_supported, true);
  });
}

function toleratedParameters(party: RelyingParty): void {
  for (const [module, parameters] of Object.entries({
    "oidcc-display-page": { display: "page" },
    "oidcc-display-popup": { display: "popup" },
    "oidcc-ui-locales": { ui_locales: "se" },
    "oidcc-claims-locales": { claims_locales: "se" },
    "oidcc-ensure-request-with-acr-values-succeeds": { acr_values: "1 2" },
    "oidcc-ensure-request-with-unknown-parameter-succeeds": { extra: "foobar" },
  })) {
    test(`${module}: ${Object.keys(parameters)} does not stand in the way of a login`, async () => {
      await party.login(parameters);
    });
  }

  test("oidcc-login-hint: the name is filled in already", async () => {
    const { landed } = await party.authorize({ login_hint: "alice" }, { lookOnly: true });
    assert.ok(asksToSignIn(landed));
    assert.equal(landed.forms[0]?.fields.username, "alice");
    await party.login({ login_hint: "buffy@suite.example" });
  });
}

function requestObjects(party: RelyingParty): void {
  const encode = (part: object) => Buffer.from(JSON.stringify(part)).toString("base64url");
  const unsigned = (claims: object) => `${encode({ alg: "none" })}.${encode(claims)}.`;

  test("oidcc-unsigned-request-object-supported-correctly-or-rejected-as-unsupported: rejected", async () => {
    const { sent } = party.request({});
    const request = unsigned(Object.fromEntries(sent));
    const { landed, state } = await party.authorize({ request });
    assert.equal(party.errorAt(landed, state), "request_not_supported");
    assert.notEqual(party.metadata.request_parameter_supported, true);
  });

  test("oidcc-request-uri-unsigned-supported-correctly-or-rejected-as-unsupported: rejected", async () => {
    const { landed, state } = await party.authorize({ request_uri: "https://suite.example/requesturi.jwt" });
    assert.equal(party.errorAt(landed, state), "request_uri_not_supported");
    assert.equal(party.metadata.request_uri_parameter_supported, false);
  });

  test("oidcc-ensure-request-object-with-redirect-uri: a wrong redirect_uri outside is not mended from inside", async () => {
    const request = unsigned({ redirect_uri: redirectUri });
    const { landed } = await party.authorize({ request, redirect_uri: `${redirectUri}/wrong` });
    assertErrorPage(landed);
  });
}

function redirectModules(party: RelyingParty): void {
  test("oidcc-ensure-registered-redirect-uri: an unregistered one gets a page, signed in or not", async () => {
    const wrong = { redirect_uri: `${redirectUri}/ejY0Vs1nXq` };
    assertErrorPage((await party.authorize(wrong)).landed);
    const { person }: Login = await party.login();
    assertErrorPage((await party.authorize(wrong, { person })).landed);
  });
}
