// Programs that tests start and npm cannot bring: installed through apt-get where that is allowed.
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { delimiter, join } from "node:path";

const programs = [
  { name: "PostgreSQL", package: "postgresql", isThere: hasPostgres },
  { name: "Chromium", package: "chromium", isThere: hasChromium },
  { name: "strace", package: "strace", isThere: () => isOnPath("strace") },
  { name: "prlimit", package: "util-linux", isThere: () => isOnPath("prlimit") && isOnPath("unshare") },
  { name: "Apache's mod_auth_openidc", package: "libapache2-mod-auth-openidc", isThere: hasApacheModule },
  { name: "libfaketime", package: "libfaketime", isThere: hasFakeTime },
  { name: "mount", package: "mount", isThere: () => isOnPath("mount") },
  { name: "curl", package: "curl", isThere: () => isOnPath("curl") },
];

/** Installs what is missing, or prints one line that says what to install. Tests that need it then fail or skip. */
export function installSystemPackages() {
  const missing = programs.filter((program) => !program.isThere());
  if (missing.length === 0) return;
  const names = missing.map((program) => program.package);
  if (process.platform === "linux" && process.getuid?.() === 0 && isOnPath("apt-get")) {
    console.error(`Installing ${names.join(", ")} (apt-get) …`);
    aptGet(["update", "-qq"]);
    if (names.includes("postgresql")) keepPostgresFromStarting();
    aptGet(["install", "-y", "-qq", "--no-install-recommends", ...names]);
  }
  const still = missing.filter((program) => !program.isThere());
  if (still.length > 0) {
    const what = still.map((program) => program.name).join(", ");
    console.error(
      `Missing for some tests: ${what}. Install with: apt-get install ${still.map((program) => program.package).join(" ")}`,
    );
  }
}

/** Tests make their own clusters; the package's own would hold port 5432. */
function keepPostgresFromStarting() {
  const folder = "/etc/postgresql-common";
  if (existsSync(join(folder, "createcluster.conf"))) return;
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "createcluster.conf"), "create_main_cluster = false\n");
}

function hasPostgres() {
  const folder = "/usr/lib/postgresql";
  if (existsSync(folder)) {
    return readdirSync(folder).some((version) => existsSync(join(folder, version, "bin", "initdb")));
  }
  return isOnPath("initdb");
}

function hasFakeTime() {
  const folder = "/usr/lib";
  const name = join("faketime", "libfaketime.so.1");
  return existsSync(folder) && readdirSync(folder).some((triple) => existsSync(join(folder, triple, name)));
}

/** It brings Apache's program along, not its service. */
function hasApacheModule() {
  return existsSync("/usr/lib/apache2/modules/mod_auth_openidc.so");
}

function hasChromium() {
  return ["chromium", "chromium-browser", "google-chrome"].some(isOnPath);
}

/** @param {string} program */
function isOnPath(program) {
  return (process.env.PATH ?? "").split(delimiter).some((folder) => existsSync(join(folder, program)));
}

/** @param {string[]} args */
function aptGet(args) {
  spawnSync("apt-get", ["-o", "Dpkg::Options::=--force-confold", ...args], {
    stdio: ["ignore", 2, 2],
    env: { ...process.env, DEBIAN_FRONTEND: "noninteractive" },
  });
}
