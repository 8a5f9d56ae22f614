// The hashes of an order's entry and of its audit record, laid out as core/feed-entry and core/audit-chain say, but
// written straight from the order's columns into one buffer: the writer makes two for each order that it appends.

import { hash } from "node:crypto";
import type { SqlValue } from "../executor.ts";
import { place } from "../intentions/append.ts";

const hashBytes = 32;
/** UTF-8 takes at most so many bytes for a unit of a text. */
const bytesPerUnit = 3;
let buffer = Buffer.allocUnsafeSlow(4096);

/** The log's hash at an order's entry. @param previous base64url, as is the result */
export function entryHash(previous: string, seq: number, order: readonly SqlValue[]): string {
  reserve([order[place.unit], order[place.fp]]);
  let end = buffer.write(previous, 0, hashBytes, "base64url");
  end = writeText(end, String(seq));
  end = writeText(end, "revoke");
  end = writeText(end, asText(order[place.unit]));
  end = writeText(end, asText(order[place.fp]));
  end = writeText(end, asText(order[place.before_s]));
  end = writeText(end, order[place.suspend] === 1 ? "true" : "");
  end = writeText(end, asText(order[place.expires_s]));
  end = writeText(end, "");
  return hash("sha256", buffer.subarray(0, end), "base64url");
}

/** The audit chain's hash at an order's record. @param at the record's number, and the position of its entry */
export function auditHash(
  previous: string,
  at: { readonly auditNumber: number; readonly seq: number; readonly hash: string },
  order: readonly SqlValue[],
): string {
  reserve([order[place.actor_id], order[place.content]]);
  let end = buffer.write(previous, 0, hashBytes, "base64url");
  end = writeText(end, String(at.auditNumber));
  end = writeText(end, String(at.seq));
  end += buffer.write(at.hash, end, hashBytes, "base64url");
  end = writeText(end, "revoke");
  end = writeText(end, asText(order[place.actor_kind]));
  end = writeText(end, asText(order[place.actor_id]));
  end = writeText(end, asText(order[place.at_ms]));
  end = writeText(end, asText(order[place.id]));
  end = writeText(end, asText(order[place.content]));
  return hash("sha256", buffer.subarray(0, end), "base64url");
}

/** Writes a text behind the length of its UTF-8; where it ends. */
function writeText(at: number, text: string): number {
  const length = buffer.write(text, at + 4, "utf8");
  buffer.writeUInt32BE(length, at);
  return at + 4 + length;
}

/** Makes room for these texts and everything else that is hashed with them, which is short. */
function reserve(texts: readonly (SqlValue | undefined)[]): void {
  let units = 0;
  for (const text of texts) if (typeof text === "string") units += text.length;
  const bytes = 1024 + bytesPerUnit * units;
  if (buffer.length < bytes) buffer = Buffer.allocUnsafeSlow(2 * bytes);
}

function asText(value: SqlValue | undefined): string {
  return value === null || value === undefined ? "" : String(value);
}
