// An authenticator app: takes a secret as people type it in, and shows codes. Each code is asked for once, in the order of
// its time steps, beginning one before now, so that a test gets three of them without waiting.

import { createHmac } from "node:crypto";
import { totpCode, totpMessage, totpStepAt } from "@rescind/core";

export interface Authenticator {
  /** The next code. */
  next(): string;
  /** One that is wrong now. */
  wrong(): string;
}

export function authenticator(secret: string): Authenticator {
  const bits = [...secret].map((letter) => letterValue(letter).toString(2).padStart(5, "0")).join("");
  const seed = Buffer.from((bits.match(/.{8}/g) ?? []).map((byte) => Number.parseInt(byte, 2)));
  const codeOf = (step: number) => totpCode(createHmac("sha1", seed).update(totpMessage(step)).digest());
  let step = totpStepAt(Date.now()) - 1;
  return {
    next: () => codeOf(step++),
    wrong() {
      const now = totpStepAt(Date.now());
      const near = [-3, -2, -1, 0, 1, 2, 3].map((away) => codeOf(now + away));
      return ["000000", "111111", "222222"].find((code) => !near.includes(code)) ?? "333333";
    },
  };
}

function letterValue(letter: string): number {
  return "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".indexOf(letter);
}
