// Runs what the feed reader orders: fetches pages, reads the stream, asks for leases, keeps the timers, and feeds what
// comes of it back. The thin half with all the I/O; every decision is the reader's.

import type { Position } from "@rescind/core";
import { type CheckedLink, checkLinks, type Link } from "./chain.ts";
import type { Clock } from "./clock.ts";
import { EventStreamParser } from "./event-stream.ts";
import { parseStreamedEntry } from "./feed-page.ts";
import type { FeedReader } from "./feed-reader.ts";
import type { Acknowledgement, FeedServer } from "./feed-server.ts";
import type { ReaderAction, ReaderEvent } from "./reader-events.ts";

export interface ConnectionParts {
  readonly clock: Clock;
  readonly reader: FeedReader;
  readonly server: FeedServer;
  /** What an acknowledgement says beside the position. */
  readonly report: () => Omit<Acknowledgement, "applied">;
  /** Called before each loading: whatever the settings hold may have changed by then. */
  readonly beforeLoad: () => Promise<void>;
  /** Called after every event, when the reader's state may have changed. */
  readonly onChange: () => void;
  /** Called when a signing key was revoked: another signs from now on, which may be unknown here. */
  readonly onSigningKeyRevoked: () => void;
  /** Called with what a request failed with; the reader tries again in any case. */
  readonly onFailure: (cause: unknown) => void;
}

/** Records of a snapshot, which takes some milliseconds. */
const recordsAtOnce = 16_384;

export class FeedConnection {
  readonly #parts: ConnectionParts;
  readonly #timers = new Set<ReturnType<typeof setTimeout>>();
  readonly #closing = new AbortController();
  #stream: { readonly run: number; readonly abort: AbortController } | undefined;

  constructor(parts: ConnectionParts) {
    this.#parts = parts;
  }

  start(): void {
    this.#feed({ kind: "start" });
  }

  /** Stops timers and the stream; requests under way end without effect. */
  close(): void {
    this.#closing.abort();
    this.#stream?.abort.abort();
    for (const timer of this.#timers) clearTimeout(timer);
    this.#timers.clear();
  }

  #feed(event: ReaderEvent): void {
    if (this.#closing.signal.aborted) return;
    void this.#take(event);
  }

  /** Resolves when what the event caused is done; undefined where it is already. */
  #take(event: ReaderEvent): Promise<unknown> | undefined {
    const actions = this.#parts.reader.handle(event, this.#parts.clock());
    this.#parts.onChange();
    const running = actions.flatMap((action) => this.#run(action) ?? []);
    return running.length > 0 ? Promise.all(running) : undefined;
  }

  #run(action: ReaderAction): Promise<void> | undefined {
    switch (action.kind) {
      case "load-snapshot":
        return this.#loadSnapshot(action.run);
      case "load-page":
        return this.#loadPage(action.run, action.after);
      case "open-stream":
        return this.#read(action.run, action.after, action.timeout);
      case "stop-stream":
        if (this.#stream?.run === action.run) this.#stream.abort.abort();
        return undefined;
      case "check-links":
        return this.#check(action.run, action.links);
      case "ask-lease":
        return this.#askLease(action.lease, action.applied);
      case "wake":
        return this.#wake(action.after, action.event);
      default:
        return action satisfies never;
    }
  }

  #wake(after: number, event: ReaderEvent): undefined {
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      this.#feed(event);
    }, after);
    this.#timers.add(timer);
  }

  /** Some records at a time: requests are answered in between. */
  async #loadSnapshot(run: number): Promise<void> {
    try {
      await this.#parts.beforeLoad();
      const snapshot = await this.#parts.server.snapshot();
      if (snapshot === undefined) return this.#feed({ kind: "no-snapshot", run });
      for (let from = 0; from < snapshot.count && !this.#closing.signal.aborted; from += recordsAtOnce) {
        const to = Math.min(snapshot.count, from + recordsAtOnce);
        this.#feed({ kind: "snapshot-records", run, slice: { snapshot, from, to } });
        await new Promise<void>((resolve) => setTimeout(resolve, 0));
      }
      this.#feed({ kind: "snapshot-end", run, position: snapshot.position });
    } catch (cause) {
      this.#parts.onFailure(cause);
      this.#feed({ kind: "load-failed", run });
    }
  }

  async #loadPage(run: number, after: number | undefined): Promise<void> {
    try {
      this.#feed({ kind: "page", run, page: await this.#parts.server.page(after) });
    } catch (cause) {
      this.#parts.onFailure(cause);
      this.#feed({ kind: "load-failed", run });
    }
  }

  async #askLease(lease: number, applied: Position): Promise<void> {
    try {
      const answer = await this.#parts.server.lease({ ...this.#parts.report(), applied });
      if (answer === undefined || answer === "off-the-log")
        this.#feed({ kind: "lease-failed", lease, offTheLog: answer === "off-the-log" });
      else this.#feed({ kind: "leased", lease, answer });
    } catch (cause) {
      this.#parts.onFailure(cause);
      this.#feed({ kind: "lease-failed", lease, offTheLog: false });
    }
  }

  async #read(run: number, after: Position, timeout: number): Promise<void> {
    const abort = new AbortController();
    this.#stream = { run, abort };
    try {
      const answer = await this.#parts.server.stream(after, timeout, abort);
      if (answer === undefined) {
        abort.abort();
        return this.#feed({ kind: "off-the-log", run });
      }
      this.#feed({ kind: "stream-opened", run });
      await answer.read(this.#pieces(run));
    } catch (cause) {
      if (!abort.signal.aborted) this.#parts.onFailure(cause);
    }
    // Whatever ended it, nothing of the connection stays.
    abort.abort();
    this.#feed({ kind: "stream-ended", run });
  }

  /** Takes the pieces of one stream; the next may come when the links of the one before are checked. */
  #pieces(run: number): (piece: Uint8Array) => Promise<unknown> | undefined {
    const parser = new EventStreamParser();
    const decoder = new TextDecoder();
    return (piece) => {
      const entries = parser.push(decoder.decode(piece, { stream: true })).map(parseStreamedEntry);
      if (entries.length === 0 || this.#closing.signal.aborted) return undefined;
      return this.#take({ kind: "streamed", run, entries });
    };
  }

  #check(run: number, links: readonly Link[]): Promise<void> | undefined {
    const checked = checkLinks(links);
    if (checked instanceof Promise) return checked.then((all) => this.#checked(run, all));
    this.#checked(run, checked);
    return undefined;
  }

  #checked(run: number, links: readonly CheckedLink[]): void {
    this.#feed({ kind: "checked", run, links });
    if (
      links.some(({ genuine, entry }) => genuine && entry.kind === "revoke" && entry.unit === "signing-key")
    )
      this.#parts.onSigningKeyRevoked();
  }
}
