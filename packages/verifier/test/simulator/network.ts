// The way between one verifier and the server: it delays, drops, duplicates, cuts, goes silent; and, as a broken proxy
// might on the stream, loses, repeats, disorders, garbles and alters entries.

import type { StreamedEntry } from "../../src/feed-page.ts";
import type { Random } from "./random.ts";
import type { SimulatedServer, Subscriber } from "./server.ts";
import type { VirtualTime } from "./virtual-time.ts";

/** What came over the stream: undefined for something that is no entry. */
export type StreamItem = StreamedEntry | undefined;

export interface StreamEnds {
  receive(items: readonly StreamItem[]): void;
  end(): void;
}

export class Link {
  readonly #time: VirtualTime;
  readonly #random: Random;
  readonly #server: SimulatedServer;
  /** Chance of each message to go wrong. */
  trouble = 0;
  /** Nothing comes through. */
  away = false;
  /** Streams cannot be opened; everything else works. */
  streamAway = false;
  /** Milliseconds every entry is late. */
  lag = 0;
  /** What was sent lately: a broken proxy sends it again. */
  readonly #sent: StreamedEntry[] = [];
  readonly #streams = new Set<Stream>();

  constructor(time: VirtualTime, random: Random, server: SimulatedServer) {
    this.#time = time;
    this.#random = random;
    this.#server = server;
  }

  /**
   * A request goes out, is answered by the server once (or, sent again on the way, twice), and the first answer within
   * the time is received.
   */
  request<Answer>(exchange: {
    readonly timeout: number;
    ask(reply: (answer: Answer) => void): void;
    receive(answer: Answer): void;
    fail(): void;
  }): void {
    let isOver = false;
    const once = (settle: () => void) => {
      if (isOver) return;
      isOver = true;
      settle();
    };
    this.#time.after(exchange.timeout, () => once(() => exchange.fail()));
    const copies = this.#random.chance(this.trouble) ? 2 : 1;
    for (let i = 0; i < copies; i++) {
      this.#time.after(this.#delay(), () => {
        const { life } = this.#server;
        if (this.#isLost()) return;
        exchange.ask((answer) => {
          if (this.#isLost()) return;
          this.#time.after(this.#delay(), () => {
            if (life === this.#server.life) once(() => exchange.receive(answer));
            else once(() => exchange.fail());
          });
        });
      });
    }
  }

  /** A stream to which the server may send. */
  open(ends: StreamEnds): Stream {
    const stream = new Stream(ends, {
      arrive: (send) => this.#time.after(this.lag + this.#random.below(this.trouble > 0 ? 300 : 20), send),
      spoil: (item) => this.#spoil(item),
      isAway: () => this.away,
      ended: () => {
        this.#streams.delete(stream);
        this.#server.unsubscribe(stream);
      },
    });
    this.#streams.add(stream);
    return stream;
  }

  /** Every connection is cut, and both sides notice. */
  cut(): void {
    for (const stream of [...this.#streams]) this.#time.after(this.#random.below(10), () => stream.end());
  }

  /** Connections stay, but nothing comes over them any more. */
  halfOpen(): void {
    for (const stream of this.#streams) stream.isSilent = true;
  }

  #spoil(item: StreamedEntry): readonly StreamItem[] {
    this.#sent.push(item);
    if (this.#sent.length > 8) this.#sent.shift();
    if (!this.#random.chance(this.trouble)) return [item];
    const other = this.#random.of(this.#sent) ?? item;
    const altered = { ...item, entry: { ...item.entry, expires: 1_700_000_000 } } as StreamedEntry; // as a liar would
    const ways: readonly (readonly StreamItem[])[] = [
      [],
      [item, item],
      [other, item],
      [undefined],
      [{ ...item, hash: other.hash }],
      [altered],
    ];
    return this.#random.of(ways) ?? [item];
  }

  #delay(): number {
    return 1 + this.#random.below(this.trouble > 0 ? 2500 : 30);
  }

  #isLost(): boolean {
    return this.away || this.#random.chance(this.trouble);
  }
}

interface Way {
  arrive(send: () => void): void;
  spoil(item: StreamedEntry): readonly StreamItem[];
  isAway(): boolean;
  ended(): void;
}

/** One live stream: in order, as TCP has it, in pieces of what arrived together. */
export class Stream implements Subscriber {
  readonly #ends: StreamEnds;
  readonly #way: Way;
  #waiting: StreamItem[] = [];
  #isOver = false;
  isSilent = false;

  constructor(ends: StreamEnds, way: Way) {
    this.#ends = ends;
    this.#way = way;
  }

  send(item: StreamedEntry): void {
    if (this.#way.isAway()) this.isSilent = true;
    if (this.isSilent || this.#isOver) return;
    const isFirst = this.#waiting.length === 0;
    this.#waiting.push(...this.#way.spoil(item));
    if (!isFirst || this.#waiting.length === 0) return;
    this.#way.arrive(() => {
      const items = this.#waiting;
      this.#waiting = [];
      if (!this.#isOver && !this.isSilent) this.#ends.receive(items);
    });
  }

  /** Ended by the network or the server: the verifier notices. */
  end(): void {
    if (this.#isOver) return;
    this.stop();
    this.#ends.end();
  }

  /** Ended by the verifier. */
  stop(): void {
    this.#isOver = true;
    this.#way.ended();
  }
}
