// Since when and until when the server could answer: what the grace window of a rotation counts by.
import assert from "node:assert/strict";
import { test } from "node:test";
import { availability } from "../src/availability.ts";

test("it can answer since its start until the store fails", () => {
  let at = 1000;
  const answering = availability(() => at);
  at = 5000;
  assert.deepEqual([answering.sinceMs(), answering.untilMs()], [1000, undefined]);
});

test("B3 RT-04 after an outage the window counts from its end and the minute before from its beginning", () => {
  let at = 1000;
  const answering = availability(() => at);
  at = 5000;
  answering.failed();
  at = 900_000;
  answering.failed();
  at = 1_000_000;
  answering.recovered();
  at = 2_000_000;
  answering.recovered();
  assert.deepEqual([answering.sinceMs(), answering.untilMs()], [1_000_000, 5000]);
});

test("B3 a retry before the server has noticed that the store answers again still has its full window", () => {
  let at = 1000;
  const answering = availability(() => at);
  at = 5000;
  answering.failed();
  at = 900_000;
  assert.equal(answering.sinceMs(), 900_000);
});
