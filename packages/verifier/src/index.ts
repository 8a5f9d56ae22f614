// What a resource server installs: verifies Rescind's access tokens locally and refuses revoked ones. CONTRACT.md
// section 7. Runs on Node, Bun, Deno and Workers.

export type { VerifiedToken } from "./access-token.ts";
export { CredentialsRefused } from "./client-credentials.ts";
export type { Clock, Instant } from "./clock.ts";
export { createVerifier, type RoutePolicy, type Verifier, type VerifierStatus } from "./create-verifier.ts";
export type { ExpressMiddleware, ExpressRequest, ExpressResponse } from "./express.ts";
export type { FastifyHook, FastifyLikeReply, FastifyLikeRequest } from "./fastify.ts";
export type { ReaderState } from "./feed-reader.ts";
export type { FetchHandler, TokenHandler } from "./fetch-handler.ts";
export type { HonoLikeContext, HonoMiddleware } from "./hono.ts";
export { Unanswered } from "./http-exchange.ts";
export type { KoaLikeContext, KoaMiddleware } from "./koa.ts";
export type { McpAuthInfo, McpErrors, McpTokenVerifier } from "./mcp.ts";
export type { NodeListener } from "./node-http.ts";
export type { NodeLikeRequest } from "./node-request.ts";
export type { ForeignIssuerOptions, VerifierOptions } from "./options.ts";
export type { Requirements } from "./policy.ts";
export type { Presentation } from "./possession.ts";
export type { ResourceMetadata } from "./resource-metadata.ts";
export type { SnapshotStore } from "./snapshot-store.ts";
export { type Challenge, type RejectionCode, rejectionCodes, TokenRejected } from "./token-rejected.ts";
