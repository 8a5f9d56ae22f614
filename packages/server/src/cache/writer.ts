// One node's writing in the cache: each write proves by the node's mark that everything it wrote before is still there,
// and leaves a new mark. A cache that was flushed, went back in time or was replaced has another mark, or none.
// docs/reference/cache.md says why that is enough.

import { createHash, randomBytes } from "node:crypto";
import type { Position } from "@rescind/core";
import type { StandingEntries } from "../tokens/standing.ts";
import type { CacheClient, Script } from "./client.ts";
import type { CacheKeys } from "./keys.ts";
import { leaseMs, lookScript, markMs, writeScript } from "./scripts.ts";
import { cachedValue, leaseText } from "./values.ts";

export interface WriterParts {
  readonly client: CacheClient;
  readonly keys: CacheKeys;
  /** What the log is known by in the cache. */
  readonly logId: string;
  readonly standing: StandingEntries;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** For tests that have less time: 5 s and 1 s otherwise. */
  readonly pace?: { readonly leaseMs: number; readonly renewMs: number } | undefined;
}

/** What this node wrote is not all there any more: everything must be written anew. */
export class CopyLost extends Error {
  override readonly name = "CopyLost";
}

/** The copy cannot be kept in this cache as it is set up; the message tells the operator how to mend it. */
export class CopyWithheld extends Error {
  override readonly name = "CopyWithheld";
  readonly state: "foreign" | "evicting";

  constructor(state: "foreign" | "evicting", message: string) {
    super(message);
    this.state = state;
  }
}

/** What the cache said of itself. */
export interface Look {
  /** Milliseconds since 1970 by the cache's clock. */
  readonly atMs: number;
  /** Keys it has thrown away since it started. */
  readonly evicted: string;
}

export interface Leasing {
  readonly position: Position;
  /** The cache's time before the head was read; the lease ends 5 s later. */
  readonly fromMs: number;
  /** False right after everything was written anew: then there need not be a lease to go on from. */
  readonly mustHold: boolean;
}

export class CopyWriter {
  readonly #parts: WriterParts;
  readonly #id = randomBytes(6).toString("hex");
  /** The mark that this node wrote last, and one of which it is not known whether it was written. */
  #mark = "";
  #attempted = "";
  #sentAt: number | undefined;

  constructor(parts: WriterParts) {
    this.#parts = parts;
  }

  /** Milliseconds since a write was sent that is not answered yet; 0 where there is none. */
  get waitedMs(): number {
    return this.#sentAt === undefined ? 0 : performance.now() - this.#sentAt;
  }

  /** Begins without claiming that anything is there: for writing everything anew. */
  forget(): void {
    this.#mark = "";
    this.#attempted = "";
  }

  /** @throws CopyWithheld where the cache may throw keys away: an entry could go and the lease stay */
  async look(): Promise<Look> {
    const { client, keys } = this.#parts;
    const [time, policy, evicted = ""] = texts(await client.run(look, [keys.lease], []));
    if (policy !== "")
      throw new CopyWithheld(
        "evicting",
        `the cache throws keys away when it is full (maxmemory-policy ${policy}): set it to noeviction`,
      );
    return { atMs: Number(time), evicted };
  }

  /**
   * Writes what stands for these fingerprints by this node's memory at this moment; never over what a node wrote that
   * knew more of the log. Returns the greatest position found that is ahead of this node's, or 0.
   * @param announce whether other nodes should look at the log
   * @throws CopyLost, CopyWithheld; after any other error it is not known whether anything was written
   */
  async write(fingerprints: readonly string[], announce: "announce" | "quiet"): Promise<number> {
    const channel = announce === "announce" ? this.#parts.keys.channel : "";
    const [, ahead] = await this.#send(fingerprints, channel, ["", "0", "0", ""]);
    return Number(ahead);
  }

  /**
   * Writes a lease. False if it would not live: then the next one must be begun anew.
   * @throws CopyLost, also where the lease before is not there any more; CopyWithheld; and as `write`
   */
  async lease({ position, fromMs, mustHold }: Leasing): Promise<boolean> {
    const text = leaseText(position, this.#parts.logId, nonce());
    const life = String(this.#parts.pace?.leaseMs ?? leaseMs);
    const [outcome] = await this.#send([], "", [text, String(fromMs), life, mustHold ? "1" : ""]);
    if (outcome === "gone") throw new CopyLost("the lease is not what was written last");
    return outcome === "done";
  }

  async #send(
    fingerprints: readonly string[],
    channel: string,
    lease: readonly [text: string, from: string, life: string, mustHold: string],
  ): Promise<readonly string[]> {
    const { client, keys, logId, standing, now } = this.#parts;
    const [at, nowMs, mark] = [standing.seq, now(), nonce()];
    const values = fingerprints.flatMap((fp) => {
      const { text, until } = cachedValue(at, standing.standingOf(fp), nowMs);
      return [text, until === undefined ? "" : String(until)];
    });
    const names = [keys.lease, keys.last, keys.owner, keys.node(this.#id), ...fingerprints.map(keys.entry)];
    const marks = [this.#mark, this.#attempted === "" ? this.#mark : this.#attempted, mark];
    const position = [String(markMs), String(at), String(nowMs)];
    this.#attempted = mark;
    this.#sentAt = performance.now();
    const sent = client.run(write, names, [logId, ...marks, ...position, channel, ...lease, ...values]);
    const reply = texts(await sent.finally(() => (this.#sentAt = undefined)));
    if (reply[0] === "other")
      throw new CopyWithheld(
        "foreign",
        `the keys beside ${keys.lease} belong to another server: give each its own --cache-prefix`,
      );
    if (reply[0] === "lost") throw new CopyLost("what this node wrote is not there any more");
    this.#mark = mark;
    this.#attempted = "";
    return reply;
  }
}

const look = script(lookScript);
const write = script(writeScript);

function script(text: string): Script {
  return { text, sha: createHash("sha1").update(text).digest("hex") };
}

function nonce(): string {
  return randomBytes(9).toString("base64url");
}

function texts(reply: unknown): readonly string[] {
  if (!Array.isArray(reply)) throw new TypeError("the cache answered something else than our script does");
  return reply.map(String);
}
