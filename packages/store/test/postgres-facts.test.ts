// Where a server says that it lives: undefined only where it never says so.

import assert from "node:assert/strict";
import { test } from "node:test";
import { StoreUnavailable } from "@rescind/store";
import type { Row, Statement } from "../src/executor.ts";
import { readFacts } from "../src/postgres/facts.ts";

/** A server that answers the second question with this error. */
function answering(cause: Error): { read(statement: Statement): Promise<readonly Row[]> } {
  return {
    read: ({ sql }) =>
      sql.includes("pg_control_system")
        ? Promise.reject(new StoreUnavailable("The database could not be read.", { cause }))
        : Promise.resolve([["17.0", 1, 0]]),
  };
}

test("FAULTS 9 an outage while a server is asked where it lives is not taken for one that does not say", async () => {
  const outages = [
    new Error("Connection terminated unexpectedly"),
    refusal("53300", "too many clients already"),
    refusal("57014", "canceling statement due to statement timeout"),
  ];
  for (const cause of outages) await assert.rejects(readFacts(answering(cause)), StoreUnavailable);
  for (const cause of [
    refusal("42501", "permission denied for function pg_control_system"),
    refusal("42883", "function pg_control_system() does not exist"),
    refusal("0A000", "unimplemented"),
  ]) {
    const { engine, system, timeline } = await readFacts(answering(cause));
    assert.deepEqual(
      { engine, system, timeline },
      { engine: "postgres", system: undefined, timeline: undefined },
    );
  }
});

function refusal(code: string, message: string): Error {
  return Object.assign(new Error(message), { code, severity: "ERROR" });
}
