// `rescind revoke --issuer`: a token revoked at any provider's own endpoint, found by discovery; against oidc-provider,
// against our own server (an issuer with a path too), and against providers that answer as RFC 7009 lets them.
import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { after, before, describe, test } from "node:test";
import { Provider } from "oidc-provider";
import { type Ending, rescind } from "../../packages/cli/test/command.ts";
import { startTestServer } from "../running-server.ts";

const secret = "a secret with : and %+&=, all of it VSCHAR";

function run(issuer: string, args: readonly string[], input = ""): Promise<Ending> {
  return rescind(["revoke", "--issuer", issuer, ...args], { input });
}

async function listen(server: Server): Promise<string> {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`; // a TCP server's address
}

describe("oidc-provider", () => {
  const server = createServer();
  let issuer: string;
  before(async () => {
    issuer = await listen(server);
    const client = (
      client_id: string,
      token_endpoint_auth_method: "client_secret_basic" | "client_secret_post",
    ) => ({
      client_id,
      client_secret: secret,
      grant_types: ["client_credentials"],
      redirect_uris: [],
      response_types: [],
      token_endpoint_auth_method,
    });
    const provider = new Provider(issuer, {
      clients: [client("basic", "client_secret_basic"), client("post", "client_secret_post")],
      features: {
        clientCredentials: { enabled: true },
        devInteractions: { enabled: false },
        introspection: { enabled: true, allowedPolicy: () => true },
        revocation: { enabled: true },
      },
    });
    server.on("request", provider.callback());
  });
  after(() => server.close());

  async function ask(path: string, fields: Record<string, string>): Promise<Record<string, unknown>> {
    const credentials = { client_id: "post", client_secret: secret };
    const response = await fetch(`${issuer}/${path}`, {
      method: "POST",
      body: new URLSearchParams({ ...credentials, ...fields }),
    });
    return (await response.json()) as Record<string, unknown>; // members are asserted
  }

  test("another client's token is refused there, and stays", async () => {
    const { access_token: token } = await ask("token", { grant_type: "client_credentials" });
    assert.equal((await ask("token/introspection", { token: String(token) })).active, true);
    const args = ["--token", String(token), "--client-id", "basic", "--client-secret", "-"];
    const { status, stderr } = await run(issuer, args, secret);
    assert.equal(status, 1, "another client's token");
    assert.match(stderr, /the provider refused|does not know this client/);
    assert.equal((await ask("token/introspection", { token: String(token) })).active, true);
  });

  test("as the client that got it, the answer is explained and the token is dead", async () => {
    const basic = `Basic ${Buffer.from(`basic:${encodeURIComponent(secret)}`).toString("base64")}`;
    const form = (fields: Record<string, string>) => ({
      method: "POST",
      headers: { authorization: basic },
      body: new URLSearchParams(fields),
    });
    const issued = await fetch(`${issuer}/token`, form({ grant_type: "client_credentials" }));
    const { access_token: token } = (await issued.json()) as { access_token: string }; // asserted by what follows
    const isActive = async (): Promise<unknown> => {
      const response = await fetch(`${issuer}/token/introspection`, form({ token }));
      return ((await response.json()) as { active: unknown }).active; // asserted by the caller
    };
    assert.equal(await isActive(), true);
    const args = ["--client-id", "basic", "--client-secret", "-", "--token-type-hint", "access_token"];
    const { status, stdout, stderr } = await run(issuer, [token, ...args, "--json"], secret);
    assert.equal(status, 0, stderr);
    const receipt = JSON.parse(stdout);
    assert.deepEqual(
      [receipt.status, receipt.revocation_endpoint],
      ["accepted", `${issuer}/token/revocation`],
    );
    assert.equal(await isActive(), false);
  });
});

test("our own server: a confidential client's token, and a public client's", async () => {
  const server = await startTestServer();
  try {
    const client = await server.registerClient();
    const token = await server.clientToken(client);
    const args = ["--token", "-", "--client-id", client.client_id, "--client-secret", client.client_secret];
    const { status, stdout, stderr } = await run(server.issuer, args, token);
    assert.equal(status, 0, stderr);
    assert.match(stdout, /accepted +The provider answered 200/);
    assert.equal((await server.introspect(token)).active, false);
    const isPublic = await server.registerClient({
      token_endpoint_auth_method: "none",
      grant_types: ["refresh_token"],
    });
    const grant = await server.openGrant(isPublic);
    const own = await run(server.issuer, [String(grant.refresh_token), "--client-id", isPublic.client_id]);
    assert.equal(own.status, 0, own.stderr);
    assert.equal((await server.introspect(String(grant.access_token))).active, false);
  } finally {
    await server.close();
  }
});

describe("a provider that answers otherwise", () => {
  type Answer = readonly [status: number, body: string, headers?: Record<string, string>];
  const server = createServer((request, response) => void respond(request, response));
  let issuer: string;
  let documents: Record<string, unknown>;
  let answers: Answer[];
  let asked: { authorization: string | undefined; form: URLSearchParams }[];
  before(async () => {
    issuer = await listen(server);
  });
  after(() => server.close());

  async function respond(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = request.url ?? "";
    if (request.method === "GET") {
      const document = documents[path];
      response.writeHead(document === undefined ? 404 : 200, { "content-type": "application/json" });
      response.end(document === undefined ? "" : JSON.stringify(document));
      return;
    }
    const { authorization } = request.headers;
    asked.push({ authorization, form: new URLSearchParams(await text(request)) });
    const [status, body, headers = {}] = answers.shift() ?? [200, ""];
    response.writeHead(status, { "content-type": "application/json", ...headers }).end(body);
  }

  function serve(path: string, document: Record<string, unknown>, ...given: Answer[]): void {
    documents = { [path]: { issuer, revocation_endpoint: `${issuer}/revoke`, ...document } };
    answers = given;
    asked = [];
  }

  const named = ["--client-id", "app", "--client-secret", "s:é"];
  const openid = "/.well-known/openid-configuration";

  test("credentials go as the metadata allows: Basic, else in the body, a public client by its id", async () => {
    serve(openid, {});
    assert.equal((await run(issuer, ["t", ...named])).status, 0);
    const pair = Buffer.from("app:s%3A%C3%A9").toString("base64");
    assert.deepEqual([asked[0]?.authorization, asked[0]?.form.toString()], [`Basic ${pair}`, "token=t"]);
    serve(openid, { token_endpoint_auth_methods_supported: ["client_secret_post"] });
    assert.equal((await run(issuer, ["t", ...named])).status, 0);
    assert.deepEqual(Object.fromEntries(asked[0]?.form ?? []), {
      token: "t",
      client_id: "app",
      client_secret: "s:é",
    });
    serve(openid, {});
    assert.equal(
      (await run(issuer, ["t", "--client-id", "app", "--token-type-hint", "refresh_token"])).status,
      0,
    );
    assert.deepEqual(Object.fromEntries(asked[0]?.form ?? []), {
      token: "t",
      client_id: "app",
      token_type_hint: "refresh_token",
    });
    serve(openid, { revocation_endpoint_auth_methods_supported: ["private_key_jwt"] });
    const { status, stderr } = await run(issuer, ["t", ...named]);
    assert.deepEqual([status, asked.length, /private_key_jwt/.test(stderr)], [2, 0, true]);
  });

  test("RFC 7009 section 2.2.1: 503 with Retry-After is tried again; the token still exists where it stays so", async () => {
    serve(openid, {}, [503, "", { "retry-after": "0" }], [503, "", { "retry-after": "0" }]);
    assert.equal((await run(issuer, ["t", ...named])).status, 0);
    assert.equal(asked.length, 3);
    const down: Answer = [503, "", { "retry-after": "0" }];
    serve(openid, {}, down, down, down, down, down, down);
    const { status, stderr } = await run(issuer, ["t", ...named]);
    assert.deepEqual([status, /the token still exists/.test(stderr)], [1, true]);
  });

  test("refusals are explained", async () => {
    const cases: [Answer, RegExp][] = [
      [[400, '{"error":"unsupported_token_type"}'], /does not revoke tokens of this kind.*stays valid/],
      [[401, '{"error":"invalid_client","error_description":"no \\u001b[31m"}'], /does not know this client/],
      [
        [400, '{"error":"invalid_request","error_description":"hm"}'],
        /refused \(status 400, invalid_request: hm\)/,
      ],
      [[404, "<html>"], /refused \(status 404\)/],
    ];
    for (const [answer, message] of cases) {
      serve(openid, {}, answer);
      const { status, stderr } = await run(issuer, ["t", ...named]);
      assert.equal(status, 1);
      assert.match(stderr, message);
      assert.equal(stderr.includes("\u001b"), false, "what a server says does not steer the terminal");
    }
  });

  test("RFC 8414 section 3.1: metadata is found where the path is inserted", async () => {
    const withPath = `${issuer}/tenant`;
    for (const path of [
      "/tenant/.well-known/openid-configuration",
      "/.well-known/oauth-authorization-server/tenant",
      "/.well-known/openid-configuration/tenant",
      "/tenant/.well-known/oauth-authorization-server",
    ]) {
      serve(path, { issuer: withPath });
      const { status, stderr } = await run(withPath, ["t", ...named]);
      assert.deepEqual([status, asked.length], [0, 1], `${path}: ${stderr}`);
    }
  });

  test("another issuer's metadata, none, or one without revocation sends the token nowhere", async () => {
    const cases: [string, Record<string, unknown>, RegExp][] = [
      [openid, { issuer: "https://evil.example" }, /is the metadata of "https:\/\/evil\.example"/],
      [openid, { issuer: `${issuer}/` }, /exactly as it names itself/],
      [openid, { revocation_endpoint: undefined }, /has no revocation_endpoint/],
      [openid, { revocation_endpoint: "http://api.example/revoke" }, /is not https/],
      ["/elsewhere", {}, /no metadata of .* was found/],
    ];
    for (const [path, document, message] of cases) {
      serve(path, document);
      const { status, stderr } = await run(issuer, ["t", ...named]);
      assert.deepEqual([status, asked.length], [1, 0]);
      assert.match(stderr, message);
    }
  });
});

test("plain http anywhere but on this machine is refused before anything is sent", async () => {
  const { status, stderr } = await run("http://as.example", ["t", "--client-id", "app"]);
  assert.deepEqual([status, /is not https/.test(stderr)], [1, true]);
});

test("usage: the client is named, standard input is read once, options of our own orders do not fit", async () => {
  const cases: [string[], RegExp][] = [
    [["t"], /--client-id/],
    [["-", "--client-id", "a", "--client-secret", "-"], /not both/],
    [["t", "--client-id", "a", "--before", "2026-01-01T00:00:00Z"], /does not go with --before/],
    [["t", "--client-id", "a", "--subject", "usr_1"], /does not go with --subject/],
  ];
  for (const [args, message] of cases) {
    const { status, stderr } = await run("https://as.example", args);
    assert.equal(status, 2);
    assert.match(stderr, message);
  }
});
