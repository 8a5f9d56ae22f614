// Foreign issuers that the config file declares, in the admin API's own form; applied at every start. One that is not
// declared any more stays registered, as clients and resources do.

import { NewIssuer, type NewIssuer as NewIssuerBody } from "@rescind/admin-api";
import type { ForeignIssuer } from "@rescind/core";
import type { Dependencies } from "../dependencies.ts";
import { bodyCheck } from "../http/validation.ts";
import { checked, isSame, record, refusal } from "./declared-entry.ts";
import { issuerFromRequest } from "./issuers.ts";

const checkIssuer = bodyCheck(NewIssuer);

/** @throws ConfigurationError that names the entry and the field */
export function parseIssuer(
  entry: unknown,
  where: string,
  { configuration, issuer }: Pick<Dependencies, "configuration" | "issuer">,
): ForeignIssuer {
  checked(where, checkIssuer(entry));
  const parsed = issuerFromRequest(entry as NewIssuerBody, issuer, configuration); // checked by the line above
  if (Array.isArray(parsed)) throw refusal(where, parsed);
  return parsed;
}

/** Registers what is missing and changes what differs. */
export async function applyIssuers(
  issuers: readonly ForeignIssuer[],
  parts: Pick<Dependencies, "now" | "store">,
): Promise<void> {
  if (issuers.length === 0) return;
  const known = new Map(
    (await parts.store.listIssuers()).map(({ createdAtMs: _, ...issuer }) => [issuer.issuer, issuer]),
  );
  for (const issuer of issuers) {
    if (isSame(known.get(issuer.issuer), issuer)) continue;
    await parts.store.putIssuer(issuer, parts.now());
    await record("issuer.put", { issuer: issuer.issuer, jwks_uri: issuer.jwksUri }, parts);
  }
}
