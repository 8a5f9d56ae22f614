// How a person signs in: passkeys (WebAuthn), time-based codes, recovery codes, identities at other providers. Seeds and
// recovery codes come out once, where they are made, and never again.

import Type from "typebox";
import { Count, Id, Subject, Text, Time, type Wire } from "./field.ts";
import { Identity } from "./upstream.ts";

export const Passkey = Type.Object({
  passkey_id: Type.String(),
  name: Type.String(),
  created_at: Time,
  last_used_at: Type.Union([Time, Type.Null()]),
  backed_up: Type.Boolean({ description: "It is kept in an account at its maker, not on one device alone." }),
  transports: Type.Array(Type.String(), { description: "How it is reached, for example internal or usb." }),
});

export type Passkey = Wire<typeof Passkey>;

const TotpSince = Type.Object({ since: Time });

const RecoveryCodesLeft = Type.Object({ left: Count, of: Count, created_at: Time });

export const SignInMeans = Type.Object({
  password: Type.Boolean(),
  passkeys: Type.Array(Passkey),
  passkeys_unavailable: Type.Union([Type.String(), Type.Null()], {
    description: "Why this server takes no passkeys where it is; null: it does.",
  }),
  totp: Type.Union([TotpSince, Type.Null()], { description: "Codes of an authenticator app (RFC 6238)." }),
  recovery_codes: Type.Union([RecoveryCodesLeft, Type.Null()]),
  identities: Type.Array(Identity),
  providers: Type.Array(Type.Object({ upstream_id: Type.String(), name: Type.String() }), {
    description: "Providers at which an identity could be linked.",
  }),
  as_of: Time,
});

export type SignInMeans = Wire<typeof SignInMeans>;

/** Sealed by the server; comes back with what it was asked for, within five minutes. */
const State = Type.String({ minLength: 1, maxLength: 4096 });

export const PasskeyOptions = Type.Object({
  options: Type.Record(Type.String(), Type.Unknown(), {
    description: "PublicKeyCredentialCreationOptionsJSON (WebAuthn): for navigator.credentials.create.",
  }),
  state: State,
});

export type PasskeyOptions = Wire<typeof PasskeyOptions>;

const Base64Url = (maxLength: number) =>
  Type.String({ minLength: 1, maxLength, pattern: "^[A-Za-z0-9_-]+$" });

/** Browsers write more members than these. */
const RegisteredCredential = Type.Object(
  {
    id: Base64Url(1400),
    rawId: Base64Url(1400),
    type: Type.Literal("public-key"),
    response: Type.Object({
      clientDataJSON: Base64Url(8192),
      attestationObject: Base64Url(32_768),
      transports: Type.Optional(
        Type.Array(Type.String({ maxLength: 32, pattern: "^[a-z-]+$" }), { maxItems: 10 }),
      ),
    }),
  },
  { description: "RegistrationResponseJSON (WebAuthn): what the browser answered." },
);

const PasskeyName = Text(64, "So that the person recognises it, for example: My phone.");

export const NewPasskey = Type.Object(
  { state: State, credential: RegisteredCredential, name: PasskeyName },
  { additionalProperties: false },
);

export type NewPasskey = Wire<typeof NewPasskey>;

export const PasskeyPath = Type.Object(
  { passkey_id: Id("passkey", "One of your passkeys.") },
  { additionalProperties: false },
);

export const PasskeyChange = Type.Object({ name: PasskeyName }, { additionalProperties: false });

export type PasskeyChange = Wire<typeof PasskeyChange>;

export const NewTotp = Type.Object({
  secret: Type.String({ description: "Base32, for whoever types it into an app. Shown once." }),
  uri: Type.String({ description: "otpauth://, for a QR code." }),
  state: State,
});

export type NewTotp = Wire<typeof NewTotp>;

export const TotpConfirmation = Type.Object(
  { state: State, code: Type.String({ minLength: 1, maxLength: 32, description: "Six digits." }) },
  { additionalProperties: false },
);

export type TotpConfirmation = Wire<typeof TotpConfirmation>;

const Codes = Type.Array(Type.String(), { description: "Each gets you in once. Shown once." });

export const ConfirmedTotp = Type.Object({ totp: TotpSince, recovery_codes: Codes });

export type ConfirmedTotp = Wire<typeof ConfirmedTotp>;

export const NewRecoveryCodes = Type.Object({ recovery_codes: Codes });

export type NewRecoveryCodes = Wire<typeof NewRecoveryCodes>;

export const FactorsPath = Type.Object({ sub: Subject }, { additionalProperties: false });

export const FactorsQuery = Type.Object(
  { passkeys: Type.Optional(Type.Boolean({ description: "Passkeys too." })) },
  { additionalProperties: false },
);

export type FactorsQuery = Wire<typeof FactorsQuery>;
