// Signing in by a passkey: what the browser is asked for, and whose passkey has answered (WebAuthn section 7.2). Before a
// person is known nothing is listed: the authenticator says who it is.

import type { User } from "@rescind/core";
import type { FoundPasskey, Passkey } from "@rescind/store";
import type { Dependencies } from "../dependencies.ts";
import { type RelyingParty, userHandle } from "./relying-party.ts";

type Party = Extract<RelyingParty, { kind: "on" }>;

/** AuthenticationResponseJSON (WebAuthn), as far as it is read. */
export interface Assertion {
  readonly id: string;
  readonly clientDataJSON: string;
  readonly authenticatorData: string;
  readonly signature: string;
  readonly userHandle: string | undefined;
}

/** What a page's script has put into its form; undefined for anything else. */
export function parseAssertion(text: string): Assertion | undefined {
  const parsed = parsedObject(text);
  const response = objectIn(parsed?.response);
  const id = textIn(parsed?.id);
  const clientDataJSON = textIn(response?.clientDataJSON);
  const authenticatorData = textIn(response?.authenticatorData);
  const signature = textIn(response?.signature);
  if (id === undefined || clientDataJSON === undefined) return undefined;
  if (authenticatorData === undefined || signature === undefined) return undefined;
  return { id, clientDataJSON, authenticatorData, signature, userHandle: textIn(response?.userHandle) };
}

export type ShownPasskey =
  | {
      readonly kind: "shown";
      /** Read with the passkey: the `rev` of what it opens. */
      readonly head: FoundPasskey["head"];
      readonly passkey: Passkey;
      readonly user: User;
      /** RFC 8176: a key in hardware or one that travels, and its person verified. */
      readonly amr: readonly string[];
    }
  | { readonly kind: "refused"; readonly subject: string | undefined }
  /** It counted back or stood still: there are two of it. */
  | { readonly kind: "cloned"; readonly passkey: Passkey };

/** Whose passkey has signed this challenge. The use is noted where it has. */
export async function shownPasskey(
  assertion: Assertion,
  expected: { readonly challenge: string; readonly party: Party },
  deps: Pick<Dependencies, "log" | "now" | "store">,
): Promise<ShownPasskey> {
  const { head, passkey, user } = await deps.store.findPasskey(assertion.id);
  const subject = passkey?.subject;
  if (passkey === undefined || user?.status !== "active") return { kind: "refused", subject };
  const proof = await proven(assertion, passkey, expected, deps);
  if (proof === undefined) return { kind: "refused", subject };
  const { signCount, isBackedUp } = proof;
  const isUsed = await deps.store.usePasskey(passkey.id, { signCount, isBackedUp, atMs: deps.now() });
  if (!isUsed) {
    // Nobody can tell which is the copy, and both will count on.
    await deps.store.distrustPasskey(passkey.id);
    return { kind: "cloned", passkey };
  }
  return { kind: "shown", head, passkey, user, amr: [passkey.isDeviceBound ? "hwk" : "swk", "user"] };
}

async function proven(
  { id, clientDataJSON, authenticatorData, signature, userHandle: handle }: Assertion,
  passkey: Passkey,
  { challenge, party }: { readonly challenge: string; readonly party: Party },
  { log }: Pick<Dependencies, "log">,
): Promise<{ readonly signCount: number; readonly isBackedUp: boolean } | undefined> {
  const own = Buffer.from(userHandle(passkey.subject)).toString("base64url");
  if (handle !== undefined && handle !== own) return undefined;
  const { verifyAuthenticationResponse } = await import("@simplewebauthn/server");
  try {
    const { verified, authenticationInfo } = await verifyAuthenticationResponse({
      response: {
        id,
        rawId: id,
        type: "public-key",
        response: { clientDataJSON, authenticatorData, signature },
        clientExtensionResults: {},
      },
      expectedChallenge: challenge,
      expectedOrigin: party.origin,
      expectedRPID: party.id,
      requireUserVerification: true,
      // The count is compared where it is stored, so that of two uses side by side one is noticed.
      credential: { id: passkey.credentialId, publicKey: new Uint8Array(passkey.publicKey), counter: 0 },
    });
    if (!verified) return undefined;
    const { newCounter, credentialBackedUp } = authenticationInfo;
    return { signCount: newCounter, isBackedUp: credentialBackedUp };
  } catch (cause) {
    log.info({ cause: String(cause) }, "passkey refused");
    return undefined;
  }
}

function parsedObject(text: string): Record<string, unknown> | undefined {
  try {
    return objectIn(JSON.parse(text));
  } catch {
    return undefined;
  }
}

function objectIn(value: unknown): Record<string, unknown> | undefined {
  return typeof value === "object" && value !== null ? { ...value } : undefined;
}

/** Base64url. */
function textIn(value: unknown): string | undefined {
  return typeof value === "string" && /^[\w-]{1,16384}$/.test(value) ? value : undefined;
}
