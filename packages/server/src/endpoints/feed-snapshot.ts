// GET /revocations/snapshot: the live set at one position, binary, signed, compressed, with an ETag. CONTRACT.md section 6.

import { Readable } from "node:stream";
import { createGunzip } from "node:zlib";
import { snapshotMediaType } from "@rescind/core";
import type { Dependencies } from "../dependencies.ts";
import type { Answer } from "../http/answer.ts";
import { bearerRefusal } from "../http/respond.ts";
import type { BearerRequest } from "../http/routes.ts";
import { signJws } from "../keys/jws.ts";

export async function feedSnapshot(request: BearerRequest, deps: Dependencies): Promise<Answer> {
  const { caller, ifNoneMatch, acceptEncoding } = request;
  if (caller === undefined) return bearerRefusal({ kind: "missing" });
  // Who has what stands now need not wait for it to be made.
  const { tag } = deps.snapshots;
  if (isAmong(tag, ifNoneMatch)) return { status: 304, headers: headersOf(tag) };
  const snapshot = await deps.snapshots.current(async (payload) => {
    const key = (await deps.catalog.keys(caller.head)).signer("feed", "EdDSA", deps.now());
    if (key === undefined) throw new Error("no signing key for snapshots");
    return signJws(key.headerFor("rescind-snapshot+jwt"), payload, key.alg, key.privateKey);
  });
  const headers = headersOf(snapshot.tag);
  if (isAmong(snapshot.tag, ifNoneMatch)) return { status: 304, headers };
  const named = { ...headers, "content-type": snapshotMediaType };
  const pieces = Readable.from(snapshot.gzipped);
  if (!takesGzip(acceptEncoding)) return { status: 200, headers: named, stream: pieces.pipe(createGunzip()) };
  const length = snapshot.gzipped.reduce((sum, piece) => sum + piece.length, 0);
  const compressed = { ...named, "content-encoding": "gzip", "content-length": String(length) };
  return { status: 200, headers: compressed, stream: pieces };
}

function headersOf(tag: string): Readonly<Record<string, string>> {
  // Only for who may read the feed, and to be asked about each time.
  return { etag: tag, "cache-control": "private, no-cache", vary: "Accept-Encoding" };
}

/** RFC 9110 section 13.1.2, by weak comparison. */
function isAmong(tag: string, list: string | undefined): boolean {
  const strong = (text: string) => text.trim().replace(/^W\//, "");
  return (list ?? "").split(",").some((item) => ["*", strong(tag)].includes(strong(item)));
}

/** RFC 9110 section 12.5.3; a weight of nothing means no. */
function takesGzip(accepted: string | undefined): boolean {
  return (accepted ?? "")
    .split(",")
    .some((item) => /^\s*(?:gzip|\*)\s*(?:;\s*q=(?!0(?:\.0*)?\s*$).*)?$/i.test(item));
}
