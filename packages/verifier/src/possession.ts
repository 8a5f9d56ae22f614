// Whether who shows a token has what the token is bound to. A bound token never passes as a plain one, nor a plain one
// under the scheme DPoP: RFC 9449 section 7, RFC 8705 section 3.

import type { Confirmation } from "./confirmation.ts";
import { isBound } from "./confirmation.ts";
import { type DpopProof, readDpopProof, sha256 } from "./dpop-proof.ts";
import { TokenRejected } from "./token-rejected.ts";

/** How a token was shown. Adapters fill it in from the request. */
export interface Presentation {
  /** The scheme of the `Authorization` header. Default `Bearer`. */
  readonly scheme?: "Bearer" | "DPoP" | undefined;
  /** The value of the `DPoP` header. */
  readonly proof?: string | undefined;
  /** The request's method, and its URL as the client sees it. */
  readonly method?: string | undefined;
  readonly url?: string | undefined;
  /** The certificate, as DER, by which the client authenticated this TLS connection. */
  readonly certificate?: (() => Uint8Array | undefined) | undefined;
}

/** Whether nothing has to be proven. */
export function isPlain(confirmation: Confirmation, { scheme }: Presentation): boolean {
  return !isBound(confirmation) && scheme !== "DPoP";
}

/**
 * The DPoP proof, if the token is bound to one; that it is used for the first time is still to be asked. `at`: seconds
 * since 1970.
 * @throws TokenRejected `binding` or `proof`
 */
export async function provePossession(
  confirmation: Confirmation,
  presentation: Presentation,
  accessToken: string,
  at: number,
): Promise<DpopProof | undefined> {
  const { key, certificate, isUnknown } = confirmation;
  const isDpop = presentation.scheme === "DPoP";
  const scheme = key === undefined && !isDpop ? undefined : "DPoP";
  if (isUnknown || isDpop !== (key !== undefined)) throw new TokenRejected("binding", { scheme });
  if (certificate !== undefined && certificate !== (await thumbprint(presentation)))
    throw new TokenRejected("binding", { scheme });
  if (key === undefined) return undefined;
  const { proof, method, url } = presentation;
  if (proof === undefined) throw new TokenRejected("proof", { cause: new Error("There is no proof.") });
  if (method === undefined || url === undefined)
    throw new TokenRejected("proof", { cause: new Error("What the proof is for is not known here.") });
  const proven = await readDpopProof(proof, { method, url, accessToken }, at);
  if (proven.key !== key) throw new TokenRejected("binding", { scheme });
  return proven;
}

async function thumbprint({ certificate }: Presentation): Promise<string | undefined> {
  const der = certificate?.();
  return der === undefined ? undefined : sha256(new Uint8Array(der));
}
