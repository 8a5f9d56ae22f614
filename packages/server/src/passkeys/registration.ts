// Adding a passkey: what the browser is asked for, and what it answered (WebAuthn section 7.1). Passkeys are discoverable
// and verify their person. Who made the authenticator is not asked.

import type { NewPasskey } from "@rescind/admin-api";
import type { User } from "@rescind/core";
import type { Passkey } from "@rescind/store";
import type { Dependencies } from "../dependencies.ts";
import { type RelyingParty, userHandle } from "./relying-party.ts";

type Party = Extract<RelyingParty, { kind: "on" }>;

/** EdDSA, ES256, RS256 (COSE): what authenticators have. */
const algorithms = [-8, -7, -257];

/** PublicKeyCredentialCreationOptionsJSON. `known`: those that the person has already. */
export async function creationOptions(
  { challenge, party, user }: { readonly challenge: string; readonly party: Party; readonly user: User },
  known: readonly Passkey[],
  { configuration }: Pick<Dependencies, "configuration">,
): Promise<Record<string, unknown>> {
  const { generateRegistrationOptions } = await import("@simplewebauthn/server");
  const options = await generateRegistrationOptions({
    rpName: configuration.brand.name,
    rpID: party.id,
    userName: user.username,
    userDisplayName: user.name ?? user.username,
    userID: userHandle(user.subject),
    challenge: new Uint8Array(Buffer.from(challenge, "base64url")),
    attestationType: "none",
    excludeCredentials: known.map(({ credentialId, transports }) => ({
      id: credentialId,
      transports: [...transports],
    })),
    authenticatorSelection: { residentKey: "required", userVerification: "required" },
    supportedAlgorithmIDs: algorithms,
  });
  return { ...options };
}

/** What is kept of a passkey that the browser has made for this challenge; undefined where it does not prove itself. */
export async function registeredPasskey(
  credential: NewPasskey["credential"],
  expected: { readonly challenge: string; readonly party: Party },
  deps: Pick<Dependencies, "log">,
): Promise<
  | Pick<Passkey, "credentialId" | "publicKey" | "signCount" | "transports" | "isDeviceBound" | "isBackedUp">
  | undefined
> {
  const { verifyRegistrationResponse } = await import("@simplewebauthn/server");
  const { challenge, party } = expected;
  const { clientDataJSON, attestationObject, transports = [] } = credential.response;
  const { id, rawId } = credential;
  try {
    const { verified, registrationInfo } = await verifyRegistrationResponse({
      response: {
        id,
        rawId,
        type: "public-key",
        response: { clientDataJSON, attestationObject },
        clientExtensionResults: {},
      },
      expectedChallenge: challenge,
      expectedOrigin: party.origin,
      expectedRPID: party.id,
      requireUserVerification: true,
      supportedAlgorithmIDs: algorithms,
    });
    if (!verified) return undefined;
    const made = registrationInfo.credential;
    return {
      credentialId: made.id,
      publicKey: made.publicKey,
      signCount: made.counter,
      transports: [...new Set(transports)],
      isDeviceBound: registrationInfo.credentialDeviceType === "singleDevice",
      isBackedUp: registrationInfo.credentialBackedUp,
    };
  } catch (cause) {
    deps.log.info({ cause: String(cause) }, "passkey not registered");
    return undefined;
  }
}
