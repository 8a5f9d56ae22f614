// Batches of intentions, each in one transaction. If a statement of one fails, the batch is rolled back and its
// intentions are tried one by one, so that only the faulty one is rejected; if the database fails, all of them are.

import { Columns } from "../columns.ts";
import type { Row } from "../executor.ts";
import { appendOrders } from "../intentions/append.ts";
import { Connection } from "./connection.ts";
import { FingerprintIntake } from "./entry-fps.ts";
import { type Failure, failureOf, isBroken, isDatabases, isFull } from "./failure.ts";
import { HighWaterMark } from "./high-water-mark.ts";
import { LogAppender } from "./log-appender.ts";
import { machineRunOf } from "./machine-run.ts";
import type { Intention, Outcome, WriterSettings } from "./messages.ts";
import { Reserve } from "./reserve.ts";

/** Pages in the write-ahead log after which they are moved into the database: some milliseconds for the next batch. */
const checkpointPages = 1000;
/** Milliseconds between notes of how far the log has come. */
const markEveryMs = 1000;
const spent: Failure = {
  message: "the disk is full; only revocations are tried until there is room",
  code: 13,
};

/** What was done with each of the intentions; and the failure after which the server should exit. */
interface Done {
  readonly outcomes: readonly Outcome[];
  readonly broken: Failure | undefined;
}

export class Batches {
  readonly #settings: WriterSettings;
  readonly #log = new LogAppender();
  readonly #intake = new FingerprintIntake();
  readonly #readsHead = new Map<string, boolean>();
  readonly #reserve: Reserve;
  readonly #mark: HighWaterMark;
  #markedAtMs = 0;
  /** Undefined where the next start has to look whether the file is whole. */
  #run: string | undefined;
  #connection: Connection | undefined;

  constructor(settings: WriterSettings) {
    this.#settings = settings;
    this.#reserve = new Reserve(settings.path, settings.reserveBytes);
    this.#mark = new HighWaterMark(settings.path);
    this.#run = machineRunOf(settings.path);
    this.#connection = this.#open();
    this.#reserve.fill();
    // Many after a restore, which brings entries only.
    this.#attempt(() => this.#intake.catchUp(this.#reopen()));
  }

  /** Runs a batch; the outcomes are in the order of the intentions. */
  run(intentions: readonly Intention[]): Done {
    this.#reserve.refill();
    const outcomes: Outcome[] = intentions.map(() => spent);
    const tried = intentions.map((_, index) => index).filter((index) => this.#mayTry(intentions[index]));
    let broken: Failure | undefined;
    try {
      this.#reopen();
      this.#runAll(intentions, tried, outcomes);
    } catch (error) {
      broken = failureOf(error);
      for (const index of tried) outcomes[index] = broken;
      this.#abandon();
    }
    return { outcomes, broken };
  }

  /** What need not be done before the answers are out; the failure after which the server should exit. */
  tidy(): Failure | undefined {
    if (this.#connection === undefined) return undefined;
    try {
      if (this.#reserve.isSpent) this.#emptyLog("TRUNCATE");
      else this.#attempt(() => this.#settlePages());
      this.#note();
      return undefined;
    } catch (error) {
      this.#abandon();
      return failureOf(error);
    }
  }

  close(): void {
    if (this.#connection === undefined) return;
    this.#markedAtMs = 0;
    this.#note();
    this.#connection.close();
    this.#connection = undefined;
  }

  #mayTry(intention: Intention | undefined): boolean {
    return intention?.urgent === true || !this.#reserve.isSpent;
  }

  /** Throws only a failure after which the connection may not be used any more. */
  #runAll(intentions: readonly Intention[], tried: readonly number[], outcomes: Outcome[]): void {
    const failure = this.#transact(intentions, tried, outcomes);
    if (failure === undefined) return;
    if (isFull(failure)) this.#runUrgent(intentions, tried, outcomes, failure);
    else if (isDatabases(failure) || tried.length === 1) for (const index of tried) outcomes[index] = failure;
    else for (const index of tried) this.#runOne(intentions, index, outcomes);
  }

  #runOne(intentions: readonly Intention[], index: number, outcomes: Outcome[]): void {
    const failure = this.#transact(intentions, [index], outcomes);
    if (failure !== undefined) outcomes[index] = failure;
  }

  /** The disk is full: gives up the reserve and tries only what is urgent. */
  #runUrgent(
    intentions: readonly Intention[],
    tried: readonly number[],
    outcomes: Outcome[],
    full: Failure,
  ): void {
    this.#reserve.release();
    this.#emptyLog("TRUNCATE");
    for (const index of tried) outcomes[index] = full;
    const urgent = tried.filter((index) => intentions[index]?.urgent === true);
    if (urgent.length === 0) return;
    const failure = this.#transact(intentions, urgent, outcomes);
    if (failure === undefined) return;
    if (isDatabases(failure)) for (const index of urgent) outcomes[index] = failure;
    else for (const index of urgent) this.#runOne(intentions, index, outcomes);
  }

  /**
   * Has the write-ahead log's pages moved into the database; TRUNCATE gives their space back. While the disk is full after
   * every batch: the database grows by the new pages only, the log would by every page touched. What there is no room or
   * time for stays in the log.
   */
  #emptyLog(how: "PASSIVE" | "TRUNCATE"): void {
    this.#attempt(() => this.#reopen().run(`PRAGMA wal_checkpoint(${how})`, []));
  }

  /** Either moves pages or takes fingerprints in, so that the next batch waits for one of them at most. */
  #settlePages(): void {
    if (!this.#checkpointed()) this.#intake.step(this.#reopen());
  }

  /** Whether it was time for that, and it could be done: who reads for minutes holds pages back in the log for as long. */
  #checkpointed(): boolean {
    if (this.#loggedPages() < checkpointPages) return false;
    this.#emptyLog("PASSIVE");
    return this.#loggedPages() < checkpointPages;
  }

  /** Pages of the write-ahead log that are not in the database yet. */
  #loggedPages(): number {
    const [row] = this.#reopen().run("PRAGMA wal_checkpoint(NOOP)", []);
    return Number(row?.[1] ?? 0) - Number(row?.[2] ?? 0);
  }

  /** Nothing depends on when it is done: what failed, for want of room or time, is tried again. */
  #attempt(work: () => void): void {
    try {
      work();
    } catch (error) {
      if (isBroken(failureOf(error))) throw error;
    }
  }

  /** One transaction. A failure is returned after the rollback: nothing of it was done. */
  #transact(
    intentions: readonly Intention[],
    tried: readonly number[],
    outcomes: Outcome[],
  ): Failure | undefined {
    const connection = this.#reopen();
    this.#log.forget();
    try {
      connection.run("BEGIN IMMEDIATE", []);
      const done = tried.map((index) => this.#statements(connection, intentions[index]));
      this.#log.settle(connection);
      connection.run("COMMIT", []);
      for (const [place, index] of tried.entries()) outcomes[index] = done[place] ?? [];
      return undefined;
    } catch (error) {
      const failure = failureOf(error);
      if (isBroken(failure)) throw error;
      if (connection.database.isTransaction) connection.run("ROLLBACK", []);
      return failure;
    }
  }

  #statements(connection: Connection, intention: Intention | undefined): (readonly Row[])[] {
    return (intention?.statements ?? []).map(({ sql, params }) => {
      if (sql === appendOrders) return this.#log.append(connection, params);
      if (this.#isOfHead(sql)) this.#log.settle(connection);
      return connection.run(sql, params);
    });
  }

  #isOfHead(sql: string): boolean {
    const known = this.#readsHead.get(sql);
    if (known !== undefined) return known;
    const isOfHead = sql.includes("feed_head");
    this.#readsHead.set(sql, isOfHead);
    return isOfHead;
  }

  #note(): void {
    if (performance.now() - this.#markedAtMs < markEveryMs && this.#markedAtMs > 0) return;
    const [row] = this.#reopen().run("SELECT h.seq, h.hash FROM feed_head h", []);
    const columns = new Columns(row ?? []);
    this.#markedAtMs = performance.now();
    try {
      this.#mark.write({ seq: columns.whole(), hash: columns.text() }, this.#run);
    } catch {
      // A full disk: the old mark stays and is a weaker tripwire. What was committed is committed.
    }
  }

  #reopen(): Connection {
    if (this.#connection !== undefined) return this.#connection;
    this.#connection = this.#open();
    this.#connection.run("PRAGMA wal_checkpoint(TRUNCATE)", []);
    return this.#connection;
  }

  #open(): Connection {
    const connection = new Connection(this.#settings);
    connection.writeDurably();
    return connection;
  }

  /**
   * After a failed write or sync the kernel may hold pages that it no longer means to write. The next batch opens the
   * file anew and has everything that the log holds written and synced into the database once more.
   */
  #abandon(): void {
    this.#doubt();
    this.#intake.forget();
    try {
      this.#connection?.close();
    } catch {
      // The connection is given up either way; the failure that led here is what is reported.
    }
    this.#connection = undefined;
  }

  /** What was written may be lost although the machine runs on. */
  #doubt(): void {
    if (this.#run === undefined) return;
    this.#run = undefined;
    const last = this.#mark.read();
    try {
      if (last?.run !== undefined) this.#mark.write(last);
    } catch {
      // The disk takes nothing any more; when it does again, the next note says it.
    }
  }
}
