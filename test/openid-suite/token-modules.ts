// Modules about the token endpoint: reuse of a code, client authentication, PKCE, refresh.

import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { test } from "node:test";
import type { RelyingParty } from "./relying-party.ts";

export function startTokenModules(party: RelyingParty): void {
  test("oidcc-codereuse, oidcc-codereuse-30seconds: invalid_grant, and the first use's token is dead", async () => {
    const { code, tokens } = await party.login();
    assert.equal((await party.userinfo(tokens.access_token)).status, 200);
    const { status, json, headers } = await party.redeem(code);
    assert.equal(status, 400);
    assert.match(headers.get("content-type") ?? "", /^application\/json/);
    assert.equal(json.error, "invalid_grant");
    assert.match(String(json.error_description ?? ""), /^[\x20-\x21\x23-\x5b\x5d-\x7e]*$/);
    assert.equal((await party.userinfo(tokens.access_token)).status, 401);
  });

  test("oidcc-server-client-secret-post: the secret may come in the body", async () => {
    const methods = party.metadata.token_endpoint_auth_methods_supported as string[]; // of discovery
    assert.ok(methods.includes("client_secret_post") && methods.includes("client_secret_basic"));
    const { landed, state } = await party.authorize({});
    const { code } = party.answerAt(landed, state);
    const { client_id, client_secret } = party.client;
    const { status, json } = await party.server.form("/oauth2/token", {
      grant_type: "authorization_code",
      code: String(code),
      redirect_uri: String(party.request({}).sent.get("redirect_uri")),
      client_id,
      client_secret,
    });
    assert.equal(status, 200);
    await party.verified(String(json.id_token));
  });

  test("oidcc-ensure-request-with-valid-pkce-succeeds: and without the verifier the code is worth nothing", async () => {
    const verifier = randomBytes(32).toString("base64url");
    const code_challenge = createHash("sha256").update(verifier).digest("base64url");
    const challenge = { code_challenge, code_challenge_method: "S256" };
    await party.login(challenge, { token: { code_verifier: verifier } });
    const { landed, state } = await party.authorize(challenge);
    const { code } = party.answerAt(landed, state);
    assert.equal((await party.redeem(String(code))).json.error, "invalid_grant");
  });

  test("oidcc-refresh-token: the same claims of the first login, and only for the client it was issued to", async () => {
    const asked = { scope: "openid offline_access", prompt: "consent", nonce: "n".repeat(43) };
    const first = await party.login(asked);
    const { refresh_token: refreshToken } = first.tokens;
    assert.match(String(refreshToken), /^[\x20-\x7e]+$/);
    const refresh = (token: unknown, client = party.client) =>
      party.server.form(
        "/oauth2/token",
        { grant_type: "refresh_token", refresh_token: String(token), scope: asked.scope },
        client,
      );
    const { status, json, headers } = await refresh(refreshToken);
    assert.equal(status, 200);
    assert.equal(headers.get("cache-control"), "no-store");
    assert.notEqual(json.access_token, first.tokens.access_token);
    const { payload } = await party.verified(String(json.id_token));
    for (const name of ["iss", "sub", "aud", "azp", "auth_time"] as const)
      assert.deepEqual(payload[name], first.idToken[name], name);
    assert.ok(Number(payload.iat) >= Number(first.idToken.iat));
    assert.ok(payload.nonce === undefined || payload.nonce === asked.nonce);
    assert.equal((await party.userinfo(json.access_token)).status, 200);

    const other = await party.login(asked, { client: party.secondClient });
    const misused = await refresh(other.tokens.refresh_token, party.client);
    assert.equal(misused.status, 400);
    assert.equal(misused.json.error, "invalid_grant");
    assert.equal((await refresh(other.tokens.refresh_token, party.secondClient)).status, 200);
  });
}
