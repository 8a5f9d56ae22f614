// What the account page sends its person's browser away with to link an identity: sealed, for five minutes, good in the
// browser of that very session only.

import type { StoredUpstream } from "@rescind/store";
import type { Dependencies } from "../dependencies.ts";
import { openText, sealText } from "../sign-in/sealed-text.ts";

export interface LinkTicket {
  readonly subject: string;
  readonly sessionId: string;
  readonly upstreamRow: StoredUpstream["row"];
}

const purpose = "link-identity";
/** Milliseconds. */
const life = 5 * 60 * 1000;

type Parts = Pick<Dependencies, "now" | "seal">;

export function linkTicket(ticket: LinkTicket, parts: Parts): string {
  return sealText(purpose, Buffer.from(JSON.stringify([ticket, parts.now() + life])), parts);
}

/** Undefined for any text that this server did not make, and for one that is too old. */
export function openLinkTicket(text: string, parts: Parts): LinkTicket | undefined {
  const opened = openText(purpose, text, parts);
  if (opened === undefined) return undefined;
  const [ticket, expiresAtMs] = JSON.parse(Buffer.from(opened).toString()) as [LinkTicket, number]; // sealed above
  return parts.now() < expiresAtMs ? ticket : undefined;
}
