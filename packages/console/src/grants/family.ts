// A grant and what came of it, as the admin API tells it, in the order it happened. Pure. Does not guess: spent refresh
// tokens have no place in the lists, and exchanged tokens belong to no grant, so neither has an id here.

import type { ExplainedEntry, Explanation, RevocationItem, TokenItem } from "@rescind/admin-api";

/** An order that names the grant, one of its tokens, or something wider that it belongs to. */
export type FamilyOrder = Pick<
  RevocationItem,
  "id" | "seq" | "select" | "at" | "reason" | "note" | "actor" | "final" | "suspend" | "lifted_by"
> & {
  /** What it does to the grant's tokens; undefined where the log holds it no more, or it names one token. */
  readonly effect: ExplainedEntry["effect"] | undefined;
};

/** One answer of the token endpoint: an access token, and the refresh token that came with it. */
export interface Issue {
  readonly at: string;
  readonly access: TokenItem | undefined;
  readonly refresh: TokenItem | undefined;
  /** Its refresh token was used for the next one. */
  readonly isSpent: boolean;
  /** One came before it, so a refresh token was used for it. */
  readonly isRefreshed: boolean;
}

export type FamilyEvent =
  | { readonly kind: "issued"; readonly issue: Issue }
  | { readonly kind: "ordered"; readonly order: FamilyOrder };

export function familyEvents(
  tokens: readonly TokenItem[],
  orders: readonly FamilyOrder[],
): readonly FamilyEvent[] {
  const events: readonly FamilyEvent[] = [
    ...issuesOf(tokens).map((issue) => ({ kind: "issued", issue }) as const),
    ...orders.toSorted((a, b) => a.seq - b.seq).map((order) => ({ kind: "ordered", order }) as const),
  ];
  return events.toSorted((a, b) => msOf(a) - msOf(b));
}

/** Tokens tell whole seconds, so an order of the same second stands after them. */
function msOf(event: FamilyEvent): number {
  return Date.parse(event.kind === "issued" ? event.issue.at : event.order.at);
}

function issuesOf(tokens: readonly TokenItem[]): readonly Issue[] {
  const oldestFirst = tokens.toSorted((a, b) => (rowOf(a) < rowOf(b) ? -1 : 1));
  const refresh = oldestFirst.filter(({ kind }) => kind === "refresh");
  const access = oldestFirst.filter(({ kind }) => kind === "access");
  const pairs = access.map((token, index) => {
    const isLastOfItsSecond = access[index + 1]?.issued_at !== token.issued_at;
    return {
      at: token.issued_at,
      access: token,
      refresh: isLastOfItsSecond ? refresh.find(({ issued_at }) => issued_at === token.issued_at) : undefined,
    };
  });
  const alone = refresh
    .filter((token) => !pairs.some((pair) => pair.refresh === token))
    .map((token) => ({ at: token.issued_at, access: undefined, refresh: token }));
  const all = [...pairs, ...alone].toSorted((a, b) => Date.parse(a.at) - Date.parse(b.at));
  return all.map((issue, index) => ({
    ...issue,
    isRefreshed: index > 0,
    // A refresh token that is listed has not been spent: with one at or before this place, it serves for all that follow.
    isSpent: index < all.length - 1 && all.slice(0, index + 1).every((one) => one.refresh === undefined),
  }));
}

/** Ids are made in the order of time. */
function rowOf({ token_id }: TokenItem): bigint {
  return BigInt(token_id.replace(/^\w+_/, ""));
}

/** The orders that the log or the history knows for this grant. */
export function familyOrders(
  grantId: string,
  { units }: Pick<Explanation, "units">,
  tokens: readonly TokenItem[],
  history: readonly RevocationItem[],
): readonly FamilyOrder[] {
  const onTheLog = units
    .filter(({ unit }) => unit !== "token")
    .flatMap((unit) => unit.entries.map((entry) => ofEntry(unit, entry)));
  const known = new Set(onTheLog.map(({ seq }) => seq));
  const ids = new Set(tokens.map(({ token_id }) => token_id));
  const named = history.filter(
    ({ seq, select }) => !known.has(seq) && (select.grant_id === grantId || ids.has(select.token_id ?? "")),
  );
  return [...onTheLog, ...named.map((order) => ({ ...order, effect: undefined }))];
}

function ofEntry(
  { unit, value, client_id }: Explanation["units"][number],
  entry: ExplainedEntry,
): FamilyOrder {
  const { revocation_id: id, seq, at, effect, reason, actor, suspend, final } = entry;
  return {
    ...{ id, seq, at, effect, reason, actor, suspend, final, select: selectOf(unit, value, client_id) },
    ...(entry.note === undefined ? {} : { note: entry.note }),
    ...(entry.lifted_by === undefined ? {} : { lifted_by: entry.lifted_by }),
  };
}

function selectOf(unit: string, value: string, clientId: string | undefined): RevocationItem["select"] {
  switch (unit) {
    case "grant":
      return { grant_id: value };
    case "session":
    case "logout":
      return { session_id: value };
    case "subject":
      return { subject: value };
    case "subject+client":
      return clientId === undefined ? { subject: value } : { subject: value, client_id: clientId };
    case "client":
      return { client_id: value };
    case "key":
      return { key_id: value };
    case "signing-key":
      return { kid: value };
    default:
      return { all: true };
  }
}
