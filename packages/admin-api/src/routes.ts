// The table of admin calls: method, path, scope, schemas. The server registers its routes, validation and OpenAPI
// from it, the client makes its calls from it, so the contract exists once. Paths are written as Fastify reads them.
// POST and PATCH take `application/json`; POST honours `Idempotency-Key`; a POST with `bodyOptional` may have none.

import type { RescindScope } from "@rescind/core";
import type { TSchema } from "typebox";
import { AuditItem, AuditQuery, AuditVerification } from "./audit.ts";
import { AuditLine } from "./audit-export.ts";
import { BulkRevocation, BulkRevocationAnswer } from "./bulk.ts";
import { clientRoutes } from "./client-routes.ts";
import { ConsentItem, ConsentQuery } from "./consent.ts";
import { Explanation, ExplanationRequest } from "./explanation.ts";
import { GrantItem, GrantQuery, GrantTokens, NewGrant } from "./grant.ts";
import { GrantFamily, GrantPath } from "./grant-family.ts";
import { IssuerAnswer, IssuerItem, NewIssuer } from "./issuer.ts";
import { List, PageQuery } from "./list.ts";
import { NewResource, ResourceAnswer } from "./resource.ts";
import {
  LiftAnswer,
  NewLift,
  NewRevocation,
  RevocationAnswer,
  RevocationItem,
  RevocationPath,
  RevocationPreview,
  RevocationQuery,
} from "./revocation.ts";
import { SessionItem, SessionQuery } from "./session.ts";
import { Settings } from "./settings.ts";
import { userSignInRoutes } from "./sign-in-routes.ts";
import { KeyRotation, KeyRotationAnswer, SigningKeyItem } from "./signing-key.ts";
import { NewImportedToken, TokenItem, TokenQuery } from "./token.ts";
import { upstreamRoutes } from "./upstream-routes.ts";
import { NewUser, SetupLinkAnswer, UserAnswer, UserChange, UserPath, UserQuery } from "./user.ts";
import { VerifierHistory, VerifierHistoryQuery, VerifierItem } from "./verifier.ts";
import { webhookRoutes } from "./webhook-routes.ts";

export interface Route {
  readonly method: "GET" | "POST" | "PATCH" | "DELETE";
  /** Under the issuer's root. */
  readonly path: string;
  /** What the Bearer token's scope must include. */
  readonly scope: RescindScope;
  readonly summary: string;
  readonly params?: TSchema;
  readonly query?: TSchema;
  readonly body?: TSchema;
  /** No body at all means an empty object. */
  readonly bodyOptional?: true;
  /** Its body may be larger than that of other requests. */
  readonly bulk?: true;
  /** The successful answers by status; undefined: no content. Refusals are `Problem`. */
  readonly answers: { readonly [status: number]: TSchema | undefined };
  /** The answer is `application/x-ndjson`: as many of its schema as there are, one a line. */
  readonly lines?: true;
}

const users = "/admin/v1/users";
const user = `${users}/:sub`;

export const routes = {
  ...userSignInRoutes,
  ...clientRoutes,
  putResource: {
    method: "POST",
    path: "/admin/v1/resources",
    scope: "rescind:admin",
    summary: "Register a resource server, or replace its settings",
    body: NewResource,
    answers: { 201: ResourceAnswer },
  },
  listResources: {
    method: "GET",
    path: "/admin/v1/resources",
    scope: "rescind:read",
    summary: "List resource servers",
    query: PageQuery,
    answers: { 200: List(ResourceAnswer, "Resource servers.") },
  },
  putIssuer: {
    method: "POST",
    path: "/admin/v1/issuers",
    scope: "rescind:admin",
    summary: "Register a foreign issuer, whose JWTs can then be revoked here, or replace its settings",
    body: NewIssuer,
    answers: { 201: IssuerAnswer },
  },
  listIssuers: {
    method: "GET",
    path: "/admin/v1/issuers",
    scope: "rescind:read",
    summary: "List foreign issuers",
    query: PageQuery,
    answers: { 200: List(IssuerItem, "Foreign issuers.") },
  },
  createUser: {
    method: "POST",
    path: users,
    scope: "rescind:admin",
    summary: "Create a user",
    body: NewUser,
    answers: { 201: UserAnswer },
  },
  listUsers: {
    method: "GET",
    path: users,
    scope: "rescind:read",
    summary: "List users",
    query: UserQuery,
    answers: { 200: List(UserAnswer, "Users.") },
  },
  readUser: {
    method: "GET",
    path: user,
    scope: "rescind:read",
    summary: "Read a user",
    params: UserPath,
    answers: { 200: UserAnswer },
  },
  changeUser: {
    method: "PATCH",
    path: user,
    scope: "rescind:admin",
    summary:
      "Change a user; disabling one, another password or fewer roles end the sessions and tokens concerned",
    params: UserPath,
    body: UserChange,
    answers: { 200: UserAnswer },
  },
  deleteUser: {
    method: "DELETE",
    path: user,
    scope: "rescind:admin",
    summary: "Delete a user and end all sessions and tokens of theirs for good",
    params: UserPath,
    answers: { 204: undefined },
  },
  createSetupLink: {
    method: "POST",
    path: `${user}/setup-link`,
    scope: "rescind:admin",
    summary: "Make a link with which the person sets a password, once",
    params: UserPath,
    answers: { 201: SetupLinkAnswer },
  },
  listSessions: {
    method: "GET",
    path: "/admin/v1/sessions",
    scope: "rescind:read",
    summary: "List login sessions",
    query: SessionQuery,
    answers: { 200: List(SessionItem, "Login sessions.") },
  },
  listConsents: {
    method: "GET",
    path: "/admin/v1/consents",
    scope: "rescind:read",
    summary: "List remembered consents",
    query: ConsentQuery,
    answers: { 200: List(ConsentItem, "Consents.") },
  },
  openGrant: {
    method: "POST",
    path: "/admin/v1/grants",
    scope: "rescind:admin",
    summary: "Open a grant for a subject without a browser",
    body: NewGrant,
    answers: { 201: GrantTokens },
  },
  listGrants: {
    method: "GET",
    path: "/admin/v1/grants",
    scope: "rescind:read",
    summary: "List grants",
    query: GrantQuery,
    answers: { 200: List(GrantItem, "Grants.") },
  },
  readGrantFamily: {
    method: "GET",
    path: "/admin/v1/grants/:grant_id/family",
    scope: "rescind:read",
    summary:
      "Read what came of a grant: its code, refresh tokens, access tokens, and what was exchanged from them",
    params: GrantPath,
    answers: { 200: GrantFamily },
  },
  listTokens: {
    method: "GET",
    path: "/admin/v1/tokens",
    scope: "rescind:read",
    summary: "List tokens, never by value",
    query: TokenQuery,
    answers: { 200: List(TokenItem, "Tokens.") },
  },
  importToken: {
    method: "POST",
    path: "/admin/v1/tokens/import",
    scope: "rescind:admin",
    summary: "Take an opaque token that was made elsewhere under management",
    body: NewImportedToken,
    answers: { 201: TokenItem },
  },
  revoke: {
    method: "POST",
    path: "/admin/v1/revocations",
    scope: "rescind:revoke",
    summary: "Revoke a unit: in force when this answers",
    body: NewRevocation,
    answers: { 201: RevocationAnswer, 200: RevocationPreview },
  },
  revokeMany: {
    method: "POST",
    path: "/admin/v1/revocations/bulk",
    scope: "rescind:revoke",
    summary: "Revoke up to 10,000 tokens and grants: one entry each, all in force when this answers",
    body: BulkRevocation,
    bulk: true,
    answers: { 200: BulkRevocationAnswer },
  },
  listRevocations: {
    method: "GET",
    path: "/admin/v1/revocations",
    scope: "rescind:read",
    summary: "The history of revocations",
    query: RevocationQuery,
    answers: { 200: List(RevocationItem, "Revocations.") },
  },
  lift: {
    method: "POST",
    path: "/admin/v1/revocations/:id/lift",
    scope: "rescind:revoke",
    summary: "Take a revocation back",
    params: RevocationPath,
    body: NewLift,
    bodyOptional: true,
    answers: { 200: LiftAnswer },
  },
  explain: {
    method: "POST",
    path: "/admin/v1/explain",
    scope: "rescind:read",
    summary: "Why a token, grant or session is live or not: every entry of the log that names it",
    body: ExplanationRequest,
    answers: { 200: Explanation },
  },
  listAudit: {
    method: "GET",
    path: "/admin/v1/audit",
    scope: "rescind:read",
    summary: "Who did what",
    query: AuditQuery,
    answers: { 200: List(AuditItem, "Audit records.") },
  },
  verifyAudit: {
    method: "GET",
    path: "/admin/v1/audit/verify",
    scope: "rescind:read",
    summary: "Compute the chain of audit records again",
    answers: { 200: AuditVerification },
  },
  exportAudit: {
    method: "GET",
    path: "/admin/v1/audit/export",
    scope: "rescind:read",
    summary: "All audit records, oldest first, with everything that their hashes cover",
    answers: { 200: AuditLine },
    lines: true,
  },
  listVerifiers: {
    method: "GET",
    path: "/admin/v1/verifiers",
    scope: "rescind:read",
    summary: "Which verifier has applied what",
    query: PageQuery,
    answers: { 200: List(VerifierItem, "Verifiers.") },
  },
  readVerifierHistory: {
    method: "GET",
    path: "/admin/v1/verifiers/history",
    scope: "rescind:read",
    summary: "How fresh the verifiers were, and how far behind, in the last day",
    query: VerifierHistoryQuery,
    answers: { 200: VerifierHistory },
  },
  readSettings: {
    method: "GET",
    path: "/admin/v1/settings",
    scope: "rescind:read",
    summary: "What the server runs with",
    answers: { 200: Settings },
  },
  listSigningKeys: {
    method: "GET",
    path: "/admin/v1/signing-keys",
    scope: "rescind:read",
    summary: "List signing keys",
    query: PageQuery,
    answers: { 200: List(SigningKeyItem, "Signing keys.") },
  },
  rotateSigningKeys: {
    method: "POST",
    path: "/admin/v1/signing-keys/rotate",
    scope: "rescind:admin",
    summary: "Replace signing keys: new ones are published, sign after a while, and no token is refused",
    body: KeyRotation,
    bodyOptional: true,
    answers: { 200: KeyRotationAnswer },
  },
  ...webhookRoutes,
  ...upstreamRoutes,
} as const satisfies Record<string, Route>;

export type RouteName = keyof typeof routes;
