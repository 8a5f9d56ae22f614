// Runs one round: opens the connections, keeps one request under way on each or sends them when they are due, checks and
// times the answers.

import { Connection, type Listener } from "./connection.ts";
import type { Exchange, Round, RoundResult } from "./round.ts";
import type { TokenQueue } from "./token-queue.ts";

/** One answer of so many has its body parsed and checked. */
const checkEvery = 64;
const mostSamples = 8;
/** Milliseconds without any answer after which a round is given up. */
const patience = 30_000;
/** Milliseconds between looks at what is due. */
const tick = 1;

export interface Queues {
  readonly take: TokenQueue | undefined;
  readonly give: TokenQueue | undefined;
}

/**
 * Runs a round to its end.
 * @throws Error if a connection fails, a queue runs dry or the server stops answering; wrong answers are counted
 */
export async function runRound(round: Round, queues: Queues): Promise<RoundResult> {
  let fail: (reason: Error) => void = () => undefined;
  const failure = new Promise<never>((_resolve, reject) => {
    fail = reject;
  });
  failure.catch(() => undefined); // it may come when nobody waits any more
  const course = new Course(round, queues, fail);
  const { ports } = round.exchange;
  const opening = Array.from({ length: round.connections }, (_, number) =>
    Connection.open(ports[number % ports.length] ?? 0, course),
  );
  const connections = await Promise.race([Promise.all(opening), failure]);
  const watch = setInterval(
    () => course.isStuck() && fail(new Error("the server stopped answering")),
    patience,
  );
  try {
    const cpu = process.cpuUsage();
    const beganAt = performance.now();
    course.begin(connections);
    await Promise.race([course.finished, failure]);
    const seconds = (performance.now() - beganAt) / 1000;
    const { user, system } = process.cpuUsage(cpu);
    return course.result(seconds, (user + system) / 1e6 / seconds);
  } finally {
    clearInterval(watch);
    course.end();
    for (const connection of connections) connection.close();
  }
}

class Course implements Listener {
  readonly finished: Promise<void>;
  readonly #round: Round;
  readonly #queues: Queues;
  readonly #fail: (reason: Error) => void;
  readonly #fixed: Buffer | undefined;
  readonly #latencies: Float64Array;
  readonly #failed: string[] = [];
  readonly #taken: string[] = [];
  readonly #bodies: string[] = [];
  readonly #sampleEvery: number;
  /** Connections that have nothing to do, where requests are sent when they are due. */
  readonly #idle: Connection[] = [];
  #timer: NodeJS.Timeout | undefined;
  #beganAt = 0;
  #finish: () => void = () => undefined;
  #sent = 0;
  #answered = 0;
  #answeredBefore = 0;
  #failures = 0;
  #checked = 0;

  constructor(round: Round, queues: Queues, fail: (reason: Error) => void) {
    this.#round = round;
    this.#queues = queues;
    this.#fail = fail;
    this.#fixed = round.take === undefined ? requestBytes(round.exchange, "") : undefined;
    this.#latencies = new Float64Array(round.requests);
    this.#sampleEvery = Math.max(1, Math.floor(round.requests / mostSamples));
    this.finished = new Promise((resolve) => {
      this.#finish = resolve;
    });
  }

  begin(connections: readonly Connection[]): void {
    this.#beganAt = performance.now();
    for (const connection of connections) this.#next(connection);
    if (this.#round.rate === undefined) return;
    this.#timer = setInterval(() => {
      while (this.#isDue()) {
        const connection = this.#idle.pop();
        if (connection === undefined) return;
        this.#next(connection);
      }
    }, tick);
  }

  end(): void {
    clearInterval(this.#timer);
  }

  answered(connection: Connection, status: number, body: string): void {
    const number = this.#answered++;
    this.#latencies[number] = performance.now() - connection.sentAt;
    const { exchange, give } = this.#round;
    if (status !== exchange.status) this.#wrong(`status ${status}: ${body.slice(0, 200)}`);
    else if (number % checkEvery === 0) this.#check(body);
    if (number % this.#sampleEvery === 0 && this.#bodies.length < mostSamples) this.#bodies.push(body);
    if (give !== undefined) this.#keepMember(body, give.member);
    if (this.#answered === this.#round.requests) this.#finish();
    else this.#next(connection);
  }

  failed(message: string): void {
    this.#fail(new Error(message));
  }

  /** Whether nothing was answered since the last time this was asked. */
  isStuck(): boolean {
    const stuck = this.#answered === this.#answeredBefore;
    this.#answeredBefore = this.#answered;
    return stuck;
  }

  result(seconds: number, busy: number): RoundResult {
    const sorted = this.#latencies.sort();
    const at = (share: number): number => sorted[Math.floor((sorted.length - 1) * share)] ?? 0;
    return {
      requests: this.#answered,
      seconds,
      latency: { p50: at(0.5), p99: at(0.99), longest: at(1) },
      busy,
      failures: this.#failures,
      failed: this.#failed,
      checked: this.#checked,
      samples: { taken: this.#taken, bodies: this.#bodies },
    };
  }

  /** Sends the next request, if there is one left to send and it is due. */
  #next(connection: Connection): void {
    if (this.#sent === this.#round.requests) return;
    if (!this.#isDue()) {
      this.#idle.push(connection);
      return;
    }
    const number = this.#sent++;
    const request = this.#fixed ?? this.#requestWithToken(number);
    if (request === undefined) return;
    connection.sentAt = this.#dueAt(number) ?? performance.now();
    connection.send(request);
  }

  #isDue(): boolean {
    const dueAt = this.#dueAt(this.#sent);
    return this.#sent < this.#round.requests && (dueAt === undefined || dueAt <= performance.now());
  }

  #dueAt(number: number): number | undefined {
    const { rate } = this.#round;
    return rate === undefined ? undefined : this.#beganAt + (number * 1000) / rate;
  }

  #requestWithToken(number: number): Buffer | undefined {
    const token = this.#queues.take?.take();
    if (token === undefined) {
      this.#fail(new Error(`no token left for request ${number + 1} of ${this.#round.requests}`));
      return undefined;
    }
    if (this.#round.take?.keep === true) this.#queues.take?.put(token);
    if (number % this.#sampleEvery === 0 && this.#taken.length < mostSamples) this.#taken.push(token);
    return requestBytes(this.#round.exchange, token);
  }

  /** Found by its name and not by parsing, which would cost more than the rest of an answer. */
  #keepMember(body: string, member: string): void {
    const begin = body.indexOf(`"${member}":"`) + member.length + 4;
    const end = body.indexOf('"', begin);
    if (begin < member.length + 4 || end < 0) this.#wrong(`no ${member} in ${body.slice(0, 200)}`);
    else this.#queues.give?.put(body.slice(begin, end));
  }

  #check(body: string): void {
    this.#checked++;
    const wrong = wrongMember(body, this.#round.exchange.members);
    if (wrong !== undefined) this.#wrong(`${wrong} in ${body.slice(0, 200)}`);
  }

  #wrong(message: string): void {
    this.#failures++;
    if (this.#failed.length < mostSamples) this.#failed.push(message);
  }
}

function requestBytes(exchange: Exchange, token: string): Buffer {
  const body = exchange.body.before + token + exchange.body.after;
  return Buffer.from(
    `POST ${exchange.path} HTTP/1.1\r\nHost: 127.0.0.1:${exchange.ports[0]}\r\nAuthorization: ${exchange.authorization}\r\n` +
      `Content-Type: ${exchange.contentType}\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
    "latin1",
  );
}

function wrongMember(body: string, members: Exchange["members"]): string | undefined {
  const names = Object.entries(members);
  if (names.length === 0) return undefined;
  let answer: Record<string, unknown>;
  try {
    answer = JSON.parse(body);
  } catch {
    return "no JSON";
  }
  const kinds = { text: isText, number: isNumber, true: isTrue };
  return names.find(([name, kind]) => !kinds[kind](answer[name]))?.[0];
}

const isText = (value: unknown): boolean => typeof value === "string" && value !== "";
const isNumber = (value: unknown): boolean => typeof value === "number";
const isTrue = (value: unknown): boolean => value === true;
