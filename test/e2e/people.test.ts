// What a person's login gave is refused at a resource server, which verifies locally, as soon as that login ends: by
// their own logout, their session, their consent, their account, or a code used twice. Bystanders stay.

import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { after, test } from "node:test";
import { createVerifier, TokenRejected } from "@rescind/verifier";
import { startWithAlice } from "../interop/alice.ts";
import type { Person } from "../person.ts";
import type { RegisteredClient } from "../running-server.ts";
import { until } from "../until.ts";

const resource = "https://api.example";
const redirectUri = "https://app.example/callback";

const party = await startWithAlice();
const { server, alice } = party;
after(() => server.close());

await server.admin("POST", "/admin/v1/resources", { resource });
const api = await server.registerClient({
  grant_types: ["client_credentials"],
  scope: "rescind:feed rescind:introspect",
});
const verifier = await createVerifier({
  issuer: server.issuer,
  audience: resource,
  clientId: api.client_id,
  clientSecret: api.client_secret,
  maxStaleness: 30,
});
after(() => verifier.close());
const [app, other] = [await application("App"), await application("Other")];

function application(name: string): Promise<RegisteredClient> {
  return party.client(redirectUri, { name, audience: [resource] });
}

interface Tokens {
  readonly access: string;
  readonly refresh: string;
  readonly id: string;
  readonly redeem: () => Promise<number>;
}

async function tokensOf(person: Person, client: RegisteredClient, scope = "openid"): Promise<Tokens> {
  const verifierText = randomBytes(32).toString("base64url");
  const asked = new URLSearchParams({
    client_id: client.client_id,
    response_type: "code",
    redirect_uri: redirectUri,
    scope,
    code_challenge: createHash("sha256").update(verifierText).digest("base64url"),
    code_challenge_method: "S256",
  });
  const { sent, text } = await person.signIn(`${server.issuer}/oauth2/authorize?${asked}`, alice);
  const code = sent.get("code");
  if (code === null) throw new Error(`no code: ${sent} ${text}`);
  const form = {
    grant_type: "authorization_code",
    code,
    redirect_uri: redirectUri,
    code_verifier: verifierText,
  };
  const { status, json, text: answer } = await server.form("/oauth2/token", form, client);
  if (status !== 200) throw new Error(answer);
  return {
    access: String(json.access_token),
    refresh: String(json.refresh_token),
    id: String(json.id_token),
    redeem: async () => (await server.form("/oauth2/token", form, client)).status,
  };
}

/** "accepted", or the code of the rejection. */
async function verdict({ access }: Tokens): Promise<string> {
  try {
    await verifier.verify(access);
    return "accepted";
  } catch (error) {
    if (error instanceof TokenRejected) return error.code;
    throw error;
  }
}

async function accepted(...all: readonly Tokens[]): Promise<void> {
  for (const tokens of all) assert.equal(await verdict(tokens), "accepted");
}

/** Refused at the verifier within moments, at introspection at once, and by the token endpoint too. */
async function revoked(client: RegisteredClient, ...all: readonly Tokens[]): Promise<void> {
  for (const tokens of all) {
    assert.deepEqual(await server.introspect(tokens.access), { active: false });
    const form = { grant_type: "refresh_token", refresh_token: tokens.refresh };
    assert.equal((await server.form("/oauth2/token", form, client)).json.error, "invalid_grant");
    assert.equal(await until(async () => (await verdict(tokens)) === "revoked" && "revoked"), "revoked");
  }
}

async function order(select: Record<string, unknown>): Promise<void> {
  const { status, text } = await server.admin("POST", "/admin/v1/revocations", { select });
  assert.equal(status, 201, text);
}

test("their logout in one browser: what it carries, but nothing offline and nothing of the other browser", async () => {
  const [here, there] = [party.browser(), party.browser()];
  const [online, elsewhere] = [await tokensOf(here, app), await tokensOf(here, other)];
  const offline = await tokensOf(here, app, "openid offline_access");
  const bystander = await tokensOf(there, app);
  await accepted(online, elsewhere, offline, bystander);
  const bye = new URLSearchParams({ id_token_hint: online.id });
  assert.equal((await here.open(`${server.issuer}/oauth2/logout?${bye}`)).status, 200);
  await revoked(app, online);
  await revoked(other, elsewhere);
  await accepted(offline, bystander);
});

test("their session, ended by an administrator: everything of it, offline too, and nothing of the other browser", async () => {
  const [here, there] = [party.browser(), party.browser()];
  const [online, offline] = [await tokensOf(here, app), await tokensOf(here, app, "openid offline_access")];
  const bystander = await tokensOf(there, app);
  await accepted(online, offline, bystander);
  const { sid } = await server.introspect(online.access);
  await order({ session_id: sid });
  await revoked(app, online, offline);
  await accepted(bystander);
  await accepted(await tokensOf(here, app)); // who signs in anew is served
});

test("their consent to one application: asked again there, and the other application goes on", async () => {
  const person = party.browser();
  const [withdrawn, kept] = [await tokensOf(person, app), await tokensOf(person, other)];
  await accepted(withdrawn, kept);
  await order({ subject: alice.sub, client_id: app.client_id });
  await revoked(app, withdrawn);
  await accepted(kept);
  const before = person.seen.length;
  const asked = await tokensOf(person, app);
  const pages = person.seen.slice(before).filter(({ status }) => status === 200);
  assert.deepEqual(
    pages.map(({ url }) => url.pathname),
    ["/consent"],
  );
  await accepted(asked);
});

test("a code used twice: what its first use made, at the verifier too", async () => {
  const person = party.browser();
  const [tokens, bystander] = [await tokensOf(person, app), await tokensOf(person, app)];
  await accepted(tokens, bystander);
  assert.equal(await tokens.redeem(), 400);
  await revoked(app, tokens);
  await accepted(bystander);
});

test("their account, disabled: everything they have, in every browser", async () => {
  const [here, there] = [party.browser(), party.browser()];
  const [one, two] = [await tokensOf(here, app, "openid offline_access"), await tokensOf(there, app)];
  await accepted(one, two);
  const change = { status: "disabled" };
  assert.equal((await server.admin("PATCH", `/admin/v1/users/${alice.sub}`, change)).status, 200);
  await revoked(app, one, two);
});
