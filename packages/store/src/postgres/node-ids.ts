// A node's number and its share of the row ids. The number is leased on the database's clock, so that 256 numbers are
// enough however often nodes start; each holder of a number has a range of times of its own for its ids, written down
// before one is drawn. So no id is made twice: not by the next holder, not after a restart, not by a clock set back.
// Session locks would be shorter, but a pooler in transaction mode loses them.

import { randomUUID } from "node:crypto";
import { setTimeout as pause } from "node:timers/promises";
import type { RowId } from "@rescind/core";
import { Columns } from "../columns.ts";
import type { Executor } from "../executor.ts";
import { type IdSource, idTime, RowIds } from "../row-ids.ts";
import { StoreUnavailable } from "../store.ts";
import { StoreRefused } from "../store-refused.ts";

const leaseMs = 30_000;
const renewEveryMs = 5000;
/** Milliseconds of ids set aside at each renewal; a clock that jumps farther ahead is followed after the next one. */
const rangeMs = 120_000;
/** Milliseconds until a number that is still leased is asked for again. */
const retryMs = 500;
const timeShift = 22n;

interface Share {
  readonly node: number;
  readonly ids: RowIds;
  /** On the monotonic clock: no later than the lease ends on the database's. */
  readonly untilMs: number;
}

interface Wanted {
  /** One number and no other; whichever was free the longest where it is not given. */
  readonly node: number | undefined;
  /** All ids are greater. */
  readonly greatest: bigint;
}

export class NodeIds implements IdSource {
  readonly #executor: Executor;
  readonly #holder: string;
  readonly #wanted: number | undefined;
  readonly #timer: NodeJS.Timeout;
  #share: Share;
  #renewing: Promise<void> | undefined;

  private constructor(executor: Executor, holder: string, wanted: number | undefined, share: Share) {
    this.#executor = executor;
    this.#holder = holder;
    this.#wanted = wanted;
    this.#share = share;
    this.#timer = setInterval(() => {
      this.#renewing ??= this.#renew();
    }, renewEveryMs);
    this.#timer.unref();
  }

  /** @throws StoreRefused every number is taken, or for longer than a lease the one that is wanted */
  static async claim(executor: Executor, wanted: Wanted): Promise<NodeIds> {
    const holder = randomUUID();
    const giveUpAt = performance.now() + leaseMs + 2 * retryMs;
    for (;;) {
      const share = await claimShare(executor, holder, wanted);
      if (share !== undefined) return new NodeIds(executor, holder, wanted.node, share);
      if (wanted.node === undefined)
        throw new StoreRefused("All 256 node numbers of this database are held by servers that run.");
      if (performance.now() > giveUpAt)
        throw new StoreRefused(`The node number ${wanted.node} is held by another server that runs.`);
      await pause(retryMs);
    }
  }

  next(): RowId {
    if (performance.now() > this.#share.untilMs)
      throw new StoreUnavailable("This node could not renew its number in time.");
    return this.#share.ids.next();
  }

  /** Gives the number back; nothing is drawn afterwards. Where the database cannot be told, the lease ends by itself. */
  async release(): Promise<void> {
    clearInterval(this.#timer);
    await this.#renewing;
    this.#share = { ...this.#share, untilMs: Number.NEGATIVE_INFINITY };
    const sql = `UPDATE nodes SET holder = NULL, lease_until_ms = rescind_now_ms() WHERE node = $1 AND holder = $2`;
    try {
      await this.#executor.apply([{ sql, params: [this.#share.node, this.#holder] }], { urgent: true });
    } catch (error) {
      if (!(error instanceof StoreUnavailable)) throw error;
    }
  }

  /** A number that went to somebody else, because this process stood still for longer than a lease, is replaced. */
  async #renew(): Promise<void> {
    const { node, ids } = this.#share;
    const sentMs = performance.now();
    try {
      const results = await this.#executor.apply(
        [
          {
            sql: `UPDATE nodes SET lease_until_ms = rescind_now_ms() + $3,
                ids_below_ms = CASE WHEN ids_below_ms < $4 THEN $4 ELSE ids_below_ms END
              WHERE node = $1 AND holder = $2 RETURNING ids_below_ms`,
            params: [node, this.#holder, leaseMs, Math.max(idTime(Date.now()), ids.ms) + rangeMs],
          },
        ],
        { urgent: true },
      );
      const row = results[0]?.[0];
      if (row === undefined) await this.#replace(ids);
      else {
        ids.endBelow(new Columns(row).whole());
        this.#share = { node, ids, untilMs: sentMs + leaseMs };
      }
    } catch (error) {
      // The lease runs on until its end; the next turn of the timer tries again.
      if (!(error instanceof StoreUnavailable)) throw error;
    } finally {
      this.#renewing = undefined;
    }
  }

  async #replace(before: RowIds): Promise<void> {
    const wanted = { node: this.#wanted, greatest: BigInt(before.ms) << timeShift };
    const share = await claimShare(this.#executor, this.#holder, wanted);
    if (share !== undefined) this.#share = share;
  }
}

async function claimShare(executor: Executor, holder: string, wanted: Wanted): Promise<Share | undefined> {
  const { node, greatest } = wanted;
  const fromMs = Math.max(Number(greatest >> timeShift) + 1, idTime(Date.now()));
  const sentMs = performance.now();
  const results = await executor.apply(
    [
      {
        sql: `UPDATE nodes SET holder = $1, lease_until_ms = rescind_now_ms() + $2,
            ids_from_ms = greatest(ids_below_ms, $3), ids_below_ms = greatest(ids_below_ms, $3) + $4
          WHERE node = (SELECT n.node FROM nodes n
            WHERE n.lease_until_ms <= rescind_now_ms() AND n.node = coalesce($5, n.node)
            ORDER BY n.lease_until_ms, n.node LIMIT 1 FOR UPDATE SKIP LOCKED)
          RETURNING node, ids_from_ms, ids_below_ms`,
        params: [holder, leaseMs, fromMs, rangeMs, node ?? null],
      },
    ],
    { urgent: true },
  );
  const row = results[0]?.[0];
  if (row === undefined) return undefined;
  const columns = new Columns(row);
  const claimed = columns.whole();
  // The first id lies in the millisecond after the one it is given to be above of.
  const ids = new RowIds(claimed, BigInt(columns.whole() - 1) << timeShift);
  ids.endBelow(columns.whole());
  return { node: claimed, ids, untilMs: sentMs + leaseMs };
}
