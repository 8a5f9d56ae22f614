// Taking orders back: POST /admin/v1/revocations/{id}/lift. CONTRACT.md section 6.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { type Answered, startTestServer, type TestServer } from "../../../../test/running-server.ts";

let server: TestServer;
before(async () => {
  server = await startTestServer();
});
after(() => server.close());

const revocations = "/admin/v1/revocations";

function order(select: Record<string, unknown>, more: Record<string, unknown> = {}): Promise<Answered> {
  return server.admin("POST", revocations, { select, ...more });
}

function lift(id: unknown): Promise<Answered> {
  return server.admin("POST", `${revocations}/${id}/lift`);
}

async function isActive(token: string | undefined): Promise<boolean> {
  return (await server.introspect(token ?? "")).active === true;
}

describe("RV-21 lifting", () => {
  test("a final order, a lifted one, and what a client ordered itself stay: 409", async () => {
    const client = await server.registerClient();
    const final = await order({ client_id: client.client_id }, { final: true });
    const lifted = await order({ subject: "usr_lifted" });
    assert.equal((await lift(lifted.json.id)).status, 200);
    const token = await server.clientToken(client);
    await server.form("/oauth2/revoke", { token }, client);
    const [own] = (await server.admin("GET", `${revocations}?limit=1`)).json.items as Record<
      string,
      unknown
    >[];
    assert.deepEqual(own?.actor, { kind: "client", id: client.client_id });
    for (const id of [final.json.id, lifted.json.id, own?.id]) {
      const refused = await lift(id);
      assert.deepEqual([refused.status, refused.json.code], [409, "not-liftable"], refused.text);
    }
    assert.equal(await isActive(token), false);
  });

  test("an unknown revocation is 404, a malformed id 400", async () => {
    assert.equal((await lift("rev_1")).status, 404);
    assert.equal((await lift("1")).status, 400);
  });

  test("C3 a lift leaves what another order covers dead", async () => {
    const client = await server.registerClient();
    const token = await server.clientToken(client);
    const [narrow, wide] = [await order({ token }), await order({ client_id: client.client_id })];
    await lift(wide.json.id);
    assert.equal(await isActive(token), false);
    await lift(narrow.json.id);
    assert.equal(await isActive(token), true);
  });
});

test("A4 what was revoked stays revoked over a restart, and what was lifted stays lifted", async () => {
  const client = await server.registerClient();
  const [dead, back] = [await server.clientToken(client), await server.clientToken(client)];
  await order({ token: dead });
  await lift((await order({ token: back })).json.id);
  await server.restart();
  assert.deepEqual([await isActive(dead), await isActive(back)], [false, true]);
});
