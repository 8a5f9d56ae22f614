// What the screenshots show: Acme, a made-up company with three people, a few applications, an API that verifies, and
// some orders.

import { createVerifier } from "@rescind/verifier";
import { authorizationUrl } from "../../test/authorization.ts";
import { exchanged, exchanger } from "../../test/exchanges.ts";
import { type RegisteredClient, startTestServer, type TestServer } from "../../test/running-server.ts";
import { until } from "../../test/until.ts";

export const password = "correct horse battery staple";

export interface Acme {
  readonly server: TestServer;
  /** Pages worth a picture beside those of the menu, by the picture's name; paths below `/console`. */
  readonly details: Readonly<Record<string, string>>;
  /** Where the consent page begins. */
  readonly consentUrl: string;
  readonly setupUrl: string;
  /** A little more of what Acme does all day. */
  work(): Promise<void>;
  close(): Promise<void>;
}

const people = [
  { sub: "usr_ada", username: "ada", name: "Ada", roles: ["administrator"], groups: ["engineering"] },
  { sub: "usr_grace", username: "grace", name: "Grace", roles: ["operator"], groups: ["operations"] },
  { sub: "usr_linus", username: "linus", name: "Linus", roles: [], groups: ["sales"] },
];
const orders = "https://orders.acme.example";
const redirectUri = "https://shop.acme.example/callback";

export async function openAcme(): Promise<Acme> {
  // Passkeys need a name.
  const server = await startTestServer(["--issuer", "http://localhost:{port}"]);
  for (const person of people) {
    const body = { ...person, password, email: `${person.username}@acme.example`, email_verified: true };
    await made(server, "/admin/v1/users", body);
  }
  const scopes = ["orders:read", "orders:write"];
  const scope_descriptions = { "orders:read": "See your orders", "orders:write": "Place orders for you" };
  await made(server, "/admin/v1/resources", { resource: orders, scopes, scope_descriptions });
  const client = (client_id: string, name: string, more: Record<string, unknown> = {}) =>
    server.registerClient({
      client_id,
      name,
      grant_types: ["authorization_code", "refresh_token", "client_credentials"],
      redirect_uris: [redirectUri],
      scope: "openid orders:read orders:write offline_access",
      audience: [orders],
      ...more,
    });
  const shop = await client("acme-shop", "Acme Shop");
  const mail = await client("acme-mail", "Acme Mail");
  const reports = await client("acme-reports", "Acme Reports");
  const api = await server.registerClient({
    client_id: "orders-api",
    name: "Orders API",
    grant_types: ["client_credentials"],
    scope: "rescind:feed rescind:introspect",
  });
  const issuer = { issuer: "https://id.acme.example", jwks_uri: "https://id.acme.example/jwks.json" };
  await made(server, "/admin/v1/issuers", issuer);
  await made(server, "/admin/v1/upstreams", {
    upstream_id: "workforce",
    name: "Acme Workforce",
    issuer: "https://workforce.acme.example",
    client_id: "rescind",
    client_secret: "made up for pictures",
    enabled: false, // there is nobody to ask
  });
  const verifiers = await Promise.all(
    ["orders-eu-1", "orders-us-1"].map((name) => verify(server, api, name)),
  );

  const grants: Record<string, string>[] = [];
  for (const { sub } of people)
    for (const each of [shop, mail, reports]) grants.push(await server.openGrant(each, sub));
  const first = grants[0]?.refresh_token ?? "";
  for (let rotation = 0; rotation < 3; rotation++) await refresh(server, shop, grants);
  const invoices = await exchanger(server, {
    client_id: "acme-invoices",
    name: "Invoices",
    audience: [orders],
  });
  await exchanged(server, invoices, grants[0]?.access_token);
  await server.form("/oauth2/token", { grant_type: "refresh_token", refresh_token: first }, shop); // a replay
  await order(server, { grant_id: grants[7]?.grant_id }, "user_request", "lost phone");
  await order(server, { subject: "usr_linus", client_id: "acme-reports" }, "token_leaked", "found in a log");
  const setup = await made(server, "/admin/v1/users", { username: "joan", name: "Joan" });
  const link = await server.admin("POST", `/admin/v1/users/${setup.sub}/setup-link`, {});

  let turn = 0;
  return {
    server,
    details: {
      "new-revocation": "/revocations/new?kind=subject&value=usr_linus",
      "new-client": "/clients/new",
      user: "/users/usr_linus",
      client: "/clients/acme-shop",
      provider: "/providers/workforce",
      grant: `/grants/${grants[0]?.grant_id}`,
    },
    consentUrl: authorizationUrl(server, shop, {
      redirect_uri: redirectUri,
      scope: "openid orders:read orders:write",
    }).replace(server.base, server.issuer),
    setupUrl: String(link.json.setup_url),
    async work() {
      const tokens = await Promise.all(Array.from({ length: 5 }, () => server.clientToken(shop)));
      for (const token of tokens) await Promise.all(verifiers.map((verifier) => verifier.verify(token)));
      const [token = ""] = tokens;
      await server.form("/oauth2/revoke", { token }, shop);
      await until(
        () =>
          verifiers
            .at(turn++ % verifiers.length)
            ?.verify(token)
            .then(
              () => false,
              () => true,
            ) ?? Promise.resolve(true),
      );
    },
    async close() {
      await Promise.all(verifiers.map((verifier) => verifier.close()));
      await server.close();
    },
  };
}

async function made(server: TestServer, path: string, body: unknown): Promise<Record<string, unknown>> {
  const { status, json, text } = await server.admin("POST", path, body);
  if (status >= 300) throw new Error(`${path}: ${status} ${text}`);
  return json;
}

function verify(server: TestServer, { client_id: clientId, client_secret }: RegisteredClient, name: string) {
  const { issuer } = server;
  return createVerifier({ issuer, audience: orders, clientId, clientSecret: client_secret, name });
}

async function refresh(
  server: TestServer,
  client: RegisteredClient,
  grants: Record<string, string>[],
): Promise<void> {
  const [first] = grants;
  if (first === undefined) return;
  const { status, json, text } = await server.form(
    "/oauth2/token",
    { grant_type: "refresh_token", refresh_token: first.refresh_token ?? "" },
    client,
  );
  if (status !== 200) throw new Error(`not refreshed: ${status} ${text}`);
  Object.assign(first, { refresh_token: json.refresh_token, access_token: json.access_token });
}

function order(server: TestServer, select: Record<string, unknown>, reason: string, note: string) {
  return made(server, "/admin/v1/revocations", { select, reason, note });
}
