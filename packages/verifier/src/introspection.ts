// Asking the server about one token: RFC 7662. Used for opaque tokens, and for JWTs while the revocations known here
// are too old. What kept answers are worth is for `verify` to say.

import type { ReadToken } from "./access-token.ts";
import { exchangeJson, type Fetch } from "./http-exchange.ts";
import { membersOf } from "./json.ts";
import type { TrustedIssuer } from "./trusted-issuer.ts";

export type Introspected =
  | { readonly kind: "active"; readonly read: ReadToken; readonly head: number }
  | { readonly kind: "inactive" }
  /** The server did not answer in time or not as it should. */
  | { readonly kind: "unanswered"; readonly cause?: unknown };

export interface IntrospectionServer {
  readonly fetch: Fetch;
  readonly endpoint: string;
  readonly authorization: string;
  /** Milliseconds. */
  readonly timeout: number;
}

/** Asks about a token of this issuer. Does not throw, and does not judge the answer's claims. */
export async function introspect(
  server: IntrospectionServer,
  token: string,
  issuer: Pick<TrustedIssuer, "read">,
): Promise<Introspected> {
  try {
    const { status, body } = await exchangeJson(server.fetch, {
      url: server.endpoint,
      headers: {
        authorization: server.authorization,
        "content-type": "application/x-www-form-urlencoded",
      },
      body: new URLSearchParams({ token }).toString(),
      timeout: server.timeout,
    });
    const members = membersOf(body);
    if (status === 200 && members.active === false) return { kind: "inactive" };
    if (status !== 200 || members.active !== true) return { kind: "unanswered" };
    const { head, kid } = members;
    const read = issuer.read(members, typeof kid === "string" ? kid : undefined);
    if (read === undefined || typeof head !== "number" || !Number.isSafeInteger(head))
      return { kind: "unanswered" };
    return { kind: "active", read, head };
  } catch (cause) {
    return { kind: "unanswered", cause };
  }
}
