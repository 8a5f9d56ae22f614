// The parts of both tables that are about how people sign in. Whatever changes a person's own means of signing in wants a
// sign-in of the last five minutes: else 401 with a challenge (RFC 9470).

import { Nothing } from "./account.ts";
import type { Route } from "./routes.ts";
import {
  ConfirmedTotp,
  FactorsPath,
  FactorsQuery,
  NewPasskey,
  NewRecoveryCodes,
  NewTotp,
  Passkey,
  PasskeyChange,
  PasskeyOptions,
  PasskeyPath,
  SignInMeans,
  TotpConfirmation,
} from "./sign-in.ts";

const scope = "rescind:account";
const passkeys = "/account/v1/passkeys";
const totp = "/account/v1/totp";

export const ownSignInRoutes = {
  readSignIn: {
    method: "GET",
    path: "/account/v1/sign-in",
    scope,
    summary: "How you sign in",
    answers: { 200: SignInMeans },
  },
  beginPasskey: {
    method: "POST",
    path: `${passkeys}/options`,
    scope,
    summary: "Begin to add a passkey: what the browser is asked for",
    body: Nothing,
    bodyOptional: true,
    answers: { 200: PasskeyOptions },
  },
  addPasskey: {
    method: "POST",
    path: passkeys,
    scope,
    summary: "Add the passkey that the browser has made",
    body: NewPasskey,
    answers: { 201: Passkey },
  },
  renamePasskey: {
    method: "PATCH",
    path: `${passkeys}/:passkey_id`,
    scope,
    summary: "Call a passkey by another name",
    params: PasskeyPath,
    body: PasskeyChange,
    answers: { 200: Passkey },
  },
  removePasskey: {
    method: "DELETE",
    path: `${passkeys}/:passkey_id`,
    scope,
    summary: "Remove a passkey; sessions that were opened with it end, this one too",
    params: PasskeyPath,
    answers: { 204: undefined },
  },
  beginTotp: {
    method: "POST",
    path: totp,
    scope,
    summary: "Begin to use an authenticator app: a secret for it",
    body: Nothing,
    bodyOptional: true,
    answers: { 200: NewTotp },
  },
  confirmTotp: {
    method: "POST",
    path: `${totp}/confirm`,
    scope,
    summary: "Show that the app has the secret; from then on every sign-in asks for a code",
    body: TotpConfirmation,
    answers: { 201: ConfirmedTotp },
  },
  removeTotp: {
    method: "DELETE",
    path: totp,
    scope,
    summary: "Use the authenticator app no more; sessions that were opened with its codes end, this one too",
    answers: { 204: undefined },
  },
  makeRecoveryCodes: {
    method: "POST",
    path: "/account/v1/recovery-codes",
    scope,
    summary: "Make new recovery codes; earlier ones end, and sessions that were opened with them",
    body: Nothing,
    bodyOptional: true,
    answers: { 201: NewRecoveryCodes },
  },
} as const satisfies Record<string, Route>;

export const userSignInRoutes = {
  readUserSignIn: {
    method: "GET",
    path: "/admin/v1/users/:sub/sign-in",
    scope: "rescind:read",
    summary: "How a user signs in",
    params: FactorsPath,
    answers: { 200: SignInMeans },
  },
  resetFactors: {
    method: "DELETE",
    path: "/admin/v1/users/:sub/second-factors",
    scope: "rescind:admin",
    summary: "Remove a user's authenticator app and recovery codes; sessions that were opened with them end",
    params: FactorsPath,
    query: FactorsQuery,
    answers: { 204: undefined },
  },
} as const satisfies Record<string, Route>;
