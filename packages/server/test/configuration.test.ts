// Settings that cannot be used: refused before anything starts, by the name they were given under.

import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { ConfigurationError, readConfiguration } from "@rescind/server";
import { loadMasterKey } from "../src/keys/master-key.ts";

const folder = mkdtempSync(join(tmpdir(), "rescind-configuration-"));
after(() => rmSync(folder, { recursive: true, force: true }));

const saying = (message: RegExp) => (error: unknown) =>
  error instanceof ConfigurationError && message.test(error.message);

test("a database that is neither SQLite nor PostgreSQL is refused as a setting, without repeating it", () => {
  for (const database of ["mysql://root:hush@db/x", "POSTGRES://u@db/x", "sqlite:", "sqlite://x.db", ""])
    assert.throws(
      () => readConfiguration(["--database", database], {}),
      saying(/^--database must be sqlite:PATH or postgres:[^h]*$/),
      database,
    );
  assert.equal(readConfiguration(["--database", "sqlite:x.db"], {}).database, "sqlite:x.db");
});

test("an issuer with an empty query or fragment, or with somebody's name in it, is refused", () => {
  for (const issuer of [
    "http://127.0.0.1/?",
    "http://127.0.0.1/#",
    "https://u@as.example",
    "https://:p@as.example",
  ])
    assert.throws(() => readConfiguration(["--issuer", issuer], {}), saying(/^--issuer /), issuer);
  assert.equal(
    readConfiguration(["--issuer", "https://as.example/auth/"], {}).issuer,
    "https://as.example/auth",
  );
});

test("an unknown variable is answered with the nearest one that is known, files of secrets among them", () => {
  for (const [given, nearest] of [
    ["RESCIND_MASTER_KEY_FIEL", "RESCIND_MASTER_KEY_FILE"],
    ["RESCIND_DATABSE_FILE", "RESCIND_DATABASE_FILE"],
    ["RESCIND_DATABSE", "RESCIND_DATABASE"],
  ] as const)
    assert.throws(
      () => readConfiguration([], { [given]: "x" }),
      saying(new RegExp(`^Unknown variable ${given}\\. The nearest known one is ${nearest}\\.$`)),
    );
});

test("a master key that is none is refused with where it stands", () => {
  assert.throws(() => loadMasterKey("short", folder), saying(/RESCIND_MASTER_KEY must be 32 bytes/));
  const path = join(folder, "master.key");
  writeFileSync(path, "short\n", { mode: 0o600 });
  assert.throws(
    () => loadMasterKey(undefined, folder),
    (error) => error instanceof ConfigurationError && error.message.includes(path),
  );
});

test("where each setting comes from is known: a flag decides over the environment, that over the config file", () => {
  const config = join(folder, "sources.json");
  writeFileSync(config, JSON.stringify({ port: 9500, log_level: "error", brand_name: "Acme" }));
  const flags = ["--config", config, "--port", "9501", "--allow-private-networks"];
  const { sources, port } = readConfiguration(flags, { RESCIND_LOG_LEVEL: "warn", RESCIND_PORT: "9502" });
  assert.equal(port, 9501);
  assert.deepEqual(sources, {
    ...{ port: "flag", config: "flag", "allow-private-networks": "flag" },
    ...{ "log-level": "environment", "brand-name": "config-file" },
  });
});

test("a trusted proxy that is neither an address nor a network is refused by the flag's name", () => {
  for (const list of [
    "nope",
    "10.0.0.1,proxy.example",
    "10.0.0.0/33",
    "10.0.0.0/0",
    "::1/129",
    "10.0.0.0/8/8",
  ])
    assert.throws(
      () => readConfiguration(["--trusted-proxies", list], {}),
      saying(/^--trusted-proxies must/),
      list,
    );
  const list = "10.0.0.0/8, ::1,fd00::/8,10.0.0.0/255.0.0.0,loopback";
  assert.equal(readConfiguration(["--trusted-proxies", list], {}).trustedProxies.length, 5);
});
