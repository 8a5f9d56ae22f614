// One attack token with what it has to be refused with, and what an attacker has to make it from.

import type { RejectionCode } from "@rescind/verifier";
import { SignJWT } from "jose";
import type { FeedPeer } from "./feed-peer.ts";
import type { Json } from "./forged-token.ts";
import type { Signer } from "./peer-signer.ts";

export interface Attack {
  /** With the row of the catalogue. */
  readonly name: string;
  readonly token: string;
  readonly code: RejectionCode;
}

/** What an attacker has: good tokens of two people, of another issuer, and everything that is public. */
export interface Loot {
  readonly peer: FeedPeer;
  readonly good: string;
  readonly other: string;
  readonly foreign: string;
  readonly foreigner: Signer;
  readonly own: Signer;
}

export const foreignIssuer = "https://idp.example";
export const foreignAudience = "https://their-api.example";

export function foreignToken(signer: Signer, claims: Json = {}): Promise<string> {
  const now = Math.floor(Date.now() / 1000);
  const all = { iss: foreignIssuer, sub: "u1", aud: foreignAudience, exp: now + 900, iat: now, ...claims };
  return new SignJWT(all)
    .setProtectedHeader({ alg: signer.alg, kid: signer.kid, typ: "JWT" })
    .sign(signer.privateKey);
}

export type Rows = readonly Attack[] | Promise<readonly Attack[]>;

export function row(name: string, token: string, code: RejectionCode): Attack {
  return { name, token, code };
}
