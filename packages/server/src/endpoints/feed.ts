// The feed as JSON pages and its settings; the live stream starts here too. CONTRACT.md section 6.

import { origin, parsePosition, stalenessCap } from "@rescind/core";
import type { FeedPage } from "@rescind/store";
import type { Dependencies } from "../dependencies.ts";
import { wireEntry } from "../feed/wire.ts";
import { type Answer, ok } from "../http/answer.ts";
import { problem } from "../http/respond.ts";

/** Seconds between leases that verifiers should keep. */
const leaseInterval = 1;
const defaultLimit = 1000;
const mostEntries = 10_000;

/** What a verifier has to know before it reads: the key of the fingerprints, the bounds, the registered foreign issuers. */
export async function feedSettings(
  deps: Pick<Dependencies, "issuer" | "fingerprintKey" | "nearline" | "store">,
): Promise<Answer> {
  const issuers = await deps.store.listIssuers();
  return ok(
    {
      version: 1,
      issuer: deps.issuer,
      fingerprint_key: Buffer.from(deps.fingerprintKey).toString("base64url"),
      lease_interval: leaseInterval,
      max_staleness_cap: stalenessCap,
      issuers: issuers.map(({ issuer, jwksUri, maxTokenTtl }) => ({
        issuer,
        jwks_uri: jwksUri,
        max_token_ttl: maxTokenTtl,
      })),
      ...(deps.nearline.settings === undefined ? {} : { cache: deps.nearline.settings }),
    },
    { "cache-control": "no-store" },
  );
}

export interface FeedQuery {
  readonly after?: string | undefined;
  readonly limit?: string | undefined;
}

/** One page of entries after a position, or from the beginning of what is kept. */
export async function feedPage(query: FeedQuery, deps: Dependencies): Promise<Answer> {
  const limit = query.limit === undefined ? defaultLimit : Number(query.limit);
  if (!Number.isInteger(limit) || limit < 1 || limit > mostEntries)
    return badQuery("limit", `limit must be a whole number from 1 to ${mostEntries}.`);
  const page = await pageAfter(query.after, limit, deps);
  if ("status" in page) return page;
  const last = page.entries.at(-1);
  const empty = page.from.hash ?? page.head.position.hash;
  return ok(
    {
      head: page.head.position.seq,
      hash: last?.hash ?? empty,
      entries: page.entries.map(wireEntry),
      more: page.more,
    },
    { "cache-control": "no-store" },
  );
}

export type PageAfter = FeedPage & {
  readonly from: { readonly seq: number; readonly hash: string | undefined };
};

/**
 * Entries after `SEQ.HASH` (whole, or 410 `resync`), after `SEQ` alone (what is kept, possibly with holes), or from the
 * beginning of what is kept.
 */
export async function pageAfter(
  after: string | undefined,
  limit: number,
  deps: Dependencies,
): Promise<PageAfter | Answer> {
  const from = after === undefined ? { seq: 0, hash: undefined } : parsePosition(after);
  if (from === undefined)
    return badQuery("after", "after must be SEQ.HASH or SEQ, as an earlier answer gave it.");
  const page = await deps.store.readFeed(from.seq, limit);
  if (from.seq > page.head.position.seq) return resync("after is beyond the head of this log.");
  if (from.hash === undefined) return { ...page, from };
  const known = from.seq === 0 ? origin.hash : await deps.store.hashAt(from.seq);
  if (known !== from.hash) return resync("The position is not on this log, or no longer kept.");
  if (page.floor.seq > from.seq)
    return resync("Entries after this position were removed: load again from the start.");
  return { ...page, from };
}

export function resync(detail: string): Answer {
  return problem({ status: 410, code: "resync", detail });
}

function badQuery(parameter: string, detail: string): Answer {
  return problem({ status: 400, detail, errors: [{ pointer: `/${parameter}`, detail }] });
}
