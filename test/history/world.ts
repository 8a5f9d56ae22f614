// Whom a history is about: clients of several kinds with several keys each, people who sign in and subjects that only the
// administrator knows, and an API whose tokens verifiers decide about.

import type { ServerProcess } from "../faults/server-process.ts";
import { redirectUri } from "../people.ts";

export type Reach = "token" | "grant" | "subject_client";

export interface Key {
  readonly id: string;
  readonly secret: string;
}

export interface Client {
  readonly id: string;
  readonly isOpaque: boolean;
  readonly isInsider: boolean;
  readonly policy: { readonly access: Reach; readonly refresh: Reach };
  readonly keys: readonly Key[];
}

export interface Person {
  readonly subject: string;
  readonly username: string;
}

export interface World {
  readonly clients: readonly Client[];
  readonly people: readonly Person[];
  readonly subjects: readonly string[];
  /** Reads the feed and introspects. */
  readonly api: { readonly client_id: string; readonly client_secret: string };
}

export const resource = "https://api.example";
export const password = "correct horse battery";
export const exchangeGrant = "urn:ietf:params:oauth:grant-type:token-exchange";

/** Registers them at a node. */
export async function makeWorld(node: ServerProcess): Promise<World> {
  await expect(node, "POST", "/admin/v1/resources", { resource, access_token_format: "jwt" });
  const grant = { access: "grant", refresh: "grant" } as const;
  const far = { access: "subject_client", refresh: "subject_client" } as const;
  return {
    clients: [
      await addClient(node, "plain", { access: "token", refresh: "grant" }),
      await addClient(node, "wide", far),
      await addClient(node, "opaque", grant, { access_token_format: "opaque", audience: [] }),
    ],
    people: await Promise.all(["ada", "grace"].map((username) => addPerson(node, username))),
    subjects: Array.from({ length: 12 }, (_, index) => `ext_${index}`),
    api: await node.registerClient({
      name: "API",
      grant_types: ["client_credentials"],
      scope: "rescind:feed rescind:introspect",
    }),
  };
}

async function addClient(
  node: ServerProcess,
  name: string,
  policy: Client["policy"],
  more: Record<string, unknown> = {},
): Promise<Client> {
  const registered = await node.registerClient({
    name,
    grant_types: ["client_credentials", "refresh_token", "authorization_code", exchangeGrant],
    redirect_uris: [redirectUri],
    scope: "openid read write offline_access",
    audience: [resource],
    first_party: true,
    revocation_policy: { access_token: policy.access, refresh_token: policy.refresh },
    ...more,
  });
  const { client_id: id, client_secret, keys } = registered;
  const added = await expect(node, "POST", `/admin/v1/clients/${id}/keys`);
  const first = { id: keys[0]?.key_id ?? "", secret: client_secret };
  const second = { id: String(added.key_id), secret: String(added.client_secret) };
  return {
    id,
    isInsider: false,
    isOpaque: more.access_token_format === "opaque",
    policy,
    keys: [first, second],
  };
}

async function addPerson(node: ServerProcess, username: string): Promise<Person> {
  const { sub } = await expect(node, "POST", "/admin/v1/users", { username, password });
  return { subject: String(sub), username };
}

async function expect(
  node: ServerProcess,
  method: string,
  path: string,
  body?: unknown,
): Promise<Readonly<Record<string, unknown>>> {
  const answer = await node.admin(method, path, body);
  if (answer.status !== 200 && answer.status !== 201)
    throw new Error(`${method} ${path} was answered with ${answer.status}: ${answer.text}`);
  return answer.json;
}
