// Keycloak, MicroProfile JWT, React: an API that checks JWTs locally and reads `groups` and `upn`. With Keycloak's part
// played by another issuer beside us, and with us as the issuer.
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { createVerifier, TokenRejected, type Verifier } from "@rescind/verifier";
import { decodeJwt } from "jose";
import { authorizationUrl } from "../authorization.ts";
import { IdentityProvider } from "../identity-provider.ts";
import { startWithAlice } from "../interop/alice.ts";
import { pkce } from "../people.ts";
import { until } from "../until.ts";
import { comingFrom } from "./page.ts";

const audience = "https://shop-api.example";
const { server, alice, browser } = await startWithAlice();
after(() => server.close());
const page = comingFrom("keycloak", server);
const realm = await IdentityProvider.start("RS256");
after(() => realm.close());
const REALM = realm.issuer;

const registered = await page.send("register", { REALM, JWKS_URI: realm.jwksUri });
assert.equal(registered.status, 201, registered.text);
const verifier = await verifierOfThePage();
after(() => verifier.close());

/** A JWT of the realm's for the API. */
function issued(claims: Record<string, unknown>): Promise<string> {
  return realm.sign({ aud: audience, ...claims });
}

/** Runs the page's own code, as an API would. */
async function verifierOfThePage(): Promise<Verifier> {
  const { client_id, client_secret } = await server.registerClient({
    grant_types: ["client_credentials"],
    scope: "rescind:feed rescind:introspect",
  });
  const env = {
    RESCIND: server.issuer,
    AUDIENCE: audience,
    CLIENT_ID: client_id,
    CLIENT_SECRET: client_secret,
    REALM,
    JWKS_URI: realm.jwksUri,
  };
  const code = `return (async () => { ${page.text("js", "verifier")}\nreturn verifier; })();`;
  return new Function("createVerifier", "env", code)(createVerifier, env);
}

async function verdict(token: string): Promise<string> {
  try {
    await verifier.verify(token);
    return "accepted";
  } catch (error) {
    if (error instanceof TokenRejected) return error.code;
    throw error;
  }
}

async function refused(token: string): Promise<void> {
  await until(async () => (await verdict(token)) === "revoked");
}

test("Keycloak as the issuer: one JWT of it is revoked by its jti, and the API refuses it", async () => {
  const [gone, kept] = [await issued({ jti: "one" }), await issued({ jti: "two" })];
  assert.deepEqual([await verdict(gone), await verdict(kept)], ["accepted", "accepted"]);
  const { status, text } = await page.send("by-jti", { REALM, JTI: "one" });
  assert.equal(status, 201, text);
  await refused(gone);
  assert.equal(await verdict(kept), "accepted");
  assert.deepEqual(await server.introspect(gone), { active: false });
  assert.equal((await server.introspect(kept)).active, true);
});

test("Keycloak as the issuer: a person up to a time, a person up to now, then the realm", async () => {
  const now = Math.floor(Date.now() / 1000);
  const early = await issued({ sub: "ann", jti: "early", iat: now - 60 });
  const [ann, bob] = [await issued({ sub: "ann", jti: "a" }), await issued({ sub: "bob", jti: "b" })];
  for (const token of [early, ann, bob]) assert.equal(await verdict(token), "accepted");
  const BEFORE = new Date((now - 30) * 1000).toISOString().replace(".000Z", "Z");
  assert.equal((await page.send("before", { REALM, SUBJECT: "ann", BEFORE })).status, 201);
  await refused(early);
  assert.equal(await verdict(ann), "accepted");
  assert.equal((await page.send("by-person", { REALM, SUBJECT: "ann" })).status, 201);
  await refused(ann);
  assert.equal(await verdict(bob), "accepted");
  assert.equal((await page.send("by-realm", { REALM })).status, 201);
  await refused(bob);
});

test("Rescind as the issuer: the API reads groups and upn, and a logout ends the token at once", async () => {
  const { status, json: client, text } = await page.send("client", { AUDIENCE: audience });
  assert.equal(status, 201, text);
  const client_id = String(client.client_id);
  const person = browser();
  const { sent } = await person.signIn(authorizationUrl(server, { client_id }, { scope: "openid" }), alice);
  const tokens = await server.form("/oauth2/token", {
    grant_type: "authorization_code",
    client_id,
    code: String(sent.get("code")),
    redirect_uri: "https://app.example/callback",
    code_verifier: pkce.verifier,
  });
  const token = String(tokens.json.access_token);
  const { groups, upn } = decodeJwt(token);
  assert.deepEqual({ groups, upn }, { groups: ["croquet"], upn: "alice" });
  assert.equal(await verdict(token), "accepted");
  const asked = await person.open(`${server.base}/oauth2/logout`);
  await person.submit(asked, { answer: "sign-out" });
  await refused(token);
});

test("every block of the page was run", () => assert.deepEqual(page.unused(), []));
