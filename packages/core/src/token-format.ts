// Opaque tokens, codes and client secrets: prefix, row id, 256 random bits, checksum. CONTRACT.md section 4.
// The checksum lets a mistyped or made-up token be refused without a look into the database and lets secret
// scanners recognise one. It is no signature: what counts is the digest in the store.

export const tokenPrefixes = {
  access: "rat_",
  refresh: "rrt_",
  code: "rac_",
  secret: "rcs_",
  /** A login session's cookie. */
  session: "rse_",
  /** A pushed authorization request. */
  pushed: "rpr_",
  /** A device code. */
  device: "rdc_",
  /** A one-time link with which a person sets a password. */
  setup: "rsl_",
} as const;

export type TokenKind = keyof typeof tokenPrefixes;

/** A row's id in decimal: time-ordered, 63 bits, never used twice. */
export type RowId = string;

export interface ParsedToken {
  readonly kind: TokenKind;
  readonly rowId: RowId;
}

const alphabet = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const letterCode = Uint8Array.from(alphabet, (letter) => letter.charCodeAt(0));
/** The value of each ASCII letter of the alphabet; 255 for every other character. */
const letterValue = new Uint8Array(128).fill(255);
letterCode.forEach((code, value) => {
  letterValue[code] = value;
});

const prefixLetters = 4;
const rowIdLetters = 11;
const checksumLetters = 6;
/** 43 letters of 62 are 256.03 bits. */
const secretLetters = 43;
const secretStart = prefixLetters + rowIdLetters;
const checksumStart = secretStart + secretLetters;

/** Characters of every opaque token, prefix included. */
export const tokenLength = checksumStart + checksumLetters;

/** Random bytes to draw for `formatToken`: enough that running out is less likely than 2^-90 (2^-55 with 64 of them). */
export const randomBytesPerToken = 96;

/**
 * Writes a token. `random` are bytes that nobody can guess, 43 at the very least; each letter is made of one byte below
 * 248, so that all 62 letters are equally likely.
 * @throws RangeError if the bytes run out, or if the row id is not one of 63 bits in decimal
 */
export function formatToken(kind: TokenKind, rowId: RowId, random: Uint8Array): string {
  const codes = new Array<number>(checksumStart).fill(0);
  const prefix = tokenPrefixes[kind];
  for (let i = 0; i < prefixLetters; i++) codes[i] = prefix.charCodeAt(i);
  writeRowId(codes, rowId);
  let end = secretStart;
  for (let i = 0; i < random.length && end < checksumStart; i++) {
    const byte = random[i] ?? 255;
    if (byte < 248) codes[end++] = letterCode[byte % 62] ?? 0;
  }
  if (end < checksumStart) throw new RangeError("not enough random bytes for a token");
  const body = String.fromCharCode(...codes);
  const sum = new Array<number>(checksumLetters).fill(0);
  writeNumber(sum, checksumLetters, checksumLetters, checksum(body));
  return body + String.fromCharCode(...sum);
}

/** Recognises an opaque token by prefix, length, letters and checksum; undefined for anything else. */
export function parseToken(text: string): ParsedToken | undefined {
  if (text.length !== tokenLength) return undefined;
  const kind = kindOf(text.slice(0, prefixLetters));
  if (kind === undefined) return undefined;
  for (let i = prefixLetters; i < tokenLength; i++)
    if ((letterValue[text.charCodeAt(i)] ?? 255) === 255) return undefined;
  if (decodeNumber(text, checksumStart, tokenLength) !== checksum(text)) return undefined;
  const rowId = decodeRowId(text);
  return rowId === undefined ? undefined : { kind, rowId };
}

const kindByPrefix = new Map<string, TokenKind>(
  (Object.keys(tokenPrefixes) as TokenKind[]).map((kind) => [tokenPrefixes[kind], kind]), // its own keys
);

/** True for a text that begins like one of our tokens, whatever follows. */
export function hasOwnPrefix(text: string): boolean {
  return kindOf(text.slice(0, prefixLetters)) !== undefined;
}

function kindOf(prefix: string): TokenKind | undefined {
  return kindByPrefix.get(prefix);
}

// A row id has up to 19 digits, a double is exact up to 15. BigInt would do, but costs more than the rest of the
// token together, so the id goes through two halves that fit: nine digits on the decimal side, three letters here.
const nineDigits = 1e9;
const threeLetters = 62 ** 3;

function writeRowId(codes: number[], rowId: RowId): void {
  if (!isRowId(rowId)) throw new RangeError("a row id is a decimal number below 2^63");
  const high = Number(rowId.slice(0, -9));
  const low = Number(rowId.slice(-9));
  const rest = (high % threeLetters) * nineDigits + low;
  const quotient = Math.floor(high / threeLetters) * nineDigits + Math.floor(rest / threeLetters);
  writeNumber(codes, secretStart, 3, rest % threeLetters);
  writeNumber(codes, secretStart - 3, rowIdLetters - 3, quotient);
}

function decodeRowId(token: string): RowId | undefined {
  const quotient = decodeNumber(token, prefixLetters, secretStart - 3);
  const rest = (quotient % nineDigits) * threeLetters + decodeNumber(token, secretStart - 3, secretStart);
  const high = Math.floor(quotient / nineDigits) * threeLetters + Math.floor(rest / nineDigits);
  const low = rest % nineDigits;
  const rowId = high === 0 ? String(low) : String(high) + String(low).padStart(9, "0");
  return isRowId(rowId) ? rowId : undefined;
}

/** True for a decimal number from 0 to 2^63 - 1 without leading zeros. */
export function isRowId(text: string): text is RowId {
  return /^(?:0|[1-9]\d{0,18})$/.test(text) && (text.length < 19 || text <= "9223372036854775807");
}

/** Writes a number in so many base 62 letters, the last of them just before `end`. */
function writeNumber(codes: number[], end: number, letters: number, value: number): void {
  let rest = value;
  for (let i = end - 1; i >= end - letters; i--) {
    const above = Math.floor(rest / 62);
    codes[i] = letterCode[rest - above * 62] ?? 0;
    rest = above;
  }
}

function decodeNumber(text: string, start: number, end: number): number {
  let value = 0;
  for (let i = start; i < end; i++) value = value * 62 + (letterValue[text.charCodeAt(i)] ?? 0);
  return value;
}

// Signed, so that the running value stays a small integer.
const crcTable = Int32Array.from({ length: 256 }, (_, byte) => {
  let value = byte;
  for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ 0xedb88320 : value >>> 1;
  return value;
});

/** CRC-32 (IEEE 802.3) of what stands before the checksum, as ASCII. */
function checksum(text: string): number {
  let crc = -1;
  for (let i = 0; i < checksumStart; i++)
    crc = (crcTable[(crc ^ text.charCodeAt(i)) & 255] ?? 0) ^ (crc >>> 8);
  return ~crc >>> 0;
}
