// One side of a row under measurement: warms up, runs rounds, keeps what each gave.

import type { Contender } from "../contenders/contender.ts";
import type { LoadGenerator } from "../load/load-generator.ts";
import type { Prepared } from "../rows/row.ts";
import type { Options } from "./options.ts";
import { processorSeconds } from "./processor-time.ts";

export const connections = 128;

export interface Measured {
  readonly requests: number;
  /** Requests a second. */
  readonly rate: number;
  /** Milliseconds. */
  readonly p50: number;
  readonly p99: number;
  /** Microseconds of the server's processor time per request, where the system says. */
  readonly cost: number | undefined;
  /** How much of it was the database's, where that is a process of its own. */
  readonly databaseCost: number | undefined;
  /** Shares of the time for which server and load were on their cores. */
  readonly serverBusy: number | undefined;
  readonly loadBusy: number;
  /** When it began and ended, microseconds on the machine's monotonic clock, by which profiles are cut. */
  readonly from: number;
  readonly to: number;
}

type Server = Pick<Contender, "name" | "processes" | "databaseProcesses">;

export class Side {
  readonly name: string;
  readonly rounds: Measured[] = [];
  /** What did not hold, in words. */
  readonly wrong: string[] = [];
  /** Answers whose body was parsed and checked, in all rounds. */
  checked = 0;
  readonly #server: Server;
  readonly #prepared: Prepared;
  readonly #load: LoadGenerator;
  #requests = 0;

  constructor(server: Server, prepared: Prepared, load: LoadGenerator) {
    this.name = server.name;
    this.#server = server;
    this.#prepared = prepared;
    this.#load = load;
  }

  /** Runs until the code is compiled, and decides from the rate how many requests a round has. */
  async warmUp(options: Options): Promise<void> {
    await this.#run(options.requests ?? options.warmUp);
    const { rate } = await this.#run(options.requests ?? Math.ceil(options.warmUp / 2));
    this.#requests = options.requests ?? Math.ceil(rate * options.seconds);
  }

  async measure(): Promise<void> {
    this.rounds.push(await this.#run(this.#requests));
  }

  async #run(requests: number): Promise<Measured> {
    await this.#prepared.supply?.(requests);
    const { processes, databaseProcesses = () => [] } = this.#server;
    const before = processorSeconds(processes());
    const databaseBefore = processorSeconds(databaseProcesses());
    const from = monotonic();
    const result = await this.#load.run({ ...this.#prepared.round, connections, requests });
    const to = monotonic();
    const used = apart(before, processorSeconds(processes()));
    const databaseUsed = apart(databaseBefore, processorSeconds(databaseProcesses()));
    if (result.failures > 0) this.#note(`${result.failures} wrong answers, the first: ${result.failed[0]}`);
    else for (const wrong of await this.#prepared.prove(result)) this.#note(wrong);
    this.checked += result.checked;
    return {
      requests,
      rate: requests / result.seconds,
      ...result.latency,
      cost: used === undefined ? undefined : (used / requests) * 1e6,
      databaseCost: databaseUsed === undefined ? undefined : (databaseUsed / requests) * 1e6,
      serverBusy: used === undefined ? undefined : used / result.seconds,
      loadBusy: result.busy,
      from,
      to,
    };
  }

  #note(wrong: string): void {
    this.wrong.push(`${this.name}: ${wrong}`);
  }
}

function apart(before: number | undefined, after: number | undefined): number | undefined {
  return before === undefined || after === undefined ? undefined : after - before;
}

function monotonic(): number {
  return Number(process.hrtime.bigint() / 1000n);
}
