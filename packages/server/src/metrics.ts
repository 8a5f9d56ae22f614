// Prometheus metrics. Labels are closed sets: no identifiers, no tokens (THREATS WEB-16, WEB-23).

import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from "prom-client";

export interface Metrics {
  readonly registry: Registry;
  issued(grantType: string): void;
  revoked(unit: string, reason: string): void;
  /** `seconds` from the request's arrival to its answer. */
  answered(route: string, status: number, seconds: number): void;
  /** One attempt at a webhook delivery. */
  webhook(outcome: string): void;
  /** Values read when somebody asks for the metrics. */
  gauge(name: string, help: string, value: () => number): void;
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
  const answered = new Histogram({
    name: "rescind_http_request_duration_seconds",
    help: "Time to answer, by route and status",
    labelNames: ["route", "status"],
    buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 5],
    registers,
  });
  const webhooks = new Counter({
    name: "rescind_webhook_deliveries_total",
    help: "Attempts at webhook deliveries, by outcome: delivered, failed (tried again), dead, put_off",
    labelNames: ["outcome"],
    registers,
  });
  return {
    registry,
    issued: (grantType) => issued.inc({ grant_type: grantType }),
    revoked: (unit, reason) => revoked.inc({ unit, reason }),
    answered: (route, status, seconds) => answered.observe({ route, status }, seconds),
    webhook: (outcome) => webhooks.inc({ outcome }),
    gauge: (name, help, value) => {
      new Gauge({
        name,
        help,
        registers,
        collect() {
          this.set(value());
        },
      });
    },
  };
}
