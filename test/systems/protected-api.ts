// An API as the users of these systems have it: it verifies JWTs by itself, here with the real verifier, and answers
// 200 or 401. Beside it what a JWT library makes of the same token, which knows of no revocation.

import { createServer } from "node:http";
import { createVerifier } from "@rescind/verifier";
import express from "express";
import { createRemoteJWKSet, jwtVerify } from "jose";
import type { TestServer } from "../running-server.ts";
import { until } from "../until.ts";

export const resource = "https://api.example";

export interface ProtectedApi {
  readonly url: string;
  /** What a call with this token is answered with. */
  call(token: unknown): Promise<number>;
  /** What it answers to each of these, in order. */
  calls(...tokens: readonly unknown[]): Promise<number[]>;
  /** Returns once it refuses this token; revocations are on their way for some milliseconds. */
  refuses(token: unknown): Promise<void>;
  /** Returns once it takes this token (again). */
  takes(token: unknown): Promise<void>;
  /** Whether signature, issuer, audience and expiry hold, which is all that a JWT library asks. */
  isGoodForLibrary(token: unknown): Promise<boolean>;
  close(): Promise<void>;
}

/** Registers the resource at the server and starts the API. */
export async function startProtectedApi(server: TestServer): Promise<ProtectedApi> {
  await server.admin("POST", "/admin/v1/resources", { resource });
  const { client_id: clientId, client_secret: clientSecret } = await server.registerClient({
    name: "API",
    grant_types: ["client_credentials"],
    scope: "rescind:feed rescind:introspect",
  });
  const { issuer } = server;
  const options = { issuer, audience: resource, clientId, clientSecret };
  const verifier = await createVerifier({ ...options, maxStaleness: 30 });
  const app = express();
  app.get("/orders", verifier.express(), (_request, response) => {
    response.json({ orders: [] });
  });
  const listener = createServer(app);
  await new Promise<void>((resolve) => listener.listen(0, "127.0.0.1", resolve));
  const address = listener.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  const orders = `http://127.0.0.1:${address.port}/orders`;
  const keys = createRemoteJWKSet(new URL(`${server.base}/oauth2/jwks`));

  const api: ProtectedApi = {
    url: orders,
    async call(token) {
      const response = await fetch(orders, { headers: { authorization: `Bearer ${token}` } });
      await response.arrayBuffer();
      return response.status;
    },
    calls: (...tokens) => Promise.all(tokens.map(api.call)),
    refuses: async (token) => {
      await until(async () => (await api.call(token)) === 401);
    },
    takes: async (token) => {
      await until(async () => (await api.call(token)) === 200);
    },
    isGoodForLibrary: (token) =>
      jwtVerify(String(token), keys, { issuer, audience: resource }).then(
        () => true,
        () => false,
      ),
    async close() {
      await verifier.close();
      listener.closeAllConnections();
      await new Promise((resolve) => listener.close(resolve));
    },
  };
  return api;
}
