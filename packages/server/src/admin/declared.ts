// Clients, resources and foreign issuers that the config file declares, in the admin API's own form; applied at every start. What is
// missing is created, what differs is changed, what is equal is left alone, and nothing is ever removed.

import {
  NewClient,
  type NewClient as NewClientBody,
  NewResource,
  type NewResource as NewResourceBody,
} from "@rescind/admin-api";
import { type Client, formatId, type Resource } from "@rescind/core";
import Type from "typebox";
import { type Configuration, ConfigurationError } from "../configuration.ts";
import type { Dependencies } from "../dependencies.ts";
import { bodyCheck } from "../http/validation.ts";
import { renewKnown } from "../keys/key-digest.ts";
import { ensureAccessKey } from "../keys/signing-keys.ts";
import { checked, isSame, record, refusal, refuseDoubles } from "./declared-entry.ts";
import { applyIssuers, parseIssuer } from "./declared-issuers.ts";
import { applyUsers, type DeclaredUser, parseUser } from "./declared-users.ts";
import { clientFromRequest, resourceFromRequest, usesSecret } from "./registration.ts";

type Parts = Pick<Dependencies, "configuration" | "hashing" | "issuer" | "now" | "seal" | "store" | "turns">;

/** Characters of a declared secret, at least. */
const shortestSecret = 32;

const DeclaredClient = Type.Object(
  {
    ...NewClient.properties,
    client_id: Type.Required(Type.Pick(NewClient, ["client_id"])).properties.client_id,
    client_secret: Type.Optional(
      Type.String({ minLength: shortestSecret, maxLength: 1024, pattern: "^[\\x20-\\x7e]+$" }),
    ),
  },
  { additionalProperties: false },
);

type DeclaredClientBody = NewClientBody & {
  readonly client_id: string;
  readonly client_secret?: string | undefined;
};

const checkClient = bodyCheck(DeclaredClient);
const checkResource = bodyCheck(NewResource);
/** Made by the server itself. */
const builtInClients: readonly string[] = ["admin", "console"];

/**
 * Applies what the config file declares. Everything is checked before anything is changed. A changed
 * `client_secret` becomes a further consumer key: the old one works until an administrator suspends it.
 * @throws ConfigurationError that names the entry and the field
 * @throws StoreUnavailable
 */
export async function applyDeclared(declared: Configuration["declared"], parts: Parts): Promise<void> {
  const clients = declared.clients.map((entry, index) =>
    parseClient(entry, `clients/${index}`, parts.configuration),
  );
  const resources = declared.resources.map((entry, index) => parseResource(entry, `resources/${index}`));
  const users: DeclaredUser[] = declared.users.map((entry, index) => parseUser(entry, `users/${index}`));
  const issuers = declared.issuers.map((entry, index) => parseIssuer(entry, `issuers/${index}`, parts));
  refuseDoubles(
    "issuers",
    issuers.map(({ issuer }) => issuer),
  );
  refuseDoubles(
    "clients",
    clients.map(({ client }) => client.clientId),
  );
  refuseDoubles(
    "resources",
    resources.map(({ resource }) => resource),
  );
  const known = new Map((await parts.store.listResources()).map((resource) => [resource.resource, resource]));
  for (const resource of resources) {
    if (isSame(known.get(resource.resource), resource)) continue;
    await ensureAccessKey(resource.signingAlg, parts);
    await parts.store.putResource(resource, parts.now());
    await record("resource.put", { resource: resource.resource }, parts);
  }
  for (const { client, secret } of clients) await applyClient(client, secret, parts);
  await applyIssuers(issuers, parts);
  await applyUsers(users, parts);
}

async function applyClient(client: Client, secret: string | undefined, parts: Parts): Promise<void> {
  const { clientId } = client;
  const found = await parts.store.findClient(clientId);
  if (found.client === undefined) {
    if ((await parts.store.findUser(clientId)).user !== undefined)
      throw new ConfigurationError(`Config file, clients: ${clientId} is a user's sub.`);
    await parts.store.createClient(client, [], parts.now());
    await record("client.created", { client_id: clientId, keys: [] }, parts);
  } else if (!isSame(found.client, client)) {
    await parts.store.updateClient(client, parts.now());
    await record("client.updated", { client_id: clientId }, parts);
  }
  if (secret === undefined) return;
  if (await renewKnown(secret, found.keys, parts)) return;
  const keyId = formatId("key", parts.store.nextId());
  const digest = parts.hashing.digest(secret);
  await parts.store.addConsumerKey({ keyId, clientId, digest }, parts.now());
  await record("key.created", { client_id: clientId, key_id: keyId }, parts);
}

interface ParsedClient {
  readonly client: Client;
  readonly secret: string | undefined;
}

function parseClient(entry: unknown, where: string, configuration: Configuration): ParsedClient {
  checked(where, checkClient(entry));
  const { client_secret: secret, ...body } = entry as DeclaredClientBody; // checked by the line above
  if (builtInClients.includes(body.client_id))
    throw new ConfigurationError(`${where}/client_id: ${body.client_id} is made by the server itself.`);
  const client = clientFromRequest(body, configuration);
  if (Array.isArray(client)) throw refusal(where, client);
  if (secret !== undefined && !usesSecret(client))
    throw new ConfigurationError(`${where}/client_secret: this client does not authenticate by a secret.`);
  return { client, secret };
}

function parseResource(entry: unknown, where: string): Resource {
  checked(where, checkResource(entry));
  const resource = resourceFromRequest(entry as NewResourceBody); // checked by the line above
  if (Array.isArray(resource)) throw refusal(where, resource);
  return resource;
}
