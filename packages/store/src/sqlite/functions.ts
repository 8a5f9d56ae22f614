// The functions that statements call by name in both engines; PostgreSQL has them from its migration. The time is none of
// them here (connection.ts).

import { hash } from "node:crypto";
import type { DatabaseSync } from "node:sqlite";

const hashBytes = 32;

/** Defines them on a connection. Hashes are base64url; `members` and `record` are canonical bytes from core. */
export function defineFunctions(connection: DatabaseSync): void {
  connection.function("rescind_chain", { deterministic: true }, (prev, seq, members) => {
    const rest = bytesOf(members);
    const digits = String(seq);
    const input = Buffer.allocUnsafe(hashBytes + 4 + digits.length + rest.length);
    let end = input.write(String(prev), 0, hashBytes, "base64url");
    end = writePrefixed(input, digits, end);
    input.set(rest, end);
    return hash("sha256", input, "base64url");
  });
  connection.function(
    "rescind_audit_chain",
    { deterministic: true },
    (prev, number, seq, feedHash, record) => {
      const rest = bytesOf(record);
      const digits = String(number);
      const entry = seq === null ? "" : String(seq);
      const input = Buffer.allocUnsafe(2 * (hashBytes + 4) + digits.length + entry.length + rest.length);
      let end = input.write(String(prev), 0, hashBytes, "base64url");
      end = writePrefixed(input, digits, end);
      end = writePrefixed(input, entry, end);
      end += input.write(String(feedHash), end, hashBytes, "base64url");
      input.set(rest, end);
      return hash("sha256", input, "base64url");
    },
  );
}

/** Writes digits behind their length in four bytes; where they end. */
function writePrefixed(bytes: Buffer, digits: string, at: number): number {
  const start = bytes.writeUInt32BE(digits.length, at);
  return start + bytes.write(digits, start, "latin1");
}

function bytesOf(value: unknown): Uint8Array {
  if (value instanceof Uint8Array) return value;
  throw new TypeError("the function wants bytes");
}
