// Seeded bugs: each puts a wrong part where the product has a seam anyway (a method of the reader or its set, the
// fingerprints a token is looked up by, the server's reading of its clock). The product knows nothing of them.

import {
  type FeedEntry,
  FingerprintSet,
  type Position,
  type RevokeEntry,
  recordEntry,
  type SetLoading,
} from "@rescind/core";
import type { Instant } from "../../src/clock.ts";
import { FeedReader } from "../../src/feed-reader.ts";
import type { Lease } from "../../src/freshness.ts";
import type { ReaderAction, ReaderEvent } from "../../src/reader-events.ts";
import { SimulatedServer } from "./server.ts";
import { product, type World } from "./simulation.ts";
import { fingerprintsOf, type SimulatedToken } from "./tokens.ts";

export interface Mutant {
  readonly bug: string;
  /** Any of these may give it away. */
  readonly found: readonly string[];
  readonly world: World;
}

/** What the set holds is wrong: seen as such, or by a verdict. */
const content = ["D1", "A2", "A5", "A6"];

export const mutants: readonly Mutant[] = [
  { bug: "skipped entry", found: content, world: withSet(() => new SkippingSet()) },
  { bug: "reordered entry", found: content, world: withSet(() => new ReorderingSet()) },
  // Whoever decides by what is old accepts what was revoked since, and refuses what was lifted.
  { bug: "stale lease accepted", found: ["A2", "A6"], world: withReader((of) => new LateReader(of)) },
  { bug: "issued_at taken after the head", found: ["D2"], world: { ...product, server: lateClock } },
  { bug: "gap ignored", found: content, world: withReader((of) => new GapIgnoringReader(of)) },
  { bug: "epoch ignored", found: content, world: withSet(() => new EpochIgnoringSet()) },
  {
    bug: "cached verdict not re-checked",
    found: ["A2", "A5", "A6"],
    world: withSet(() => new ForgetfulSet()),
  },
  { bug: "soft failure", found: ["A2", "A6"], world: withReader((of) => new SoftReader(of)) },
  { bug: "lift applied twice", found: content, world: withSet(() => new TwiceLiftingSet()) },
  { bug: "purge too early", found: content, world: withSet(() => new HastySet()) },
  { bug: "wrong unit matched", found: ["A6"], world: withFingerprints(everyLogout) },
  { bug: "hash not checked", found: content, world: withReader((of) => new TrustingReader(of)) },
];

type Settings = ConstructorParameters<typeof FeedReader>[0];

function withReader(reader: (settings: Settings) => FeedReader): World {
  return { ...product, verifier: { ...product.verifier, reader } };
}

function withSet(make: () => FeedReader["set"]): World {
  return withReader((settings) => new (readerWith(make))(settings));
}

function readerWith(make: () => FeedReader["set"]): typeof FeedReader {
  return class extends FeedReader {
    override readonly set = make();
  };
}

function withFingerprints(fingerprints: (token: SimulatedToken) => readonly string[]): World {
  return { ...product, verifier: { ...product.verifier, fingerprints } };
}

/** Puts other entries in the place of all there are. */
function replace(set: FingerprintSet, entries: readonly FeedEntry[], position: Position): void {
  const loading = set.loading();
  for (const entry of entries) loading.take(entry);
  loading.finish(position);
}

/** One entry of five moves the position and is not taken. */
class SkippingSet extends FingerprintSet {
  override apply(entry: FeedEntry, hash: string) {
    const isSkipped = entry.kind === "revoke" && entry.seq % 5 === 0;
    return super.apply(isSkipped ? { seq: entry.seq, kind: "lift", lifts: 0 } : entry, hash);
  }
}

/** Of two entries that come one after the other, the second is taken first now and then. */
class ReorderingSet extends FingerprintSet {
  #held: RevokeEntry | undefined;

  override apply(entry: FeedEntry, hash: string) {
    const held = this.#held;
    this.#held = undefined;
    if (held === undefined && entry.kind === "revoke" && entry.seq % 3 === 0) {
      this.#held = entry;
      return super.apply({ seq: entry.seq, kind: "lift", lifts: 0 }, hash);
    }
    const applied = super.apply(entry, hash);
    if (held === undefined) return applied;
    replace(
      this,
      [...this.entries(), held].sort((a, b) => a.seq - b.seq),
      this.position,
    );
    return applied;
  }
}

/** After a restore it keeps to what it knew: the entries that open an epoch are numbers like others. */
class EpochIgnoringSet extends FingerprintSet {
  override apply(entry: FeedEntry, hash: string) {
    return super.apply(isOpening(entry) ? { seq: entry.seq, kind: "epoch" } : entry, hash);
  }

  override loading(expected?: number): SetLoading {
    const loading = super.loading(expected);
    return {
      take: (entry) => {
        if (!isOpening(entry)) loading.take(entry);
      },
      takeRecord: (record) => {
        if (!isOpening(recordEntry(record))) loading.takeRecord(record);
      },
      finish: (position) => loading.finish(position),
    };
  }
}

function isOpening(entry: FeedEntry): boolean {
  return entry.kind === "revoke" && entry.unit === "all" && entry.seq % 2 ** 20 === 1;
}

/** What was found for a token once is found for ever. */
class ForgetfulSet extends FingerprintSet {
  override get generation(): number {
    return 1;
  }
}

/** A lift takes back what it names and the next entry of the same unit. */
class TwiceLiftingSet extends FingerprintSet {
  override apply(entry: FeedEntry, hash: string) {
    const named = entry.kind === "lift" ? this.entries().find(({ seq }) => seq === entry.lifts) : undefined;
    const applied = super.apply(entry, hash);
    const next = named === undefined ? undefined : this.find(named.fp)[0];
    if (applied === "applied" && next !== undefined) this.remove(next.seq);
    return applied;
  }
}

/** What expires within ten minutes is removed. */
class HastySet extends FingerprintSet {
  override expire(at: number): boolean {
    return super.expire(at + 600);
  }
}

/** A lease holds for three seconds longer. */
class LateReader extends FeedReader {
  override freshSince(now: Instant): Instant | undefined {
    return super.freshSince({ mono: now.mono - 3000, wall: now.wall - 3000 }) ?? super.freshSince(now);
  }
}

/** What cannot be decided is accepted, once there was something to decide by. */
class SoftReader extends FeedReader {
  override freshSince(now: Instant): Instant | undefined {
    return super.freshSince(now) ?? (this.leaseAge(now) === undefined ? undefined : now);
  }
}

/** Whatever comes is taken for the log. */
class TrustingReader extends FeedReader {
  override handle(event: ReaderEvent, now: Instant): ReaderAction[] {
    if (event.kind !== "checked") return super.handle(event, now);
    const links = event.links.map((link) => ({ ...link, genuine: true }));
    return super.handle({ ...event, links }, now);
  }
}

/** An entry that does not join on is taken all the same. */
class GapIgnoringReader extends FeedReader {
  override readonly set = new GapIgnoringSet();

  override handle(event: ReaderEvent, now: Instant): ReaderAction[] {
    if (event.kind !== "checked") return super.handle(event, now);
    return event.links.flatMap((link) => {
      const isGap = link.entry.seq > this.position.seq + 1;
      const joined = isGap ? { ...link, previous: this.position.hash, genuine: true } : link;
      return super.handle({ ...event, links: [joined] }, now);
    });
  }
}

class GapIgnoringSet extends FingerprintSet {
  override apply(entry: FeedEntry, hash: string) {
    const applied = super.apply(entry, hash);
    if (applied !== "gap") return applied;
    replace(this, [...this.entries(), entry], { seq: entry.seq, hash });
    return "applied";
  }
}

/** An offline token ends with the logout of its session too. */
function everyLogout(token: SimulatedToken): readonly string[] {
  return fingerprintsOf({ ...token.judged, offline: false });
}

/** The head is read first, and the time when that is done. */
class LateClockServer extends SimulatedServer {
  override lease(applied: Position, answer: (lease: Lease | undefined) => void): void {
    const { seq: head, hash } = this.head;
    const { life } = this;
    this.time.after(this.stall, () => {
      if (life !== this.life) return;
      const issued = this.clock();
      this.history.leased({ head, issued });
      answer(this.isOnLog(applied) ? { head, hash, issuedAt: issued.wall } : undefined);
    });
  }
}

function lateClock(...parts: Parameters<World["server"]>): SimulatedServer {
  return new LateClockServer(...parts);
}
