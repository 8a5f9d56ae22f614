// Who sees what at introspection. RFC 7662, CONTRACT.md section 5. Anything but a live token that the caller may
// see is answered by exactly {"active": false}.

import type { Verdict } from "./liveness.ts";
import { includesScope } from "./scope.ts";

/** The caller: a client by its registration, or a bearer token of this issuer by its scopes. */
export type IntrospectionCaller =
  | {
      readonly kind: "client";
      readonly clientId: string;
      readonly audience: readonly string[];
      readonly scopes: readonly string[];
    }
  | { readonly kind: "bearer"; readonly scopes: readonly string[] };

export interface IntrospectedToken {
  readonly clientId: string | undefined;
  readonly audience: readonly string[];
}

/** True if this caller is told of this token at all, and the token is live. */
export function isActiveFor(
  caller: IntrospectionCaller,
  token: IntrospectedToken,
  verdict: Verdict,
): boolean {
  return verdict.kind === "live" && maySee(caller, token);
}

function maySee(caller: IntrospectionCaller, token: IntrospectedToken): boolean {
  if (includesScope(caller.scopes, "rescind:introspect") || includesScope(caller.scopes, "rescind:admin"))
    return true;
  if (caller.kind === "bearer") return false;
  return (
    token.clientId === caller.clientId ||
    token.audience.some((resource) => caller.audience.includes(resource))
  );
}
