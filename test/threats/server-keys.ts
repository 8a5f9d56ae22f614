// The server's own private keys, opened from its data directory as its operator could: for tests of tokens that are
// genuine but for one thing.

import { createPrivateKey, type KeyObject, sign } from "node:crypto";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { loadMasterKey } from "../../packages/server/src/keys/master-key.ts";

export interface ServerKey {
  readonly kid: string;
  readonly use: string;
  readonly alg: string;
  readonly privateKey: KeyObject;
}

export function serverKeys(data: string): ServerKey[] {
  const seal = loadMasterKey(undefined, data);
  const database = new DatabaseSync(join(data, "rescind.db"), { readOnly: true });
  const rows = database.prepare("SELECT kid, used_for, alg, sealed FROM signing_keys").all();
  database.close();
  return rows.map(({ kid, used_for, alg, sealed }) => {
    const key = Buffer.from(seal.open(`signing-key/${kid}`, sealed as Uint8Array)); // a BLOB column
    const privateKey = createPrivateKey({ key, format: "der", type: "pkcs8" });
    return { kid: String(kid), use: String(used_for), alg: String(alg), privateKey };
  });
}

/** Base64url of JSON, or of a text that is no JSON. */
export function encoded(value: object | string): string {
  return Buffer.from(typeof value === "string" ? value : JSON.stringify(value)).toString("base64url");
}

/** A compact JWS over any header and payload, by the algorithm of the key. */
export function signedBy(
  { alg, privateKey }: Pick<ServerKey, "alg" | "privateKey">,
  header: object | string,
  payload: object | string,
): string {
  const input = `${encoded(header)}.${encoded(payload)}`;
  const key = alg === "ES256" ? ({ key: privateKey, dsaEncoding: "ieee-p1363" } as const) : privateKey;
  return `${input}.${sign(alg === "EdDSA" ? null : "sha256", Buffer.from(input), key).toString("base64url")}`;
}
