// Prometheus metrics. Labels are closed sets: no identifiers, no tokens (THREATS WEB-16, WEB-23).

import { AggregatorRegistry, Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from "prom-client";
import { answerTimes } from "./answer-times.ts";

/** What one worker measures, as it goes from thread to thread. */
export type Measured = Awaited<ReturnType<Registry["getMetricsAsJSON"]>>;

/** What one figure of several workers is; counters are summed. */
export type OverWorkers = "max" | "min" | "sum";

export interface Metrics {
  readonly registry: Registry;
  issued(grantType: string): void;
  revoked(unit: string, reason: string): void;
  /** `seconds` from the request's arrival to its answer. */
  answered(route: string, status: number, seconds: number): void;
  /** One attempt at a webhook delivery. */
  webhook(outcome: string): void;
  /** One attempt to revoke a token of a sign-in at its upstream provider. */
  upstreamRevocation(outcome: string): void;
  /** A verifier acknowledged: so many entries behind the head. */
  lease(lag: number): void;
  /** The database came back from a backup, and a new epoch began. */
  restored(cause: string): void;
  /** Seconds from the oldest entry that an acknowledgement covers anew to that acknowledgement. */
  acknowledged(seconds: number): void;
  /** Values read when somebody asks for the metrics; of several workers the greatest is shown unless `over` says otherwise. */
  gauge(name: string, help: string, value: () => number, over?: OverWorkers): void;
  /** The same by a label, whose values are a closed set; of several workers the sum. */
  gaugeBy(name: string, help: string, label: string, values: () => Readonly<Record<string, number>>): void;
}

/** What the threads of one process measure: its own figures are the same in all of them. */
export function ofOneProcess(all: readonly Measured[]): Pick<Registry, "contentType" | "metrics"> {
  const own = all.map((measured) =>
    measured.map((metric): Measured[number] =>
      /^process_|_info$/.test(metric.name) ? { ...metric, aggregator: "first" } : metric,
    ),
  );
  return AggregatorRegistry.aggregate(own);
}

export function metrics(): Metrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const registers = [registry];
  const issued = new Counter({
    name: "rescind_tokens_issued_total",
    help: "Access tokens issued, by grant type",
    labelNames: ["grant_type"],
    registers,
  });
  const revoked = new Counter({
    name: "rescind_revocations_total",
    help: "Entries appended to the revocation log, by unit and reason",
    labelNames: ["unit", "reason"],
    registers,
  });
  const webhooks = new Counter({
    name: "rescind_webhook_deliveries_total",
    help: "Attempts at webhook deliveries, by outcome: delivered, failed (tried again), dead, put_off",
    labelNames: ["outcome"],
    registers,
  });
  const upstreamRevocations = new Counter({
    name: "rescind_upstream_revocations_total",
    help: "Attempts to revoke tokens of sign-ins at their upstream providers, by outcome: revoked, expired, left (no endpoint), failed (tried again), dead",
    labelNames: ["outcome"],
    registers,
  });
  const lag = new Histogram({
    name: "rescind_verifier_lag_entries",
    help: "Entries between what a verifier acknowledges and the head of the log, at each lease",
    buckets: [0, 1, 10, 100, 1_000, 10_000, 100_000, 1_000_000],
    registers,
  });
  const acknowledged = new Histogram({
    name: "rescind_acknowledgement_seconds",
    help: "Time from an order to its acknowledgement by a verifier, for the oldest entry that each lease covers anew",
    buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2, 5, 30, 300],
    registers,
  });
  const restores = new Counter({
    name: "rescind_restores_total",
    help: "Restores of the database that this server noticed, by how: verb, behind, system, timeline, lease",
    labelNames: ["cause"],
    registers,
  });
  const issuedBy = remembered((grantType: string) => issued.labels(grantType));
  const revokedBy = remembered((unit: string) =>
    remembered((reason: string) => revoked.labels(unit, reason)),
  );
  return {
    registry,
    issued: (grantType) => issuedBy(grantType).inc(),
    revoked: (unit, reason) => revokedBy(unit)(reason).inc(),
    answered: answerTimes(registry),
    webhook: (outcome) => webhooks.inc({ outcome }),
    upstreamRevocation: (outcome) => upstreamRevocations.inc({ outcome }),
    restored: (cause) => restores.inc({ cause }),
    lease: (entries) => lag.observe(entries),
    acknowledged: (seconds) => acknowledged.observe(seconds),
    gauge: (name, help, value, over = "max") => {
      new Gauge({
        name,
        help,
        registers,
        aggregator: over,
        collect() {
          this.set(value());
        },
      });
    },
    gaugeBy: (name, help, label, values) => {
      new Gauge({
        name,
        help,
        aggregator: "sum",
        labelNames: [label],
        registers,
        collect() {
          for (const [key, value] of Object.entries(values())) this.set({ [label]: key }, value);
        },
      });
    },
  };
}

/** What was made of each label is kept: putting labels together costs more than counting. */
function remembered<Label, Made>(make: (label: Label) => Made): (label: Label) => Made {
  const known = new Map<Label, Made>();
  return (label) => {
    const found = known.get(label);
    if (found !== undefined) return found;
    const made = make(label);
    known.set(label, made);
    return made;
  };
}
