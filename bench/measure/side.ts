// One side of a row under measurement: warms up, runs rounds, keeps what each gave.

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
  /** Shares of the time for which server and load were on their cores. */
  readonly serverBusy: number | undefined;
  readonly loadBusy: number;
}

export class Side {
  readonly name: string;
  readonly rounds: Measured[] = [];
  /** What did not hold, in words. */
  readonly wrong: string[] = [];
  /** Answers whose body was parsed and checked, in all rounds. */
  checked = 0;
  readonly #pid: number;
  readonly #prepared: Prepared;
  readonly #load: LoadGenerator;
  #requests = 0;

  constructor(
    server: { readonly name: string; readonly pid: number },
    prepared: Prepared,
    load: LoadGenerator,
  ) {
    this.name = server.name;
    this.#pid = server.pid;
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
    const before = processorSeconds(this.#pid);
    const result = await this.#load.run({ ...this.#prepared.round, connections, requests });
    const after = processorSeconds(this.#pid);
    if (result.failures > 0) this.#note(`${result.failures} wrong answers, the first: ${result.failed[0]}`);
    else for (const wrong of await this.#prepared.prove(result)) this.#note(wrong);
    this.checked += result.checked;
    const used = before === undefined || after === undefined ? undefined : after - before;
    return {
      requests,
      rate: requests / result.seconds,
      ...result.latency,
      cost: used === undefined ? undefined : (used / requests) * 1e6,
      serverBusy: used === undefined ? undefined : used / result.seconds,
      loadBusy: result.busy,
    };
  }

  #note(wrong: string): void {
    this.wrong.push(`${this.name}: ${wrong}`);
  }
}
