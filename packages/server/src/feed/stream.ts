// Live subscribers of the log: text/event-stream. What is committed within one turn of the event loop is serialised once
// for all of them; a subscriber ends with the credential that it was opened with. DESIGN.md section 5, THREATS FD-07, FD-09.

import { formatPosition, judgedAccessToken, unitKey, unitsOf } from "@rescind/core";
import type { LoggedEntry } from "@rescind/store";
import type { BearerParts } from "../tokens/bearer.ts";
import { isStillLive } from "../tokens/bearer.ts";
import { entryKeys } from "../tokens/standing.ts";
import type { Subscriber } from "./subscriber.ts";
import { wireEntry } from "./wire.ts";

/** Seconds between comments to one subscriber, by which either end notices that the other is gone. */
const keepAliveSeconds = 15;
/** Subscribers at once; more are told to try again elsewhere or later. */
const mostSubscribers = 20_000;
/** Subscribers that are sent to before others have their turn, which takes some two milliseconds. */
const atOnce = 250;
/**
 * After a delivery that took so long, the next waits this many times as long, since others need the time as well: once at
 * first, and once more with each delivery in a row that had to wait. So the pieces grow with the load, not what waits:
 * a piece costs a verifier several times what one more entry in it does.
 */
const mostRest = 4;
/** Milliseconds after which subscribers of a server that stops come back, to this one or another. */
const soonestMs = 100;
const latestMs = 1000;

export interface FeedStream {
  readonly subscribers: number;
  /** Whether another subscriber would be one too many. */
  readonly isFull: boolean;
  /**
   * Sends everything after `sentUpTo` as it comes. The caller has sent what is up to it, which is at least what this
   * node's memory holds at this moment.
   */
  add(subscriber: Subscriber, sentUpTo: number): void;
  close(): void;
}

export function feedStream(
  parts: Pick<BearerParts, "standing" | "issuer">,
  now: () => number,
  monotonic: () => number = () => performance.now(),
): FeedStream {
  /** With the number that each was sent beforehand; the node's memory may be behind it. */
  const subscribers = new Map<Subscriber, number>();
  const bearers = new Map<string, Set<Subscriber>>();
  let waiting: LoggedEntry[] = [];
  /** Of the delivery that is due or under way, whose next turn or beginning this is. */
  let turn: NodeJS.Immediate | undefined;
  let beginning: NodeJS.Timeout | undefined;
  let isUnderWay = false;
  let rest = 1;
  let restUntil = 0;
  let isClosed = false;

  const forget = (one: Subscriber): void => {
    subscribers.delete(one);
    for (const key of keysOf(one, parts.issuer)) {
      const same = bearers.get(key);
      same?.delete(one);
      if (same?.size === 0) bearers.delete(key);
    }
  };
  const judge = (one: Subscriber): void => {
    if (!one.isOpen) forget(one);
    else if (!isStillLive(one.token, parts, now() / 1000)) {
      forget(one);
      one.end();
    }
  };
  /** Only those whose token has a unit that an entry names can have ended by it. */
  const judgeThose = (entries: readonly LoggedEntry[]): void => {
    for (const entry of entries)
      if (entry.kind === "revoke")
        for (const key of entryKeys(entry)) for (const one of bearers.get(key) ?? []) judge(one);
  };
  const begin = (): void => {
    const entries = waiting;
    waiting = [];
    const bytes = Buffer.from(eventText(entries));
    deliver({ entries, bytes, to: subscribers.entries(), began: monotonic() });
  };
  const deliver = (piece: Piece): void => {
    const { entries, bytes, to } = piece;
    const first = entries[0]?.seq ?? 0;
    for (let left = atOnce; left > 0; left--) {
      const next = to.next();
      if (next.done === true) {
        end(piece);
        return;
      }
      const [one, sentUpTo] = next.value;
      if (sentUpTo < first) one.send(bytes);
      else one.send(eventText(entries.filter(({ seq }) => seq > sentUpTo)));
      if (!one.isOpen) forget(one);
    }
    turn = setImmediate(deliver, piece);
  };
  const end = ({ entries, began }: Piece): void => {
    // What ended the subscriber's own credential is the last that it is told, so that it need not ask for it anew.
    judgeThose(entries);
    const ended = monotonic();
    restUntil = ended + rest * (ended - began);
    isUnderWay = false;
    deliverSoon();
  };
  /** Never at once: the answer to the order itself goes first. */
  const deliverSoon = (): void => {
    if (isUnderWay || waiting.length === 0) return;
    isUnderWay = true;
    const wait = restUntil - monotonic();
    rest = wait <= 1 ? 1 : Math.min(mostRest, rest + 1);
    if (wait <= 1) turn = setImmediate(begin);
    else beginning = setTimeout(begin, wait);
  };
  const unsubscribe = parts.standing.subscribe((entries) => {
    if (subscribers.size === 0) return;
    for (const entry of entries) waiting.push(entry);
    deliverSoon();
  });
  let round = subscribers.keys();
  // Some of them every second: all at once would hold up an entry that comes just then.
  const keepAlive = setInterval(() => {
    for (let left = Math.ceil(subscribers.size / keepAliveSeconds); left > 0; left--) {
      const next = round.next();
      if (next.done === true) {
        round = subscribers.keys();
        return;
      }
      next.value.send(":\n\n");
      judge(next.value);
    }
  }, 1000).unref();

  return {
    get subscribers() {
      return subscribers.size;
    },
    get isFull() {
      return subscribers.size >= mostSubscribers;
    },
    add(one, sentUpTo) {
      if (isClosed) {
        one.end();
        return;
      }
      subscribers.set(one, sentUpTo);
      for (const key of keysOf(one, parts.issuer)) {
        const same = bearers.get(key);
        if (same === undefined) bearers.set(key, new Set([one]));
        else same.add(one);
      }
      // What was revoked while it caught up was judged by nobody.
      judge(one);
    },
    close() {
      isClosed = true;
      clearInterval(keepAlive);
      clearTimeout(beginning);
      clearImmediate(turn);
      unsubscribe();
      for (const one of subscribers.keys()) {
        // Not all at the same moment, and not before a balancer has noticed.
        one.send(comeBack(Math.round(soonestMs + Math.random() * (latestMs - soonestMs))));
        one.end();
      }
    },
  };
}

/** What is sent at one time, to those who are left. */
interface Piece {
  readonly entries: readonly LoggedEntry[];
  readonly bytes: Uint8Array;
  readonly to: Iterator<[Subscriber, number]>;
  /** Monotonic milliseconds. */
  readonly began: number;
}

/** The keys under which an entry would have to stand to cover the subscriber's token. */
function keysOf({ token }: Subscriber, issuer: string): string[] {
  const judged = judgedAccessToken(token, issuer);
  return [...unitsOf(judged).map(unitKey), ...judged.lineage];
}

/** The last that a subscriber is told where the server stops. */
function comeBack(afterMs: number): string {
  return `retry: ${afterMs}\n: the server stops; come back with Last-Event-ID\n\n`;
}

/** Entries as server-sent events, `id: SEQ.HASH`. */
export function eventText(entries: readonly LoggedEntry[]): string {
  return entries.map(event).join("");
}

function event(entry: LoggedEntry): string {
  return `event: entry\nid: ${formatPosition(entry)}\ndata: ${JSON.stringify(wireEntry(entry))}\n\n`;
}
