// Fastify 5: `request.auth` is the token.

import type { FastifyLikeRequest } from "@rescind/verifier";
import fastify, { type FastifyRequest } from "fastify";
import { port, verifier } from "./verifier.ts";

const app = fastify();
app.get(
  "/orders",
  { onRequest: verifier.fastify({ scope: "orders:read" }) },
  async (request: FastifyRequest & FastifyLikeRequest) => ({ subject: request.auth?.subject }),
);
await app.listen({ port, host: "127.0.0.1" });
