// FAULTS row 5: the disk reports an error on every sync. Nothing is acknowledged, the process ends by itself, and the
// next start reads what is really there; what had no answer may have happened or not, but stays as it is first seen.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import type { HistoryRecord } from "./history.ts";
import { violations } from "./history-checker.ts";
import { graceMs } from "./load.ts";
import { type Answer, type ServerProcess, startServerProcess, Unanswered } from "./server-process.ts";
import { TracingRefused, trace } from "./system-calls.ts";
import { until } from "./until.ts";

test("FAULTS 5 RV-01 A7 an error on sync is never a 200, ends the process, and the restart is honest", async (t) => {
  const server = await startServerProcess({ flags: ["--log-level", "warn"] });
  t.after(() => server.close());
  const client = await server.registerClient({ access_token_format: "opaque" });
  const history: HistoryRecord[] = [];
  const tokens = new Map<string, string>();
  for (let i = 0; i < 6; i++) {
    const sent = performance.now();
    const { access_token, refresh_token, grant_id } = await server.openGrant(client, `subject-${i}`);
    tokens.set(`access-${i}`, access_token).set(`refresh-${i}`, refresh_token);
    const named = (["access", "refresh"] as const).map((kind) => ({
      name: `${kind}-${i}`,
      kind,
      grant: grant_id,
    }));
    history.push({ op: "issue", sent, returned: performance.now(), tokens: named });
  }
  const check = async (): Promise<void> => {
    for (const [token, text] of tokens) {
      const sent = performance.now();
      const active = await server.isActive(text);
      history.push({ op: "check", sent, returned: performance.now(), token, active });
    }
  };
  await check();

  const down = performance.now();
  try {
    await trace(server.pid, [
      "-o",
      "/dev/null",
      "-e",
      "trace=fdatasync,fsync",
      "-e",
      "inject=fdatasync,fsync:error=EIO",
    ]);
  } catch (cause) {
    if (cause instanceof TracingRefused) return t.skip(cause.message);
    throw cause;
  }
  const asked = [...tokens].map(async ([token, text], index) => {
    const sent = performance.now();
    const path = index % 4 === 3 ? "/oauth2/token" : "/oauth2/revoke";
    const parameters: Record<string, string> =
      path === "/oauth2/token" ? { grant_type: "refresh_token", refresh_token: text } : { token: text };
    const answer = await answered(server, path, parameters, client);
    assert.notEqual(answer?.status, 200, `${path} was acknowledged although nothing could be synced`);
    if (answer !== undefined) {
      assert.equal(answer.status, 503);
      assert.match(String(answer.headers["retry-after"]), /^\d+$/);
    }
    const interval = { sent, returned: performance.now(), token, result: "info" } as const;
    const reach = token.startsWith("access") ? "token" : "grant";
    history.push(
      path === "/oauth2/token" ? { op: "refresh", ...interval } : { op: "revoke", ...interval, reach },
    );
    return answer;
  });
  const answers = await Promise.all(asked);
  assert.ok(
    answers.some((answer) => answer?.status === 503),
    "at least the first is told",
  );
  await until("the process ends by itself", () => !server.isRunning);
  assert.notEqual((await server.ended).code, 0);
  const mark = readFileSync(join(server.data, "rescind.db-mark"), "utf8");
  assert.doesNotMatch(
    mark,
    / open /,
    "the next start has to look whether the file is whole, however large it is",
  );

  server.disconnect();
  await server.start();
  history.push({ op: "outage", sent: down, returned: performance.now() });
  await check();
  await check();
  await server.kill();
  await server.start();
  await check();
  for (const [token, text] of [...tokens].filter(([name]) => name.startsWith("access"))) {
    const sent = performance.now();
    const { status, headers } = await server.form("/oauth2/revoke", { token: text }, client);
    assert.equal(status, 200);
    const seq = Number(headers["rescind-seq"]);
    history.push({
      op: "revoke",
      sent,
      returned: performance.now(),
      token,
      reach: "token",
      result: "ok",
      seq,
    });
  }
  await check();
  assert.deepEqual(violations(history, { graceMs }), []);
});

async function answered(
  server: ServerProcess,
  path: string,
  parameters: Record<string, string>,
  client: { client_id: string; client_secret: string },
): Promise<Answer | undefined> {
  try {
    return await server.form(path, parameters, client);
  } catch (cause) {
    if (cause instanceof Unanswered) return undefined;
    throw cause;
  }
}
