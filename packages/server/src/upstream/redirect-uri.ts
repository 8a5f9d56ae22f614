// Where a provider sends people back to: one URI for each, so that what one provider says cannot arrive as another's
// (RFC 9700 section 4.4.2).

import type { Upstream } from "@rescind/core";

export function redirectUriOf({ upstreamId }: Pick<Upstream, "upstreamId">, issuer: string): string {
  return `${issuer.replace(/\/$/, "")}/login/upstream/${upstreamId}/callback`;
}
