// What the demonstration asks of the server: registration by the admin API, tokens and revocation by the OAuth
// endpoints, as any client would.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { createAdminClient } from "@rescind/admin-api";

export interface Credentials {
  readonly id: string;
  readonly secret: string;
}

export const ordersUrl = "https://orders.example";

/** Registers the API as resource and as client of the feed, and a shop that may read orders. */
export async function register(
  issuer: string,
  data: string,
): Promise<{ api: Credentials; shop: Credentials }> {
  const token = await requestToken(issuer, readAdmin(data));
  const admin = createAdminClient({ server: issuer, token: async () => token });
  await admin.putResource({ body: { resource: ordersUrl, scopes: ["orders:read", "orders:write"] } });
  const api = await admin.createClient({
    body: {
      name: "Orders API",
      grant_types: ["client_credentials"],
      scope: "rescind:feed rescind:introspect",
    },
  });
  const shop = await admin.createClient({
    body: { name: "Shop", grant_types: ["client_credentials"], scope: "orders:read", audience: [ordersUrl] },
  });
  return { api: credentialsOf(api), shop: credentialsOf(shop) };
}

/** The administrator's credentials, which the server has written into its data. */
export function readAdmin(data: string): Credentials {
  const file: unknown = JSON.parse(readFileSync(join(data, "admin.json"), "utf8"));
  const { client_id: id, client_secret: secret } = file as Record<string, string>; // written by the server itself
  return { id: id ?? "", secret: secret ?? "" };
}

/** Of a client that has just been made. */
export function credentialsOf(client: {
  client_id: string;
  client_secret?: string | undefined;
}): Credentials {
  if (client.client_secret === undefined) throw new Error(`${client.client_id} got no secret`);
  return { id: client.client_id, secret: client.client_secret };
}

/** An access token for the client itself (RFC 6749 section 4.4). */
export async function requestToken(issuer: string, client: Credentials): Promise<string> {
  const response = await post(`${issuer}/oauth2/token`, client, { grant_type: "client_credentials" });
  const answer: unknown = await response.json();
  if (response.status === 200 && typeof answer === "object" && answer !== null && "access_token" in answer)
    return String(answer.access_token);
  throw new Error(`no token: ${response.status} ${JSON.stringify(answer)}`);
}

/** Revokes a token (RFC 7009) and returns the number from which that holds. */
export async function requestRevocation(issuer: string, client: Credentials, token: string): Promise<string> {
  const response = await post(`${issuer}/oauth2/revoke`, client, { token });
  if (response.status !== 200) throw new Error(`not revoked: ${response.status} ${await response.text()}`);
  await response.arrayBuffer();
  return response.headers.get("rescind-seq") ?? "unknown";
}

function post(
  url: string,
  { id, secret }: Credentials,
  parameters: Record<string, string>,
): Promise<Response> {
  const basic = btoa(`${encodeURIComponent(id)}:${encodeURIComponent(secret)}`);
  return fetch(url, {
    method: "POST",
    headers: { authorization: `Basic ${basic}` },
    body: new URLSearchParams(parameters),
  });
}
