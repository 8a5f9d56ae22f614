// Time-based one-time passwords: RFC 6238 over RFC 4226, as every authenticator app has them (SHA-1, six digits, thirty
// seconds). The caller computes the HMAC. One step before and after now is accepted (RFC 6238 section 5.2), each once.

/** Seconds. */
const stepLength = 30;
const digits = 6;
/** Steps that a clock may be off, either way. */
const window = 1;

/** Bytes of a seed: as many as the hash has (RFC 4226 section 4, R6). */
export const totpSeedBytes = 20;

/** The time step at a moment (milliseconds since 1970). */
export function totpStepAt(atMs: number): number {
  return Math.floor(atMs / 1000 / stepLength);
}

/** What the HMAC of a step is computed over: eight bytes, big-endian (RFC 4226 section 5.2). */
export function totpMessage(step: number): Uint8Array {
  const message = new Uint8Array(8);
  new DataView(message.buffer).setBigUint64(0, BigInt(step));
  return message;
}

/** The code in an HMAC-SHA-1 of a step (RFC 4226 section 5.3). */
export function totpCode(mac: Uint8Array): string {
  const view = new DataView(mac.buffer, mac.byteOffset, mac.byteLength);
  const truncated = view.getUint32(view.getUint8(mac.byteLength - 1) & 0xf) & 0x7fffffff;
  return String(truncated % 10 ** digits).padStart(digits, "0");
}

/** The six digits in what somebody typed, who may have put spaces in between; undefined for anything else. */
export function parseTotpCode(typed: string): string | undefined {
  const code = typed.replaceAll(/[\s-]/g, "");
  return /^[0-9]{6}$/.test(code) ? code : undefined;
}

/** The steps whose codes count now: those of the window that are newer than the last one used. The likeliest first. */
export function totpStepsAt(atMs: number, lastStep: number): readonly number[] {
  const now = totpStepAt(atMs);
  return [now, now - window, now + window].filter((step) => step > lastStep);
}

const base32 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/** A seed as people type it into an app: base32 without padding (RFC 4648 section 6). */
export function totpSeedText(seed: Uint8Array): string {
  const bits = Array.from(seed, (byte) => byte.toString(2).padStart(8, "0")).join("");
  const letters = bits.match(/.{1,5}/g) ?? [];
  return letters.map((five) => base32[Number.parseInt(five.padEnd(5, "0"), 2)]).join("");
}

/** What a QR code for an app says (the Key URI format). */
export function totpUri(of: {
  readonly issuer: string;
  readonly account: string;
  readonly seed: Uint8Array;
}): string {
  const issuer = encodeURIComponent(of.issuer);
  const label = `${issuer}:${encodeURIComponent(of.account)}`;
  const parameters = `secret=${totpSeedText(of.seed)}&issuer=${issuer}`;
  return `otpauth://totp/${label}?${parameters}&algorithm=SHA1&digits=${digits}&period=${stepLength}`;
}
