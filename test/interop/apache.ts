// A real Apache with Debian's mod_auth_openidc: own configuration in a directory of its own, own port, in the foreground.
// Nothing of the system's configuration is read. As root it serves as nobody.

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePort } from "../free-port.ts";
import { until } from "../until.ts";

const modules = "/usr/lib/apache2/modules";
const needed = ["mpm_event", "authn_core", "authz_core", "authz_user", "headers", "dir", "auth_openidc"];

export interface Apache {
  readonly origin: string;
  /** What it has logged; for messages of failing tests. */
  log(): string;
  close(): Promise<void>;
}

/**
 * Starts Apache with pages `/index.html`, `/protected/index.html`, `/api/index.html`.
 * @param directives the lines of mod_auth_openidc and of the locations, for the origin it will have
 */
export async function startApache(
  directives: (origin: string) => Promise<readonly string[]>,
): Promise<Apache> {
  const missing = needed.filter((name) => !existsSync(join(modules, `mod_${name}.so`)));
  if (missing.length > 0)
    throw new Error(`Apache is missing. Install it with: apt-get install libapache2-mod-auth-openidc`);
  const port = await freePort();
  const origin = `http://127.0.0.1:${port}`;
  const folder = mkdtempSync(join(tmpdir(), "rescind-apache-"));
  chmodSync(folder, 0o755); // nobody must come in
  for (const page of ["", "protected", "api"]) {
    mkdirSync(join(folder, "pages", page), { recursive: true });
    writeFileSync(join(folder, "pages", page, "index.html"), `page: ${page}`);
  }
  const errors = join(folder, "error.log");
  const lines = [
    `ServerRoot ${folder}`,
    `DocumentRoot ${folder}/pages`,
    `ErrorLog ${errors}`,
    `PidFile ${folder}/httpd.pid`,
    `Mutex file:${folder}`,
    `DefaultRuntimeDir ${folder}`,
    `Listen 127.0.0.1:${port}`,
    `ServerName ${origin}`,
    ...needed.map((name) => `LoadModule ${name}_module ${modules}/mod_${name}.so`),
    ...(process.getuid?.() === 0 ? ["User nobody", "Group nogroup"] : []),
    "StartServers 1",
    "DirectoryIndex index.html",
    ...(await directives(origin)),
  ];
  writeFileSync(join(folder, "httpd.conf"), `${lines.join("\n")}\n`);
  const program = ["/usr/sbin/apache2", "/usr/sbin/httpd"].find(existsSync) ?? "apache2";
  const child = spawn(program, ["-f", join(folder, "httpd.conf"), "-D", "FOREGROUND"], {
    stdio: ["ignore", "ignore", "pipe"],
  });
  let complaints = "";
  child.stderr.on("data", (chunk: Buffer) => {
    complaints += chunk;
  });
  const log = () => complaints + (existsSync(errors) ? readFileSync(errors, "utf8") : "");
  const close = async () => {
    await stopped(child);
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    await until(async () => {
      if (child.exitCode !== null) throw new Error(`Apache did not start: ${log()}`);
      return fetch(origin).then(
        ({ ok }) => ok,
        () => false,
      );
    });
  } catch (error) {
    await close();
    throw error;
  }
  return { origin, log, close };
}

async function stopped(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, "exit");
  child.kill("SIGTERM");
  await ended;
}
