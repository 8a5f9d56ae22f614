// Amazon Cognito: a refresh token's revocation ends its family, which the tokens name themselves by a claim.
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { decodeJwt } from "jose";
import { startTestServer } from "../running-server.ts";
import { comingFrom } from "./page.ts";
import { resource, startProtectedApi } from "./protected-api.ts";

const server = await startTestServer();
after(() => server.close());
const page = comingFrom("cognito", server);
const api = await startProtectedApi(server);
after(() => api.close());
const client = await server.registerClient({ audience: [resource] });

/** A family as Cognito has it: the first access token, one got by refreshing, and the refresh token that is left. */
async function family(subject: string) {
  const opened = await server.openGrant(client, subject);
  const form = { grant_type: "refresh_token", refresh_token: String(opened.refresh_token) };
  const { json } = await server.form("/oauth2/token", form, client);
  const accessTokens = [String(opened.access_token), String(json.access_token)];
  return { id: opened.grant_id, accessTokens, refreshToken: String(json.refresh_token) };
}

test("Cognito: the family claim is the same on every access token of a family, and on no other", async () => {
  const [one, two] = [await family("usr_cognito_claim"), await family("usr_cognito_claim")];
  const claims = [...one.accessTokens, ...two.accessTokens].map((token) => decodeJwt(token).grant_id);
  assert.deepEqual(claims, [one.id, one.id, two.id, two.id]);
  assert.notEqual(one.id, two.id);
});

test("Cognito: revoking the refresh token ends exactly its family, at the API too; a JWT library alone goes on accepting", async () => {
  const [gone, kept] = [await family("usr_cognito"), await family("usr_cognito")];
  assert.deepEqual(await api.calls(...gone.accessTokens, ...kept.accessTokens), [200, 200, 200, 200]);
  await page.run("revoke-family", {
    CLIENT_ID: client.client_id,
    CLIENT_SECRET: client.client_secret,
    REFRESH_TOKEN: gone.refreshToken,
  });
  await api.refuses(gone.accessTokens[0]);
  assert.deepEqual(await api.calls(...gone.accessTokens, ...kept.accessTokens), [401, 401, 200, 200]);
  const form = { grant_type: "refresh_token", refresh_token: gone.refreshToken };
  assert.equal((await server.form("/oauth2/token", form, client)).json.error, "invalid_grant");
  assert.equal(await api.isGoodForLibrary(gone.accessTokens[0]), true, "the world without the verifier");
});

test("Cognito: an access token can be revoked, where the original says unsupported_token_type", async () => {
  const { accessTokens, refreshToken } = await family("usr_cognito_access");
  const answer = await server.form("/oauth2/revoke", { token: String(accessTokens[0]) }, client);
  assert.equal(answer.status, 200);
  await api.refuses(accessTokens[0]);
  assert.equal(await api.call(accessTokens[1]), 200);
  assert.equal((await server.introspect(refreshToken)).active, true);
});

test("Cognito: an administrator ends a family by its claim, or all of a user's at a client", async () => {
  const subject = "usr_cognito_out";
  const [one, two, three] = [await family(subject), await family(subject), await family(subject)];
  const other = await family("usr_cognito_other");
  await page.run("revoke-by-claim", { GRANT_ID: one.id });
  await api.refuses(one.accessTokens[1]);
  assert.deepEqual(await api.calls(two.accessTokens[0], three.accessTokens[0]), [200, 200]);
  await page.run("sign-out-everywhere", { SUBJECT: subject, CLIENT_ID: client.client_id });
  await api.refuses(three.accessTokens[1]);
  assert.deepEqual(await api.calls(...two.accessTokens, other.accessTokens[0]), [401, 401, 200]);
});

test("every block of the page was run", () => assert.deepEqual(page.unused(), []));
