// The log of a mock issuer in memory: numbered, chained and streamed as docs/reference/feed.md has it. Keeps everything;
// has no snapshots.

import {
  chainInput,
  type FeedEntry,
  fromBase64url,
  origin,
  type Position,
  type RevokeEntry,
  toBase64url,
} from "@rescind/core";

interface Logged {
  readonly entry: FeedEntry;
  readonly hash: string;
}

type Sink = ReadableStreamDefaultController<Uint8Array>;

export class MockLog {
  readonly #logged: Logged[] = [];
  readonly #sinks = new Set<Sink>();
  /** Appending goes one by one: each hash needs the one before. */
  #last: Promise<unknown> = Promise.resolve();

  get head(): Position {
    const last = this.#logged.at(-1);
    return last === undefined ? origin : { seq: last.entry.seq, hash: last.hash };
  }

  get streams(): number {
    return this.#sinks.size;
  }

  /** Every order stands: nothing here is lifted. */
  get standing(): readonly RevokeEntry[] {
    return this.#logged.flatMap(({ entry }) => (entry.kind === "revoke" ? [entry] : []));
  }

  holds({ seq, hash }: Position): boolean {
    return seq === 0 ? hash === origin.hash : this.#logged[seq - 1]?.hash === hash;
  }

  /** Appends an order and sends it to who reads; resolves to its number. */
  append(order: Pick<RevokeEntry, "unit" | "fp">): Promise<number> {
    const appended = this.#last.then(async () => {
      const { seq, hash } = this.head;
      // `ack` asks verifiers to say at once that they have applied it.
      const entry: RevokeEntry = { seq: seq + 1, kind: "revoke", ...order, ack: true };
      const previous = fromBase64url(hash) ?? new Uint8Array(32);
      const digest = await crypto.subtle.digest("SHA-256", chainInput(previous, entry));
      const logged = { entry, hash: toBase64url(new Uint8Array(digest)) };
      this.#logged.push(logged);
      for (const sink of this.#sinks) sink.enqueue(event(logged));
      return entry.seq;
    });
    this.#last = appended;
    return appended;
  }

  /** All there is, as a page. */
  page(after: number): Readonly<Record<string, unknown>> {
    const { seq: head, hash } = this.head;
    const entries = this.#logged.slice(after).map(({ entry }) => entry);
    return { head, hash, entries, more: false };
  }

  /** What comes after a position, now and later, until `signal` ends it. */
  stream(after: number, signal: AbortSignal | null | undefined): ReadableStream<Uint8Array> {
    let own: Sink | undefined;
    return new ReadableStream<Uint8Array>({
      start: (sink) => {
        own = sink;
        sink.enqueue(encoder.encode(": hello\n\n"));
        for (const logged of this.#logged.slice(after)) sink.enqueue(event(logged));
        this.#sinks.add(sink);
        signal?.addEventListener("abort", () => this.#drop(sink, signal.reason), { once: true });
      },
      cancel: () => {
        if (own !== undefined) this.#sinks.delete(own);
      },
    });
  }

  /** Ends every stream as a lost connection would. */
  cut(): void {
    for (const sink of this.#sinks) this.#drop(sink, new TypeError("the connection was lost"));
  }

  #drop(sink: Sink, reason: unknown): void {
    if (this.#sinks.delete(sink)) sink.error(reason);
  }
}

const encoder = new TextEncoder();

function event({ entry, hash }: Logged): Uint8Array {
  return encoder.encode(`event: entry\nid: ${entry.seq}.${hash}\ndata: ${JSON.stringify(entry)}\n\n`);
}
