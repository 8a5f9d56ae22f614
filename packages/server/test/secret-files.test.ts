// Secrets handed over as files: what the server reads, and what it refuses by name.

import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { ConfigurationError, readConfiguration } from "@rescind/server";

const folder = mkdtempSync(join(tmpdir(), "rescind-secrets-"));
after(() => rmSync(folder, { recursive: true, force: true }));

function file(name: string, content: string): string {
  const path = join(folder, name);
  writeFileSync(path, content, { mode: 0o600 });
  return path;
}

const refused = (env: Record<string, string>, message: RegExp) =>
  assert.throws(
    () => readConfiguration([], env),
    (error) => error instanceof ConfigurationError && message.test(error.message),
  );

test("secrets are read from the files that RESCIND_…_FILE names, without the line break at their end", () => {
  const secret = "an admin secret of at least 32 characters";
  const read = readConfiguration([], {
    RESCIND_ADMIN_SECRET_FILE: file("admin", `${secret}\n`),
    RESCIND_MASTER_KEY_FILE: file("master", "AAAA\r\n"),
    RESCIND_DATABASE_FILE: file("database", "sqlite:/somewhere/else.db"),
  });
  assert.equal(read.adminSecret, secret);
  assert.equal(read.masterKey, "AAAA");
  assert.equal(read.database, "sqlite:/somewhere/else.db");
});

test("a secret file that is missing, empty or one of two is refused by the variable's name", () => {
  refused(
    { RESCIND_MASTER_KEY_FILE: join(folder, "none") },
    /RESCIND_MASTER_KEY_FILE: the file .* cannot be read/,
  );
  refused(
    { RESCIND_ADMIN_SECRET_FILE: file("empty", "\n") },
    /RESCIND_ADMIN_SECRET_FILE: the file .* is empty/,
  );
  const env = {
    RESCIND_TOKEN_PEPPER: "x".repeat(32),
    RESCIND_TOKEN_PEPPER_FILE: file("pepper", "y".repeat(32)),
  };
  refused(env, /RESCIND_TOKEN_PEPPER and RESCIND_TOKEN_PEPPER_FILE are both set/);
});

test("what cannot be a secret has no file: the variable is unknown", () => {
  refused({ RESCIND_ISSUER_FILE: "/etc/issuer" }, /Unknown variable RESCIND_ISSUER_FILE/);
});
