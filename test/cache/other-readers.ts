// The readers in other languages, as processes: Python with its standard library, and the shell lines.

import { execFile, spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import type { Claims } from "./reader.ts";
import type { TestRedis } from "./redis.ts";

const folder = fileURLToPath(new URL("../../examples/readers/", import.meta.url));

export interface RunningReader {
  /** One question at a time is answered after the other. */
  verdict(claims: Claims): Promise<string>;
  close(): void;
}

/** @param cache replaces members of the settings' `cache` */
export function pythonReader(
  settingsFile: string,
  url: string,
  cache: Readonly<Record<string, unknown>> = {},
): RunningReader {
  const own = mkdtempSync(join(tmpdir(), "rescind-reader-"));
  const settings = JSON.parse(readFileSync(settingsFile, "utf8"));
  writeFileSync(
    join(own, "settings.json"),
    JSON.stringify({ ...settings, cache: { ...settings.cache, ...cache } }),
  );
  const child = spawn("python3", [join(folder, "nearline.py"), join(own, "settings.json"), url], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  const answers = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return {
    async verdict(claims) {
      child.stdin.write(`${JSON.stringify(claims)}\n`);
      const { value, done } = await answers.next();
      if (done === true) throw new Error("the reader ended");
      return value;
    },
    close() {
      child.kill();
      rmSync(own, { recursive: true, force: true });
    },
  };
}

/** What the shell lines say, by their exit status. */
export async function shellVerdict(settingsFile: string, claims: Claims, redis: TestRedis): Promise<string> {
  const own = mkdtempSync(join(tmpdir(), "rescind-reader-"));
  const claimsFile = join(own, "claims.json");
  writeFileSync(claimsFile, JSON.stringify(claims));
  const { password } = new URL(redis.url);
  const auth = password === "" ? [] : ["--no-auth-warning", "-a", decodeURIComponent(password)];
  const words = [join(folder, "nearline.sh"), settingsFile, claimsFile, "-p", String(redis.port), ...auth];
  try {
    return await new Promise((resolve, reject) =>
      execFile("bash", words, (error) => {
        const status = error === null ? 0 : error.code;
        const said = ["live", "revoked", "unknown"][Number(status)];
        if (said === undefined) reject(error);
        else resolve(said);
      }),
    );
  } finally {
    rmSync(own, { recursive: true, force: true });
  }
}
