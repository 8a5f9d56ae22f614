// The table of a person's own calls. Like the admin table: the server registers from it, OpenAPI follows it, the client
// makes its calls from it. All want the scope `rescind:account` and are about the token's own subject.

import {
  AccountGrant,
  AccountGrantPath,
  AccountGrantQuery,
  AccountRevocation,
  AccountSession,
  AccountSessionPath,
  Application,
  ApplicationScopePath,
  Nothing,
  OthersSignedOut,
  PasswordChange,
  Profile,
  SignedOut,
} from "./account.ts";
import { ClientPath } from "./client.ts";
import { List, PageQuery } from "./list.ts";
import type { Route } from "./routes.ts";
import { ownSignInRoutes } from "./sign-in-routes.ts";
import { IdentityPath, LinkAnswer, NewLink } from "./upstream.ts";

const scope = "rescind:account";

export const accountRoutes = {
  ...ownSignInRoutes,
  readProfile: {
    method: "GET",
    path: "/account/v1/profile",
    scope,
    summary: "Who you are",
    answers: { 200: Profile },
  },
  listApplications: {
    method: "GET",
    path: "/account/v1/applications",
    scope,
    summary: "Applications that act for you",
    query: PageQuery,
    answers: { 200: List(Application, "Applications, by client_id.") },
  },
  endApplication: {
    method: "DELETE",
    path: "/account/v1/applications/:client_id",
    scope,
    summary: "Take back all that you gave an application, your consent included",
    params: ClientPath,
    answers: { 204: undefined },
  },
  endApplicationScope: {
    method: "DELETE",
    path: "/account/v1/applications/:client_id/scopes/:scope",
    scope,
    summary: "Take back one scope: the application is signed out, and has to ask for that scope again",
    params: ApplicationScopePath,
    answers: { 204: undefined },
  },
  listOwnGrants: {
    method: "GET",
    path: "/account/v1/grants",
    scope,
    summary: "Your grants",
    query: AccountGrantQuery,
    answers: { 200: List(AccountGrant, "Grants.") },
  },
  endGrant: {
    method: "DELETE",
    path: "/account/v1/grants/:grant_id",
    scope,
    summary: "Take one grant back, with all its tokens",
    params: AccountGrantPath,
    answers: { 204: undefined },
  },
  listOwnSessions: {
    method: "GET",
    path: "/account/v1/sessions",
    scope,
    summary: "Where you are signed in",
    query: PageQuery,
    answers: { 200: List(AccountSession, "Login sessions.") },
  },
  endSession: {
    method: "DELETE",
    path: "/account/v1/sessions/:session_id",
    scope,
    summary: "Sign out one of your browsers, with all that was given in it",
    params: AccountSessionPath,
    answers: { 204: undefined },
  },
  endOtherSessions: {
    method: "POST",
    path: "/account/v1/sessions/revoke-others",
    scope,
    summary: "Sign out every browser but the one that this token hangs on",
    body: Nothing,
    bodyOptional: true,
    answers: { 200: OthersSignedOut },
  },
  signOutEverywhere: {
    method: "POST",
    path: "/account/v1/sign-out-everywhere",
    scope,
    summary: "End every session and token of yours, this one included",
    body: Nothing,
    bodyOptional: true,
    answers: { 200: SignedOut },
  },
  listOwnRevocations: {
    method: "GET",
    path: "/account/v1/revocations",
    scope,
    summary: "What was taken back about you, and why",
    query: PageQuery,
    answers: { 200: List(AccountRevocation, "Revocations.") },
  },
  changePassword: {
    method: "POST",
    path: "/account/v1/password",
    scope,
    summary: "Choose another password; every session and token of yours ends",
    body: PasswordChange,
    answers: { 204: undefined },
  },
  linkIdentity: {
    method: "POST",
    path: "/account/v1/identities",
    scope,
    summary: "Begin to link an identity at another provider, after a sign-in of the last five minutes",
    body: NewLink,
    answers: { 200: LinkAnswer },
  },
  unlinkIdentity: {
    method: "DELETE",
    path: "/account/v1/identities/:identity_id",
    scope,
    summary: "Sign in by this identity no more, after a sign-in of the last five minutes",
    params: IdentityPath,
    answers: { 204: undefined },
  },
} as const satisfies Record<string, Route>;

export type AccountRouteName = keyof typeof accountRoutes;
