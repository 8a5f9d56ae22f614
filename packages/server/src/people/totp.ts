// Seeds of time-based codes: made, kept sealed under the master key, and compared with what somebody typed.

import { createHmac, randomBytes, timingSafeEqual } from "node:crypto";
import {
  formatRecoveryCode,
  recoveryCodeBytes,
  recoveryCodeCount,
  totpCode,
  totpMessage,
} from "@rescind/core";
import type { NewRecoveryCodes } from "@rescind/store";
import type { Dependencies } from "../dependencies.ts";

/** A seed cannot be opened for another person. */
function purposeOf(subject: string): string {
  return `totp/${subject}`;
}

export function sealSeed(
  seed: Uint8Array,
  subject: string,
  { seal }: Pick<Dependencies, "seal">,
): Uint8Array {
  return seal.seal(purposeOf(subject), seed);
}

/** @throws Error it was sealed for somebody else, or under another master key */
export function openSeed(
  sealed: Uint8Array,
  subject: string,
  { seal }: Pick<Dependencies, "seal">,
): Uint8Array {
  return seal.open(purposeOf(subject), sealed);
}

/** The step among these whose code this is. */
export function stepOf(code: string, seed: Uint8Array, steps: readonly number[]): number | undefined {
  const typed = Buffer.from(code);
  return steps.find((step) => {
    const right = Buffer.from(totpCode(createHmac("sha1", seed).update(totpMessage(step)).digest()));
    return right.length === typed.length && timingSafeEqual(right, typed);
  });
}

/** New recovery codes: as they are shown, once, and as they are kept. */
export function newRecoveryCodes({ hashing, now, store }: Pick<Dependencies, "hashing" | "now" | "store">): {
  readonly texts: string[];
  readonly kept: NewRecoveryCodes;
} {
  const texts = Array.from({ length: recoveryCodeCount }, () =>
    formatRecoveryCode(randomBytes(recoveryCodeBytes)),
  );
  const digests = texts.map((text) => hashing.digest(text));
  return { texts, kept: { id: store.nextId(), digests, atMs: now() } };
}
