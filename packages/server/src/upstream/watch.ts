// Which held tokens have lost what they were held for. Audit records are followed from a stored number on, each to the
// tokens that its order may concern; those are marked before the number moves, so that whatever stops in between, it is
// done again. What ends by time, and what slipped through between a sign-in and an order, is found by looking at all of
// them now and then. Whether a token's time is over is core's to say (upstreamEnd).

import { setImmediate } from "node:timers/promises";
import { isUnitName, type RowId, upstreamEnd } from "@rescind/core";
import type { AuditRecord, HeldFilter, Store } from "@rescind/store";

interface WatchParts {
  readonly store: Store;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** The server stops: what is under way ends early and is done again after the next start. */
  readonly stopping?: AbortSignal | undefined;
}

const recordsPerPage = 500;
/** Few, since under SQLite the page is read between requests. */
const tokensPerPage = 50;
/** Records that concern nobody after which the number is stored all the same: so many are read again after a start. */
const mostInMemory = 2000;

export interface TokenWatch {
  /** Whether any token was held when this was last asked; where none is, orders cost nothing. */
  readonly serves: boolean;
  /** Follows the records up to the newest. Resolves to whether a token was put on its way. */
  follow(): Promise<boolean>;
  /** Looks at these held tokens, whatever the records say. Resolves to whether one was put on its way. */
  look(filter: HeldFilter): Promise<boolean>;
}

export function tokenWatch(parts: WatchParts): TokenWatch {
  const { store } = parts;
  let serves = true;
  /** The newest record when nothing was held. */
  let passed = 0;
  return {
    get serves() {
      return serves;
    },
    async follow() {
      const { number: stored, newest } = await store.upstreamCursor();
      // Asked after the newest record: what is held from now on hangs on nothing that ended before it.
      serves = (await heldPage({ kind: "all" }, undefined, 1, parts)).length > 0;
      if (!serves) {
        passed = newest;
        if (newest - stored > mostInMemory) await store.moveUpstreamCursor(newest);
        return false;
      }
      let number = Math.max(stored, passed);
      let ended = false;
      for (;;) {
        const records = await store.readAudit(number, recordsPerPage);
        const last = records.at(-1)?.number;
        if (last === undefined) return ended;
        for (const filter of concerned(records)) if (await endOver(filter, parts)) ended = true;
        if (parts.stopping?.aborted === true) return ended;
        await store.moveUpstreamCursor(last);
        number = last;
        if (records.length < recordsPerPage) return ended;
      }
    },
    async look(filter) {
      serves = true;
      return endOver(filter, parts);
    },
  };
}

/** Whose tokens the orders of these records may concern, without repeats; one wide order concerns all. */
export function concerned(records: readonly AuditRecord[]): readonly HeldFilter[] {
  const filters = new Map<string, HeldFilter>();
  for (const { action, content } of records) {
    const filter = action === "revoke" ? filterOf(content.unit) : undefined;
    if (filter === undefined) continue;
    if (filter.kind === "all") return [filter];
    filters.set(JSON.stringify(filter), filter);
  }
  return [...filters.values()];
}

function filterOf(unit: unknown): HeldFilter | undefined {
  if (typeof unit !== "object" || unit === null) return undefined;
  const { name, value } = unit as Readonly<Record<string, unknown>>; // parsing boundary: both are checked
  if (!isUnitName(name) || typeof value !== "string") return undefined;
  switch (name) {
    case "session":
    case "logout":
      return { kind: "session", sessionId: value };
    case "subject":
    case "subject+client":
      return { kind: "subject", subject: value };
    case "grant":
      return { kind: "grant", grantId: value };
    case "client":
    case "key":
    case "all":
      return { kind: "all" };
    // No session and no grant ends with these.
    case "token":
    case "signing-key":
    case "issuer":
      return undefined;
  }
}

async function endOver(filter: HeldFilter, parts: WatchParts): Promise<boolean> {
  let after: RowId | undefined;
  let ended = false;
  for (;;) {
    const tokens = await heldPage(filter, after, tokensPerPage, parts);
    const at = parts.now() / 1000;
    const ends = tokens.flatMap((token) => {
      const endedBy = upstreamEnd(token, at);
      return endedBy === undefined ? [] : [{ id: token.id, endedBy }];
    });
    await parts.store.endUpstreamTokens(ends, parts.now());
    ended ||= ends.length > 0;
    after = tokens.at(-1)?.id;
    if (tokens.length < tokensPerPage || parts.stopping?.aborted === true) return ended;
    await setImmediate();
  }
}

function heldPage(filter: HeldFilter, after: RowId | undefined, limit: number, { store, now }: WatchParts) {
  return store.heldUpstreamTokens(filter, { after, limit, at: now() / 1000 });
}
