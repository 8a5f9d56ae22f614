// Makes a passkey by the browser's own WebAuthn (Level 3, section 5.1.8), and says in words why it made none.

import type { NewPasskey, PasskeyOptions } from "@rescind/admin-api";
import { Explained } from "../session/explained.ts";

/** Whether this browser, at this address, can make passkeys at all. */
export function canMakePasskeys(): boolean {
  return typeof globalThis.PublicKeyCredential?.parseCreationOptionsFromJSON === "function";
}

/**
 * The new credential as the server takes it, made by the options that it gave.
 * @throws Explained where the person or the browser made none
 */
export async function makePasskey(options: PasskeyOptions["options"]): Promise<NewPasskey["credential"]> {
  try {
    const publicKey = PublicKeyCredential.parseCreationOptionsFromJSON(
      options as unknown as PublicKeyCredentialCreationOptionsJSON, // the browser checks what the server gave
    );
    const made = await navigator.credentials.create({ publicKey });
    if (made instanceof PublicKeyCredential) return made.toJSON() as NewPasskey["credential"]; // the server checks it
    throw new Explained(noneMade);
  } catch (error) {
    const name = error instanceof DOMException ? error.name : "";
    throw error instanceof Explained ? error : new Explained(reasons[name] ?? noneMade, { cause: error });
  }
}

const noneMade = "No passkey was made. Nothing has changed; try again.";
const reasons: Readonly<Record<string, string>> = {
  InvalidStateError: "This device has a passkey of yours already.",
  NotAllowedError: "No passkey was made: it was cancelled, or took too long. Nothing has changed.",
  SecurityError: "Passkeys do not work at this address: it is not the one that they belong to.",
  NotSupportedError: "This device cannot keep a passkey of the kind that is needed here.",
};
