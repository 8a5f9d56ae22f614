// What everybody else is given while something large goes on: introspection, issuing, refreshing and leases at a pace
// of their own. Times count from the moment a request was due, so that a server that stands still is not flattered.

import { randomUUID } from "node:crypto";
import { setTimeout as pause } from "node:timers/promises";
import { type Answer, type ClientCredentials, type ServerProcess, Unanswered } from "./server-process.ts";

/** Milliseconds between two requests, of the three kinds in turn; and between two leases. */
const everyMs = 10;
const leaseEveryMs = 1000;

type Kind = "introspect" | "issue" | "refresh" | "lease";

export interface Seen {
  /** Milliseconds from when it was due to its answer. */
  readonly times: Readonly<Record<Kind, readonly number[]>>;
  /** Every status that was answered, and how often; 0 where no answer came. */
  readonly statuses: Readonly<Record<string, number>>;
}

export class Others {
  readonly #server: ServerProcess;
  readonly #client: ClientCredentials;
  readonly #token: string;
  readonly #feedToken: string;
  #refreshToken: string;
  #refreshing = false;

  private constructor(server: ServerProcess, client: ClientCredentials, tokens: Tokens) {
    this.#server = server;
    this.#client = client;
    this.#token = tokens.access;
    this.#refreshToken = tokens.refresh;
    this.#feedToken = tokens.feed;
  }

  static async of(server: ServerProcess): Promise<Others> {
    const client = await server.registerClient({ name: "Others", access_token_format: "opaque" });
    const feed = { scope: "rescind:feed", grant_types: ["client_credentials"] };
    const grant = await server.openGrant(client, "usr_other");
    return new Others(server, client, {
      access: await server.clientToken(client),
      refresh: grant.refresh_token,
      feed: await server.clientToken(await server.registerClient(feed)),
    });
  }

  /** Asks until the work is done, however it ends. */
  async during<Result>(work: Promise<Result>): Promise<{ readonly seen: Seen; readonly result: Result }> {
    const over = new AbortController();
    const asking = this.#ask(() => over.signal.aborted);
    const result = await work.finally(() => over.abort());
    return { seen: await asking, result };
  }

  /** Asks this often; what is seen when nothing else goes on. */
  async alone(requests: number): Promise<Seen> {
    let left = requests;
    return this.#ask(() => left-- <= 0);
  }

  /** The token that nobody revokes is live. */
  isKept(): Promise<boolean> {
    return this.#server.isActive(this.#token);
  }

  async #ask(isOver: () => boolean): Promise<Seen> {
    const times: Record<Kind, number[]> = { introspect: [], issue: [], refresh: [], lease: [] };
    const statuses: Record<string, number> = {};
    const underWay = new Set<Promise<void>>();
    const send = (kind: Kind, due: number): void => {
      const asked = this.#send(kind).then((status) => {
        times[kind].push(performance.now() - due);
        statuses[status] = (statuses[status] ?? 0) + 1;
      });
      underWay.add(asked);
      void asked.finally(() => underWay.delete(asked));
    };
    const began = performance.now();
    let leases = 0;
    for (let turn = 0; !isOver(); turn++) {
      const due = began + turn * everyMs;
      await pause(Math.max(0, due - performance.now()));
      if (turn * everyMs >= leases * leaseEveryMs) {
        send("lease", due);
        leases += 1;
      }
      const kind = (["introspect", "issue", "refresh"] as const)[turn % 3] ?? "introspect";
      // One refresh token is presented once at a time.
      if (kind !== "refresh" || !this.#refreshing) send(kind, due);
    }
    await Promise.all(underWay);
    return { times, statuses };
  }

  async #send(kind: Kind): Promise<number> {
    try {
      return (await this.#answer(kind)).status;
    } catch (cause) {
      if (cause instanceof Unanswered) return 0;
      throw cause;
    }
  }

  async #answer(kind: Kind): Promise<Answer> {
    switch (kind) {
      case "introspect":
        return this.#server.form("/oauth2/introspect", { token: this.#token }, this.#client);
      case "issue":
        return this.#server.form("/oauth2/token", { grant_type: "client_credentials" }, this.#client);
      case "refresh":
        return this.#refresh();
      case "lease":
        return this.#lease();
    }
  }

  async #refresh(): Promise<Answer> {
    this.#refreshing = true;
    try {
      const parameters = { grant_type: "refresh_token", refresh_token: this.#refreshToken };
      const answer = await this.#server.form("/oauth2/token", parameters, this.#client);
      if (answer.status === 200) this.#refreshToken = String(answer.json.refresh_token);
      return answer;
    } finally {
      this.#refreshing = false;
    }
  }

  #lease(): Promise<Answer> {
    const applied = { seq: 0, hash: Buffer.alloc(32).toString("base64url") }; // where an empty log stands
    const body = { verifier: "others", applied, max_staleness: 5, nonce: randomUUID() };
    const headers = { authorization: `Bearer ${this.#feedToken}`, "content-type": "application/json" };
    return this.#server.ask("POST", "/revocations/acks", headers, JSON.stringify(body));
  }
}

interface Tokens {
  readonly access: string;
  readonly refresh: string;
  readonly feed: string;
}

/** The time that a share of the answers took at most, in milliseconds. */
export function quantile(times: readonly number[], share: number): number {
  const sorted = times.toSorted((a, b) => a - b);
  return sorted[Math.ceil(share * sorted.length) - 1] ?? Number.NaN;
}

/** 200 and nothing else. */
export function requireAllAnswered({ statuses }: Seen): number {
  const { 200: good = 0, ...rest } = statuses;
  if (Object.keys(rest).length > 0) throw new Error(`answered with ${JSON.stringify(statuses)}`);
  return good;
}
