// One run from one seed: a server, several verifiers, the networks between them, and what befalls them. Ends with calm, in
// which all must become well. Throws the first violation of an invariant.

import { History, type OrderRecord, Violation } from "./history.ts";
import { Link } from "./network.ts";
import { Random } from "./random.ts";
import { SimulatedServer } from "./server.ts";
import { issueToken, type SimulatedToken, unitToRevoke } from "./tokens.ts";
import { maxStaleness, productParts, SimulatedVerifier, type VerifierParts } from "./verifier.ts";
import { VirtualTime } from "./virtual-time.ts";

/** What is put together; mutants replace a part. */
export interface World {
  readonly verifier: VerifierParts;
  server(time: VirtualTime, history: History): SimulatedServer;
}

export const product: World = {
  verifier: productParts,
  server: (time, history) => new SimulatedServer(time, history),
};

/** Counts of a run, to see that it was about something. */
export interface Outcome {
  readonly accepted: number;
  readonly refused: number;
  readonly undecided: number;
}

/** Runs the schedule of this seed. @throws Violation */
export function simulate(seed: number, world: World = product): Outcome {
  const simulation = new Simulation(seed, world);
  simulation.storm();
  simulation.calm();
  const { accepted, refused, undecided } = simulation.history;
  return { accepted, refused, undecided };
}

export class Simulation {
  readonly random: Random;
  readonly time = new VirtualTime();
  readonly history = new History();
  readonly server: SimulatedServer;
  readonly verifiers: readonly SimulatedVerifier[];
  #tokens: SimulatedToken[] = [];
  #issued = 0;
  /** Tokens that an order was about, so that verifiers are asked about them at once. */
  #concerned: SimulatedToken[] = [];
  readonly #turnsClocks: boolean;

  constructor(seed: number, world: World, verifiers?: number) {
    this.random = new Random(seed);
    this.server = world.server(this.time, this.history);
    this.server.hasSnapshots = this.random.chance(0.5);
    // Two wrong clocks on one machine can hide each other: a run has either.
    this.#turnsClocks = this.random.chance(0.5);
    const count = verifiers ?? this.random.between(1, 4);
    this.verifiers = Array.from({ length: count }, (_, i) => this.#verifier(`verifier ${i + 1}`, world));
    for (let i = 0; i < 12; i++) this.#issue();
    for (const verifier of this.verifiers) verifier.start();
  }

  run(ms: number): void {
    this.time.runUntil(this.time.now + ms);
  }

  storm(): void {
    const steps = this.random.between(10, 50);
    for (let i = 0; i < steps; i++) this.#step();
  }

  /** All faults end. What was under way takes its time to fail; 5 seconds later everybody is fresh at the head (D4). */
  calm(): void {
    this.server.stall = 0;
    for (const { link } of this.verifiers) {
      link.trouble = 0;
      link.lag = 0;
      link.away = false;
      link.streamAway = false;
    }
    this.run(Math.max(0, ...this.verifiers.map((verifier) => verifier.pausedUntil - this.time.now)));
    this.run(10_000 + 5000);
    for (const [i, { reader, instant }] of this.verifiers.entries()) {
      const { seq, hash } = reader.position;
      const isThere = seq === this.server.head.seq && hash === this.server.head.hash;
      if (!isThere || reader.state(instant) !== "fresh")
        throw new Violation(
          "D4",
          `verifier ${i + 1} is ${reader.state(instant)} at ${seq}, the head is ${this.server.head.seq}`,
        );
    }
    for (const verifier of this.verifiers) {
      verifier.judgeState();
      for (const token of this.#tokens) verifier.check(token);
    }
  }

  order(): void {
    const token = this.random.of(this.#tokens);
    const unit = unitToRevoke(this.random, token);
    const suspend = (unit.name === "client" || unit.name === "key") && this.random.chance(0.5);
    const mayHaveBefore = !suspend && unit.issuer === token?.judged.issuer && this.random.chance(0.15);
    const before = Math.floor(this.server.seconds) - this.random.below(100);
    this.server.revoke(
      unit,
      { suspend, ack: this.random.chance(0.2), ...(mayHaveBefore ? { before } : {}) },
      this.random.between(0, 40),
    );
    if (token !== undefined) this.#concerned = [token, ...this.#concerned].slice(0, 5);
  }

  #verifier(name: string, world: World): SimulatedVerifier {
    const { time, random, server, history } = this;
    const verifier = new SimulatedVerifier({
      name,
      time,
      random,
      server,
      history,
      link: new Link(time, random, server),
      parts: world.verifier,
      onStale: random.chance(0.5) ? "introspect" : "reject",
      rate: 1 + (random.share() - 0.5) / 1000,
    });
    verifier.tokens = () =>
      random.chance(0.5) ? (random.of(this.#concerned) ?? random.of(this.#tokens)) : random.of(this.#tokens);
    return verifier;
  }

  /** A decision to issue begins with the head, then looks at the parent; the token is there a while later. */
  #issue(): void {
    const rev = this.server.head.seq;
    const decided = this.time.now;
    const parent = this.random.chance(0.25) ? this.random.of(this.#tokens) : undefined;
    const from = parent !== undefined && this.server.introspect(parent).active ? parent : undefined;
    this.time.after(this.random.below(100), () => {
      const at = Math.floor(this.server.seconds);
      const alive = this.#tokens.filter(({ judged }) => judged.expiresAt > at - 30).slice(-40);
      const token = issueToken(this.random, this.#issued++, rev, at, from);
      if (!this.history.isEnded(token, decided)) this.#tokens = [...alive, token];
    });
  }

  #lift(): void {
    const liftable = this.server.history.standing().filter((record) => !record.isFinal);
    const unknown: OrderRecord | undefined = undefined;
    this.server.lift(this.random.chance(0.9) ? this.random.of(liftable) : unknown);
  }

  #step(): void {
    const { random, server } = this;
    const verifier = random.of(this.verifiers);
    const ms = random.between(1, 6000);
    if (verifier === undefined) return;
    const { link } = verifier;
    const kind = random.weighted([
      [14, "run"],
      [8, "order"],
      [4, "lift"],
      [4, "issue"],
      [4, "trouble"],
      [1, "cut"],
      [1, "half-open"],
      [1, "away"],
      [1, "stream-away"],
      [4, "back"],
      [1, "lag"],
      [1, "pause"],
      [1, "clock"],
      [1, "server-clock"],
      [1, "stall"],
      [1, "restart"],
      [0.5, "server-restart"],
      [1, "back-up"],
      [1, "restore"],
      [0.5, "long-run"],
      [1, "purge"],
      [2, "cut-off"],
      [1, "burst"],
    ] as const);
    switch (kind) {
      case "order":
        this.order();
        break;
      case "lift":
        this.#lift();
        break;
      case "issue":
        for (let i = 0; i < 5; i++) this.#issue();
        break;
      case "trouble":
        link.trouble = random.of([0, 0.05, 0.1, 0.4]) ?? 0;
        break;
      case "cut":
        link.cut();
        break;
      case "half-open":
        link.halfOpen();
        break;
      case "away":
        link.away = true;
        if (random.chance(0.5)) link.cut();
        break;
      case "stream-away":
        link.streamAway = true;
        link.cut();
        break;
      case "back":
        link.away = false;
        link.streamAway = false;
        link.lag = 0;
        server.stall = 0;
        break;
      case "lag":
        link.lag = random.below(3000);
        break;
      case "pause":
        verifier.pause(random.chance(0.2) ? ms * 20 : ms);
        break;
      case "clock":
        this.#disturbClock(verifier);
        break;
      case "server-clock":
        server.turnWallClock(random.of([-30_000, -5000, -500, 0, 500, 30_000, 600_000]) ?? 0);
        break;
      case "stall":
        server.stall = random.below(4000);
        break;
      case "restart":
        verifier.restart();
        break;
      case "server-restart":
        server.restart();
        break;
      case "back-up":
        server.backUp();
        break;
      case "restore":
        server.restore(random.chance(0.4));
        break;
      case "long-run":
        this.#longRun();
        break;
      case "purge":
        server.purge();
        break;
      case "cut-off":
        this.#cutOff(verifier, ms);
        break;
      case "burst":
        for (let i = 0; i < 12; i++) this.order();
        break;
      default:
        this.run(ms);
    }
  }

  #disturbClock(verifier: SimulatedVerifier): void {
    const { random } = this;
    const ms = random.of([300, 900, 1100, 20_000]) ?? 300;
    if (this.#turnsClocks) verifier.turnWallClock(random.chance(0.5) ? ms : -ms);
    else verifier.suspend(ms);
  }

  /** Long enough for entries to expire, with little going on. */
  #longRun(): void {
    for (let i = 0; i < 8; i++) {
      this.#issue();
      this.run(75_000);
    }
    this.server.purge();
  }

  /** The worst moment: an order within the life of the last lease, of which nothing comes through. */
  #cutOff({ link }: SimulatedVerifier, ms: number): void {
    link.halfOpen();
    this.run(Math.min(ms, 4000));
    this.order();
    link.away = true;
    this.run(maxStaleness + 1500);
  }
}
