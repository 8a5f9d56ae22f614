// The fields of the form endpoints for /openapi.json: what each takes beside the client's credentials.

import { exchangeTokenTypes, grantTypes, responseModes } from "@rescind/core";

interface FormFields {
  readonly required: readonly string[];
  readonly properties: Readonly<Record<string, object>>;
}

const text = { type: "string" };
const token = { token: text, token_type_hint: text };
const revocation: FormFields = {
  required: ["token"],
  properties: { ...token, cascade: { enum: ["token", "grant", "subject_client"] } },
};

export const formFields: Readonly<Record<string, FormFields>> = {
  "/oauth2/token": {
    required: ["grant_type"],
    properties: {
      grant_type: { enum: grantTypes },
      code: text,
      redirect_uri: text,
      code_verifier: text,
      refresh_token: text,
      device_code: text,
      scope: text,
      resource: text,
      audience: text,
      subject_token: text,
      subject_token_type: { enum: Object.values(exchangeTokenTypes) },
      actor_token: text,
      actor_token_type: { enum: Object.values(exchangeTokenTypes) },
      requested_token_type: { enum: Object.values(exchangeTokenTypes) },
    },
  },
  "/oauth2/revoke": revocation,
  "/oauth2/token/revoke": revocation,
  "/oauth2/introspect": { required: ["token"], properties: token },
  "/oauth2/device_authorization": { required: [], properties: { scope: text, resource: text } },
  "/oauth2/par": {
    required: ["response_type"],
    properties: {
      response_type: { enum: ["code"] },
      redirect_uri: text,
      scope: text,
      state: text,
      nonce: text,
      code_challenge: text,
      code_challenge_method: { enum: ["S256"] },
      response_mode: { enum: responseModes },
      prompt: text,
      max_age: text,
      login_hint: text,
      id_token_hint: text,
      resource: text,
    },
  },
};
