// Passwords: how they are stored (Argon2id, RFC 9106), compared and judged. Rules about what a password must be made
// of are left out on purpose (NIST SP 800-63B section 3.1.1.2): length is what counts.

import { argon2, randomBytes } from "node:crypto";
import { promisify } from "node:util";
import { turns } from "./hashing-turns.ts";
import { parsePasswordForm } from "./password-form.ts";

/** KiB, passes, threads. Measured at 60 ms of one core; docs/security.md says how. */
const cost = { memory: 32_768, passes: 2, parallelism: 1 } as const;
const saltBytes = 16;
const hashBytes = 32;
const phcCost = `m=${cost.memory},t=${cost.passes},p=${cost.parallelism}`;
const currentCost = `${phcCost},s=${saltBytes},l=${hashBytes}`;

/** Two at once use 64 MiB and leave two of the pool's four threads; 128 more wait about four seconds at most. */
const inTurn = turns(2, 128);
const argon2Async = promisify(argon2);

/** Characters; the form's own limit is bytes. */
export const passwordLengths = { least: 8, most: 1024 } as const;

/**
 * What is wrong with a password that somebody chose; undefined if nothing is. Lengths are counted in characters (code
 * points) after NFC normalisation.
 */
export function passwordProblem(password: string, username: string): string | undefined {
  const normal = password.normalize("NFC");
  const length = [...normal].length;
  if (length < passwordLengths.least) return `A password needs at least ${passwordLengths.least} characters.`;
  if (length > passwordLengths.most) return `A password has at most ${passwordLengths.most} characters.`;
  if (!password.isWellFormed()) return "A password must be well-formed text.";
  if (normal.toLowerCase() === username.normalize("NFC").toLowerCase())
    return "The password must not be the username.";
  return undefined;
}

/**
 * A password as it is to be stored: a PHC string of Argon2id over its NFC form. Does not judge it (`passwordProblem`).
 * Rejects with TooManyWaiting when too many are being checked.
 */
export async function hashPassword(password: string): Promise<string> {
  const nonce = randomBytes(saltBytes);
  const message = password.normalize("NFC");
  const hash = await inTurn(() => argon2Async("argon2id", { ...cost, message, nonce, tagLength: hashBytes }));
  return `$argon2id$v=19$${phcCost}$${unpadded(nonce)}$${unpadded(hash)}`;
}

/**
 * Whether this is the password that `stored` was made of. Where nothing is stored (no such person, no password yet) it
 * costs what our own form costs, so that time tells nothing. `rehash` is what to store instead, where `stored` came
 * from elsewhere or from another cost: `setPassword(…, {instead: stored, orders: []})`.
 * Rejects with TooManyWaiting when too many are being checked.
 */
export async function verifyPassword(
  stored: string | undefined,
  password: string,
): Promise<{ readonly ok: boolean; readonly rehash?: string }> {
  if (password.length > 2 * passwordLengths.most || !password.isWellFormed()) return { ok: false };
  const form = parsePasswordForm(stored ?? nobodys);
  if (typeof form === "string") throw new Error(`A stored password cannot be read. ${form}`);
  // Other systems hashed what was typed; ours hashes its NFC form. They differ for few.
  let ok = false;
  for (const candidate of new Set([password.normalize("NFC"), password])) {
    ok ||= await inTurn(() => form.matches(candidate));
  }
  if (!ok || stored === undefined) return { ok: false };
  const isOurs = form.kind === "argon2id" && form.cost === currentCost;
  // What lies beyond the form's limit has not been compared and might be mistyped: keep the form.
  const whole = form.longest === undefined || Buffer.byteLength(password) <= form.longest;
  return isOurs || !whole ? { ok } : { ok, rehash: await hashPassword(password) };
}

/** What is wrong with a hash that is to be imported; undefined if it can be. Never repeats it. */
export function passwordHashProblem(text: string): string | undefined {
  const form = parsePasswordForm(text);
  return typeof form === "string" ? form : undefined;
}

/** Whether a text is a password hash that `verifyPassword` can read and that is not too weak. */
export function isPasswordHash(text: string): boolean {
  return passwordHashProblem(text) === undefined;
}

/** Of no password: compared with where there is no person. */
const nobodys = `$argon2id$v=19$${phcCost}$${unpadded(randomBytes(saltBytes))}$${unpadded(randomBytes(hashBytes))}`;

function unpadded(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("base64").replaceAll("=", "");
}
