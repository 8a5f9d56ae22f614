// Which webhook subscriptions end with a unit: those bound to a grant that it covers and, with a suspended client, those
// bound to the client. A token, a consumer key and a signing key end no grant. DESIGN.md section 3.

import type { Unit } from "@rescind/core";
import type { SqlValue, Statement } from "../executor.ts";
import { grantRowOrNone } from "../grant-ids.ts";

/** The unit of an order that is made, or would be. */
export interface EndingOrder {
  readonly unit: Unit;
  readonly suspend?: boolean | undefined;
  /** Seconds, inclusive. */
  readonly before?: number | undefined;
}

/** Which of them, by a unit's name: a text in which `$2` is its issuer, `$3` `before` or null, the rest its value. */
const coveredGrant = "bound_to = 'grant' AND opened_s <= coalesce($3, opened_s)";
const endings = {
  grant: `grant_id = $4 AND ${coveredGrant}`,
  session: `session_id = $4 AND ${coveredGrant}`,
  logout: `session_id = $4 AND offline = 0 AND ${coveredGrant}`,
  subject: `subject = $4 AND ${coveredGrant}`,
  "subject+client": `subject = $4 AND client_id = $5 AND ${coveredGrant}`,
  client: `client_id = $4 AND ${coveredGrant}`,
  suspension: `client_id = $4 AND (bound_to = 'client' OR (${coveredGrant}))`,
  all: coveredGrant,
} as const;
type Ending = keyof typeof endings;

/** A foreign issuer's units are of other tokens. */
const ours = "EXISTS (SELECT 1 FROM catalog c WHERE coalesce(c.issuer, $2) = $2)";

// Made once: a text that is put together anew for each order is looked up by all its letters each time.
const ended = {
  ...textsOf((ending) =>
    endedWhere(ending, "SELECT h.audit_number FROM feed_head h WHERE h.last_order = $1"),
  ),
  // An ended grant ends for good: its order may be looked for by its id, so that many are appended at once.
  grant: endedWhere(endings.grant, "SELECT a.number FROM audit a WHERE a.order_id = $1"),
};
const counted = textsOf(
  (ending) => `SELECT count(*) FROM subscriptions
      WHERE cancelled_by IS NULL AND coalesce(expires_s, $1 + 1) > $1 AND ${ending} AND ${ours}`,
);

/** @param record the statement that finds the order's audit record, where it was appended */
function endedWhere(ending: string, record: string): string {
  return `UPDATE subscriptions SET cancelled_by = (${record})
        WHERE cancelled_by IS NULL AND ${ending} AND ${ours} AND EXISTS (${record})`;
}

/** The statement that ends them in the order's transaction, if the order was numbered; none for a unit that ends none. */
export function endSubscriptions(order: EndingOrder & { readonly id: string }): Statement[] {
  const ending = endingOf(order);
  if (ending === undefined) return [];
  return [{ sql: ended[ending], params: [BigInt(order.id), ...endingParams(order)] }];
}

/** The statement that counts those that would end; of a grant that is over by then (seconds) none is active. */
export function countEnding(order: EndingOrder, at: number): Statement | undefined {
  const ending = endingOf(order);
  return ending && { sql: counted[ending], params: [Math.floor(at), ...endingParams(order)] };
}

function endingOf({ unit: { name }, suspend }: EndingOrder): Ending | undefined {
  if (name === "client") return suspend === true ? "suspension" : "client";
  return name === "token" || name === "key" || name === "signing-key" || name === "issuer" ? undefined : name;
}

function endingParams({ unit, suspend, before }: EndingOrder): SqlValue[] {
  const { name, issuer, value, client } = unit;
  // A suspension covers for good, whenever it was authorised.
  const first = [issuer, suspend === true ? null : (before ?? null)];
  if (name === "all") return first;
  if (name === "grant") return [...first, grantRowOrNone(value)];
  return name === "subject+client" ? [...first, value, client ?? ""] : [...first, value];
}

function textsOf(text: (ending: string) => string): Readonly<Record<Ending, string>> {
  const { grant, session, logout, subject, client, suspension, all } = endings;
  return {
    grant: text(grant),
    session: text(session),
    logout: text(logout),
    subject: text(subject),
    "subject+client": text(endings["subject+client"]),
    client: text(client),
    suspension: text(suspension),
    all: text(all),
  };
}
