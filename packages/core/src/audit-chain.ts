// The bytes of the audit chain: each record's hash covers the one before it, its number, the log's position it belongs to
// and what it says. Layout only: hashing is the caller's. Does not know how records are stored or shown.

import { concatBytes, fromBase64url, lengthPrefixed } from "./bytes.ts";
import type { RowId } from "./token-format.ts";

/** What a record says. */
export interface AuditSaying {
  readonly action: string;
  readonly actor: { readonly kind: string; readonly id: string };
  /** Milliseconds since 1970. */
  readonly atMs: number;
  readonly orderId: RowId | undefined;
  /** The content as it is stored: JSON text. */
  readonly content: string;
}

/** A record's place in the chain, and on the log. */
export interface AuditPlace {
  /** 1, 2, 3 …, without holes. */
  readonly number: number;
  /** The number of the entry that the record belongs to. */
  readonly seq: number | undefined;
  /** The log's hash when the record was written, base64url. */
  readonly feedHash: string;
}

/** The bytes of a record that the chain covers beside its place. */
export function auditBytes({ action, actor, atMs, orderId, content }: AuditSaying): Uint8Array<ArrayBuffer> {
  return lengthPrefixed([action, actor.kind, actor.id, String(atMs), orderId ?? "", content]);
}

/**
 * What is put into SHA-256 to get a record's hash; the chain begins with the hash of an empty log.
 * @param previousHash base64url
 */
export function auditChainInput(
  previousHash: string,
  record: AuditPlace & AuditSaying,
): Uint8Array<ArrayBuffer> {
  const { number, seq, feedHash } = record;
  const place = lengthPrefixed([String(number), seq === undefined ? "" : String(seq)]);
  const before = concatBytes(hashBytes(previousHash), place);
  return concatBytes(concatBytes(before, hashBytes(feedHash)), auditBytes(record));
}

/** Nothing for what is no hash: then no hash of the result fits either. */
function hashBytes(hash: string): Uint8Array {
  return fromBase64url(hash) ?? new Uint8Array();
}
