// The master key: encrypts private keys and other secrets at rest (AES-256-GCM), and gives keys to what is derived instead
// of kept. From RESCIND_MASTER_KEY, else DIR/master.key (mode 0600), made at the first start. CONTRACT.md section 2.

import { createCipheriv, createDecipheriv, createSecretKey, hkdfSync, randomBytes } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ConfigurationError } from "../configuration.ts";
import { withRandom } from "./random-pool.ts";

/** Seals and opens bytes for a named purpose; a sealed secret cannot be opened under another name. */
export interface Seal {
  seal(purpose: string, plain: Uint8Array): Uint8Array;
  /** @throws Error if the bytes were not sealed under this key and purpose */
  open(purpose: string, sealed: Uint8Array): Uint8Array;
  /** 32 bytes for a purpose that seals nothing; always the same. */
  keyFor(purpose: string): Uint8Array;
}

const nonceLength = 12;
const tagLength = 16;

/** @throws ConfigurationError if the key is not 32 bytes in base64url */
export function loadMasterKey(fromEnvironment: string | undefined, data: string): Seal {
  const path = join(data, "master.key");
  const text = fromEnvironment ?? readOrMake(path);
  const key = Buffer.from(text.trim(), "base64url");
  if (key.length !== 32)
    throw new ConfigurationError(
      `The master key in ${fromEnvironment === undefined ? path : "RESCIND_MASTER_KEY"} must be 32 bytes in base64url (43 characters).`,
    );
  return {
    seal: (purpose, plain) => encrypt(derive(key, purpose), plain),
    open: (purpose, sealed) => decrypt(derive(key, purpose), sealed),
    keyFor: (purpose) => derive(key, purpose),
  };
}

function readOrMake(path: string): string {
  try {
    writeFileSync(path, `${randomBytes(32).toString("base64url")}\n`, {
      mode: 0o600,
      flag: "wx",
      flush: true,
    });
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "EEXIST")) throw error;
  }
  return readFileSync(path, "utf8");
}

function derive(key: Uint8Array, purpose: string): Uint8Array {
  return new Uint8Array(hkdfSync("sha256", key, "", `rescind/${purpose}`, 32));
}

/** AES-256-GCM: nonce, ciphertext, tag. (Raw bytes as a key cost three times as much as a key object here.) */
function encrypt(key: Uint8Array, plain: Uint8Array): Uint8Array {
  const nonce = withRandom(nonceLength, (random) => Buffer.from(random));
  const cipher = createCipheriv("aes-256-gcm", createSecretKey(key), nonce);
  return Buffer.concat([nonce, cipher.update(plain), cipher.final(), cipher.getAuthTag()]);
}

/** @throws Error if key or bytes are wrong */
export function decrypt(key: Uint8Array, sealed: Uint8Array): Uint8Array {
  const decipher = createDecipheriv("aes-256-gcm", createSecretKey(key), sealed.subarray(0, nonceLength));
  decipher.setAuthTag(sealed.subarray(sealed.length - tagLength));
  const plain = decipher.update(sealed.subarray(nonceLength, sealed.length - tagLength));
  return Buffer.concat([plain, decipher.final()]);
}
