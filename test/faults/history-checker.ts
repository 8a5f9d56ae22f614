// Judges a history by the invariants of the fault plan. Every rule is a scan over the records of one token or grant;
// nothing here knows how the server works. Left out: what needs verifiers (A2, A3, D3, D4), codes (C1, C2), and
// pruning (E3). D1 is read off the log itself, in the kill test.

import type {
  Audited,
  Checked,
  HistoryRecord,
  Interval,
  Leased,
  NamedToken,
  Outage,
  Refreshed,
  Revoked,
} from "./history.ts";

export interface Violation {
  readonly invariant: "A1" | "A4" | "A5" | "A6" | "A7" | "B1" | "B2" | "B3" | "B4" | "D2" | "E1";
  readonly what: string;
}

export interface CheckerSettings {
  /** Milliseconds in which a spent refresh token may be presented again. */
  readonly graceMs: number;
}

/** A revocation, or a replay that ends a grant. */
interface Cover {
  readonly token: string | undefined;
  readonly grant: string | undefined;
  /** It cannot have been in force before. */
  readonly earliest: number;
  /** It must be in force for whatever is sent later; infinity where that was never acknowledged. */
  readonly surely: number;
}

/** Judges a history; an empty list means that nothing contradicts the invariants. */
export function violations(history: readonly HistoryRecord[], settings: CheckerSettings): Violation[] {
  const world = new World(history, settings);
  return [
    ...world.revokedButLive(),
    ...world.refusedThenLive(),
    ...world.endedByNothing(),
    ...world.halfApplied(),
    ...world.refreshes(),
    ...world.leases(),
    ...world.audit(),
  ];
}

class World {
  readonly #settings: CheckerSettings;
  readonly #tokens = new Map<string, NamedToken & { readonly bornAt: number }>();
  readonly #checks = new Map<string, Checked[]>();
  readonly #presented = new Map<string, Refreshed[]>();
  readonly #successors = new Map<string, Set<string>>();
  readonly #covers = new Map<string, Cover[]>();
  readonly #revokes: Revoked[];
  readonly #leases: Leased[];
  readonly #outages: Outage[];
  readonly #audits: Audited[];

  constructor(history: readonly HistoryRecord[], settings: CheckerSettings) {
    this.#settings = settings;
    this.#revokes = history.filter((record) => record.op === "revoke");
    this.#leases = history.filter((record) => record.op === "lease");
    this.#outages = history.filter((record) => record.op === "outage");
    this.#audits = history.filter((record) => record.op === "audit");
    for (const record of history) {
      if (record.op === "issue") for (const token of record.tokens) this.#born(token, record.returned);
      if (record.op === "check") push(this.#checks, record.token, record);
      if (record.op === "refresh") push(this.#presented, record.token, record);
    }
    for (const presentation of bySent([...this.#presented.values()].flat()))
      this.#learnSuccessor(presentation);
    for (const record of this.#revokes) this.#learnRevocation(record);
    for (const presentations of this.#presented.values()) this.#learnReplays(presentations);
  }

  /** A1: what was acknowledged as revoked is not live for anything sent afterwards. A4 after an outage, B4 for what was issued since. */
  revokedButLive(): Violation[] {
    const found: Violation[] = [];
    for (const check of this.#activeChecks()) {
      const token = this.#known(check.token);
      const cover = this.#coversOf(token).find(({ surely }) => surely < check.sent);
      if (cover === undefined) continue;
      const survived = this.#outages.some(({ sent }) => cover.surely <= sent && sent <= check.sent);
      const invariant = survived ? "A4" : token.bornAt > cover.surely ? "B4" : "A1";
      found.push({
        invariant,
        what: `${token.name} was live at ${at(check.sent)}, revoked since ${at(cover.surely)}`,
      });
    }
    return found;
  }

  /** A5: what was refused once stays refused. */
  refusedThenLive(): Violation[] {
    const found: Violation[] = [];
    for (const [token, checks] of this.#checks) {
      const refused = Math.min(...checks.filter(({ active }) => !active).map(({ returned }) => returned));
      const later = checks.find(({ active, sent }) => active && sent > refused);
      if (later !== undefined)
        found.push({
          invariant: "A5",
          what: `${token} was refused at ${at(refused)} and live at ${at(later.sent)}`,
        });
    }
    return found;
  }

  /** A6: what was acknowledged as issued is live unless something ended it. */
  endedByNothing(): Violation[] {
    const found: Violation[] = [];
    for (const check of [...this.#checks.values()].flat()) {
      if (check.active) continue;
      const token = this.#known(check.token);
      const spent = this.#presentations(token.name).some(({ sent }) => sent < check.returned);
      const ended = this.#coversOf(token).some(({ earliest }) => earliest < check.returned);
      if (!spent && !ended)
        found.push({
          invariant: "A6",
          what: `${token.name} was refused at ${at(check.returned)}; nothing had ended it`,
        });
    }
    return found;
  }

  /** A7: a revocation of a grant without an answer holds for all of it or for nothing. */
  halfApplied(): Violation[] {
    const found: Violation[] = [];
    for (const [key, covers] of this.#covers) {
      const grant = covers[0]?.grant;
      if (grant === undefined || covers.some(({ surely }) => surely < Number.POSITIVE_INFINITY)) continue;
      const members = [...this.#tokens.values()].filter(
        (token) =>
          token.grant === grant && token.kind === "access" && !this.#covers.has(`token ${token.name}`),
      );
      const checks = members.flatMap(({ name }) => this.#checks.get(name) ?? []);
      const seen = Math.min(...checks.filter(({ active }) => !active).map(({ returned }) => returned));
      const later = checks.find(({ active, sent }) => active && sent > seen);
      if (later !== undefined)
        found.push({
          invariant: "A7",
          what: `${key} was seen ended at ${at(seen)}, but ${later.token} was live`,
        });
    }
    return found;
  }

  /** B1 to B4: what refreshing must and must not do. */
  refreshes(): Violation[] {
    const found: Violation[] = [];
    for (const [name, presentations] of this.#presented) {
      const token = this.#known(name);
      if ((this.#successors.get(name)?.size ?? 0) > 1)
        found.push({ invariant: "B1", what: `${name} has several successors` });
      for (const presentation of presentations) {
        if (presentation.result === "ok") found.push(...this.#wrongfullyGiven(token, presentation));
        if (presentation.result === "fail") found.push(...this.#wrongfullyRefused(token, presentation));
      }
    }
    return found;
  }

  /** D2: a lease includes everything that was acknowledged before it was issued. */
  leases(): Violation[] {
    const found: Violation[] = [];
    for (const lease of this.#leases)
      for (const { result, seq, returnedAt, token } of this.#revokes) {
        if (result !== "ok" || seq === undefined || returnedAt === undefined) continue;
        if (returnedAt < lease.issuedAt && seq > lease.head)
          found.push({
            invariant: "D2",
            what: `a lease at head ${lease.head} lacks ${seq} (${token}), acknowledged before`,
          });
      }
    return found;
  }

  /** E1: each acknowledged revocation has one audit record. */
  audit(): Violation[] {
    const found: Violation[] = [];
    for (const { seqs } of this.#audits) {
      const counts = new Map<number, number>();
      for (const seq of seqs) counts.set(seq, (counts.get(seq) ?? 0) + 1);
      for (const { result, seq, token } of this.#revokes) {
        if (result !== "ok" || seq === undefined || counts.get(seq) === 1) continue;
        found.push({
          invariant: "E1",
          what: `revocation ${seq} (${token}) has ${counts.get(seq) ?? 0} audit records`,
        });
      }
    }
    return found;
  }

  #wrongfullyGiven(token: NamedToken, { sent, access }: Refreshed): Violation[] {
    const cover = this.#coversOf(token).find(({ surely }) => surely < sent);
    if (cover !== undefined)
      return [
        {
          invariant: "B4",
          what: `${token.name} was refreshed (${access}) at ${at(sent)}, ended at ${at(cover.surely)}`,
        },
      ];
    const used = this.#successorUse(token.name, ({ result, returned }) => result === "ok" && returned < sent);
    if (used !== undefined)
      return [
        {
          invariant: "B2",
          what: `${token.name} was refreshed again at ${at(sent)} although its successor was used`,
        },
      ];
    if (sent > this.#windowFrom(this.#spentBy(token.name), sent, "partly") + this.#settings.graceMs)
      return [
        { invariant: "B1", what: `${token.name} was refreshed at ${at(sent)}, long after it was spent` },
      ];
    return [];
  }

  #wrongfullyRefused(token: NamedToken, { sent, returned }: Refreshed): Violation[] {
    if (this.#coversOf(token).some(({ earliest }) => earliest < returned)) return [];
    if (this.#successorUse(token.name, (use) => use.sent < returned) !== undefined) return [];
    const first = Math.min(...this.#presentations(token.name).map((presentation) => presentation.sent));
    if (returned > this.#windowFrom(first, sent, "whole") + this.#settings.graceMs) return [];
    return [
      {
        invariant: "B3",
        what: `${token.name} was refused at ${at(sent)}; nothing but the server had failed`,
      },
    ];
  }

  /**
   * The grace window counts from when it was spent, or from the end of the last outage since. An outage is over when all is
   * well again; until then some of it (one node of two) may be, and give its window: `partly` counts it from then.
   */
  #windowFrom(spent: number, until: number, outages: "partly" | "whole"): number {
    const ends =
      outages === "partly"
        ? this.#outages.filter(({ sent }) => sent <= until).map(({ returned }) => Math.min(returned, until))
        : this.#outages.filter(({ partly }) => partly !== true).map(({ returned }) => returned);
    return Math.max(spent, ...ends.filter((end) => end <= until));
  }

  #learnSuccessor(presentation: Refreshed): void {
    const { token, result, successor, access, returned } = presentation;
    if (result !== "ok" || successor === undefined) return;
    const { grant } = this.#known(token);
    const successors = this.#successors.get(token) ?? new Set();
    this.#successors.set(token, successors.add(successor));
    this.#born({ name: successor, kind: "refresh", grant }, returned);
    if (access !== undefined) this.#born({ name: access, kind: "access", grant }, returned);
  }

  #learnRevocation({ token, reach, result, sent, returned }: Revoked): void {
    if (result === "fail") return;
    const { grant } = this.#known(token);
    this.#cover({
      ...(reach === "grant" && grant !== undefined
        ? { token: undefined, grant }
        : { token, grant: undefined }),
      earliest: sent,
      surely: result === "ok" ? returned : Number.POSITIVE_INFINITY,
    });
  }

  /** Presenting a token whose successor was used, or after its window, ends the grant (B2). */
  #learnReplays(presentations: readonly Refreshed[]): void {
    for (const presentation of presentations) {
      const { token, result, sent } = presentation;
      const possible = result !== "ok" && this.#mayBeReplay(presentation);
      if (!possible) continue;
      const { grant } = this.#known(token);
      const certain = result === "fail" && this.#isReplay(presentation);
      const surely = certain ? presentation.returned : Number.POSITIVE_INFINITY;
      this.#cover({ token: undefined, grant, earliest: sent, surely });
    }
  }

  #mayBeReplay({ token, sent, returned }: Refreshed): boolean {
    if (this.#successorUse(token, (use) => use.sent < returned) !== undefined) return true;
    const first = Math.min(...this.#presentations(token).map((presentation) => presentation.sent));
    return first < sent && returned > this.#windowFrom(first, sent, "whole") + this.#settings.graceMs;
  }

  #isReplay({ token, sent }: Refreshed): boolean {
    const used = this.#successorUse(token, (use) => use.result === "ok" && use.returned < sent);
    const end = this.#windowFrom(this.#spentBy(token), sent, "partly") + this.#settings.graceMs;
    return used !== undefined || sent > end;
  }

  /** When it was surely spent; infinity if that is not known. */
  #spentBy(token: string): number {
    const given = this.#presentations(token).filter(({ result }) => result === "ok");
    return Math.min(...given.map(({ returned }) => returned));
  }

  #successorUse(token: string, when: (use: Refreshed) => boolean): Refreshed | undefined {
    const uses = [...(this.#successors.get(token) ?? [])].flatMap((successor) =>
      this.#presentations(successor),
    );
    return uses.find((use) => use.result !== "fail" && when(use));
  }

  #cover(cover: Cover): void {
    push(this.#covers, cover.grant === undefined ? `token ${cover.token}` : `grant ${cover.grant}`, cover);
  }

  #coversOf(token: NamedToken): readonly Cover[] {
    const grant = token.grant === undefined ? undefined : this.#covers.get(`grant ${token.grant}`);
    return [...(this.#covers.get(`token ${token.name}`) ?? []), ...(grant ?? [])];
  }

  #activeChecks(): Checked[] {
    return [...this.#checks.values()].flat().filter(({ active }) => active);
  }

  #presentations(token: string): readonly Refreshed[] {
    return this.#presented.get(token) ?? [];
  }

  #born(token: NamedToken, bornAt: number): void {
    const known = this.#tokens.get(token.name);
    if (known === undefined || bornAt < known.bornAt) this.#tokens.set(token.name, { ...token, bornAt });
  }

  #known(name: string): NamedToken & { readonly bornAt: number } {
    const token = this.#tokens.get(name);
    if (token === undefined) throw new RangeError(`the history uses ${name}, which nobody was given`);
    return token;
  }
}

function push<Item>(lists: Map<string, Item[]>, key: string, item: Item): void {
  const list = lists.get(key);
  if (list === undefined) lists.set(key, [item]);
  else list.push(item);
}

function bySent<Item extends Interval>(items: readonly Item[]): Item[] {
  return items.toSorted((a, b) => a.sent - b.sent);
}

function at(milliseconds: number): string {
  return `${milliseconds.toFixed(1)} ms`;
}
