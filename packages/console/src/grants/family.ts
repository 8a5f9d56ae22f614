// A grant and what came of it, as the admin API tells it, in the order it happened. Pure.

import type {
  ExchangedItem,
  ExplainedEntry,
  Explanation,
  FamilyRefreshItem,
  GrantFamily,
  RevocationItem,
  TokenItem,
} from "@rescind/admin-api";

/** An order that names the grant, one of its tokens, or something wider that it belongs to. */
export type FamilyOrder = Pick<
  RevocationItem,
  "id" | "seq" | "select" | "at" | "reason" | "note" | "actor" | "final" | "suspend" | "lifted_by"
> & {
  /** What it does to the grant's tokens; undefined where the log holds it no more, or it names one token. */
  readonly effect: ExplainedEntry["effect"] | undefined;
};

/** An access token of the grant with what was exchanged from it, or an exchanged one. */
export interface Branch {
  readonly token: ExchangedItem | TokenItem;
  readonly exchanged: readonly Branch[];
}

/** One answer of the token endpoint: an access token, and the refresh token that came with it. */
export interface Issue {
  readonly at: string;
  readonly access: Branch | undefined;
  readonly refresh: FamilyRefreshItem | undefined;
  /** One came before it, so a refresh token was used for it. */
  readonly isRefreshed: boolean;
}

export type FamilyEvent =
  | { readonly kind: "issued"; readonly issue: Issue }
  | { readonly kind: "ordered"; readonly order: FamilyOrder };

export function familyEvents(family: GrantFamily, orders: readonly FamilyOrder[]): readonly FamilyEvent[] {
  const events: readonly FamilyEvent[] = [
    ...issuesOf(family).map((issue) => ({ kind: "issued", issue }) as const),
    ...orders.toSorted((a, b) => a.seq - b.seq).map((order) => ({ kind: "ordered", order }) as const),
  ];
  return events.toSorted((a, b) => msOf(a) - msOf(b));
}

/** Exchanged tokens of which nothing nearer than the grant is stored any more. */
export function withoutParent({ exchanged_tokens: exchanged }: GrantFamily): readonly Branch[] {
  return exchanged
    .filter(({ exchanged_from: parents }) => parents.length === 0)
    .map((token) => branchOf(token, exchanged));
}

/** Tokens tell whole seconds, so an order of the same second stands after them. */
function msOf(event: FamilyEvent): number {
  return Date.parse(event.kind === "issued" ? event.issue.at : event.order.at);
}

function issuesOf(family: GrantFamily): readonly Issue[] {
  const { access_tokens, refresh_tokens, exchanged_tokens } = family;
  const all: Omit<Issue, "isRefreshed">[] = [];
  // Of what is answered together the access token is made first, the refresh token right after it.
  for (const token of [...access_tokens, ...refresh_tokens].toSorted((a, b) =>
    rowOf(a) < rowOf(b) ? -1 : 1,
  )) {
    const last = all.at(-1);
    if ("kind" in token)
      all.push({ at: token.issued_at, access: branchOf(token, exchanged_tokens), refresh: undefined });
    else if (last?.refresh === undefined && last?.at === token.issued_at)
      all[all.length - 1] = { ...last, refresh: token };
    else all.push({ at: token.issued_at, access: undefined, refresh: token });
  }
  const isFromTheStart = family.whole && Date.parse(all[0]?.at ?? "") === Date.parse(family.grant.opened_at);
  return all.map((issue, index) => ({ ...issue, isRefreshed: index > 0 || !isFromTheStart }));
}

function branchOf(token: ExchangedItem | TokenItem, exchanged: readonly ExchangedItem[]): Branch {
  const children = exchanged.filter(({ exchanged_from: [first] }) => first === token.token_id);
  return { token, exchanged: children.map((child) => branchOf(child, exchanged)) };
}

/** Ids are made in the order of time. */
function rowOf({ token_id }: { readonly token_id: string }): bigint {
  return BigInt(token_id.replace(/^\w+_/, ""));
}

/** The orders that the log or the history knows for this grant. */
export function familyOrders(
  grantId: string,
  { units }: Pick<Explanation, "units">,
  tokens: readonly { readonly token_id: string }[],
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
