// Cloud Elements: a user's current token is revoked at the provider's own endpoint, to see how the integration reacts; and
// the drill of APIs that use this server.
import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import { after, test } from "node:test";
import { startTestServer } from "../running-server.ts";
import { comingFrom } from "./page.ts";
import { resource, startProtectedApi } from "./protected-api.ts";

const server = await startTestServer();
after(() => server.close());
const page = comingFrom("cloud-elements", server);
const api = await startProtectedApi(server);
after(() => api.close());
/** Somebody else's provider; test/interop/revoke-elsewhere.test.ts has one that is not ours. */
const provider = await startTestServer();
after(() => provider.close());

/** An integration as there are many: it goes on with its token until it is refused, and then refreshes once. */
async function integration(
  client: { client_id: string; client_secret: string },
  tokens: Record<string, string>,
) {
  const held = { ...tokens };
  return {
    held,
    async work(): Promise<"worked" | "refreshed" | "asks the person"> {
      if ((await provider.introspect(String(held.access_token))).active === true) return "worked";
      const form = { grant_type: "refresh_token", refresh_token: String(held.refresh_token) };
      const { status, json } = await provider.form("/oauth2/token", form, client);
      if (status !== 200) return "asks the person";
      Object.assign(held, json);
      return "refreshed";
    },
  };
}

test("Cloud Elements: the token is revoked at the provider, and the integration shows how it reacts", async () => {
  const client = await provider.registerClient();
  const app = await integration(client, await provider.openGrant(client));
  assert.equal(await app.work(), "worked");
  const revoke = (token: unknown) =>
    page.run("revoke-at-provider", {
      PROVIDER: provider.issuer,
      CLIENT_ID: client.client_id,
      CLIENT_SECRET: client.client_secret,
      ACCESS_TOKEN: token,
    });
  await revoke(app.held.access_token);
  assert.equal(await app.work(), "refreshed");
  assert.equal(await app.work(), "worked");
  await revoke(app.held.refresh_token);
  assert.equal(await app.work(), "asks the person");
});

test("Cloud Elements: the drill measures an API that notices, and names one that does not", async (t) => {
  const drilled = JSON.parse(await page.run("drill", { API: api.url, AUDIENCE: resource }));
  assert.ok(drilled.apis[0].refused_after_ms < 10_000, JSON.stringify(drilled));

  const ignorant = createServer((_request, response) => response.end("{}"));
  ignorant.listen(0, "127.0.0.1");
  await once(ignorant, "listening");
  t.after(() => ignorant.close());
  const address = ignorant.address();
  assert.ok(address !== null && typeof address !== "string");
  const url = `http://127.0.0.1:${address.port}/`;
  const said = await page.run("drill-ignorant", { IGNORANT_API: url, AUDIENCE: resource });
  assert.match(said, /exit 1/);
  assert.ok(said.includes(url));
});

test("every block of the page was run", () => assert.deepEqual(page.unused(), []));
