// The export of the audit log: one JSON line a record, with everything that its hash covers, so that the chain can be
// computed again by whoever holds the file. A line has one spelling only: any edit of it shows. Hashing is the caller's.

import { auditChainInput, formatId, origin, parseId } from "@rescind/core";
import Type from "typebox";
import { Actor, AuditItem } from "./audit.ts";
import type { Wire } from "./field.ts";
import { parseTimeMs } from "./time.ts";

export const AuditLine = Type.Object({
  ...AuditItem.properties,
  feed_hash: Type.String({ description: "The log's hash when the record was written." }),
  of: Type.Integer({
    minimum: 1,
    description: "The number of the export's last record, so that a missing end is seen.",
  }),
});

export type AuditLine = Wire<typeof AuditLine>;

/** The line without its end, members in this order. */
export function writeAuditLine(line: AuditLine): string {
  const { number, of, at, action, actor, revocation_id, seq, content, feed_hash, hash } = line;
  const { kind, id } = actor;
  return JSON.stringify({
    number,
    of,
    at,
    action,
    actor: { kind, id },
    revocation_id,
    seq,
    content,
    feed_hash,
    hash,
  });
}

/** Reads a line; undefined for what is not written as `writeAuditLine` writes. */
export function readAuditLine(text: string): AuditLine | undefined {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    return undefined;
  }
  return isLine(parsed) && writeAuditLine(parsed) === text ? parsed : undefined;
}

export interface VerifiedExport {
  /** Lines that fit, from the first one on. */
  readonly records: number;
  /** The hash of the last of them. */
  readonly head: string;
  /** The first line that does not fit, or is missing at the end. */
  readonly brokenAt: number | undefined;
}

/**
 * Computes the chain of an export again, holding one line at a time. Whoever can write the whole file anew can also
 * compute a new chain: compare `head` with one that was noted elsewhere.
 * @param sha256 base64url
 */
export async function verifyAuditLines(
  lines: Iterable<string> | AsyncIterable<string>,
  sha256: (bytes: Uint8Array<ArrayBuffer>) => string,
): Promise<VerifiedExport> {
  let [records, head, of] = [0, origin.hash, 0];
  for await (const text of lines) {
    const line = readAuditLine(text);
    const input = line === undefined ? undefined : auditLineInput(head, line);
    const follows = line?.number === records + 1 && (records === 0 || line.of === of);
    if (line === undefined || input === undefined || !follows || sha256(input) !== line.hash)
      return { records, head, brokenAt: records + 1 };
    records += 1;
    ({ hash: head, of } = line);
  }
  return { records, head, brokenAt: records === of ? undefined : records + 1 };
}

/**
 * What is put into SHA-256 to get the record's hash (base64url); undefined where the record says something that no
 * record can.
 * @param previousHash of the record before; of the first, the hash of an empty log
 */
export function auditLineInput(previousHash: string, line: AuditLine): Uint8Array<ArrayBuffer> | undefined {
  const atMs = parseTimeMs(line.at);
  const { revocation_id: revocation } = line;
  const orderId = revocation === undefined ? undefined : parseId("revocation", revocation);
  if (atMs === undefined || new Date(atMs).toISOString() !== line.at) return undefined;
  if (revocation !== undefined && (orderId === undefined || formatId("revocation", orderId) !== revocation))
    return undefined;
  const { number, seq, action, actor, feed_hash: feedHash } = line;
  const content = JSON.stringify(line.content);
  return auditChainInput(previousHash, { number, seq, action, actor, atMs, orderId, feedHash, content });
}

function isLine(value: unknown): value is AuditLine {
  if (typeof value !== "object" || value === null) return false;
  const { number, of, at, action, actor, revocation_id, seq, content, feed_hash, hash } = value as Partial<
    Record<string, unknown>
  >; // parsing boundary: every member is checked here
  return (
    [at, action, feed_hash, hash].every((text) => typeof text === "string") &&
    [number, of, seq ?? 0].every((whole) => Number.isSafeInteger(whole)) &&
    (revocation_id === undefined || typeof revocation_id === "string") &&
    typeof content === "object" &&
    content !== null &&
    isActor(actor)
  );
}

function isActor(value: unknown): value is Actor {
  if (typeof value !== "object" || value === null) return false;
  const { kind, id } = value as Partial<Record<string, unknown>>; // as above
  return Actor.properties.kind.enum.some((known) => known === kind) && typeof id === "string";
}
