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

/** What ends with the unit; undefined where nothing can. `$2` is its issuer, `$3` `before` or null, the rest follow. */
interface Ending {
  readonly sql: string;
  readonly params: readonly SqlValue[];
}

const coveredGrant = "bound_to = 'grant' AND opened_s <= coalesce($3, opened_s)";
/** A foreign issuer's units are of other tokens. */
const ours = "EXISTS (SELECT 1 FROM catalog c WHERE coalesce(c.issuer, $2) = $2)";

/** The statement that ends them in the order's transaction, if the order was numbered; none for a unit that ends none. */
export function endSubscriptions(order: EndingOrder & { readonly id: string }): Statement[] {
  const ending = endingWith(order);
  if (ending === undefined) return [];
  return [
    {
      sql: `UPDATE subscriptions SET cancelled_by = (SELECT h.audit_number FROM feed_head h)
        WHERE cancelled_by IS NULL AND ${ending.sql} AND ${ours}
          AND EXISTS (SELECT 1 FROM feed_head h WHERE h.last_order = $1)`,
      params: [BigInt(order.id), ...ending.params],
    },
  ];
}

/** The statement that counts those that would end; of a grant that is over by then (seconds) none is active. */
export function countEnding(order: EndingOrder, at: number): Statement | undefined {
  const ending = endingWith(order);
  if (ending === undefined) return undefined;
  return {
    sql: `SELECT count(*) FROM subscriptions
      WHERE cancelled_by IS NULL AND coalesce(expires_s, $1 + 1) > $1 AND ${ending.sql} AND ${ours}`,
    params: [Math.floor(at), ...ending.params],
  };
}

function endingWith({ unit, suspend, before }: EndingOrder): Ending | undefined {
  // A suspension covers for good, whenever it was authorised.
  const first = [unit.issuer, suspend === true ? null : (before ?? null)];
  switch (unit.name) {
    case "grant":
      return { sql: `grant_id = $4 AND ${coveredGrant}`, params: [...first, grantRowOrNone(unit.value)] };
    case "session":
      return { sql: `session_id = $4 AND ${coveredGrant}`, params: [...first, unit.value] };
    case "logout":
      return { sql: `session_id = $4 AND offline = 0 AND ${coveredGrant}`, params: [...first, unit.value] };
    case "subject":
      return { sql: `subject = $4 AND ${coveredGrant}`, params: [...first, unit.value] };
    case "subject+client":
      return {
        sql: `subject = $4 AND client_id = $5 AND ${coveredGrant}`,
        params: [...first, unit.value, unit.client ?? ""],
      };
    case "client": {
      const what = suspend === true ? `(bound_to = 'client' OR (${coveredGrant}))` : coveredGrant;
      return { sql: `client_id = $4 AND ${what}`, params: [...first, unit.value] };
    }
    case "all":
      return { sql: coveredGrant, params: first };
    case "token":
    case "key":
    case "signing-key":
    case "issuer":
      return undefined;
  }
}
