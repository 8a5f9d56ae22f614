// The client against a real HTTP server: what it sends, and what it makes of the answers.
import assert from "node:assert/strict";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { test } from "node:test";
import { AdminProblem, createAccountClient, createAdminClient } from "@rescind/admin-api";

type Seen = { line: string; body: string; headers: IncomingMessage["headers"] };
type Reply = { status: number; type?: string; body?: string; headers?: Record<string, string> };

async function withServer(reply: Reply, use: (base: string, seen: Seen[]) => Promise<void>): Promise<void> {
  const seen: Seen[] = [];
  const server = createServer(async (request: IncomingMessage, response: ServerResponse) => {
    let body = "";
    for await (const chunk of request) body += chunk;
    seen.push({ line: `${request.method} ${request.url}`, body, headers: request.headers });
    response.writeHead(reply.status, { "content-type": reply.type ?? "application/json", ...reply.headers });
    response.end(reply.body ?? "");
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo; // a TCP server's address is always this
  try {
    await use(`http://127.0.0.1:${port}`, seen);
  } finally {
    server.close();
    server.closeAllConnections();
  }
}

const token = async () => "rat_x";

test("path parameters are escaped and absent query members are left out", async () => {
  await withServer({ status: 200, body: '{"items":[],"next":null}' }, async (base, seen) => {
    const admin = createAdminClient({ server: `${base}/`, token });
    await admin.readClient({ params: { client_id: "https://a.example/?x" } });
    await admin.listTokens({ query: { limit: 2, subject: "a b&c" } });
    assert.deepEqual(
      seen.map(({ line }) => line),
      [
        "GET /admin/v1/clients/https%3A%2F%2Fa.example%2F%3Fx",
        "GET /admin/v1/tokens?limit=2&subject=a+b%26c",
      ],
    );
    assert.equal(seen[0]?.headers.authorization, "Bearer rat_x");
    assert.equal(seen[0]?.headers["content-type"], undefined);
  });
});

test("a body goes as JSON with its Idempotency-Key, and an optional one as an empty object", async () => {
  await withServer({ status: 201, body: "{}" }, async (base, seen) => {
    const admin = createAdminClient({ server: base, token });
    await admin.revoke({ body: { select: { subject: "u" } }, idempotencyKey: "k1" });
    await admin.approveClient({ params: { client_id: "c" } });
    assert.deepEqual(
      seen.map(({ body }) => body),
      ['{"select":{"subject":"u"}}', "{}"],
    );
    assert.equal(seen[0]?.headers["idempotency-key"], "k1");
    assert.equal(seen[0]?.headers["content-type"], "application/json");
  });
});

test("a person's own calls go the same way, to their own paths", async () => {
  await withServer({ status: 200, body: '{"seq":7}' }, async (base, seen) => {
    const account = createAccountClient({ server: base, token });
    assert.deepEqual(await account.signOutEverywhere({ idempotencyKey: "k1" }), { seq: 7 });
    await account.listOwnGrants({ query: { client_id: "c d", limit: 5 } });
    assert.deepEqual(
      seen.map(({ line }) => line),
      ["POST /account/v1/sign-out-everywhere", "GET /account/v1/grants?client_id=c+d&limit=5"],
    );
    assert.equal(seen[0]?.headers["idempotency-key"], "k1");
  });
});

test("204 resolves to undefined", async () => {
  await withServer({ status: 204 }, async (base) => {
    const admin = createAdminClient({ server: base, token });
    assert.equal(await admin.deleteClient({ params: { client_id: "c" } }), undefined);
  });
});

test("a problem document becomes an AdminProblem with its fields", async () => {
  const problem = {
    type: "urn:rescind:problem:invalid-request",
    title: "The request is not valid.",
    status: 400,
    detail: "name is missing.",
    errors: [{ pointer: "/name", detail: "is missing" }],
  };
  const reply = { status: 400, type: "application/problem+json", body: JSON.stringify(problem) };
  await withServer(reply, async (base) => {
    const admin = createAdminClient({ server: base, token });
    await assert.rejects(admin.listClients(), (error) => {
      assert.ok(error instanceof AdminProblem);
      assert.deepEqual([error.status, error.message, error.problem], [400, "name is missing.", problem]);
      return true;
    });
  });
});

test("an answer that is no problem document, as proxies send, is refused with its status", async () => {
  const reply = { status: 503, type: "text/html", body: "<h1>Bad</h1>", headers: { "retry-after": "7" } };
  await withServer(reply, async (base) => {
    const admin = createAdminClient({ server: base, token });
    await assert.rejects(admin.readSettings(), (error) => {
      assert.ok(error instanceof AdminProblem);
      assert.deepEqual([error.status, error.retryAfter, error.problem.status], [503, 7, 503]);
      return true;
    });
  });
});

test("a redirect is not followed: the token would go elsewhere", async () => {
  await withServer({ status: 307, headers: { location: "http://127.0.0.1:1/" } }, async (base) => {
    const admin = createAdminClient({ server: base, token });
    await assert.rejects(admin.listClients(), TypeError);
  });
});
