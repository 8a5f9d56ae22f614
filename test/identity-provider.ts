// Somebody else's identity provider for tests: a web server of its own with a JWK set that changes as the test wants, and
// JWTs signed by its keys.

import { createServer, type Server } from "node:http";
import {
  type CryptoKey,
  exportJWK,
  generateKeyPair,
  type JWK,
  type JWTHeaderParameters,
  SignJWT,
} from "jose";
import type { TestServer } from "./running-server.ts";

export interface ProviderKey {
  readonly alg: string;
  readonly kid: string;
  readonly privateKey: CryptoKey;
  readonly jwk: JWK;
}

export interface Signing {
  /** By default the newest key. */
  readonly kid?: string;
  /** Added to the header; undefined takes a member away. */
  readonly header?: Record<string, unknown>;
}

export class IdentityProvider {
  readonly issuer: string;
  readonly jwksUri: string;
  /** How often the JWK set was asked for. */
  asked = 0;
  /** While true the server answers 500. */
  down = false;
  readonly #server: Server;
  #keys: ProviderKey[] = [];
  #published: readonly JWK[] = [];

  private constructor(server: Server, port: number) {
    this.#server = server;
    this.issuer = `http://127.0.0.1:${port}/realms/corp`;
    this.jwksUri = `${this.issuer}/certs`;
    server.on("request", (request, response) => {
      if (request.url !== "/realms/corp/certs") return void response.writeHead(404).end();
      this.asked += 1;
      if (this.down) return void response.writeHead(500).end();
      response.setHeader("content-type", "application/jwk-set+json");
      response.end(JSON.stringify({ keys: this.#published }));
    });
  }

  /** Starts a provider with one key of each algorithm; the last one signs unless another is named. */
  static async start(...algorithms: readonly string[]): Promise<IdentityProvider> {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const address = server.address();
    if (address === null || typeof address === "string") throw new Error("no port");
    const provider = new IdentityProvider(server, address.port);
    for (const alg of algorithms.length === 0 ? ["ES256"] : algorithms) await provider.addKey(alg);
    return provider;
  }

  /** Publishes another key, which signs from now on; returns its kid. */
  async addKey(alg: string): Promise<string> {
    const key = await this.hiddenKey(alg);
    this.#published = [...this.#published, key.jwk];
    return key.kid;
  }

  /** A key that signs from now on and is not published. */
  async hiddenKey(alg: string): Promise<ProviderKey> {
    const { privateKey, publicKey } = await generateKeyPair(alg, { extractable: true });
    const kid = `${alg}-${this.#keys.length + 1}`;
    const key = { alg, kid, privateKey, jwk: { ...(await exportJWK(publicKey)), kid, alg, use: "sig" } };
    this.#keys.push(key);
    return key;
  }

  /** Replaces the JWK set. */
  publish(...keys: readonly JWK[]): void {
    this.#published = keys;
  }

  /** A JWT with the claims that most providers write; a member that is undefined is left out. */
  async sign(claims: Record<string, unknown> = {}, { kid, header = {} }: Signing = {}): Promise<string> {
    const key = kid === undefined ? this.#keys.at(-1) : this.#keys.find((one) => one.kid === kid);
    if (key === undefined) throw new Error(`no key ${kid}`);
    const now = Math.floor(Date.now() / 1000);
    const usual = {
      ...{ iss: this.issuer, sub: "ann", aud: "https://api.example", azp: "their-app", scope: "read write" },
      ...{ iat: now, exp: now + 300, jti: crypto.randomUUID() },
    };
    const protectedHeader = JSON.parse(
      JSON.stringify({ alg: key.alg, typ: "JWT", kid: key.kid, ...header }),
    ) as JWTHeaderParameters; // always with an alg
    return new SignJWT(JSON.parse(JSON.stringify({ ...usual, ...claims })))
      .setProtectedHeader(protectedHeader)
      .sign(key.privateKey);
  }

  /** Registers it with a server of ours. */
  async registerAt(server: TestServer, more: Record<string, unknown> = {}): Promise<void> {
    const body = { issuer: this.issuer, jwks_uri: this.jwksUri, ...more };
    const { status, text } = await server.admin("POST", "/admin/v1/issuers", body);
    if (status !== 201) throw new Error(`issuer not registered: ${status} ${text}`);
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}
