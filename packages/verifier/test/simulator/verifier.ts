// A simulated verifier: the product's reader, freshness, set and judge, fed by a simulated network and clocks. What it
// decides goes into the history, which judges it.

import { livesTooLong, type ParsedSnapshot, type Position } from "@rescind/core";
import type { Link as ChainLink, CheckedLink } from "../../src/chain.ts";
import type { Instant } from "../../src/clock.ts";
import { parseFeedPage } from "../../src/feed-page.ts";
import { FeedReader, type ReaderSettings } from "../../src/feed-reader.ts";
import type { Lease } from "../../src/freshness.ts";
import type { ReaderAction, ReaderEvent } from "../../src/reader-events.ts";
import { type KnownToken, TokenJudge } from "../../src/token-judge.ts";
import { TokenRejected } from "../../src/token-rejected.ts";
import type { History } from "./history.ts";
import type { Link, Stream } from "./network.ts";
import type { Random } from "./random.ts";
import { hashAfter, type SimulatedServer, wallAtStart } from "./server.ts";
import { fingerprintsOf, type SimulatedToken } from "./tokens.ts";
import type { VirtualTime } from "./virtual-time.ts";

/** Milliseconds. */
export const maxStaleness = 5000;
const leaseInterval = 1000;
const pageTimeout = 10_000;

/** What a verifier is made of; mutants replace a part. */
export interface VerifierParts {
  reader(settings: ReaderSettings): FeedReader;
  fingerprints(token: SimulatedToken): readonly string[];
}

export const productParts: VerifierParts = {
  reader: (settings) => new FeedReader(settings),
  fingerprints: ({ judged }) => fingerprintsOf(judged),
};

export interface VerifierPlace {
  readonly name: string;
  readonly time: VirtualTime;
  readonly random: Random;
  readonly server: SimulatedServer;
  readonly link: Link;
  readonly history: History;
  readonly parts: VerifierParts;
  readonly onStale: "introspect" | "reject";
  /** Its monotonic clock: 1 is right. */
  readonly rate: number;
}

export class SimulatedVerifier {
  readonly #place: VerifierPlace;
  #reader: FeedReader;
  #judge: TokenJudge;
  #known = new Map<SimulatedToken, KnownToken>();
  #stream: { readonly run: number; readonly stream: Stream } | undefined;
  /** Rises with every restart: what was planned before means nothing. */
  #life = 0;
  /** What the set was like when it was judged last. */
  #judged = { generation: -1, size: -1 };
  #pausedUntil = 0;
  /** Milliseconds that the monotonic clock stood still, and the wall clock is wrong. */
  #suspended = 0;
  #wallOffset = 0;
  /** Suspensions too short to be noticed, for which nobody can answer: when, and how long. */
  #unnoticed: { readonly until: number; readonly ms: number }[] = [];

  constructor(place: VerifierPlace) {
    this.#place = place;
    this.#reader = this.#newReader();
    this.#judge = new TokenJudge(this.#reader);
  }

  get reader(): FeedReader {
    return this.#reader;
  }

  get link(): Link {
    return this.#place.link;
  }

  get instant(): Instant {
    const { now } = this.#place.time;
    return {
      mono: (now - this.#suspended) * this.#place.rate,
      wall: wallAtStart + now + this.#wallOffset,
    };
  }

  get isPaused(): boolean {
    return this.#place.time.now < this.#pausedUntil;
  }

  get pausedUntil(): number {
    return this.#pausedUntil;
  }

  start(): void {
    this.#feed({ kind: "start" });
    this.#tick();
  }

  /** The process ends and begins anew: all it had in memory is gone. */
  restart(): void {
    this.#life += 1;
    this.#stream?.stream.stop();
    this.#stream = undefined;
    this.#pausedUntil = 0;
    this.#reader = this.#newReader();
    this.#judge = new TokenJudge(this.#reader);
    this.#known = new Map();
    this.start();
  }

  /** The process stands still; its timers and messages are late. */
  pause(ms: number): void {
    this.#pausedUntil = Math.max(this.#pausedUntil, this.#place.time.now + ms);
  }

  /** The machine sleeps: the monotonic clock stands still as well, the wall clock goes on. */
  suspend(ms: number): void {
    this.#pausedUntil = Math.max(this.#pausedUntil, this.#place.time.now) + ms;
    this.#suspended += ms;
    this.#unnoticed.push({ until: this.#pausedUntil, ms: Math.min(ms, 1000) });
  }

  turnWallClock(ms: number): void {
    this.#wallOffset += ms;
  }

  /** Tokens to check, from time to time. */
  tokens: () => SimulatedToken | undefined = () => undefined;

  check(token: SimulatedToken): void {
    const { history, name, time, onStale } = this.#place;
    const known = this.#knownToken(token);
    const asked = { asked: time.now, bound: this.#bound() };
    this.#settle(token, asked, () => {
      if (this.#judge.byLog(known, this.instant) !== undefined) {
        history.accept(name, token, { ...asked, at: time.now });
        return;
      }
      history.undecided += 1;
      if (onStale === "introspect") this.#introspect(token, known, asked);
    });
  }

  /** A2 and D1, whatever it was doing. */
  judgeState(): void {
    if (this.isPaused) return;
    const { history, name, time } = this.#place;
    const { position, set } = this.#reader;
    if (this.#judged.generation !== set.generation || this.#judged.size !== set.size) {
      this.#judged = { generation: set.generation, size: set.size };
      this.#judgeSet();
    }
    if (this.#reader.freshSince(this.instant) === undefined) return;
    history.decides(name, position, { asked: time.now, bound: this.#bound() });
  }

  #judgeSet(): void {
    const { history, name, server } = this.#place;
    const { position, set } = this.#reader;
    // What has expired may be gone by the server's housekeeping, or by what this verifier takes for the time.
    const removedBefore = Math.max(server.latestSeconds, this.#reader.serverTime(this.instant));
    history.holdsExactly(name, position, set.entries(), removedBefore);
  }

  #knownToken(token: SimulatedToken): KnownToken {
    const found = this.#known.get(token);
    if (found !== undefined) return found;
    const { judged } = token;
    const fingerprints = this.#place.parts.fingerprints(token);
    const made: KnownToken = {
      token: {
        issuer: judged.issuer,
        subject: judged.subject ?? "",
        clientId: judged.clientId,
        scopes: [],
        audience: [],
        tokenId: judged.tokenId,
        issuedAt: judged.authorisedAt,
        expiresAt: judged.expiresAt,
        grantId: judged.grantId,
        sessionId: judged.sessionId,
        claims: {},
      },
      judged,
      issuer: { livesTooLong: ({ expiresAt }, at) => livesTooLong(expiresAt, at) },
      fingerprints: () => fingerprints,
      generation: -1,
      found: [],
      toldAt: Number.NEGATIVE_INFINITY,
    };
    this.#known.set(token, made);
    return made;
  }

  /** What the verdict throws, told to the history. */
  #settle(token: SimulatedToken, asked: { asked: number; bound: number }, decide: () => void): void {
    try {
      decide();
    } catch (cause) {
      if (!(cause instanceof TokenRejected)) throw cause;
      if (cause.code !== "revoked") return;
      const { seq } = cause.cause as { seq: number }; // the judge gives the entry as the cause
      const { history, name, time } = this.#place;
      history.refuse(name, token, seq, { ...asked, at: time.now });
    }
  }

  #introspect(token: SimulatedToken, known: KnownToken, asked: { asked: number; bound: number }): void {
    const { history, name, time, server, link } = this.#place;
    const here = this.#here();
    link.request<{ active: boolean; head: number }>({
      timeout: maxStaleness,
      ask: (reply) => reply(server.introspect(token)),
      receive: ({ active, head }) =>
        here(() => {
          if (!active) known.toldAt = this.instant.mono;
          else
            this.#settle(token, asked, () => {
              this.#judge.byAnswer(known, head, this.instant);
              history.accept(name, token, { ...asked, at: time.now });
            });
        }),
      fail: () => {},
    });
  }

  #tick(): void {
    const { time, random } = this.#place;
    const here = this.#here();
    time.after(random.between(60, 300), () =>
      here(() => {
        const token = this.tokens();
        if (token !== undefined) this.check(token);
        this.judgeState();
        this.#tick();
      }),
    );
  }

  #feed(event: ReaderEvent): void {
    for (const action of this.#reader.handle(event, this.instant)) this.#run(action);
  }

  #run(action: ReaderAction): void {
    const { time, server, link } = this.#place;
    const here = this.#here();
    switch (action.kind) {
      case "wake":
        time.after(action.after, () => here(() => this.#feed(action.event)));
        break;
      case "check-links":
        time.after(1, () =>
          here(() => this.#feed({ kind: "checked", run: action.run, links: action.links.map(checked) })),
        );
        break;
      case "load-snapshot":
        this.#loadSnapshot(action.run);
        break;
      case "load-page":
        link.request<unknown>({
          timeout: pageTimeout,
          ask: (reply) => reply(server.page(action.after)),
          receive: (page) =>
            here(() => this.#feed({ kind: "page", run: action.run, page: parseFeedPage(page) })),
          fail: () => here(() => this.#feed({ kind: "load-failed", run: action.run })),
        });
        break;
      case "ask-lease":
        this.#askLease(action.lease, action.applied);
        break;
      case "open-stream":
        this.#openStream(action.run, action.after, action.timeout);
        break;
      case "stop-stream":
        if (this.#stream?.run === action.run) this.#endStream();
        break;
      default:
        action satisfies never;
    }
  }

  /** Records come in pieces, as they are taken. */
  #loadSnapshot(run: number): void {
    const here = this.#here();
    this.#place.link.request<ParsedSnapshot | undefined>({
      timeout: pageTimeout,
      ask: (reply) => reply(this.#place.server.snapshot()),
      receive: (snapshot) => {
        if (snapshot === undefined) {
          here(() => this.#feed({ kind: "no-snapshot", run }));
          return;
        }
        const { count, position } = snapshot;
        const half = count >> 1;
        for (const [from, to] of [
          [0, half],
          [half, count],
        ] as const)
          here(() => this.#feed({ kind: "snapshot-records", run, slice: { snapshot, from, to } }));
        this.#place.time.after(5, () => here(() => this.#feed({ kind: "snapshot-end", run, position })));
      },
      fail: () => here(() => this.#feed({ kind: "load-failed", run })),
    });
  }

  #askLease(lease: number, applied: Position): void {
    const here = this.#here();
    const failed = (offTheLog: boolean) => here(() => this.#feed({ kind: "lease-failed", lease, offTheLog }));
    this.#place.link.request<Lease | undefined>({
      timeout: maxStaleness,
      ask: (reply) => this.#place.server.lease(applied, reply),
      receive: (answer) =>
        answer === undefined ? failed(true) : here(() => this.#feed({ kind: "leased", lease, answer })),
      fail: () => failed(false),
    });
  }

  #openStream(run: number, after: Position, timeout: number): void {
    const { server, link } = this.#place;
    const here = this.#here();
    const ended = () => here(() => this.#feed({ kind: "stream-ended", run }));
    this.#stream?.stream.stop();
    const stream = link.open({
      receive: (entries) => here(() => this.#feed({ kind: "streamed", run, entries })),
      end: ended,
    });
    this.#stream = { run, stream };
    link.request<"opened" | "off-the-log" | "refused">({
      timeout,
      ask: (reply) => {
        if (link.streamAway) reply("refused");
        else reply(server.subscribe(after, stream) ? "opened" : "off-the-log");
      },
      receive: (answer) => {
        if (answer === "opened") here(() => this.#feed({ kind: "stream-opened", run }));
        else if (answer === "off-the-log") here(() => this.#feed({ kind: "off-the-log", run }));
        else stream.end();
      },
      fail: () => stream.end(),
    });
  }

  #endStream(): void {
    const ended = this.#stream;
    this.#stream = undefined;
    if (ended === undefined) return;
    ended.stream.stop();
    const here = this.#here();
    this.#place.time.after(1, () => here(() => this.#feed({ kind: "stream-ended", run: ended.run })));
  }

  /** Runs something in this process as it is now: late if it stands still, not at all once it has ended. */
  #here(): (run: () => void) => void {
    const life = this.#life;
    const here = (run: () => void): void => {
      if (life !== this.#life) return;
      if (this.isPaused) this.#place.time.after(this.#pausedUntil - this.#place.time.now, () => here(run));
      else run();
    };
    return here;
  }

  /** The bound in true milliseconds: the clock may run 500 ppm slow, and stand still for less than is noticed. */
  #bound(): number {
    const { now } = this.#place.time;
    const bound = maxStaleness / this.#place.rate + 1;
    const lately = this.#unnoticed.filter(({ until }) => until > now - bound - 2000);
    return (
      bound +
      Math.min(
        1001,
        lately.reduce((sum, { ms }) => sum + ms, 0),
      )
    );
  }

  #newReader(): FeedReader {
    const { parts, random } = this.#place;
    return parts.reader({ maxStaleness, leaseInterval, random: random.share });
  }
}

function checked(link: ChainLink): CheckedLink {
  return { ...link, genuine: hashAfter(link.previous, link.entry) === link.hash };
}
