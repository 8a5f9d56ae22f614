// Whose access tokens are, hundreds at once: what an order of one has to know of it. Says nothing of whether they live,
// and needs no head: an order covers its token for good.

import { formatId, type RowId } from "@rescind/core";
import type { Database } from "../database.ts";
import type { Row } from "../executor.ts";
import type { TokenOwner } from "../store.ts";

const mostAtOnce = 1000;

/** @throws RangeError more than 1,000 */
export async function findTokenOwners(
  db: Database,
  ids: readonly RowId[],
): Promise<ReadonlyMap<RowId, TokenOwner>> {
  if (ids.length > mostAtOnce) throw new RangeError("at most 1,000 tokens are looked up at once");
  const owners = new Map<RowId, TokenOwner>();
  if (ids.length === 0) return owners;
  // A power of two of places, so that there are few texts to prepare; the first id again changes nothing.
  const places = 2 ** Math.ceil(Math.log2(ids.length));
  const params = ids.map(BigInt);
  while (params.length < places) params.push(params[0] ?? 0n);
  for (const row of await db.executor.read({ sql: textFor(places), params })) {
    const { id, ...owner } = ownerOf(row);
    owners.set(id, owner);
  }
  return owners;
}

const texts = new Map<number, string>();

function textFor(places: number): string {
  const known = texts.get(places);
  if (known !== undefined) return known;
  const list = Array.from({ length: places }, (_, place) => `$${place + 1}`).join(", ");
  const text = `SELECT CAST(t.id AS TEXT), t.client_id, t.subject, CAST(t.grant_id AS TEXT), t.digest
      FROM access_tokens t WHERE t.id IN (${list})`;
  texts.set(places, text);
  return text;
}

/** Of a row as it is: column after column would cost as much as SQLite does. */
function ownerOf([id, clientId, subject, grant, digest]: Row): TokenOwner & { readonly id: RowId } {
  if (typeof id !== "string" || typeof clientId !== "string" || typeof subject !== "string")
    throw new TypeError("an access token does not say whose it is");
  return {
    id,
    clientId,
    subject,
    grantId: typeof grant === "string" ? formatId("grant", grant) : undefined,
    digest: digest instanceof Uint8Array ? digest : undefined,
  };
}
