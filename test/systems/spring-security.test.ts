// Spring Security OAuth with a front end: what its page needs of a server: the list of valid tokens, the token in use,
// and revoking the one that was typed in. The page itself is the console's.
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { decodeJwt } from "jose";
import { startTestServer } from "../running-server.ts";
import { comingFrom } from "./page.ts";
import { resource, startProtectedApi } from "./protected-api.ts";

const server = await startTestServer();
after(() => server.close());
const page = comingFrom("spring-security", server);
const api = await startProtectedApi(server);
after(() => api.close());
const client = await server.registerClient({ audience: [resource] });

interface Listed {
  readonly token_id: string;
  readonly kind: string;
  readonly status: string;
}

async function validTokens(): Promise<Listed[]> {
  return JSON.parse(await page.run("list", { CLIENT_ID: client.client_id })).items;
}

test("Spring Security OAuth: the list holds the valid tokens, without their values, and what is revoked leaves it", async () => {
  const tokens = [await server.clientToken(client), await server.clientToken(client)];
  const ids = tokens.map((token) => decodeJwt(token).jti);
  const before = await validTokens();
  for (const id of ids) assert.ok(before.some(({ token_id }) => token_id === id));
  assert.ok(before.every(({ status }) => status === "live"));
  for (const token of tokens) assert.ok(!JSON.stringify(before).includes(token.slice(-20)));
  await page.run("revoke", { TOKEN: tokens[0] });
  await api.refuses(tokens[0]);
  const after = await validTokens();
  assert.deepEqual(
    ids.map((id) => after.some(({ token_id }) => token_id === id)),
    [false, true],
  );
});

test("Spring Security OAuth: a refresh token stands in the list too, and revoking it takes its access token away", async () => {
  const opened = await server.openGrant(client, "usr_spring");
  const count = (items: readonly Listed[], kind: string) => items.filter((item) => item.kind === kind).length;
  const before = await validTokens();
  await page.run("revoke", { TOKEN: opened.refresh_token });
  await api.refuses(opened.access_token);
  const after = await validTokens();
  assert.equal(count(after, "refresh"), count(before, "refresh") - 1);
  assert.equal(count(after, "access"), count(before, "access") - 1);
});

test("Spring Security OAuth: the token in use can be shown, and revoked by its id from the list", async () => {
  const token = await server.clientToken(client);
  assert.match(await page.run("in-use", { TOKEN: token }), new RegExp(client.client_id));
  const { status, text } = await page.send("revoke-by-id", { TOKEN_ID: decodeJwt(token).jti });
  assert.equal(status, 201, text);
  await api.refuses(token);
});

test("every block of the page was run", () => assert.deepEqual(page.unused(), []));
