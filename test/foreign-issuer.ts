// Another provider for tests: issuers with a key of its own, whose JWTs are registered at the server, and its JWKS on the
// loopback address.

import { createServer } from "node:http";
import { exportJWK, generateKeyPair, SignJWT } from "jose";
import type { TestServer } from "./running-server.ts";

export interface ForeignIssuer {
  /** Its `iss`. */
  readonly issuer: string;
  /** A JWT as such providers make them; `claims` adds to or replaces the defaults, undefined takes one away. */
  token(claims?: Readonly<Record<string, unknown>>): Promise<string>;
}

export interface ForeignProvider {
  readonly origin: string;
  readonly jwksUri: string;
  /** An issuer of the provider's that is not registered. `audience`: what its tokens are for. */
  issuer(realm: string, audience: string): ForeignIssuer;
  /** The same, registered at this server. */
  registered(server: TestServer, realm: string, audience: string): Promise<ForeignIssuer>;
  close(): Promise<void>;
}

export async function startForeignProvider(): Promise<ForeignProvider> {
  const { privateKey, publicKey } = await generateKeyPair("RS256");
  const keys = [{ ...(await exportJWK(publicKey)), kid: "theirs", alg: "RS256", use: "sig" }];
  const listener = createServer((_request, response) => {
    response.setHeader("content-type", "application/json");
    response.end(JSON.stringify({ keys }));
  });
  await new Promise<void>((resolve) => listener.listen(0, "127.0.0.1", resolve));
  const address = listener.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  const origin = `http://127.0.0.1:${address.port}`;
  const provider: ForeignProvider = {
    origin,
    jwksUri: `${origin}/certs`,
    issuer: (realm, audience) => {
      const issuer = `${origin}/realms/${realm}`;
      return {
        issuer,
        token(claims = {}) {
          const now = Math.floor(Date.now() / 1000);
          const all = { iss: issuer, sub: "upstream", aud: audience, iat: now, exp: now + 600, ...claims };
          const header = { alg: "RS256", typ: "JWT", kid: "theirs" };
          return new SignJWT(all).setProtectedHeader(header).sign(privateKey);
        },
      };
    },
    async registered(server, realm, audience) {
      const made = provider.issuer(realm, audience);
      const body = { issuer: made.issuer, jwks_uri: provider.jwksUri };
      const { status, text } = await server.admin("POST", "/admin/v1/issuers", body);
      if (status !== 201) throw new Error(`issuer not registered: ${status} ${text}`);
      return made;
    },
    close: () =>
      new Promise((resolve) => {
        listener.close(() => resolve());
        listener.closeAllConnections();
      }),
  };
  return provider;
}
