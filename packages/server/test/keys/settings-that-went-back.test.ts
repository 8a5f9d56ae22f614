// Settings that do not fit what is in the database stop the start before they lock anybody out.
import assert from "node:assert/strict";
import { test } from "node:test";
import { startTestServer } from "../../../../test/running-server.ts";

const [a, b] = ["secret a ".repeat(5).trim(), "secret b ".repeat(5).trim()];
const pepper = ["--token-pepper", "p".repeat(32)];

test("an admin secret that was replaced does not come back, and the start says so and changes nothing", async () => {
  const server = await startTestServer([], { RESCIND_ADMIN_SECRET: a });
  const answers = async (client_secret: string): Promise<number> => {
    const client = { client_id: "admin", client_secret };
    return (await server.form("/oauth2/token", { grant_type: "client_credentials" }, client)).status;
  };
  try {
    await server.restart([], { RESCIND_ADMIN_SECRET: b });
    assert.deepEqual([await answers(a), await answers(b)], [401, 200]);
    await assert.rejects(server.restart([], { RESCIND_ADMIN_SECRET: a }), {
      name: "ConfigurationError",
      message: /RESCIND_ADMIN_SECRET is a secret that was ended for good at .*\(secret_rotated\)/,
    });
    await server.restart([], {});
    assert.equal(await answers(b), 200, "the one in admin.json is still the one in force");
  } finally {
    await server.close();
  }
});

test("another pepper without the one before stops the start; with it everything goes on", async () => {
  const server = await startTestServer();
  try {
    const client = await server.registerClient({ access_token_format: "opaque" });
    const token = await server.clientToken(client);
    await assert.rejects(server.restart(pepper), {
      name: "ConfigurationError",
      message: /--token-pepper differs/,
    });
    await server.restart([...pepper, "--previous-token-pepper", "none"]);
    assert.equal((await server.introspect(token)).active, true);
    await server.clientToken(client); // its secret is stored anew when it is seen
    await server.restart(pepper);
    await server.clientToken(client);
    await assert.rejects(server.restart([]), { name: "ConfigurationError" });
    await server.restart(pepper);
  } finally {
    await server.close();
  }
});
