// `npm run demo`: a real server, an API that verifies by itself in a process of its own, a token that works, its
// revocation, and calls until the API refuses. Prints a timeline in milliseconds; exits 0 only if all went as promised.
// With --browser: the same by hand, in two windows of a browser, until Ctrl+C.

import { openForBrowsers } from "./demo/browser.ts";
import { freePort, type Process, startProcess, temporaryFolder } from "./demo/processes.ts";
import { ordersUrl, register, requestRevocation, requestToken } from "./demo/steps.ts";
import { Timeline } from "./demo/timeline.ts";

/** Milliseconds for everything: who runs it unattended must not wait for ever. */
const longest = 60_000;
/** Milliseconds from the revocation's answer to the first refusal; the verifier's own bound. */
const maxStaleness = 5000;

const running: Process[] = [];
const folder = temporaryFolder();
const isForBrowsers = process.argv.includes("--browser");
const late = setTimeout(() => giveUp(`not done after ${longest / 1000} s`), longest);
const interrupted = Promise.withResolvers<void>();
for (const signal of ["SIGINT", "SIGTERM"] as const)
  process.once(signal, () => (isForBrowsers ? interrupted.resolve() : giveUp(signal)));

try {
  if (isForBrowsers) await Promise.race([demonstrateInBrowsers(), interrupted.promise]);
  else await demonstrate(new Timeline());
} catch (error) {
  console.error("demo:", error instanceof Error ? error.message : error);
  for (const { name, output } of running) console.error(`\n— ${name} said:\n${output()}`);
  process.exitCode = 1;
} finally {
  clearTimeout(late);
  await stopAll();
  folder.remove();
  // An interrupted beginning may still be waiting for something.
  if (isForBrowsers) process.exit();
}

/** Returns when one of the processes has ended, which only an interruption makes them do. */
async function demonstrateInBrowsers(): Promise<void> {
  const issuer = await startServer();
  const started = (added: Process): Process => {
    running.push(added);
    return added;
  };
  await openForBrowsers({ issuer, folder: folder.path, started });
  clearTimeout(late);
  await Promise.race(running.filter(({ name }) => name !== "vite").map((each) => each.ended()));
}

async function demonstrate(timeline: Timeline): Promise<void> {
  const issuer = await startServer();
  timeline.note(`the server answers at ${issuer}`);
  const { api, shop } = await register(issuer, folder.path);
  timeline.note("API and shop are registered, by the admin API");
  const orders = await startOrdersApi(issuer, api);
  timeline.note("the orders API has loaded the revocation log and met its first lease");

  const token = await requestToken(issuer, shop);
  const spared = await requestToken(issuer, shop);
  timeline.note("the shop got two access tokens (JWT)");
  await expectStatus(orders, token, 200);
  await expectStatus(orders, spared, 200);
  timeline.note("both are accepted: 200 (checked locally, no call to the server)");

  timeline.note("revoking the first one …");
  const seq = await requestRevocation(issuer, shop, token);
  const answered = timeline.note(`the server answers 200: revoked from seq ${seq} on, on disk`);
  const { calls, challenge } = await callUntilRefused(orders, token);
  const refused = timeline.note(`the API refuses it: 401 ${challenge} (${calls} calls until then)`);
  await expectStatus(orders, spared, 200);
  timeline.note("the other token is still accepted: 200");

  if (refused - answered > maxStaleness) throw new Error(`the refusal took ${refused - answered} ms`);
  console.log(`\nRevoked at the API ${(refused - answered).toFixed(1)} ms after the server's answer.`);
}

async function startServer(): Promise<string> {
  const port = await freePort();
  const server = startProcess("server", ["packages/cli/src/main.ts", "serve"], {
    RESCIND_PORT: String(port),
    RESCIND_DATA: folder.path,
  });
  running.push(server);
  const issuer = `http://127.0.0.1:${port}`;
  await server.answering(`${issuer}/readyz`);
  return issuer;
}

async function startOrdersApi(issuer: string, api: { id: string; secret: string }): Promise<string> {
  const port = await freePort();
  const orders = startProcess("orders-api", ["examples/orders-api/main.ts"], {
    PORT: String(port),
    ISSUER: issuer,
    AUDIENCE: ordersUrl,
    CLIENT_ID: api.id,
    CLIENT_SECRET: api.secret,
  });
  running.push(orders);
  const url = `http://127.0.0.1:${port}`;
  await orders.answering(`${url}/health`);
  return `${url}/orders`;
}

async function expectStatus(url: string, token: string, status: number): Promise<void> {
  const response = await call(url, token);
  if (response.status !== status)
    throw new Error(`expected ${status}, got ${response.status}: ${await response.text()}`);
  await response.arrayBuffer();
}

async function callUntilRefused(url: string, token: string): Promise<{ calls: number; challenge: string }> {
  const end = performance.now() + maxStaleness;
  for (let calls = 1; performance.now() < end; calls++) {
    const response = await call(url, token);
    await response.arrayBuffer();
    if (response.status === 401)
      return {
        calls,
        challenge: /error="\w+"/.exec(response.headers.get("www-authenticate") ?? "")?.[0] ?? "",
      };
    if (response.status !== 200) throw new Error(`expected 200 or 401, got ${response.status}`);
  }
  throw new Error(`the API still accepts the token ${maxStaleness} ms after its revocation`);
}

function call(url: string, token: string): Promise<Response> {
  return fetch(url, { headers: { authorization: `Bearer ${token}` } });
}

function giveUp(why: string): void {
  console.error(`demo: ${why}`);
  void stopAll().finally(() => {
    folder.remove();
    process.exit(1);
  });
}

async function stopAll(): Promise<void> {
  await Promise.all(running.map((started) => started.stop()));
}
