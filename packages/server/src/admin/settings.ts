// What the server runs with: GET /admin/v1/settings. No secrets, no paths.

import { readFileSync } from "node:fs";
import { formatTimeMs, type Settings } from "@rescind/admin-api";
import { lifetimes } from "@rescind/core";
import { settings as named } from "../configuration.ts";
import type { Dependencies } from "../dependencies.ts";
import { type Answer, ok } from "../http/answer.ts";
import type { AdminRequest } from "./request.ts";

export async function readSettings(_request: AdminRequest, deps: Dependencies): Promise<Answer> {
  const head = await deps.store.head();
  await deps.standing.reach(head);
  const store = await deps.store.describe();
  const digests = deps.hashing.settings;
  const settings: Settings = {
    issuer: deps.issuer,
    version,
    workers: deps.configuration.workers,
    now: formatTimeMs(deps.now()),
    head: { ...head.position },
    lifetimes: {
      access_token: lifetimes.accessToken,
      access_token_cap: lifetimes.accessTokenCap,
      refresh_token_idle: lifetimes.refreshTokenIdle,
      grant: lifetimes.grant,
      session: lifetimes.session,
    },
    longest: { access_token: head.longest.accessToken, grant: head.longest.grant },
    digests: {
      current: digests.current,
      ...(digests.previous === undefined ? {} : { previous: digests.previous }),
    },
    sources: Object.values(named).map(({ flag }) => ({
      setting: flag,
      from: deps.configuration.sources[flag] ?? "default",
    })),
    store: {
      engine: store.engine,
      version: store.version,
      durability: store.durability,
      bytes: store.bytes,
      access_tokens: store.accessTokens,
      refresh_tokens: store.refreshTokens,
      standing_entries: deps.standing.size,
    },
  };
  return ok(settings);
}

const version = packageVersion();

function packageVersion(): string {
  const text = readFileSync(new URL("../../package.json", import.meta.url), "utf8");
  return (JSON.parse(text) as { version: string }).version; // our own package
}
