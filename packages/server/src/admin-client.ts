// The confidential client `admin`, made at the first start: how operators and scripts get in. CONTRACT.md section 2.
// Its secret stands in DIR/admin.json; RESCIND_ADMIN_SECRET sets it, and a changed one replaces the old. Nodes that share
// a database do this one after the other, and all have the same secret.

import { type ConsumerKey, formatId } from "@rescind/core";
import type { Store } from "@rescind/store";
import type { AdminFileKeeper } from "./admin-file.ts";
import { builtInClient } from "./built-in-client.ts";
import { type Configuration, ConfigurationError } from "./configuration.ts";
import { newToken, type TokenHashing } from "./keys/digest.ts";
import { matchingKey, renewKnown } from "./keys/key-digest.ts";
import { orderOf } from "./revocation/order.ts";

const adminClient = builtInClient({
  clientId: "admin",
  name: "Administration",
  grantTypes: ["client_credentials"],
  authMethod: "client_secret_basic",
  scopes: ["rescind:admin"],
});

interface Parts {
  readonly store: Store;
  readonly hashing: TokenHashing;
  readonly configuration: Configuration;
  readonly adminFile: AdminFileKeeper;
  readonly now: () => number;
}

/**
 * Makes the client if it is missing and sees to it that the secret in force is the one in DIR/admin.json.
 * @throws ConfigurationError RESCIND_ADMIN_SECRET is one that was ended for good
 */
export async function ensureAdminClient(parts: Parts): Promise<void> {
  const { store, hashing, configuration } = parts;
  const rowId = store.nextId();
  const file = await parts.adminFile.read();
  const secret = configuration.adminSecret ?? file?.client_secret ?? newToken("secret", rowId);
  const found = await store.findClient(adminClient.clientId);
  if (configuration.adminSecret !== undefined) await refuseEnded(secret, found.keys, parts);
  // The file first: a crash in between leaves a secret that the next start puts in force.
  if (file?.client_secret !== secret || file.issuer !== configuration.issuer)
    await parts.adminFile.write({
      ...file,
      issuer: configuration.issuer,
      client_id: "admin",
      client_secret: secret,
    });

  const key = {
    keyId: formatId("key", rowId),
    clientId: adminClient.clientId,
    digest: hashing.digest(secret),
  };
  if (found.client === undefined) {
    await store.createClient(adminClient, [key], parts.now());
    return;
  }
  if (await renewKnown(secret, found.keys, parts)) return;
  await store.addConsumerKey(key, parts.now());
  for (const { keyId } of found.keys)
    await store.revoke(
      orderOf(
        {
          unit: { name: "key", issuer: configuration.issuer, value: keyId },
          suspend: true,
          actor: { kind: "server", id: "start" },
          reason: "secret_rotated",
          final: true,
          select: { key_id: keyId },
          about: { clientId: adminClient.clientId },
        },
        { ...parts, issuer: configuration.issuer },
      ),
    );
}

/** What was ended for good, because it was replaced or had leaked, does not come back by a setting that went back. */
async function refuseEnded(
  secret: string,
  keys: readonly ConsumerKey[],
  { store, hashing, configuration }: Parts,
): Promise<void> {
  const matched = matchingKey(secret, keys, hashing);
  if (matched === undefined) return;
  const unit = { name: "key", issuer: configuration.issuer, value: matched.key.keyId } as const;
  const { entries } = await store.findEntries([hashing.fingerprint(unit)]);
  const end = entries.find(({ suspend, final, liftedBy }) => suspend && final && liftedBy === undefined);
  if (end === undefined) return;
  const since = new Date(end.atMs).toISOString();
  throw new ConfigurationError(
    `RESCIND_ADMIN_SECRET is a secret that was ended for good at ${since} (${end.reason}). Choose one that was never used, or leave it away to go on with the one in admin.json.`,
  );
}
