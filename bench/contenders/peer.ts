// Starts the peer, oidc-provider, in its own process.

import { randomBytes } from "node:crypto";
import { firstMessage, startFile, stop } from "../pinned-process.ts";
import { basic, type Contender } from "./contender.ts";

export const peerClientId = "bench";

export async function startPeer(): Promise<Contender> {
  const child = startFile("server", "./peer-process.ts");
  const clientSecret = randomBytes(48).toString("base64url");
  const serving = firstMessage(child);
  child.send({ clientSecret });
  const { port } = (await serving) as { port: number }; // as peer-process.ts sends it
  const authorization = basic(peerClientId, clientSecret);
  return {
    name: "oidc-provider",
    processes: () => [child.pid ?? 0],
    port,
    ports: [port],
    issuer: `http://127.0.0.1:${port}`,
    paths: {
      token: "/token",
      introspect: "/token/introspection",
      revoke: "/token/revocation",
      jwks: "/jwks",
    },
    clients: { opaque: authorization, jwt: authorization },
    async fillRefreshTokens(load, queue, count) {
      const answer = firstMessage(child);
      child.send({ refreshTokens: count });
      const { tokens } = (await answer) as { tokens: string[] }; // as peer-process.ts sends them
      await load.fill(queue, tokens);
    },
    stop: () => stop(child),
  };
}
