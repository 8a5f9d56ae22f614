// THREATS IN-05 and IN-06: no kind of token passes for another. One text of every kind that this server knows, shown at
// every place that takes one.

import assert from "node:assert/strict";
import { after, test } from "node:test";
import { exportJWK, generateKeyPair, SignJWT } from "jose";
import { authorizationUrl, browserWith } from "../authorization.ts";
import { exchange, exchanged, exchanger } from "../exchanges.ts";
import { IdentityProvider } from "../identity-provider.ts";
import { peopleOf } from "../people.ts";
import { basic, type RegisteredClient, startTestServer } from "../running-server.ts";
import { until } from "../until.ts";

const server = await startTestServer();
const people = await peopleOf(server);
const idp = await IdentityProvider.start();
await idp.registerAt(server);
after(async () => {
  await idp.close();
  await people.close();
  await server.close();
});

const everything = "read rescind:admin rescind:feed rescind:introspect";
const client = await server.registerClient({ scope: everything });
const app = await people.client({ scope: "openid read rescind:account" });
const changer = await exchanger(server, { audience: ["https://api.example"] });
const { privateKey, publicKey } = await generateKeyPair("ES256");
const signer = await server.registerClient({
  token_endpoint_auth_method: "private_key_jwt",
  jwks: { keys: [{ ...(await exportJWK(publicKey)), kid: "k" }] },
  scope: everything,
});

function assertion(): Promise<string> {
  return new SignJWT({ jti: crypto.randomUUID() })
    .setProtectedHeader({ alg: "ES256", kid: "k" })
    .setIssuer(signer.client_id)
    .setSubject(signer.client_id)
    .setAudience(server.issuer)
    .setExpirationTime("5m")
    .sign(privateKey);
}

async function signedIntrospection(token: string): Promise<string> {
  const accept = "application/token-introspection+jwt";
  const authorization = basic(client.client_id, client.client_secret);
  const body = new URLSearchParams({ token });
  const headers = { accept, authorization };
  return (await server.request("/oauth2/introspect", { method: "POST", headers, body })).text;
}

async function lease(token: string): Promise<string> {
  const headers = { authorization: `Bearer ${token}`, "content-type": "application/json" };
  const applied = { seq: 0, hash: "A".repeat(43) };
  const body = JSON.stringify({ verifier: "v", applied, max_staleness: 5, nonce: "12345678" });
  const { json } = await server.request("/revocations/acks", { method: "POST", headers, body });
  assert.equal(typeof json.signed, "string");
  return String(json.signed);
}

async function imported(): Promise<string> {
  const token = `imported-${crypto.randomUUID()}`;
  const expires_at = new Date(Date.now() + 600_000).toISOString();
  const body = { token, client_id: client.client_id, subject: "usr_imported", scope: "read", expires_at };
  const { status, text } = await server.admin("POST", "/admin/v1/tokens/import", body);
  assert.equal(status, 201, text);
  return token;
}

const person = await people.signIn();
const own = await server.clientToken(client);
const opaque = await server.registerClient({ scope: everything, access_token_format: "opaque" });
const ofPerson = await people.tokens(app, person, { scopes: ["openid", "read", "rescind:account"] });
const kinds = {
  "access token, JWT": own,
  "access token, opaque": await server.clientToken(opaque),
  "a person's access token": String(ofPerson.access_token),
  "exchanged access token": await exchanged(server, changer, ofPerson.access_token),
  "imported access token": await imported(),
  "JWT of another issuer": await idp.sign(),
  "refresh token": String((await server.openGrant(client)).refresh_token),
  "ID token": String(ofPerson.id_token),
  code: await people.code(app, person),
  session: person.cookie,
  "client secret": client.client_secret,
  "client assertion": await assertion(),
  "introspection answer": await signedIntrospection(own),
  lease: await lease(own),
} as const;

const bearer = (path: string) => async (token: string) =>
  (await server.request(path, { headers: { authorization: `Bearer ${token}` } })).status === 200;

async function isToken(form: Record<string, string>, by?: RegisteredClient): Promise<boolean> {
  return (await server.form("/oauth2/token", form, by)).status === 200;
}

const jwtBearer = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/** Whether a text is taken there; what spends it comes last. */
const places = {
  "Bearer at the admin API": bearer("/admin/v1/clients"),
  "Bearer at the feed": bearer("/revocations/settings"),
  "Bearer at userinfo": bearer("/oauth2/userinfo"),
  "Bearer at the account API": bearer("/account/v1/grants"),
  "Bearer at introspection": async (token: string) => {
    const headers = { authorization: `Bearer ${token}` };
    const body = new URLSearchParams({ token: "x" });
    return (await server.request("/oauth2/introspect", { method: "POST", headers, body })).status === 200;
  },
  introspected: async (token: string) => (await server.introspect(token)).active === true,
  "subject token": async (token: string) => (await exchange(server, changer, token)).status === 200,
  "actor token": async (token: string) =>
    (await exchange(server, changer, ofPerson.access_token, { actor_token: token })).status === 200,
  "hint at logout": async (token: string) => {
    const query = new URLSearchParams({ id_token_hint: token, client_id: "another client" });
    // A hint that is understood contradicts the client_id; anything else is no hint.
    return (await server.request(`/oauth2/logout?${query}`)).status === 400;
  },
  "cookie of a session": async (cookie: string) => {
    const browser = browserWith(server, { ...person, cookie });
    const page = await browser.open(authorizationUrl(server, app, { prompt: "none" }));
    return page.sent.get("error") !== "login_required";
  },
  "client secret": (secret: string) =>
    isToken({ grant_type: "client_credentials", client_id: client.client_id, client_secret: secret }),
  "client assertion": (client_assertion: string) =>
    isToken({
      grant_type: "client_credentials",
      client_id: signer.client_id,
      client_assertion_type: jwtBearer,
      client_assertion,
    }),
  "refresh token": async (refresh_token: string) =>
    (await isToken({ grant_type: "refresh_token", refresh_token }, client)) ||
    isToken({ grant_type: "refresh_token", refresh_token }, app),
  code: async (code: string) => (await people.redeem(app, code)).status === 200,
} as const;

type Place = keyof typeof places;

const ours: readonly Place[] = [
  "Bearer at the admin API",
  "Bearer at the feed",
  "Bearer at introspection",
  "introspected",
  "subject token",
  "actor token",
];
const anyAccess: readonly Place[] = ["introspected", "subject token", "actor token"];
const belongs: Readonly<Record<keyof typeof kinds, readonly Place[]>> = {
  "access token, JWT": ours,
  "access token, opaque": ours,
  "a person's access token": ["Bearer at userinfo", "Bearer at the account API", ...anyAccess],
  "exchanged access token": anyAccess,
  "imported access token": anyAccess,
  "JWT of another issuer": anyAccess,
  "refresh token": ["introspected", "refresh token"],
  "ID token": ["hint at logout"],
  code: ["code"],
  session: ["cookie of a session"],
  "client secret": ["client secret"],
  "client assertion": ["client assertion"],
  "introspection answer": [],
  lease: [],
};

for (const [kind, text] of Object.entries(kinds) as [keyof typeof kinds, string][])
  test(`IN-05, IN-06 ${kind}: good where it belongs and nowhere else`, async () => {
    for (const [place, isTaken] of Object.entries(places) as [Place, (text: string) => Promise<boolean>][])
      assert.equal(await isTaken(text), belongs[kind].includes(place), place);
  });

test("IN-05 revoking what is no token of ours answers like an unknown token and changes nothing", async () => {
  const head = async () => (await server.introspect(await server.adminToken())).head;
  const before = await head();
  const texts = {
    "client secret": client.client_secret,
    "client assertion": await assertion(),
    "introspection answer": await signedIntrospection(own),
    lease: await lease(own),
    "ID token": kinds["ID token"],
    "JWT of another issuer": await idp.sign(),
    code: await people.code(app, person),
    session: person.cookie,
  };
  for (const [kind, token] of Object.entries(texts)) {
    const { status, text } = await server.form("/oauth2/revoke", { token }, app);
    assert.deepEqual([status, text], [200, "{}"], kind);
  }
  assert.equal(await head(), before);
});

test("IN-03 whatever the reason that a token is not active, nothing but that is told, plain or signed", async () => {
  const short = await server.registerClient({ access_token_ttl: 1 });
  const expired = await server.clientToken(short);
  const revoked = await server.clientToken(client);
  await server.form("/oauth2/revoke", { token: revoked }, client);
  const opened = await server.openGrant(client);
  const spent = String(opened.refresh_token);
  await server.form("/oauth2/token", { grant_type: "refresh_token", refresh_token: spent }, client);
  const suspended = await server.registerClient();
  const ofSuspended = await server.clientToken(suspended);
  await server.admin("POST", `/admin/v1/clients/${suspended.client_id}/revoke`);
  const reasons = { expired, revoked, spent, ofSuspended, ...kinds, unknown: "made-up" };
  const inactive = [
    "expired",
    "revoked",
    "spent",
    "ofSuspended",
    "ID token",
    "code",
    "session",
    "lease",
    "unknown",
  ];
  const authorization = basic("admin", server.adminSecret);
  for (const [reason, token] of Object.entries(reasons)) {
    if (!inactive.includes(reason)) continue;
    for (const accept of ["application/json", "application/token-introspection+jwt", "*/*"]) {
      const ask = async () => {
        const body = new URLSearchParams({ token });
        const headers = { accept, authorization };
        const { text } = await server.request("/oauth2/introspect", { method: "POST", headers, body });
        if (text.startsWith("{")) return text;
        const claims = JSON.parse(Buffer.from(text.split(".")[1] ?? "", "base64url").toString());
        return JSON.stringify(claims.token_introspection);
      };
      if (reason === "expired") await until(async () => (await ask()) === '{"active":false}');
      assert.equal(await ask(), '{"active":false}', `${reason} ${accept}`);
    }
  }
});
