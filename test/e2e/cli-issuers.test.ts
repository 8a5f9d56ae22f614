// The command line about other providers' tokens: registering their issuer, revoking by issuer, subject, jti and text.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { type Ending, rescind } from "../../packages/cli/test/command.ts";
import { IdentityProvider } from "../identity-provider.ts";
import { startTestServer, type TestServer } from "../running-server.ts";

let server: TestServer;
let idp: IdentityProvider;
before(async () => {
  server = await startTestServer();
  idp = await IdentityProvider.start();
});
after(() => Promise.all([server.close(), idp.close()]));

function run(...args: string[]): Promise<Ending> {
  return rescind([...args, "--data", server.data]);
}

async function json(...args: string[]): Promise<Record<string, unknown>> {
  const { status, stdout, stderr } = await run(...args, "--json");
  assert.equal(status, 0, stderr);
  return JSON.parse(stdout);
}

async function isLive(token: string): Promise<boolean> {
  return (await json("introspect", token)).active === true;
}

const minuteAgo = (): number => Math.floor(Date.now() / 1000) - 60;

test("an issuer is added and listed; one that cannot be is refused with its field", async () => {
  const added = await json("issuers", "add", idp.issuer, idp.jwksUri, "--max-token-ttl", "3600");
  assert.deepEqual(added, { issuer: idp.issuer, jwks_uri: idp.jwksUri, max_token_ttl: 3600 });
  const { items } = await json("issuers", "list");
  assert.deepEqual(
    (items as Record<string, unknown>[]).map(({ created_at: _, ...item }) => item),
    [added],
  );
  const shown = await run("issuers", "list");
  assert.match(shown.stdout, /ISSUER.*KEYS/);
  const own = await run("issuers", "add", server.issuer, idp.jwksUri);
  assert.equal(own.status, 1);
  assert.match(own.stderr, /\/issuer: This is this server itself/);
  assert.equal((await run("issuers", "add", idp.issuer)).status, 2);
});

test("revoke by text, by jti, by subject and by issuer; lifted again", async () => {
  const sign = (more: Record<string, unknown> = {}) => idp.sign({ iat: minuteAgo(), ...more });
  const [text, byJti, bySubject, rest] = [
    await sign(),
    await sign({ jti: "one" }),
    await sign({ sub: "bob" }),
    await sign(),
  ];
  await json("revoke", text, "--yes");
  assert.equal(await isLive(text), false);
  const issuer = ["--issuer", idp.issuer];
  const jti = await json("revoke", ...issuer, "--jti", "one", "--yes");
  assert.deepEqual(jti.select, { issuer: idp.issuer, jti: "one" });
  await json("revoke", ...issuer, "--subject", "bob", "--yes");
  assert.deepEqual(await Promise.all([byJti, bySubject, rest].map(isLive)), [false, false, true]);
  const { id } = await json("revoke", ...issuer, "--yes", "--reason", "key_compromise");
  assert.equal(await isLive(rest), false);
  await json("lift", String(id));
  assert.equal(await isLive(rest), true);
});

test("a whole issuer is asked about first, and says what it reaches", async () => {
  const asked = await run("revoke", "--issuer", idp.issuer);
  assert.notEqual(asked.status, 0, "there is nobody to ask");
  assert.match(asked.stdout + asked.stderr, /every token of a foreign issuer/);
  const wrong = await run("revoke", "--jti", "one", "--yes");
  assert.equal(wrong.status, 2);
  assert.match(wrong.stderr, /--issuer with --subject or --jti/);
});
