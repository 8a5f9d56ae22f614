// Concurrent clients of a server that issue, refresh, revoke and introspect, each request recorded with what was
// answered. They go on through failures: a request without an answer is recorded as `info` and, for a refresh, repeated
// later, as a real client would.

import { setTimeout as pause } from "node:timers/promises";
import type { HistoryRecord, NamedToken, Result } from "./history.ts";
import type { Random } from "./random.ts";
import {
  type Answer,
  type RegisteredClient,
  requireStatus,
  type ServerProcess,
  Unanswered,
} from "./server-process.ts";

/** A server, or several nodes of one behind a client of theirs. */
export type Asked = Pick<ServerProcess, "form" | "admin" | "adminClient" | "registerClient">;

/** Milliseconds. */
export const graceMs = 10_000;
const betweenTriesMs = 50;

/** Clients whose tokens are opaque (looked up in the database) and JWTs (recognised by their signature). */
export interface LoadClients {
  readonly opaque: RegisteredClient;
  readonly jwt: RegisteredClient;
}

export async function registerLoadClients(server: Asked): Promise<LoadClients> {
  const opaque = await server.registerClient({ name: "Opaque", access_token_format: "opaque" });
  return { opaque, jwt: await server.registerClient({ name: "JWT", access_token_format: "jwt" }) };
}

interface HeldToken extends NamedToken {
  readonly text: string;
  readonly client: RegisteredClient;
}

type Counted = "issue" | "refresh" | "revoke" | "check";

export class Load {
  readonly history: HistoryRecord[] = [];
  /** Requests of all rounds without an answer, or with 503, and what was seen of them. */
  readonly failures: string[] = [];
  readonly #server: Asked;
  readonly #clients: LoadClients;
  readonly #random: Random;
  readonly #tokens: HeldToken[] = [];
  readonly #byText = new Map<string, string>();
  /** Refreshes whose answer was lost. */
  #unanswered: HeldToken[] = [];
  /** Where the tokens of the current round begin. */
  #roundFrom = 0;
  #acknowledged: Record<Counted, number> = { issue: 0, refresh: 0, revoke: 0, check: 0 };
  #stopping = false;
  #names = 0;

  constructor(server: Asked, clients: LoadClients, random: Random) {
    this.#server = server;
    this.#clients = clients;
    this.#random = random;
  }

  /** Acknowledged requests of this round, the fewest of any kind. */
  get leastAcknowledged(): number {
    return Math.min(...Object.values(this.#acknowledged));
  }

  /** The texts of the tokens whose revocation was acknowledged, in that order. */
  get acknowledgedAsRevoked(): readonly string[] {
    const names = this.history.flatMap((record) =>
      record.op === "revoke" && record.result === "ok" ? [record.token] : [],
    );
    const texts = new Map(this.#tokens.map(({ name, text }) => [name, text]));
    return names.map((name) => texts.get(name) ?? "");
  }

  get lostRefreshes(): number {
    return this.#unanswered.length;
  }

  /**
   * Runs until `stop`, or until the server stops answering unless it is to go on through that; resolves when nothing is
   * under way.
   */
  async run(workers: number, outages: "end" | "pass" = "end"): Promise<void> {
    this.#stopping = false;
    this.#roundFrom = this.#tokens.length;
    this.#acknowledged = { issue: 0, refresh: 0, revoke: 0, check: 0 };
    const work = () => (outages === "end" ? this.#work() : this.#workThrough());
    await Promise.all(Array.from({ length: workers }, work));
  }

  stop(): void {
    this.#stopping = true;
  }

  /** After an outage: repeats every refresh whose answer was lost, once, and whatever that leaves open. */
  async repeatLostRefreshes(): Promise<void> {
    const lost = this.#unanswered;
    this.#unanswered = [];
    for (const token of lost) await this.#refresh(token);
  }

  /** Asks about every token of this round, or of all rounds. */
  async checkTokens(which: "round" | "all"): Promise<void> {
    const tokens = this.#tokens.slice(which === "all" ? 0 : this.#roundFrom);
    await this.#inTurn(tokens, (token) => this.#check(token));
  }

  /** Reads the numbers of every audit record of a revocation. */
  async readAudit(): Promise<void> {
    const sent = performance.now();
    const seqs: number[] = [];
    let cursor = "";
    do {
      const answer = await this.#server.admin("GET", `/admin/v1/audit?action=revoke&limit=100${cursor}`);
      const { json } = requireStatus(answer, 200);
      const { items, next } = json as { items: { seq?: number }[]; next: string | null }; // parsing boundary: the contract
      for (const { seq } of items) if (seq !== undefined) seqs.push(seq);
      cursor = next === null ? "" : `&cursor=${encodeURIComponent(next)}`;
    } while (cursor !== "");
    this.history.push({ op: "audit", sent, returned: performance.now(), seqs });
  }

  async #work(): Promise<void> {
    let failures = 0;
    while (!this.#stopping && failures < 2) failures = (await this.#step()) === "info" ? failures + 1 : 0;
  }

  /** Gives the server a moment where it could not answer, as `Retry-After` asks for. */
  async #workThrough(): Promise<void> {
    while (!this.#stopping) if ((await this.#step()) === "info") await pause(betweenTriesMs);
  }

  #step(): Promise<Result> {
    const round = this.#tokens.slice(this.#roundFrom);
    const refreshable = round.filter(({ kind }) => kind === "refresh");
    const roll = this.#random.below(20);
    if (round.length < 8 || roll < 5) return this.#issue();
    if (roll < 11 && refreshable.length > 0) return this.#refreshRacing(this.#recent(refreshable));
    if (roll < 15) return this.#revoke(this.#random.pick(round));
    return this.#check(this.#random.pick(round));
  }

  /** Mostly a new one, whose refresh rotates; sometimes one long spent, which is a replay. */
  #recent(tokens: readonly HeldToken[]): HeldToken {
    return this.#random.pick(this.#random.below(12) === 0 ? tokens : tokens.slice(-6));
  }

  async #issue(): Promise<Result> {
    const client = this.#random.below(3) === 0 ? this.#clients.jwt : this.#clients.opaque;
    const sent = performance.now();
    if (this.#random.below(3) === 0) {
      const parameters = { grant_type: "client_credentials" };
      const answer = await answered(this.#server.form("/oauth2/token", parameters, client));
      if (answer.status !== 200) return this.#unexpected(answer, "issue");
      this.#issued(sent, client, undefined, answer);
    } else {
      const body = {
        client_id: client.client_id,
        subject: `subject-${this.#random.below(50)}`,
        scope: "read offline_access",
      };
      const answer = await answered(this.#server.admin("POST", "/admin/v1/grants", body));
      if (answer.status !== 201) return this.#unexpected(answer, "issue");
      this.#issued(sent, client, String(answer.json.grant_id), answer);
    }
    return this.#counted("issue", "ok");
  }

  #issued(sent: number, client: RegisteredClient, grant: string | undefined, { json }: Answer): void {
    const tokens: HeldToken[] = [];
    for (const kind of ["access", "refresh"] as const) {
      const text = json[`${kind}_token`];
      if (typeof text === "string") tokens.push(this.#hold({ text, kind, grant, client }));
    }
    const named = tokens.map(({ name, kind }) => ({ name, kind, grant }));
    this.history.push({ op: "issue", sent, returned: performance.now(), tokens: named });
  }

  /** One in three is sent twice at the same moment, as by two tabs. */
  async #refreshRacing(token: HeldToken): Promise<Result> {
    if (this.#random.below(3) > 0) return this.#refresh(token);
    const [result] = await Promise.all([this.#refresh(token), this.#refresh(token)]);
    return result;
  }

  async #refresh(token: HeldToken): Promise<Result> {
    const sent = performance.now();
    const parameters = { grant_type: "refresh_token", refresh_token: token.text };
    const answer = await answered(this.#server.form("/oauth2/token", parameters, token.client));
    const interval = { op: "refresh", sent, returned: performance.now(), token: token.name } as const;
    if (answer.status === 400 && answer.json.error === "invalid_grant") {
      this.history.push({ ...interval, result: "fail" });
      return this.#counted("refresh", "fail");
    }
    if (answer.status !== 200) {
      this.#unexpected(answer, "refresh");
      this.history.push({ ...interval, result: "info" });
      this.#unanswered.push(token);
      return "info";
    }
    const { client, grant } = token;
    const successor = this.#hold({
      text: String(answer.json.refresh_token),
      kind: "refresh",
      grant,
      client,
    }).name;
    const access = this.#hold({
      text: String(answer.json.access_token),
      kind: "access",
      grant,
      client,
    }).name;
    this.history.push({ ...interval, result: "ok", successor, access });
    return this.#counted("refresh", "ok");
  }

  async #revoke(token: HeldToken): Promise<Result> {
    const sent = performance.now();
    const answer = await answered(this.#server.form("/oauth2/revoke", { token: token.text }, token.client));
    const returnedAt = Date.now();
    const reach = token.kind === "refresh" ? "grant" : "token";
    const record = { op: "revoke", sent, returned: performance.now(), token: token.name, reach } as const;
    if (answer.status === 200) {
      this.history.push({ ...record, result: "ok", seq: Number(answer.headers["rescind-seq"]), returnedAt });
      return this.#counted("revoke", "ok");
    }
    this.history.push({ ...record, result: "info" });
    return this.#unexpected(answer, "revoke");
  }

  async #check(token: HeldToken): Promise<Result> {
    const sent = performance.now();
    const parameters = { token: token.text };
    const answer = await answered(
      this.#server.form("/oauth2/introspect", parameters, this.#server.adminClient),
    );
    if (answer.status !== 200) return this.#unexpected(answer, "check");
    const active = answer.json.active === true;
    this.history.push({ op: "check", sent, returned: performance.now(), token: token.name, active });
    return this.#counted("check", "ok");
  }

  /** The same text gets the same name, so that two answers with one successor are seen to agree. */
  #hold(token: Omit<HeldToken, "name">): HeldToken {
    const known = this.#byText.get(token.text);
    const name = known ?? `${token.kind}-${++this.#names}`;
    const held = { ...token, name };
    if (known === undefined) {
      this.#byText.set(token.text, name);
      this.#tokens.push(held);
    }
    return held;
  }

  #counted(kind: Counted, result: Result): Result {
    this.#acknowledged[kind]++;
    return result;
  }

  /** No answer, or 503, is what an outage looks like. Anything else is a defect of the server. */
  #unexpected(answer: Answer | Unanswered, what: string): Result {
    if (answer instanceof Unanswered || answer.status === 503) {
      this.failures.push(`${what}: ${answer instanceof Unanswered ? answer.cause : answer.text}`);
      return "info";
    }
    throw new Error(`${what} was answered with ${answer.status}: ${answer.text}`);
  }

  async #inTurn<Item>(items: readonly Item[], act: (item: Item) => Promise<unknown>): Promise<void> {
    const left = [...items];
    const take = async (): Promise<void> => {
      for (let item = left.pop(); item !== undefined; item = left.pop()) await act(item);
    };
    await Promise.all(Array.from({ length: 8 }, take));
  }
}

/** The answer, or why there is none. */
async function answered(answer: Promise<Answer>): Promise<Answer | Unanswered> {
  try {
    return await answer;
  } catch (cause) {
    if (cause instanceof Unanswered) return cause;
    throw cause;
  }
}
