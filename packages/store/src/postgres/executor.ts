// The PostgreSQL executor: three lanes of writes and two of reads, so that what is slow is in nobody's way, and
// revocations have connections of their own.

import type { ApplyOptions, EngineFacts, Executor, Row, Statement } from "../executor.ts";
import type { Address } from "./address.ts";
import { appendsOrders, ordersIn } from "./appending.ts";
import { readFacts } from "./facts.ts";
import { Lane, type LaneSettings } from "./lane.ts";
import { type LaneName, laneOf, lockKey } from "./lane-of.ts";
import { Listener } from "./listener.ts";
import { connectPrimary } from "./primary.ts";
import { type Read, readTogether } from "./reads.ts";
import { recover } from "./recovery.ts";
import { type Names, Session } from "./session.ts";
import { type Write, type WriteSettings, writeTogether } from "./writes.ts";

const places = 20_000;
const takeHead: Statement = { sql: "SELECT 1 FROM feed_head FOR UPDATE", params: [] };
/** How the statements begin that read the head with what they decide about. */
const deciding = /^\s*SELECT h\.seq, h\.hash/;

export class PostgresExecutor implements Executor {
  readonly #address: Address;
  readonly #names: Names;
  readonly #listener: Listener;
  readonly #onConnected = new Set<() => void>();
  readonly #deciding: Lane<Read>;
  readonly #looking: Lane<Read>;
  readonly #writes: Readonly<Record<LaneName, Lane<Write>>>;

  constructor(address: Address) {
    this.#address = address;
    this.#names = { allowed: address.prepared };
    this.#listener = new Listener(address);
    const alone: WriteSettings = { before: [], after: [] };
    const orders: WriteSettings = { before: [takeHead], after: [this.#listener.tellOthers] };
    this.#deciding = new Lane<Read>({ ...this.#connections(2, 512), serve: readTogether });
    this.#looking = new Lane<Read>({ ...this.#connections(2, 4), serve: readTogether });
    this.#writes = {
      orders: new Lane<Write>({ ...this.#connections(1, 500), serve: together(orders) }),
      issuing: new Lane<Write>({ ...this.#connections(2, 2000), serve: together(alone) }),
      others: new Lane<Write>({ ...this.#connections(2, 1), serve: together(alone) }),
    };
  }

  read(statement: Statement): Promise<readonly Row[]> {
    const lane = deciding.test(statement.sql) ? this.#deciding : this.#looking;
    return new Promise((resolve, reject) => {
      lane.add({
        statement,
        weight: 1,
        urgent: false,
        sinceMs: performance.now(),
        tries: 0,
        resolve,
        reject,
      });
    });
  }

  apply(statements: readonly Statement[], options?: ApplyOptions): Promise<readonly (readonly Row[])[]> {
    const lane = this.#writes[laneOf(statements)];
    const urgent = options?.urgent === true;
    const key = lockKey(statements);
    return new Promise((resolve, reject) => {
      lane.add({
        statements,
        key,
        weight: weightOf(statements),
        urgent,
        sinceMs: performance.now(),
        tries: 0,
        resolve,
        reject,
      });
    });
  }

  facts(): Promise<EngineFacts> {
    return readFacts(this);
  }

  onCommitElsewhere(listener: () => void): void {
    this.#listener.add(listener);
  }

  onConnected(listener: () => void): void {
    this.#onConnected.add(listener);
  }

  async close(): Promise<void> {
    const { orders, issuing, others } = this.#writes;
    await Promise.all([orders, issuing, others].map((lane) => lane.close()));
    await Promise.all([this.#deciding.close(), this.#looking.close(), this.#listener.close()]);
  }

  #connections(mostSessions: number, mostAtOnce: number): Omit<LaneSettings<Read & Write>, "serve"> {
    const connect = async () => {
      const session = new Session(await connectPrimary(this.#address), this.#names);
      for (const listener of this.#onConnected) listener();
      return session;
    };
    return {
      mostSessions,
      mostAtOnce,
      places,
      connect,
      recover: (session, isClosed) => recover(session, connect, isClosed),
    };
  }
}

/** How much the server has to do: an order takes as long as a statement or two. */
function weightOf(statements: readonly Statement[]): number {
  let weight = 0;
  for (const statement of statements) weight += appendsOrders(statement) ? ordersIn(statement) : 1;
  return weight;
}

function together(settings: WriteSettings): LaneSettings<Write>["serve"] {
  return (session, writes) => writeTogether(session, writes, settings);
}
