// Challenges of passkeys: random, sealed beside what they were made for, and good once, on whichever node.

import { randomBytes } from "node:crypto";
import type { Dependencies } from "../dependencies.ts";
import { openText, sealText } from "../sign-in/sealed-text.ts";

export interface Challenge {
  /** Base64url, as WebAuthn writes it. */
  readonly challenge: string;
  readonly sealed: string;
}

type Purpose = "passkey/new" | "passkey/sign-in";

interface Sealed {
  readonly challenge: string;
  readonly madeFor: string;
  readonly expiresAtMs: number;
}

/** @param madeFor a person or a transaction: it is worth nothing for another */
export function newChallenge(
  purpose: Purpose,
  madeFor: string,
  lifeMs: number,
  deps: Pick<Dependencies, "now" | "seal">,
): Challenge {
  const challenge = randomBytes(32).toString("base64url");
  const sealed: Sealed = { challenge, madeFor, expiresAtMs: deps.now() + lifeMs };
  return { challenge, sealed: sealText(purpose, Buffer.from(JSON.stringify(sealed)), deps) };
}

/** The challenge in a sealed text, used up; undefined where it is another's, too old, or was used before. */
export async function spendChallenge(
  purpose: Purpose,
  madeFor: string,
  text: string,
  deps: Pick<Dependencies, "now" | "seal" | "store">,
): Promise<string | undefined> {
  const opened = openText(purpose, text, deps);
  if (opened === undefined) return undefined;
  const sealed = JSON.parse(Buffer.from(opened).toString()) as Sealed; // nobody but this server seals
  if (sealed.madeFor !== madeFor || sealed.expiresAtMs <= deps.now()) return undefined;
  // No client's id has a space.
  const isFirst = await deps.store.spendAssertion(
    "passkey challenge",
    sealed.challenge,
    sealed.expiresAtMs / 1000,
  );
  return isFirst ? sealed.challenge : undefined;
}
