// HAProxy's map of the tokens it may serve without asking, kept over its runtime socket. A token stands there only as
// long as the verifier accepts it, and the whole map counts only while the entry `lease` of the stick table
// `rescind_lease` lives: it expires by HAProxy's own clock unless it is renewed, so a stopped follower refuses.

import { createHash } from "node:crypto";
import { connect } from "node:net";
import type { VerifiedToken, Verifier } from "@rescind/verifier";

/** Milliseconds between two looks at the verifier; also how late a revocation may reach HAProxy. */
const interval = 50;
/** Milliseconds after which tokens are checked again even if the log did not grow: they expire. */
const recheck = 1000;
const mostTokens = 10_000;
/** HAProxy reads one line of at most its buffer size, 16 KB. */
const commandsInALine = 50;

export interface RuntimeMap {
  /** The path of HAProxy's `stats socket`, of level admin. */
  readonly socket: string;
  /** The map as haproxy.cfg names it. */
  readonly name: string;
}

interface Served {
  readonly token: string;
  readonly scope: string;
}

export class HaproxyMap {
  readonly #verifier: Verifier;
  readonly #map: RuntimeMap;
  readonly #served = new Map<string, Served>();
  #additions: string[] = [];
  #removals: string[] = [];
  #checkedAt = 0;
  #checkedSeq = -1;
  /** Whether what stands in HAProxy's map is what stands here. */
  #isKnown = false;
  #timer: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(verifier: Verifier, map: RuntimeMap) {
    this.#verifier = verifier;
    this.#map = map;
    this.#next();
  }

  /** Lets HAProxy serve this token for this scope by itself, from the next look on. */
  remember(token: string, scope: string, { subject }: VerifiedToken): void {
    const key = `${createHash("sha256").update(token).digest("hex")}:${scope}`;
    // HAProxy splits its commands at these; whoever needs such a scope is asked for every time.
    if (/[\s;\\<]/.test(key) || this.#served.has(key)) return;
    const oldest = this.#served.size < mostTokens ? undefined : this.#served.keys().next().value;
    if (oldest !== undefined) this.#forget(oldest);
    this.#served.set(key, { token, scope });
    this.#additions.push(`add map ${this.#map.name} ${key} ${encodeURIComponent(subject)}`);
  }

  /** Stops renewing the lease. */
  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
  }

  #next(): void {
    if (this.#closed) return;
    this.#timer = setTimeout(async () => {
      // HAProxy away or restarted: its map is emptied before it counts again, and until then it asks.
      await this.#keep().catch(() => {
        this.#isKnown = false;
      });
      this.#next();
    }, interval);
  }

  async #keep(): Promise<void> {
    if (!this.#isKnown) await this.#empty();
    const additions = this.#additions.splice(0);
    await this.#tell(additions);
    // After the additions: what came onto the log since they were accepted takes them out again.
    const { freshness, position } = this.#verifier.status();
    if (freshness !== "fresh") return;
    if (
      position.seq !== this.#checkedSeq ||
      performance.now() - this.#checkedAt > recheck ||
      additions.length > 0
    )
      await this.#checkAll(position.seq);
    await this.#tell(this.#removals.splice(0));
    await this.#tell(["set table rescind_lease key lease data.gpc0 1"]);
  }

  async #empty(): Promise<void> {
    this.#served.clear();
    this.#additions = [];
    this.#removals = [];
    await this.#tell([`clear map ${this.#map.name}`]);
    this.#isKnown = true;
  }

  async #checkAll(seq: number): Promise<void> {
    const at = performance.now();
    for (const [key, { token, scope }] of this.#served) {
      const isLive = await this.#verifier.verify(token, scope === "" ? {} : { scope }).then(
        () => true,
        () => false,
      );
      if (!isLive) this.#forget(key);
    }
    this.#checkedAt = at;
    this.#checkedSeq = seq;
  }

  #forget(key: string): void {
    this.#served.delete(key);
    this.#removals.push(`del map ${this.#map.name} ${key}`);
  }

  /** @throws Error if HAProxy cannot be reached or did not do all of it */
  async #tell(commands: readonly string[]): Promise<void> {
    for (let from = 0; from < commands.length; from += commandsInALine) {
      const line = commands.slice(from, from + commandsInALine).join(";");
      const said = (await exchange(this.#map.socket, `${line}\n`)).trim();
      if (said !== "") throw new Error(`HAProxy says: ${said}`);
    }
  }
}

/** One line over HAProxy's runtime socket, and what it answers. */
function exchange(socket: string, line: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const connection = connect(socket, () => connection.write(line));
    let said = "";
    connection.setEncoding("utf8").setTimeout(2000, () => connection.destroy(new Error("HAProxy is silent")));
    connection.on("data", (chunk) => {
      said += chunk;
    });
    connection.on("end", () => resolve(said));
    connection.on("error", reject);
  });
}
