// The forms in which a password may be stored: our own Argon2id and those of systems that people come from, in their
// usual spelling (PHC strings, Django's, bcrypt's). Parameters are bounded on both sides: too cheap is refused as weak,
// too dear would let one stored hash stop the server. Argon2 version 1.0 and keyed or associated data are left out.

import { argon2, type BinaryLike, pbkdf2, scrypt, timingSafeEqual } from "node:crypto";
import { promisify } from "node:util";
import bcrypt from "bcryptjs";

/** A stored password, parsed. */
export interface PasswordForm {
  readonly kind: "argon2id" | "argon2i" | "scrypt" | "pbkdf2" | "bcrypt";
  /** Whether this is the stored password. */
  matches(password: string): Promise<boolean>;
  /** The parameters as they are written, to be compared with those in use. */
  readonly cost: string;
  /** Bytes of a password that count, where the form has such a limit. */
  readonly longest?: number | undefined;
}

const pbkdf2Async = promisify(pbkdf2);
const argon2Async = promisify(argon2);

/** Parses a stored password; a text says what is wrong with it, without repeating it. */
export function parsePasswordForm(text: string): PasswordForm | string {
  if (text.length > 512) return "A password hash has at most 512 characters.";
  for (const parse of [argon2Form, scryptForm, djangoForm, pbkdf2Form, bcryptForm]) {
    const form = parse(text);
    if (form !== undefined) return form;
  }
  return "Not a known password hash: use Argon2id, Argon2i, scrypt or PBKDF2 (SHA-256, SHA-512) as a PHC string, Django's pbkdf2_sha256, or bcrypt.";
}

function argon2Form(text: string): PasswordForm | string | undefined {
  const match =
    /^\$(argon2id?)\$v=19\$(m=(\d{1,8}),t=(\d{1,4}),p=(\d{1,3}))\$([\w+/-]{11,88})\$([\w+/-]{22,88})$/.exec(
      text,
    );
  const [, kind, cost = "", memory, passes, parallelism, salt = "", hash = ""] = match ?? [];
  if (kind !== "argon2id" && kind !== "argon2i") {
    return text.startsWith("$argon2")
      ? "Argon2 must be argon2id or argon2i with v=19, m, t and p."
      : undefined;
  }
  const parameters = { memory: Number(memory), passes: Number(passes), parallelism: Number(parallelism) };
  const bounded =
    within(parameters.memory, Math.max(1024, 8 * parameters.parallelism), 131_072) &&
    within(parameters.passes, 1, 16) &&
    within(parameters.parallelism, 1, 16);
  if (!bounded) return "Argon2 needs m from 1024 to 131072 KiB, t up to 16 and p up to 16.";
  const expected = Buffer.from(hash, "base64");
  const nonce = Buffer.from(salt, "base64");
  return {
    kind,
    cost: `${cost},s=${nonce.length},l=${expected.length}`,
    async matches(password) {
      const options = { ...parameters, message: password, nonce, tagLength: expected.length };
      return timingSafeEqual(await argon2Async(kind, options), expected);
    },
  };
}

function scryptForm(text: string): PasswordForm | string | undefined {
  const match =
    /^\$scrypt\$(ln=(\d{1,2}),r=(\d{1,2}),p=(\d{1,2}))\$([\w+/.-]{11,88})\$([\w+/.-]{22,88})$/.exec(text);
  if (match === null)
    return text.startsWith("$scrypt$") ? "scrypt must be $scrypt$ln=…,r=…,p=…$salt$hash." : undefined;
  const [, cost = "", ln, r, p, salt = "", hash = ""] = match;
  const parameters = { N: 2 ** Number(ln), r: Number(r), p: Number(p) };
  const bytes = 128 * parameters.N * parameters.r;
  if (
    !within(Number(ln), 12, 20) ||
    parameters.r < 1 ||
    !within(parameters.p, 1, 16) ||
    bytes > 128 * 2 ** 20
  )
    return "scrypt needs ln from 12, p up to 16, and 128 MiB at most.";
  const expected = fromBase64(hash);
  return {
    kind: "scrypt",
    cost,
    async matches(password) {
      const found = await scryptAsync(password, fromBase64(salt), expected.length, {
        ...parameters,
        maxmem: 2 * bytes + 2 ** 20,
      });
      return timingSafeEqual(found, expected);
    },
  };
}

/** `pbkdf2_sha256$iterations$salt$hash`: the salt is text, the hash padded base64. */
function djangoForm(text: string): PasswordForm | string | undefined {
  const match = /^pbkdf2_(sha256|sha512)\$(\d{1,9})\$([^$]{1,128})\$([\w+/]{22,88}={0,2})$/.exec(text);
  if (match === null)
    return text.startsWith("pbkdf2_")
      ? "Django's form must be pbkdf2_sha256$iterations$salt$hash."
      : undefined;
  const [, digest = "", iterations, salt = "", hash = ""] = match;
  return pbkdf2Of(digest, Number(iterations), Buffer.from(salt), Buffer.from(hash, "base64"));
}

/** `$pbkdf2-sha256$iterations$salt$hash` or `$i=…`: unpadded base64, with `.` for `+` in some systems. */
function pbkdf2Form(text: string): PasswordForm | string | undefined {
  const match =
    /^\$pbkdf2-(sha256|sha512)\$(?:i=)?(\d{1,9})(?:,l=\d{1,3})?\$([\w+/.]{11,88})\$([\w+/.]{22,88})$/.exec(
      text,
    );
  if (match === null)
    return text.startsWith("$pbkdf2")
      ? "PBKDF2 must be $pbkdf2-sha256$iterations$salt$hash (or sha512)."
      : undefined;
  const [, digest = "", iterations, salt = "", hash = ""] = match;
  return pbkdf2Of(digest, Number(iterations), fromBase64(salt), fromBase64(hash));
}

function pbkdf2Of(
  digest: string,
  iterations: number,
  salt: Uint8Array,
  expected: Buffer,
): PasswordForm | string {
  if (!within(iterations, 10_000, 5_000_000)) return "PBKDF2 needs from 10000 to 5000000 iterations.";
  return {
    kind: "pbkdf2",
    cost: `${digest},${iterations}`,
    async matches(password) {
      return timingSafeEqual(
        await pbkdf2Async(password, salt, iterations, expected.length, digest),
        expected,
      );
    },
  };
}

function bcryptForm(text: string): PasswordForm | string | undefined {
  const match = /^\$2[aby]\$(\d\d)\$[./A-Za-z0-9]{53}$/.exec(text);
  if (match === null)
    return text.startsWith("$2") ? "bcrypt must be $2a$, $2b$ or $2y$ with 60 characters." : undefined;
  if (!within(Number(match[1]), 8, 14)) return "bcrypt needs a cost from 8 to 14.";
  // $2y$ is what PHP calls $2b$; bcryptjs knows both, and does its rounds in slices, so that others are served between.
  return {
    kind: "bcrypt",
    cost: `${match[1]}`,
    longest: 72,
    matches: (password) => bcrypt.compare(password, text),
  };
}

function scryptAsync(
  password: string,
  salt: BinaryLike,
  length: number,
  options: { readonly N: number; readonly r: number; readonly p: number; readonly maxmem: number },
): Promise<Buffer> {
  return new Promise((resolve, reject) =>
    scrypt(password, salt, length, options, (error, key) => (error === null ? resolve(key) : reject(error))),
  );
}

function fromBase64(text: string): Buffer {
  return Buffer.from(text.replaceAll(".", "+"), "base64");
}

function within(value: number, least: number, most: number): boolean {
  return value >= least && value <= most;
}
