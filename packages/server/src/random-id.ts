// Ids that say nothing and cannot be guessed: of clients and subjects. What has a row's id in it is core's identifier.ts.

import { randomInt } from "node:crypto";

const letters = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/** A prefix and 24 letters of 62, which are 142 bits. */
export function randomId(prefix: "cli_" | "usr_"): string {
  return prefix + Array.from({ length: 24 }, () => letters.charAt(randomInt(letters.length))).join("");
}
