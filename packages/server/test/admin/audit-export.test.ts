// The audit log, verified and exported over HTTP: GET /admin/v1/audit/verify and …/export. DESIGN.md invariant E1.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { after, before, test } from "node:test";
import { readAuditLine, verifyAuditLines } from "@rescind/admin-api";
import { startTestServer, type TestServer } from "../../../../test/running-server.ts";
import { databaseOf, tokenRows } from "./token-rows.ts";

let server: TestServer;
before(async () => {
  server = await startTestServer();
  const client = await server.registerClient();
  for (const subject of ["usr_a", "usr_b", "usr_ü\u{1F600}"]) {
    const { grant_id: grantId } = await server.openGrant(client, subject);
    const { json } = await server.admin("POST", "/admin/v1/revocations", {
      select: { grant_id: grantId },
      note: `of ${subject}`,
    });
    await server.admin("POST", `/admin/v1/revocations/${json.id}/lift`);
  }
});
after(() => server.close());

async function lines(): Promise<string[]> {
  const { status, headers, text } = await server.admin("GET", "/admin/v1/audit/export");
  assert.deepEqual([status, headers.get("content-type")], [200, "application/x-ndjson"]);
  assert.ok(text === "" || text.endsWith("\n"));
  return text.split("\n").slice(0, -1);
}

function sha256(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("base64url");
}

async function verify(): Promise<Record<string, unknown>> {
  return (await server.admin("GET", "/admin/v1/audit/verify")).json;
}

test("E1 the export holds every record, and its chain, computed from the lines alone, ends where the server's does", async () => {
  const exported = await lines();
  const { records, head, brokenAt } = await verifyAuditLines(exported, sha256);
  assert.equal(brokenAt, undefined);
  assert.deepEqual(await verify(), { records, head });
  const { json } = await server.admin("GET", "/admin/v1/audit?limit=1000");
  const listed = json.items as { number: number }[]; // the list's items
  assert.deepEqual(
    exported.map((line) => readAuditLine(line)?.number),
    listed.map(({ number }) => number).reverse(),
  );
});

test("an export of more than one page is whole", async () => {
  const token = await server.clientToken(await server.registerClient());
  const names = tokenRows(server, String((await server.introspect(token)).jti), 1200);
  const { json } = await server.admin("POST", "/admin/v1/revocations/bulk", { token_ids: names });
  assert.equal(json.revoked, 1200);
  const exported = await lines();
  assert.ok(exported.length > 1200);
  const { records, brokenAt } = await verifyAuditLines(exported, sha256);
  assert.deepEqual([records, brokenAt], [exported.length, undefined]);
});

test("WEB-27 an edit in the database is found by the server and in the export, at the same record", async () => {
  const file = databaseOf(server);
  const change = file.prepare("UPDATE audit SET content = replace(content, ?, ?) WHERE content LIKE ?");
  const broken = file
    .prepare("SELECT min(number) AS number FROM audit WHERE content LIKE '%of usr_b%'")
    .get();
  change.run("of usr_b", "of usr_x", "%of usr_b%");
  const { broken_at: brokenAt } = await verify();
  assert.equal(brokenAt, broken?.number);
  assert.equal((await verifyAuditLines(await lines(), sha256)).brokenAt, broken?.number);
  change.run("of usr_x", "of usr_b", "%of usr_x%");
  file.close();
  assert.equal((await verify()).broken_at, undefined);
});

test("nothing usable is in the export (E2)", async () => {
  const text = (await lines()).join("\n");
  assert.doesNotMatch(text, /r(?:at|rt|cs)_[0-9A-Za-z]{30}/);
});

test("WEB-04 both want the scope rescind:read", async () => {
  const token = await server.tokenWithScope("rescind:feed");
  for (const path of ["verify", "export"]) {
    const { status } = await server.request(`/admin/v1/audit/${path}`, {
      headers: { authorization: `Bearer ${token}` },
    });
    assert.equal(status, 403);
  }
});
