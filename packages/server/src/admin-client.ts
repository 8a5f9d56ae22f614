// The confidential client `admin`, made at the first start: how operators and scripts get in. CONTRACT.md section 2.
// Its secret stands in DIR/admin.json; RESCIND_ADMIN_SECRET sets it, and a changed one replaces the old. Nodes that share
// a database do this one after the other, and all have the same secret.

import { type Client, defaultPolicy, formatId } from "@rescind/core";
import type { Store } from "@rescind/store";
import type { AdminFileKeeper } from "./admin-file.ts";
import type { Configuration } from "./configuration.ts";
import { newToken, type TokenHashing } from "./keys/digest.ts";
import { renewKnown } from "./keys/key-digest.ts";
import { orderOf } from "./revocation/order.ts";

const adminClient: Client = {
  clientId: "admin",
  name: "Administration",
  grantTypes: ["client_credentials"],
  redirectUris: [],
  postLogoutRedirectUris: [],
  authMethod: "client_secret_basic",
  jwks: undefined,
  jwksUri: undefined,
  assertionAudience: "issuer",
  scopes: ["rescind:admin"],
  audience: [],
  accessTokenFormat: undefined,
  accessTokenTtl: undefined,
  refreshTokenTtl: undefined,
  refreshTokenRotation: true,
  requirePkce: true,
  firstParty: true,
  revocationPolicy: defaultPolicy,
  allowedOrigins: [],
  jsonp: false,
  idTokenAlg: "RS256",
  customClaims: {},
};

interface Parts {
  readonly store: Store;
  readonly hashing: TokenHashing;
  readonly configuration: Configuration;
  readonly adminFile: AdminFileKeeper;
  readonly now: () => number;
}

/** Makes the client if it is missing and sees to it that the secret in force is the one in DIR/admin.json. */
export async function ensureAdminClient(parts: Parts): Promise<void> {
  const { store, hashing, configuration } = parts;
  const rowId = store.nextId();
  const file = await parts.adminFile.read();
  const secret = configuration.adminSecret ?? file?.client_secret ?? newToken("secret", rowId);
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
  const found = await store.findClient(adminClient.clientId);
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
