// Every deploy file sets only what the server knows: its environment is read by the server's own configuration, so that a
// renamed flag, or a value that is refused, fails here and not on somebody's machine.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { after, test } from "node:test";
import { type Configuration, readConfiguration } from "@rescind/server";
import { at, containerfile, deployFiles, folder, text, unit, yaml } from "./files.ts";

const scratch = mkdtempSync(join(tmpdir(), "rescind-deploy-"));
after(() => rmSync(scratch, { recursive: true, force: true }));

const issuer = "https://auth.example";
const proxy = "10.94.0.10";

/** The variables that the image itself sets; a container has them below its own. */
function ofImage(): Record<string, string> {
  const found = containerfile()
    .filter(({ name }) => name === "ENV")
    .flatMap(({ value }) => [...value.matchAll(/(\w+)=(\S+)/g)]);
  return Object.fromEntries(found.map(([, name = "", value = ""]) => [name, value]));
}

/** Reads an environment whose secret files stand below `secrets`, whatever folder they are mounted at. */
function read(env: Record<string, string>, secrets: string): Configuration {
  const moved = Object.entries(env).map(([name, value]) => [
    name,
    name.endsWith("_FILE") ? join(secrets, basename(value)) : value,
  ]);
  return readConfiguration([], Object.fromEntries(moved));
}

function secretsOf(files: Record<string, string>): string {
  const made = mkdtempSync(join(scratch, "secrets-"));
  for (const [name, content] of Object.entries(files)) writeFileSync(join(made, name), content);
  return made;
}

const masterKey = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8";
const postgres = "postgres://rescind:secret@postgres.example:5432/rescind?sslmode=verify-full";

test("Compose: both servers have settings that the server accepts, with the secrets that make-secrets.sh makes", () => {
  const copy = join(scratch, "compose");
  cpSync(join(folder, "compose"), copy, { recursive: true, filter: (path) => basename(path) !== "secrets" });
  const make = () => execFileSync("sh", [join(copy, "make-secrets.sh")], { encoding: "utf8" });
  make();
  const made = (name: string) => readFileSync(join(copy, "secrets", name), "utf8");
  assert.equal(statSync(join(copy, "secrets")).mode & 0o777, 0o700);
  assert.equal(Buffer.from(made("master_key"), "base64url").length, 32);
  const all = () => readdirSync(join(copy, "secrets")).map((name) => [name, made(name)]);
  const once = all();
  make();
  assert.deepEqual(all(), once, "secrets that are there stay as they are");
  const [compose] = yaml("compose/compose.yaml");
  for (const name of ["rescind-a", "rescind-b"]) {
    const own = at(compose, "services", name, "environment") as Record<string, string>;
    assert.match(own.RESCIND_ISSUER ?? "", /^\$\{RESCIND_ISSUER:\?/, "there is no default issuer");
    const env = { ...ofImage(), ...own, RESCIND_ISSUER: issuer };
    const configuration = read(env, join(copy, "secrets"));
    assert.deepEqual(configuration.trustedProxies, [proxy]);
    assert.equal(
      configuration.database,
      `postgres://rescind:${made("postgres_password")}@postgres:5432/rescind`,
    );
    assert.equal(configuration.adminSecret, made("admin_secret").trim());
    const password = /^requirepass (\S{43})$/m.exec(made("valkey_settings"))?.[1];
    assert.equal(configuration.cache?.password, password);
    const mounted = at(compose, "services", name, "secrets") as string[];
    const wanted = Object.entries(own).filter(([variable]) => variable.endsWith("_FILE"));
    assert.deepEqual([...mounted].sort(), wanted.map(([, path]) => basename(path)).sort());
  }
});

test("Kubernetes: the pod's settings are accepted, and its secrets are those of the example", () => {
  const [deployment] = yaml("kubernetes/deployment.yaml");
  const [settings] = yaml("kubernetes/settings.yaml");
  const [secret] = yaml("kubernetes/secret.example.yaml");
  const container = at(deployment, "spec", "template", "spec", "containers", 0);
  const variables = at(container, "env") as { name: string; value: string }[];
  const keys = Object.keys(at(secret, "stringData") as object).sort();
  assert.deepEqual(variables.map(({ value }) => basename(value)).sort(), keys);
  const env = {
    ...ofImage(),
    ...(at(settings, "data") as Record<string, string>),
    ...Object.fromEntries(variables.map(({ name, value }) => [name, value])),
  };
  const files = { "master-key": masterKey, "admin-secret": "a".repeat(43), "database-url": postgres };
  const configuration = read(env, secretsOf(files));
  assert.equal(configuration.issuer, issuer);
  assert.equal(configuration.database, postgres);
  for (const key of keys) assert.equal(at(secret, "stringData", key), "", "there are no default secrets");
  assert.throws(() => read(env, secretsOf(Object.fromEntries(keys.map((key) => [key, ""])))), /is empty/);
});

test("Kubernetes: what it injects for the Service of that name does not keep the server from starting", () => {
  const [service] = yaml("kubernetes/service.yaml");
  const name = String(at(service, "metadata", "name"))
    .toUpperCase()
    .replaceAll("-", "_");
  const injected = {
    [`${name}_SERVICE_HOST`]: "10.0.0.11",
    [`${name}_SERVICE_PORT`]: "80",
    [`${name}_SERVICE_PORT_HTTP`]: "80",
    [`${name}_PORT`]: "tcp://10.0.0.11:80",
    [`${name}_PORT_80_TCP`]: "tcp://10.0.0.11:80",
    [`${name}_PORT_80_TCP_PROTO`]: "tcp",
    [`${name}_PORT_80_TCP_ADDR`]: "10.0.0.11",
  };
  assert.equal(readConfiguration([], injected).port, 9400);
  const [deployment] = yaml("kubernetes/deployment.yaml");
  assert.equal(at(deployment, "spec", "template", "spec", "enableServiceLinks"), false);
});

test("systemd: the unit's settings are accepted, with the example's environment and with the PostgreSQL drop-in", () => {
  const paths = ["systemd/rescind.service", "systemd/rescind.service.d/postgresql.conf"];
  const directives = unit(...paths);
  const variables = directives
    .filter(({ name }) => name === "Environment")
    .map(({ value }) => value.replace("%S", "/var/lib").split("=") as [string, string]);
  const example = text("systemd/environment.example")
    .split("\n")
    .filter((line) => line !== "" && !line.startsWith("#"))
    .map((line) => line.split("=") as [string, string]);
  const env: Record<string, string> = Object.fromEntries([...example, ...variables]);
  const credentials = directives.filter(({ name }) => name === "LoadCredential");
  const loaded = credentials.map(({ value }) => value.split(":")[0]).sort();
  const named = Object.values(env).filter((value) => value.startsWith("%d/"));
  assert.deepEqual(named.map((value) => basename(value)).sort(), loaded);
  const configuration = read(env, secretsOf({ "master-key": masterKey, "database-url": postgres }));
  assert.equal(configuration.data, "/var/lib/rescind");
  assert.deepEqual(configuration.trustedProxies, ["127.0.0.1"]);
});

test("the image listens beyond itself, so that it does not start before it has an https issuer", () => {
  assert.throws(() => readConfiguration([], ofImage()), /needs an https --issuer/);
  assert.equal(readConfiguration([], { ...ofImage(), RESCIND_ISSUER: issuer }).data, "/data");
});

test("no file of deploy/ names a variable that the server does not know", () => {
  const own = ["RESCIND_IMAGE"]; // Compose's own: which image
  const secret = join(secretsOf({ any: "x".repeat(43) }), "any");
  for (const path of deployFiles())
    for (const [variable] of text(path).matchAll(/\bRESCIND_[A-Z_]+\b/g)) {
      if (own.includes(variable)) continue;
      const value = variable.endsWith("_FILE") ? secret : "";
      assert.doesNotMatch(refusal({ [variable]: value }), /^Unknown/, `${path} names ${variable}`);
    }
  assert.match(
    refusal({ RESCIND_TRUSTED_PROXY: "" }),
    /^Unknown variable/,
    "what is unknown is told by name",
  );
});

/** Why the server does not take these variables; empty where it does. */
function refusal(variables: Record<string, string>): string {
  try {
    readConfiguration([], variables);
    return "";
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
