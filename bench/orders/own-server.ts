// Our server for the benchmark of orders: on a data directory that is filled between two starts.

import { closeSync, openSync, readFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { basic } from "../contenders/contender.ts";
import { processorSeconds } from "../measure/processor-time.ts";
import { start, stop } from "../pinned-process.ts";

const command = fileURLToPath(new URL("../../packages/cli/src/main.ts", import.meta.url));

export interface OwnServer {
  readonly issuer: string;
  /** A JSON call of the admin API; throws unless it succeeds. */
  admin(path: string, body: object): Promise<Record<string, unknown>>;
  /** A form to an OAuth endpoint, as the administrator's client; throws unless it succeeds. */
  form(path: string, fields: Record<string, string>): Promise<Record<string, unknown>>;
  /** Processor time of all its threads since its start; undefined where the system does not say. */
  processorSeconds(): number | undefined;
  stop(): Promise<void>;
}

/** @throws Error with the server's own words if it does not come up within 60 s */
export async function startOwn(data: string, port: number): Promise<OwnServer> {
  const log = openSync(join(data, "server.log"), "w");
  const serve = ["serve", "--port", String(port), "--data", data];
  const child = start("server", [process.execPath, "--conditions=source", command, ...serve], log);
  closeSync(log);
  const issuer = `http://127.0.0.1:${port}`;
  await ready(issuer, () => child.exitCode === null, join(data, "server.log"));
  const { client_id, client_secret } = JSON.parse(readFileSync(join(data, "admin.json"), "utf8"));
  const client = basic(client_id, client_secret);
  const form = async (path: string, fields: Record<string, string>) =>
    checked(
      await fetch(`${issuer}${path}`, {
        method: "POST",
        headers: { authorization: client },
        body: new URLSearchParams(fields),
      }),
    );
  const { access_token: token } = await form("/oauth2/token", { grant_type: "client_credentials" });
  return {
    issuer,
    form,
    admin: async (path, body) =>
      checked(
        await fetch(`${issuer}/admin/v1/${path}`, {
          method: "POST",
          headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
          body: JSON.stringify(body),
        }),
      ),
    processorSeconds: () => processorSeconds(child.pid === undefined ? [] : [child.pid]),
    stop: () => stop(child),
  };
}

export async function freePort(): Promise<number> {
  const probe = createServer();
  await new Promise<void>((resolve) => probe.listen(0, "127.0.0.1", resolve));
  const address = probe.address();
  await new Promise((resolve) => probe.close(resolve));
  if (address === null || typeof address === "string") throw new Error("no port");
  return address.port;
}

async function checked(response: Response): Promise<Record<string, unknown>> {
  const text = await response.text();
  if (!response.ok) throw new Error(`${response.url}: ${response.status} ${text}`);
  return JSON.parse(text);
}

async function ready(issuer: string, isRunning: () => boolean, log: string): Promise<void> {
  const deadline = Date.now() + 60_000;
  while (isRunning() && Date.now() < deadline) {
    const answer = await fetch(`${issuer}/readyz`).catch(() => undefined);
    await answer?.arrayBuffer();
    if (answer?.status === 200) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  throw new Error(`the server did not come up: ${readFileSync(log, "utf8")}`);
}
