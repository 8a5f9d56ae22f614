// Rescind core: protocol decisions and the revocation model as pure functions over plain data.
// No I/O, no clock, no randomness, no dependencies.

export * from "./access-token.ts";
export * from "./audit-chain.ts";
export * from "./authorization.ts";
export * from "./authorization-code.ts";
export * from "./authorization-request.ts";
export * from "./bytes.ts";
export * from "./cascade.ts";
export * from "./client.ts";
export * from "./client-authentication.ts";
export * from "./client-credentials.ts";
export * from "./feed-entry.ts";
export * from "./fingerprint.ts";
export * from "./foreign-claims.ts";
export * from "./foreign-token.ts";
export * from "./id-token.ts";
export * from "./identifier.ts";
export * from "./introspection.ts";
export * from "./lifetimes.ts";
export * from "./liveness.ts";
export * from "./pkce.ts";
export * from "./pushed-request.ts";
export * from "./redirect-uri.ts";
export * from "./refresh-token.ts";
export * from "./refusal.ts";
export * from "./resource-indicator.ts";
export * from "./revocation.ts";
export * from "./revocation-reason.ts";
export * from "./revocation-set.ts";
export * from "./scope.ts";
export * from "./session.ts";
export * from "./token-exchange.ts";
export * from "./token-format.ts";
export * from "./units.ts";
export * from "./user.ts";
