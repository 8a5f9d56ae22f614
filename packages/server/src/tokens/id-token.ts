// ID tokens as texts: signed for a client, and recognised again as `id_token_hint`. OpenID Connect Core sections 2,
// 3.1.2.1 and 3.1.3.6. An ID token is never an access token: its keys are others (`use` id).

import { createHash } from "node:crypto";
import { type Client, type IdTokenFacts, idTokenClaims } from "@rescind/core";
import type { Dependencies } from "../dependencies.ts";
import { decodeJws, signJws, verifyJws } from "../keys/jws.ts";
import type { KeyRing } from "../keys/signing-keys.ts";

export interface IdTokenRequest extends Omit<IdTokenFacts, "issuer" | "clientId" | "issuedAt" | "atHash"> {
  readonly client: Client;
  /** The access token it comes with. */
  readonly accessToken: string;
  /** Milliseconds since 1970. */
  readonly nowMs: number;
}

/** Makes an ID token by the algorithm that its client is registered for. */
export function mintIdToken(
  request: IdTokenRequest,
  { issuer, keys }: { readonly issuer: string; readonly keys: KeyRing },
): string {
  const { client, accessToken, nowMs, ...facts } = request;
  const key = keys.signer("id", client.idTokenAlg, nowMs);
  if (key === undefined) throw new Error(`no signing key for ID tokens by ${client.idTokenAlg}`);
  const hashed = createHash("sha256").update(accessToken).digest();
  const atHash = hashed.subarray(0, hashed.length / 2).toString("base64url");
  const issuedAt = Math.floor(nowMs / 1000);
  const claims = idTokenClaims({ ...facts, issuer, clientId: client.clientId, issuedAt, atHash });
  return signJws(key.headerFor("JWT"), claims, key.alg, key.privateKey);
}

export interface IdTokenHint {
  readonly subject: string;
  readonly clientId: string;
  readonly sessionId: string | undefined;
}

/**
 * What a hint says, if it is an ID token of ours; expired ones too (RP-Initiated Logout 1.0 section 2), and those of
 * keys retired long ago, since people stay signed in for longer than keys sign. Undefined for anything else, and for one
 * of a revoked key. A hint authorises nothing.
 */
export async function readIdTokenHint(
  text: string,
  deps: Pick<Dependencies, "catalog" | "issuer" | "standing" | "store">,
): Promise<IdTokenHint | undefined> {
  const jws = decodeJws(text);
  if (jws === undefined) return undefined;
  const head = await deps.store.head();
  await deps.standing.reach(head);
  const ring = await deps.catalog.keys(head);
  const key = ring.keys.find(({ use, kid }) => use === "id" && kid === jws.header.kid);
  if (key === undefined || !verifyJws(jws, key.alg, key.publicKey)) return undefined;
  const { issuer } = deps;
  if (deps.standing.isOrdered({ name: "signing-key", issuer, value: key.kid })) return undefined;
  const { iss, sub, aud, sid } = jws.payload;
  if (iss !== issuer || typeof sub !== "string" || typeof aud !== "string") return undefined;
  // Answers of introspection are signed by these keys too, but they are about nobody.
  if (jws.header.typ !== "JWT") return undefined;
  return { subject: sub, clientId: aud, sessionId: typeof sid === "string" ? sid : undefined };
}
