// The peer: oidc-provider on node:http with a Map for a store, the same clients, scopes and lifetimes as ours.

import { generateKeyPairSync } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { Provider } from "oidc-provider";
import { accessTokenTtl, clientScope, resource } from "./contenders/contender.ts";
import { MapAdapter } from "./contenders/map-adapter.ts";
import { peerClientId } from "./contenders/peer.ts";

const server = createServer();
server.listen(0, "127.0.0.1");
await once(server, "listening");
const { port } = server.address() as AddressInfo; // a TCP server's address
const issuer = `http://127.0.0.1:${port}`;

const day = 24 * 60 * 60;
const signingKey = generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey.export({ format: "jwk" });

let provider: Provider | undefined;
process.on("disconnect", () => process.exit(0));
process.on("message", (message: { clientSecret: string } | { refreshTokens: number }) => {
  if ("clientSecret" in message) serve(message.clientSecret);
  else void refreshTokens(message.refreshTokens).then((tokens) => process.send?.({ tokens }));
});

function serve(clientSecret: string): void {
  provider = new Provider(issuer, {
    adapter: MapAdapter,
    clients: [
      {
        client_id: peerClientId,
        client_secret: clientSecret,
        grant_types: ["client_credentials", "refresh_token", "authorization_code"],
        response_types: ["code"],
        redirect_uris: ["https://client.example.test/callback"],
        token_endpoint_auth_method: "client_secret_basic",
        id_token_signed_response_alg: "ES256",
        scope: clientScope,
      },
    ],
    cookies: { keys: ["not used here"] },
    features: {
      clientCredentials: { enabled: true },
      devInteractions: { enabled: false },
      introspection: { enabled: true, allowedPolicy: () => true },
      revocation: {
        enabled: true,
        allowedPolicy: (_ctx, client, token) => token.clientId === client.clientId,
      },
      resourceIndicators: {
        enabled: true,
        getResourceServerInfo: () => ({
          scope: "read",
          audience: resource,
          accessTokenTTL: accessTokenTtl,
          accessTokenFormat: "jwt",
          jwt: { sign: { alg: "ES256" } },
        }),
      },
    },
    findAccount: (_ctx, sub) => ({ accountId: sub, claims: () => ({ sub }) }),
    jwks: { keys: [{ ...signingKey, alg: "ES256", use: "sig" }] },
    rotateRefreshToken: true,
    scopes: ["openid", "offline_access", "read"],
    ttl: {
      AccessToken: accessTokenTtl,
      ClientCredentials: accessTokenTtl,
      Grant: 365 * day,
      RefreshToken: 30 * day,
    },
  });
  server.on("request", provider.callback());
  process.send?.({ port });
}

/** Grants and refresh tokens by the peer's own models, each of another subject. */
async function refreshTokens(count: number): Promise<string[]> {
  const client = await provider?.Client.find(peerClientId);
  if (provider === undefined || client === undefined) throw new Error("not serving yet");
  const tokens: string[] = [];
  for (let number = 0; number < count; number++) {
    const accountId = `usr_${number}`;
    const grant = new provider.Grant({ accountId, clientId: client.clientId });
    grant.addOIDCScope(clientScope);
    const grantId = await grant.save();
    const token = new provider.RefreshToken({
      accountId,
      client,
      grantId,
      gty: "authorization_code",
      scope: clientScope,
    });
    tokens.push(await token.save());
  }
  return tokens;
}
