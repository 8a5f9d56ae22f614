// Whose an order is: the client, person and grant behind what it names, for histories and webhooks to be searched by.

import type { Unit } from "@rescind/core";
import type { About } from "@rescind/store";
import type { RecognisedToRevoke } from "../tokens/recognise.ts";

/** Whose a presented token is, as far as an order of this unit is about it; empty for one that is not known. */
export function aboutToken(recognised: RecognisedToRevoke, unit: Unit): About {
  const facts = factsOf(recognised);
  if (facts === undefined) return {};
  const { clientId, subject, grantId } = facts;
  // An order of all that a subject gave a client is about no single grant.
  return unit.name === "token" || unit.name === "grant"
    ? { clientId, subject, grantId }
    : { clientId, subject };
}

function factsOf(recognised: RecognisedToRevoke): About | undefined {
  switch (recognised.kind) {
    case "access":
      return recognised.token;
    case "refresh":
      return recognised.grant;
    // The client and subject of a foreign token are not ours.
    case "foreign":
    case "unknown":
      return undefined;
  }
}
