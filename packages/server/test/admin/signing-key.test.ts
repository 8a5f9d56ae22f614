// Orders by `kid`: a signing key leaves use, and all it signed is dead. DESIGN.md section 3.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { decodeProtectedHeader } from "jose";
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

describe("a signing key", () => {
  test("all it signed is dead, issuing goes on with another, and it does not sign again", async () => {
    const client = await server.registerClient();
    const old = await server.clientToken(client);
    const { kid } = decodeProtectedHeader(old);
    const made = await order({ kid }, { reason: "key_compromise" });
    assert.equal(made.status, 201, made.text);
    assert.equal(await isActive(old), false);
    const fresh = await server.clientToken(client);
    assert.notEqual(decodeProtectedHeader(fresh).kid, kid);
    assert.equal(await isActive(fresh), true);
    const keys = (await server.admin("GET", "/admin/v1/signing-keys")).json.items as Record<
      string,
      unknown
    >[];
    const [revoked] = keys.filter((key) => key.kid === kid);
    assert.deepEqual([revoked?.status, typeof revoked?.retired_at], ["revoked", "string"]);
    assert.equal(keys.filter((key) => key.use === "access" && key.status === "signing").length, 1);

    const lifted = await lift(made.json.id);
    assert.equal(lifted.status, 200);
    assert.equal(await isActive(old), true);
    assert.notEqual(decodeProtectedHeader(await server.clientToken(client)).kid, kid);
  });

  test("JW-12 the feed's key cannot be named", async () => {
    const keys = (await server.admin("GET", "/admin/v1/signing-keys")).json.items as Record<
      string,
      unknown
    >[];
    const refused = await order({ kid: keys.find((key) => key.use === "feed")?.kid });
    assert.deepEqual(
      [refused.status, (refused.json.errors as { pointer: string }[])[0]?.pointer],
      [400, "/select/kid"],
    );
  });
});
