// What nodes say while their database is away, and how to wait until they are back.

import assert from "node:assert/strict";
import type { NodeProcesses } from "./node-processes.ts";
import type { ServerProcess } from "./server-process.ts";
import { until } from "./until.ts";

/** Every endpoint that needs the database says 503 with Retry-After; the process itself lives. */
export async function assertUnavailable(node: ServerProcess): Promise<void> {
  const token = "rat_0000000000000000000000000000000000000000000000000000000000000000000000000";
  const answers = await Promise.all([
    node.form("/oauth2/revoke", { token }, node.adminClient),
    node.form("/oauth2/introspect", { token }, node.adminClient),
    node.form("/oauth2/token", { grant_type: "client_credentials" }, node.adminClient),
    node.ask("GET", "/readyz"),
  ]);
  for (const { status, headers, text } of answers) {
    assert.equal(status, 503, text);
    assert.match(String(headers["retry-after"]), /^[1-9]\d*$/);
  }
  assert.equal((await node.ask("GET", "/healthz")).status, 200);
}

/** By themselves: nothing is restarted. */
export async function untilReady({ each }: Pick<NodeProcesses, "each">): Promise<void> {
  await until("every node is ready", async () => {
    const answers = await Promise.all(each.map((node) => node.ask("GET", "/readyz")));
    return answers.every(({ status }) => status === 200);
  });
}
