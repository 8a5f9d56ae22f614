// Whose access tokens are: what an order of one has to know of it, one with the head, or hundreds at once, which need
// none, since an order covers its token for good. Says nothing of whether they live. Reading a token with all its columns
// costs twice as much.

import { formatId, type RowId } from "@rescind/core";
import { Columns } from "../columns.ts";
import type { Database } from "../database.ts";
import type { Row } from "../executor.ts";
import type { FoundTokenOwner, TokenOwner } from "../store.ts";
import { onlyRow, takeHead } from "./head.ts";

const mostAtOnce = 1000;

const ownerWithHead = `SELECT h.seq, h.hash, h.longest_access, h.longest_grant, c.number, rescind_now_ms(),
        t.client_id, t.subject, CAST(t.grant_id AS TEXT), t.exp, t.digest
      FROM feed_head h CROSS JOIN catalog c LEFT JOIN access_tokens t ON t.id = $1`;

export async function findTokenOwner(db: Database, id: RowId): Promise<FoundTokenOwner> {
  const rows = await db.executor.read({ sql: ownerWithHead, params: [BigInt(id)] });
  const columns = new Columns(onlyRow(rows));
  const head = takeHead(columns);
  if (columns.isNull()) return { head, owner: undefined };
  const [clientId, subject, grant] = [columns.text(), columns.text(), columns.optionalText()];
  const owner = {
    clientId,
    subject,
    grantId: grant === undefined ? undefined : formatId("grant", grant),
    expiresAt: columns.whole(),
    digest: columns.optionalBytes(),
  };
  return { head, owner };
}

/** @throws RangeError more than 1,000 */
export async function findTokenOwners(
  db: Database,
  ids: readonly RowId[],
  { digests }: { readonly digests: boolean },
): Promise<ReadonlyMap<RowId, TokenOwner>> {
  if (ids.length > mostAtOnce) throw new RangeError("at most 1,000 tokens are looked up at once");
  const owners = new Map<RowId, TokenOwner>();
  if (ids.length === 0) return owners;
  // A power of two of places, so that there are few texts to prepare; the first id again changes nothing.
  const places = 2 ** Math.ceil(Math.log2(ids.length));
  const params = ids.map(BigInt);
  while (params.length < places) params.push(params[0] ?? 0n);
  for (const row of await db.executor.read({ sql: textFor(places, digests), params }))
    owners.set(String(row[0]), ownerOf(row));
  return owners;
}

const texts = { with: new Map<number, string>(), without: new Map<number, string>() };

/** Bytes are dear to read: each value is an object of its own, a third of what its row costs. */
function textFor(places: number, digests: boolean): string {
  const known = texts[digests ? "with" : "without"];
  return known.get(places) ?? remember(known, places, digests ? ", t.digest" : "");
}

function remember(known: Map<number, string>, places: number, digest: string): string {
  const list = Array.from({ length: places }, (_, place) => `$${place + 1}`).join(", ");
  const text = `SELECT CAST(t.id AS TEXT), t.client_id, t.subject, CAST(t.grant_id AS TEXT)${digest}
      FROM access_tokens t WHERE t.id IN (${list})`;
  known.set(places, text);
  return text;
}

/** Of a row as it is: column after column would cost as much as SQLite does. */
function ownerOf([, clientId, subject, grant, digest]: Row): TokenOwner {
  if (typeof clientId !== "string" || typeof subject !== "string")
    throw new TypeError("an access token does not say whose it is");
  return {
    clientId,
    subject,
    grantId: typeof grant === "string" ? formatId("grant", grant) : undefined,
    digest: digest instanceof Uint8Array ? digest : undefined,
  };
}
