// `rescind drill`: does a revocation reach the APIs? Gets a token, shows it to each of them, revokes it, and goes on
// showing it until it is refused or time is up. What it measures includes the calls themselves.

import type { Command } from "commander";
import { askBefore } from "../confirmation.ts";
import { type Connection, type ConnectionOptions, connect, connectable } from "../connection.ts";
import { canaryToken } from "../drill/canary.ts";
import { callUntilRefused, type Drilled, firstCall } from "../drill/drilled-api.ts";
import { refused, wrongUsage } from "../failure.ts";
import { type Column, printJson, printTable } from "../output.ts";
import { httpUrl, seconds, tokenFrom } from "../parameters.ts";

interface Options extends ConnectionOptions {
  readonly api: readonly string[];
  readonly audience?: string;
  readonly scope?: string;
  readonly method: string;
  readonly within: number;
  readonly token?: string;
  readonly yes?: true;
}

export function addDrill(program: Command): void {
  connectable(program.command("drill"))
    .description("revoke a token and measure how long each API goes on accepting it")
    .requiredOption("--api <url...>", "what to call; each once and then until it refuses", httpUrls)
    .option("--audience <uri>", "the resource the token is for (default: the origin of the first API)")
    .option("--scope <scope>", "scopes the token needs there")
    .option("--method <method>", "how to call", "GET")
    .option("--within <seconds>", "give up after this long", seconds, 10)
    .option("--token <token>", "drill with this token instead, which is revoked for real; `-` reads it")
    .option("--yes", "do not ask before revoking a token of yours")
    .action(drill);
}

async function drill(options: Options): Promise<void> {
  const connection = connect(options);
  const token = await tokenToDrill(options, connection);
  const apis = await Promise.all(options.api.map((url) => firstCall({ url, method: options.method }, token)));
  const order = { select: { token }, reason: "administrator", note: "rescind drill" } as const;
  const receipt = await connection.admin.revoke({ body: order });
  const revokedAt = new Date();
  const since = performance.now();
  const seq = "seq" in receipt ? receipt.seq : undefined; // only the answer to dry_run has none
  const until = since + options.within * 1000;
  const drilled = await Promise.all(apis.map((api) => callUntilRefused(api, token, { since, until })));
  if (options.json === true) printJson({ seq, revoked_at: revokedAt.toISOString(), apis: drilled.map(wire) });
  else {
    printTable(drilled, columns);
    console.log(`\nRevoked as entry ${seq}, answered ${revokedAt.toISOString()}.`);
  }
  const failed = drilled.filter(({ refusedAfterMs }) => refusedAfterMs === undefined);
  if (failed.length > 0)
    throw refused(`${failed.length} of ${drilled.length} did not refuse the token: ${failed.map(urlOf)}`);
}

/** A new one, unless one was named; that one is somebody's, so it is asked for. */
async function tokenToDrill(options: Options, connection: Connection): Promise<string> {
  if (options.token === undefined) {
    const audience = options.audience ?? new URL(options.api[0] ?? "").origin;
    return canaryToken({ audience, scope: options.scope }, connection.admin);
  }
  if (options.audience !== undefined || options.scope !== undefined)
    throw wrongUsage(
      "--audience and --scope are for a token that the drill makes; leave them out with --token",
    );
  const token = (await tokenFrom(undefined, options.token)) ?? "";
  if (options.yes !== true) await askBefore(["The drill revokes the token that you named."], "Go on?");
  return token;
}

function httpUrls(url: string, before: readonly string[] = []): readonly string[] {
  return [...before, httpUrl(url)];
}

const columns: readonly Column<Drilled>[] = [
  ["API", urlOf],
  ["BEFORE", ({ before }) => before],
  ["AFTER", ({ after }) => after],
  [
    "REFUSED",
    ({ refusedAfterMs }) => (refusedAfterMs === undefined ? "never" : `after ${refusedAfterMs} ms`),
  ],
  ["CALLS", ({ calls }) => calls],
];

function urlOf({ url }: Drilled): string {
  return url;
}

function wire({ url, before, after, refusedAfterMs, calls }: Drilled): object {
  return { url, before, after, refused_after_ms: refusedAfterMs ?? null, calls };
}
