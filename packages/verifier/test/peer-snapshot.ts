// A snapshot byte by byte, as docs/reference/feed.md has it; written from that page and not with core's layout.

import { createHash } from "node:crypto";
import type { Position, RevokeEntry } from "@rescind/core";

const units = [
  ...["token", "grant", "session", "logout", "subject", "client"],
  ...["subject+client", "key", "signing-key", "issuer", "all"],
];

/** The bytes of a snapshot; `sign` makes the compact JWS. */
export async function snapshotBytes(
  issuer: string,
  position: Position,
  entries: readonly RevokeEntry[],
  sign: (payload: Record<string, unknown>) => Promise<string>,
): Promise<Buffer> {
  const name = Buffer.from(issuer);
  const head = Buffer.alloc(54);
  head.write("RSCSNAP\u0001");
  head.writeBigUInt64BE(BigInt(position.seq), 8);
  head.write(position.hash, 16, "base64url");
  head.writeUInt32BE(entries.length, 48);
  head.writeUInt16BE(name.length, 52);
  const body = Buffer.concat([head, name, ...entries.map(record)]);
  const digest = createHash("sha256").update(body).digest();
  const payload = { iss: issuer, ...position, digest: digest.toString("base64url") };
  const jws = Buffer.from(await sign(payload));
  const length = Buffer.alloc(2);
  length.writeUInt16BE(jws.length);
  return Buffer.concat([body, digest, length, jws]);
}

function record({ fp, seq, before, expires, unit, suspend }: RevokeEntry): Buffer {
  const bytes = Buffer.alloc(40);
  bytes.write(fp, 0, "base64url");
  bytes.writeBigUInt64BE(BigInt(seq), 16);
  bytes.writeUIntBE(before ?? 0, 24, 6);
  bytes.writeUIntBE(expires ?? 0, 30, 6);
  bytes[36] = 1 + units.indexOf(unit);
  bytes[37] = (suspend === true ? 1 : 0) + (before === undefined ? 0 : 2) + (expires === undefined ? 0 : 4);
  return bytes;
}
