// The time to answer is shown exactly as prom-client shows what it counts itself, as text, as JSON, and summed over workers.

import assert from "node:assert/strict";
import { test } from "node:test";
import { AggregatorRegistry, Histogram, Registry } from "prom-client";
import { answerTimes } from "../src/answer-times.ts";

const seconds = [0, 0.001, 0.0011, 0.0025, 0.004, 0.01, 0.3, 1, 5, 5.1, 100];

test("answers are counted as prom-client's own histogram would count them", async () => {
  const ours = new Registry();
  const note = answerTimes(ours);
  const theirs = new Registry();
  const histogram = new Histogram({
    name: "rescind_http_request_duration_seconds",
    help: "Time to answer, by route and status",
    labelNames: ["route", "status"],
    buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 5],
    registers: [theirs],
  });
  assert.equal(await ours.metrics(), await theirs.metrics(), "before the first answer");
  for (const route of ["/oauth2/token", "/oauth2/introspect"])
    for (const status of [200, 401])
      for (const time of seconds) {
        note(route, status, time * status);
        histogram.labels(route, String(status)).observe(time * status);
      }
  assert.equal(await ours.metrics(), await theirs.metrics());
  const [one, other] = [await ours.getMetricsAsJSON(), await theirs.getMetricsAsJSON()];
  const summed = AggregatorRegistry.aggregate([one, one]);
  assert.equal(await summed.metrics(), await AggregatorRegistry.aggregate([other, other]).metrics());
});
