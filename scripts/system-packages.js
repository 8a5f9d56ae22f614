// Programs that tests start and npm cannot bring: installed through apt-get where that is allowed.
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { delimiter, join } from "node:path";

const programs = [
  { name: "PostgreSQL", package: "postgresql", isThere: hasPostgres },
  {
    name: "Redis",
    package: "redis-server",
    isThere: () => isOnPath("redis-server") && isOnPath("redis-cli"),
  },
  { name: "Chromium", package: "chromium", isThere: hasChromium },
  { name: "strace", package: "strace", isThere: () => isOnPath("strace") },
  { name: "prlimit", package: "util-linux", isThere: () => isOnPath("prlimit") && isOnPath("unshare") },
  {
    name: "Apache's mod_auth_openidc",
    package: "libapache2-mod-auth-openidc",
    isThere: () => hasApache("mod_auth_openidc"),
  },
  { name: "libfaketime", package: "libfaketime", isThere: hasFakeTime },
  { name: "mount", package: "mount", isThere: () => isOnPath("mount") },
  { name: "nginx", package: "nginx-light", isThere: () => isOnPath("nginx") },
  { name: "nginx's njs", package: "libnginx-mod-http-js", isThere: hasNginxModule },
  { name: "HAProxy", package: "haproxy", isThere: () => isOnPath("haproxy") },
  { name: "Caddy", package: "caddy", isThere: () => isOnPath("caddy") },
  { name: "Apache's mod_oauth2", package: "libapache2-mod-oauth2", isThere: () => hasApache("mod_oauth2") },
  { name: "Dovecot", package: "dovecot-imapd", isThere: () => isOnPath("dovecot") },
  { name: "PgBouncer", package: "pgbouncer", isThere: () => isOnPath("pgbouncer") },
  { name: "systemd-analyze", package: "systemd", isThere: () => isOnPath("systemd-analyze") },
  { name: "openssl", package: "openssl", isThere: () => isOnPath("openssl") },
  { name: "Python", package: "python3", isThere: () => isOnPath("python3") },
  { name: "jq", package: "jq", isThere: () => isOnPath("jq") },
  { name: "curl", package: "curl", isThere: () => isOnPath("curl") },
];

/** Installs what is missing, or prints one line that says what to install. Tests that need it then fail or skip. */
export function installSystemPackages() {
  const missing = programs.filter((program) => !program.isThere());
  if (missing.length === 0) return;
  const names = missing.map((program) => program.package);
  if (process.platform === "linux" && process.getuid?.() === 0 && isOnPath("apt-get")) {
    console.error(`Installing ${names.join(", ")} (apt-get) …`);
    if (names.includes("postgresql")) keepPostgresFromStarting();
    // Once more where a mirror changed between the list and the package.
    for (let tries = 0; tries < 2; tries++) {
      aptGet(["update", "-qq"]);
      if (withoutServices(() => aptGet(["install", "-y", "-qq", "--no-install-recommends", ...names]))) break;
    }
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

/** Debian starts what it installs unless this file forbids it; the tests want the programs only.
 * @template T
 * @param {() => T} install
 * @returns {T} */
function withoutServices(install) {
  const policy = "/usr/sbin/policy-rc.d";
  const isOurs = !existsSync(policy);
  if (isOurs) writeFileSync(policy, "#!/bin/sh\nexit 101\n", { mode: 0o755 });
  try {
    return install();
  } finally {
    if (isOurs) rmSync(policy, { force: true });
  }
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

/** A module brings Apache's program along, not its service.
 * @param {string} name */
function hasApache(name) {
  return existsSync(`/usr/lib/apache2/modules/${name}.so`);
}

function hasNginxModule() {
  return existsSync("/usr/lib/nginx/modules/ngx_http_js_module.so");
}

function hasChromium() {
  return ["chromium", "chromium-browser", "google-chrome"].some(isOnPath);
}

/** @param {string} program */
function isOnPath(program) {
  return (process.env.PATH ?? "").split(delimiter).some((folder) => existsSync(join(folder, program)));
}

/** Asks a mirror that hiccups again, and waits for another installation to end. Returns whether it went well.
 * @param {string[]} args */
function aptGet(args) {
  const options = ["Dpkg::Options::=--force-confold", "Acquire::Retries=5", "DPkg::Lock::Timeout=300"];
  const { status } = spawnSync("apt-get", [...options.flatMap((option) => ["-o", option]), ...args], {
    stdio: ["ignore", 2, 2],
    env: { ...process.env, DEBIAN_FRONTEND: "noninteractive" },
  });
  return status === 0;
}
