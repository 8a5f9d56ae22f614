// The contract of the admin API: schemas, their types, the route table, and a client over fetch.
// Knows neither the server's inside nor any user interface.

export { type CascadeRow, cascade } from "@rescind/core";
export * from "./account.ts";
export * from "./account-routes.ts";
export * from "./admin-client.ts";
export * from "./audit.ts";
export * from "./audit-export.ts";
export * from "./bulk.ts";
export * from "./client.ts";
export * from "./consent.ts";
export * from "./consumer-key.ts";
export * from "./delivery.ts";
export * from "./explanation.ts";
export * from "./field.ts";
export * from "./grant.ts";
export * from "./grant-family.ts";
export * from "./issuer.ts";
export * from "./list.ts";
export * from "./order-reasons.ts";
export * from "./problem.ts";
export * from "./reason.ts";
export * from "./registration.ts";
export * from "./resource.ts";
export * from "./revocation.ts";
export * from "./routes.ts";
export * from "./select.ts";
export * from "./session.ts";
export * from "./settings.ts";
export * from "./sign-in.ts";
export * from "./signing-key.ts";
export * from "./subscription.ts";
export * from "./time.ts";
export * from "./token.ts";
export * from "./upstream.ts";
export * from "./user.ts";
export * from "./verifier.ts";
export * from "./webhook-event.ts";
