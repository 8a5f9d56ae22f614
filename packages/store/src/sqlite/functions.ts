// The functions that statements call by name in both engines; PostgreSQL has them from its migration.

import { createHash } from "node:crypto";
import type { DatabaseSync } from "node:sqlite";

/** Defines them on a connection. Hashes are base64url; `members` and `record` are canonical bytes from core. */
export function defineFunctions(connection: DatabaseSync): void {
  connection.function("rescind_now_ms", () => Date.now());
  connection.function("rescind_chain", { deterministic: true }, (prev, seq, members) =>
    createHash("sha256")
      .update(String(prev), "base64url")
      .update(lengthPrefixedNumber(seq))
      .update(bytesOf(members))
      .digest("base64url"),
  );
  connection.function("rescind_audit_chain", { deterministic: true }, (prev, number, seq, feedHash, record) =>
    createHash("sha256")
      .update(String(prev), "base64url")
      .update(lengthPrefixedNumber(number))
      .update(lengthPrefixedNumber(seq))
      .update(String(feedHash), "base64url")
      .update(bytesOf(record))
      .digest("base64url"),
  );
}

/** A number in decimal behind its length in four bytes; null as empty text. */
function lengthPrefixedNumber(value: unknown): Buffer {
  const digits = value === null ? "" : String(value);
  const bytes = Buffer.allocUnsafe(4 + digits.length);
  bytes.writeUInt32BE(digits.length);
  bytes.write(digits, 4, "latin1");
  return bytes;
}

function bytesOf(value: unknown): Uint8Array {
  if (value instanceof Uint8Array) return value;
  throw new TypeError("the function wants bytes");
}
