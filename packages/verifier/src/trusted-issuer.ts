// The issuers whose tokens are verified: Rescind itself and, where they are registered there, others. Each has its own
// keys, audience and bound on how long a token may live; nothing of one is ever tried for another.

import { type ForeignIssuer, foreignLivesTooLong, type Judged, livesTooLong } from "@rescind/core";
import { type ReadToken, readAccessToken } from "./access-token.ts";
import { readForeignAccessToken } from "./foreign-access-token.ts";
import { accessTokenForm, foreignTokenForm, type JwtForm } from "./jwt.ts";
import { asymmetricAlgorithms, KeySet, type KeySource } from "./key-set.ts";
import { type ForeignIssuerSettings, isSafeUrl, type VerifierSettings } from "./options.ts";

export interface TrustedIssuer {
  readonly issuer: string;
  readonly audience: readonly string[];
  readonly keys: KeySet;
  readonly form: JwtForm;
  /** Reads claims of one of its tokens. */
  readonly read: (claims: unknown, signingKey: string | undefined) => ReadToken | undefined;
  /** True for a token that claims a longer life than entries are kept for; times are seconds since 1970. */
  readonly livesTooLong: (judged: Judged, at: number) => boolean;
}

/** Trusted issuers by their `iss`. */
export type TrustedIssuers = ReadonlyMap<string, TrustedIssuer>;

export function ownIssuer({ issuer, audience }: VerifierSettings, keys: KeySet): TrustedIssuer {
  return {
    issuer,
    audience,
    keys,
    form: accessTokenForm,
    read: readAccessToken,
    livesTooLong: ({ expiresAt }, at) => livesTooLong(expiresAt, at),
  };
}

/**
 * The foreign issuers of the options, with what Rescind knows of them.
 * @throws TypeError for one that is not registered there: its tokens could not be revoked
 */
export function foreignIssuers(
  settings: VerifierSettings,
  registered: readonly ForeignIssuer[],
  source: Pick<KeySource, "fetch" | "clock" | "timeout">,
): readonly TrustedIssuer[] {
  return settings.foreign.map((foreign) => {
    const known = registered.find(({ issuer }) => issuer === foreign.issuer);
    if (known === undefined)
      throw new TypeError(
        `issuers: ${foreign.issuer} is not registered at ${settings.issuer}; register it there first`,
      );
    return foreignIssuer(foreign, known, source, settings.insecureHttp);
  });
}

function foreignIssuer(
  { issuer, audience, jwksUri }: ForeignIssuerSettings,
  known: ForeignIssuer,
  source: Pick<KeySource, "fetch" | "clock" | "timeout">,
  insecureHttp: boolean,
): TrustedIssuer {
  const url = jwksUri ?? known.jwksUri;
  if (!isSafeUrl(url, insecureHttp))
    throw new TypeError(`issuers: the keys of ${issuer} are at ${url}, which is not https`);
  return {
    issuer,
    audience,
    keys: new KeySet({ ...source, url, algorithms: asymmetricAlgorithms }),
    form: foreignTokenForm,
    read: readForeignAccessToken,
    livesTooLong: ({ authorisedAt: issuedAt, notBefore, expiresAt }, at) =>
      foreignLivesTooLong({ issuedAt, notBefore, expiresAt }, known, at),
  };
}
