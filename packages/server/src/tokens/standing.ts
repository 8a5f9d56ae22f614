// The node's memory of the standing entries. Every read of the store brings the log's head along; memory that is
// behind it is brought up before anything is judged, so it is never stale. DESIGN.md section 4. As in a verifier, entries
// are held by fingerprint, some forty bytes each, so that a million of them are no burden.

import { hash as digestOf } from "node:crypto";
import {
  chainInput,
  FingerprintSet,
  type FrozenEntries,
  follows,
  fromBase64url,
  type Judged,
  liveness,
  type Position,
  type RestoreCause,
  type RevokeEntry,
  type Unit,
  unitKey,
  unitsOf,
  type Verdict,
  writeChained,
} from "@rescind/core";
import {
  type Head,
  type KeptEntry,
  type LoggedEntry,
  type LoggedRevoke,
  type Store,
  StoreUnavailable,
} from "@rescind/store";
import { UnitFilter } from "./unit-filter.ts";

/** Entries read at once: little enough for what they are made of to be gone soon. */
const pageSize = 2000;

type Listener = (entries: readonly LoggedEntry[]) => void;

/** The database came back from a backup while this node was serving: what it has judged by is not on the log. */
export class LogReplaced extends StoreUnavailable {
  readonly known: Position;
  readonly how: RestoreCause;

  constructor(known: Position, how: RestoreCause) {
    super("the log was replaced under this node");
    this.known = known;
    this.how = how;
  }
}

export class StandingEntries {
  readonly #store: Store;
  readonly #fingerprint: (unit: Unit) => string;
  readonly #set = new FingerprintSet();
  /** Of the units that entries in the set name. */
  #filter = new UnitFilter();
  /** Numbers of suspensions that cannot be lifted. */
  #final = new Set<number>();
  /** All names that this issuer has had, where it has had another one. */
  readonly #names: readonly string[];
  /** Fingerprints of a unit under another of these names, to those that entries have. */
  #aliases = new Map<string, Set<string>>();
  readonly #listeners = new Set<Listener>();
  #catchingUp: Promise<void> | undefined;
  #isDoubted = false;
  #doubts = 0;
  #confirming: Promise<void> | undefined;
  #also: () => Promise<void> = async () => undefined;
  #isLoaded = false;
  /** Not told to the listeners yet. */
  #learned: LoggedEntry[] = [];
  /** Calls of `wake` since the look that is under way began. */
  #wakes = 0;

  /**
   * @param fingerprint as on the log: `TokenHashing.fingerprint`
   * @param names of this issuer, now and before; none where it has had no other: then nothing is made for each entry
   */
  constructor(store: Store, fingerprint: (unit: Unit) => string, names: readonly string[] = []) {
    this.#store = store;
    this.#fingerprint = fingerprint;
    this.#names = names;
  }

  get seq(): number {
    return this.#set.position.seq;
  }

  get position(): Position {
    return this.#set.position;
  }

  get size(): number {
    return this.#set.size;
  }

  /** What stands, by number, and where on the log that is, whatever comes afterwards. */
  frozen(): { readonly position: Position; readonly entries: FrozenEntries } {
    return { position: this.#set.position, entries: this.#set.frozen() };
  }

  /** What stands under one fingerprint. */
  standingOf(fp: string): readonly RevokeEntry[] {
    return this.#set.find(fp);
  }

  /**
   * Loads everything that is kept, forgetting what was removed from the store. Never goes back behind what this node
   * has judged by.
   * @throws LogReplaced if the log ends before that
   */
  async load(): Promise<void> {
    // Made as large as it will be: growing on the way costs as much as filling.
    const loading = this.#set.loading(this.#isLoaded ? this.#set.size : await this.#store.countAfter(0));
    const named = {
      filter: new UnitFilter(),
      final: new Set<number>(),
      aliases: new Map<string, Set<string>>(),
    };
    const take = (entry: KeptEntry): void => {
      loading.take(entry);
      this.#note(entry, named);
    };
    const news: LoggedEntry[] = [];
    for (let last = await this.#takeKept(take); ; ) {
      const before = this.#set.position;
      const page = await this.#store.readFeed(last, pageSize);
      if (page.head.position.seq < before.seq) throw this.#replaced(before);
      page.entries.forEach(take);
      last = page.entries.at(-1)?.seq ?? last;
      const known = this.#set.position.seq;
      if (this.#isLoaded) news.push(...page.entries.filter(({ seq }) => seq > known));
      if (page.more || page.head.position.seq < known) continue;
      loading.finish(page.head.position);
      this.#filter = named.filter;
      this.#final = named.final;
      this.#aliases = named.aliases;
      // What was appended since the last look is news all the same; at the start nobody waits for any.
      if (this.#isLoaded) this.#tell(news.filter(({ seq }) => seq > known));
      this.#isLoaded = true;
      return;
    }
  }

  /** Takes what is no news to anybody: at the start all that stands, later what this node has judged by. Up to where. */
  async #takeKept(take: (entry: KeptEntry) => void): Promise<number> {
    const { position } = this.#isLoaded ? this.#set : await this.#store.head();
    const upTo = position.seq;
    for (let after = 0; ; ) {
      const page = await this.#store.readKept({ after, upTo, limit: pageSize });
      page.forEach(take);
      if (page.length < pageSize) return upTo;
      after = page.at(-1)?.seq ?? upTo;
    }
  }

  /**
   * Takes entries that this node has appended itself, if they are what follows its memory: their own hashes have to
   * continue the chain. Anything else changes nothing, and the next look at the log finds it.
   */
  learn(entries: readonly LoggedEntry[]): void {
    // What is being read may hold them too, and would be told a second time.
    if (this.#isDoubted || !this.#isLoaded || this.#catchingUp !== undefined) return;
    for (const entry of entries) {
      const { position } = this.#set;
      if (entry.seq !== position.seq + 1 || hashAfter(position, entry) !== entry.hash) return;
      this.#note(entry, { filter: this.#filter, final: this.#final, aliases: this.#aliases });
      this.#set.apply(entry, entry.hash);
      // One call for all that is learned in this turn of the event loop.
      if (this.#learned.push(entry) === 1) setImmediate(() => this.#tell([]));
    }
  }

  /** Tells the listeners now what they would hear in a moment, for one that has to know all that this memory holds. */
  settle(): void {
    this.#tell([]);
  }

  /** Calls back with entries in number order as this node learns of them; returns how to stop. */
  subscribe(listener: Listener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** After an outage the log may be another one: nothing is judged before the place of this memory is found on it. */
  doubt(): void {
    this.#isDoubted = true;
    this.#doubts += 1;
  }

  /** What else has to hold before anything is judged after an outage; rejects where it does not. */
  confirmBy(also: () => Promise<void>): void {
    this.#also = also;
  }

  /**
   * Finds out whether the log still is the one that this node has judged by.
   * @throws LogReplaced if it came back from a backup: then nothing is judged until `renew`
   */
  async confirm(): Promise<void> {
    this.#confirming ??= this.#findPlace().finally(() => {
      this.#confirming = undefined;
    });
    return this.#confirming;
  }

  /** Forgets what was lost; the log has to have gone on beyond what this node has judged by. */
  async renew(): Promise<void> {
    await this.load();
    this.#isDoubted = false;
  }

  /**
   * Brings memory up to a head that was read from the store.
   * @throws StoreUnavailable if the log on disk is not a continuation of what this node has judged by
   */
  async reach(head: Head): Promise<void> {
    while (this.#isDoubted) await this.confirm();
    const { position } = this.#set;
    if (head.position.seq === position.seq && head.position.hash !== position.hash)
      throw this.#replaced(position);
    while (this.#set.position.seq < head.position.seq) {
      this.#catchingUp ??= this.#catchUp().finally(() => {
        this.#catchingUp = undefined;
      });
      await this.#catchingUp;
    }
  }

  /** Fetches what was appended, for readers that wait; requests do not need it, they bring the head they read. */
  wake(): void {
    this.#wakes += 1;
    if (this.#wakes > 1) return;
    this.#store
      .head()
      .then((head) => this.reach(head))
      .catch(() => undefined) // the next request or poll asks again, and answers 503 if it must
      .finally(() => {
        const more = this.#wakes > 1;
        this.#wakes = 0;
        if (more) this.wake();
      });
  }

  /** Judges by the standing entries in memory; call `reach` with the head read for this request first. */
  judge(token: Judged, at: number): Verdict {
    return liveness(token, this.#set.size === 0 ? [] : this.#found(token), at);
  }

  /** Whether an entry of exactly this unit stands. */
  isOrdered(unit: Unit): boolean {
    return this.#find(unit).length > 0;
  }

  /** Whether a suspension of this client or key stands, and whether it is final. */
  suspension(unit: Unit): "none" | "standing" | "final" {
    const suspensions = this.#find(unit).filter((entry) => entry.suspend === true);
    if (suspensions.length === 0) return "none";
    return suspensions.some(({ seq }) => this.#final.has(seq)) ? "final" : "standing";
  }

  async #findPlace(): Promise<void> {
    const { position } = this.#set;
    const doubts = this.#doubts;
    try {
      const { place } = await this.#store.placeOf(position);
      if (place === "off-log") throw new LogReplaced(position, "behind");
      await this.#also();
    } catch (error) {
      this.doubt();
      throw error;
    }
    // What was doubted meanwhile is looked at once more.
    if (this.#doubts === doubts) this.#isDoubted = false;
  }

  #replaced(known: Position): LogReplaced {
    this.doubt();
    return new LogReplaced(known, "behind");
  }

  async #catchUp(): Promise<void> {
    const { position } = this.#set;
    const from = position.seq;
    const page = await this.#store.readFeed(from, pageSize);
    // A log that came back from a backup may have gone on beyond this memory: the number alone would not tell.
    const [next] = page.entries;
    if (next?.seq === from + 1 && hashAfter(position, next) !== next.hash) throw this.#replaced(position);
    for (const entry of page.entries) {
      // An epoch: what stands after it is what the restored log holds, not what this node has seen.
      if (entry.seq > this.#set.position.seq + 1 && follows(this.#set.position.seq, entry)) {
        await this.load();
        this.#tell(page.entries);
        return;
      }
      // Noted first: an entry must never be in the set without its unit in the filter.
      this.#note(entry, { filter: this.#filter, final: this.#final, aliases: this.#aliases });
      if (this.#set.apply(entry, entry.hash) !== "gap") continue;
      this.#tell(page.entries.filter(({ seq }) => seq < entry.seq));
      await this.load();
      if (this.#set.position.seq === from) throw new StoreUnavailable("the log has a gap behind its head");
      return;
    }
    if (this.#set.position.seq === from) throw new StoreUnavailable("the log has a gap behind its head");
    this.#tell(page.entries);
  }

  /** What was learned before them goes first. */
  #tell(entries: readonly LoggedEntry[]): void {
    const news = this.#learned.length === 0 ? entries : [...this.#learned, ...entries];
    this.#learned = [];
    if (news.length > 0) for (const listener of this.#listeners) listener(news);
  }

  #found(token: Judged): RevokeEntry[] {
    const found: RevokeEntry[] = [];
    for (const unit of unitsOf(token)) found.push(...this.#find(unit));
    for (const fp of token.lineage) found.push(...this.#under(fp));
    return found;
  }

  /** What stands under the fingerprint of a unit, which is made only where something may. */
  #find(unit: Unit): readonly RevokeEntry[] {
    if (!this.#set.holds(unit.name) || !this.#filter.mayHold(unit)) return none;
    return this.#under(this.#fingerprint(unit));
  }

  #under(fp: string): readonly RevokeEntry[] {
    const others = this.#aliases.get(fp);
    const found = this.#set.find(fp);
    return others === undefined
      ? found
      : [...found, ...[...others].flatMap((other) => this.#set.find(other))];
  }

  #note(entry: KeptEntry, { filter, final, aliases }: Named): void {
    if (entry.kind !== "revoke") return;
    const unit = unitOf(entry);
    filter.add(unit);
    if (entry.suspend === true && entry.final) final.add(entry.seq);
    if (!this.#names.includes(unit.issuer)) return;
    for (const issuer of this.#names) {
      const fp = this.#fingerprint({ ...unit, issuer });
      if (fp !== entry.fp) aliases.set(fp, (aliases.get(fp) ?? new Set()).add(entry.fp));
    }
  }
}

const hashBytes = 32;
/** What is hashed for an entry; room for any of ours. */
const chained = Buffer.alloc(512);

function hashAfter({ hash }: Position, entry: LoggedEntry): string {
  const end = writeChained(chained, chained.write(hash, 0, hashBytes, "base64url"), entry);
  const input =
    end === undefined ? chainInput(fromBase64url(hash) ?? new Uint8Array(), entry) : chained.subarray(0, end);
  return digestOf("sha256", input, "base64url");
}

const none: readonly RevokeEntry[] = [];

interface Named {
  readonly filter: UnitFilter;
  readonly final: Set<number>;
  readonly aliases: Map<string, Set<string>>;
}

function unitOf({ unit: name, issuer, value, client }: LoggedRevoke): Unit {
  return { name, issuer, value, client };
}

/** By what who holds tokens finds those that an entry names: the key of its unit, and its fingerprint, as in a lineage. */
export function entryKeys(entry: LoggedRevoke): readonly [string, string] {
  return [unitKey(unitOf(entry)), entry.fp];
}
