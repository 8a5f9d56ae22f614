// Secrets from files, as containers, Kubernetes and systemd hand them out: RESCIND_MASTER_KEY_FILE=/run/secrets/key means
// RESCIND_MASTER_KEY with what the file holds. Only variables that can hold a secret have the second name.

import { readFileSync } from "node:fs";

/** What can hold a secret: the URL of a database or a cache names a password. */
const secretNames = [
  "RESCIND_MASTER_KEY",
  "RESCIND_ADMIN_SECRET",
  "RESCIND_TOKEN_PEPPER",
  "RESCIND_PREVIOUS_TOKEN_PEPPER",
  "RESCIND_DATABASE",
  "RESCIND_CACHE",
];

/** The second names, for suggestions. */
export const secretFileVariables: readonly string[] = secretNames.map((name) => `${name}_FILE`);

/**
 * The environment with every `…_FILE` of a secret replaced by the secret, or what is wrong with one in a sentence. One
 * line break at the file's end is not of the secret. Does not look at other variables.
 */
export function withSecretFiles(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv | string {
  const read = { ...env };
  for (const name of secretNames) {
    const variable = `${name}_FILE`;
    const path = env[variable];
    if (path === undefined) continue;
    if (env[name] !== undefined) return `${name} and ${variable} are both set: take one of them away.`;
    const secret = contentOf(path);
    if (secret === undefined)
      return `${variable}: the file ${path} cannot be read; is it there, and may this process read it?`;
    if (secret === "") return `${variable}: the file ${path} is empty.`;
    delete read[variable];
    read[name] = secret;
  }
  return read;
}

function contentOf(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8").replace(/\r?\n$/, "");
  } catch {
    return undefined;
  }
}
