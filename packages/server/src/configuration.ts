// Every setting in one typed place: flag > environment > config file > default. CONTRACT.md section 2.
// An unknown flag, variable or key is an error that names it and the nearest known one.

import { readFileSync } from "node:fs";
import { cacheExposure, databaseExposure, isLoopback } from "./backend-exposure.ts";
import { readBrand } from "./brand-settings.ts";
import { type CacheAddress, readCacheAddress } from "./cache/address.ts";
import { defaultPrefix, isPrefix } from "./cache/keys.ts";
import { ConfigurationError } from "./configuration-error.ts";
import { noPepper } from "./keys/digest.ts";
import { nearestName } from "./nearest-name.ts";
import type { Brand } from "./pages/brand.ts";
import { secretFileVariables, withSecretFiles } from "./secret-files.ts";
import { type SettingSource, sourcesOf } from "./setting-source.ts";
import { readTrustedProxies } from "./trusted-proxies.ts";

type Kind = "text" | "number" | "switch";

interface Setting {
  readonly kind: Kind;
  readonly flag: string;
  readonly help: string;
}

/** The settings by their configuration key; the flag is also `RESCIND_<FLAG>` in the environment. */
export const settings = {
  port: { kind: "number", flag: "port", help: "port to listen on (9400)" },
  host: { kind: "text", flag: "host", help: "address to listen on (127.0.0.1)" },
  issuer: { kind: "text", flag: "issuer", help: "issuer URL (http://127.0.0.1:PORT)" },
  data: { kind: "text", flag: "data", help: "directory for database, keys and admin.json (./data)" },
  database: {
    kind: "text",
    flag: "database",
    help: "sqlite:PATH, or postgres://… for several nodes (sqlite:DIR/rescind.db)",
  },
  cache: {
    kind: "text",
    flag: "cache",
    help: "redis://… or rediss://… (Redis or Valkey): a copy for readers",
  },
  cachePrefix: {
    kind: "text",
    flag: "cache-prefix",
    help: "what the names of its keys begin with; one per issuer (rescind)",
  },
  insecureBackends: {
    kind: "switch",
    flag: "insecure-backends",
    help: "database and cache beyond this machine without TLS or password",
  },
  workers: {
    kind: "number",
    flag: "workers",
    help: "threads that answer requests, on as many cores (1)",
  },
  trustedProxies: {
    kind: "text",
    flag: "trusted-proxies",
    help: "addresses whose X-Forwarded-* count, by commas",
  },
  allowPrivateNetworks: {
    kind: "switch",
    flag: "allow-private-networks",
    help: "fetch keys from private addresses too, and send webhooks there",
  },
  insecureHttp: {
    kind: "switch",
    flag: "insecure-http",
    help: "listen beyond loopback without an https issuer",
  },
  tokenPepper: {
    kind: "text",
    flag: "token-pepper",
    help: "store HMAC-SHA-256 digests under this key (32 characters or more)",
  },
  previousTokenPepper: {
    kind: "text",
    flag: "previous-token-pepper",
    help: "what --token-pepper was before, or none: digests made then are accepted too",
  },
  brandName: { kind: "text", flag: "brand-name", help: "name on the sign-in pages (Rescind)" },
  brandLogo: { kind: "text", flag: "brand-logo", help: "its logo: path of an .svg, .png, .jpg or .webp" },
  brandColor: { kind: "text", flag: "brand-color", help: "its colour, #rrggbb" },
  logLevel: { kind: "text", flag: "log-level", help: "debug, info, warn or error (info)" },
  config: {
    kind: "text",
    flag: "config",
    help: "JSON file with settings, clients, resources, users and issuers",
  },
} as const satisfies Record<string, Setting>;

type SettingName = keyof typeof settings;

/** More than any machine has a use for; row ids tell 256 nodes apart. */
const mostWorkers = 64;

/** Only from the environment, so that they never stand in a process list. */
const secretVariables = ["RESCIND_ADMIN_SECRET", "RESCIND_MASTER_KEY"] as const;
/** Of the command line's other verbs and of the test runner; not the server's. */
const otherVariables = [
  "RESCIND_ADMIN_TOKEN",
  "RESCIND_TEST_LONG",
  "RESCIND_TEST_SEED",
  "RESCIND_TEST_WORKERS",
];

export interface Configuration {
  readonly port: number;
  readonly host: string;
  readonly issuer: string;
  readonly data: string;
  readonly database: string;
  /** The shared copy of the standing entries. */
  readonly cache: CacheAddress | undefined;
  readonly cachePrefix: string;
  /** Threads that answer requests; with more than one, each is a node like those that share a PostgreSQL database. */
  readonly workers: number;
  readonly trustedProxies: readonly string[];
  readonly allowPrivateNetworks: boolean;
  readonly tokenPepper: string | undefined;
  /** The one before, "none" where there was none, undefined where digests are not being migrated. */
  readonly previousTokenPepper: string | undefined;
  readonly logLevel: string;
  readonly brand: Brand;
  readonly adminSecret: string | undefined;
  readonly masterKey: string | undefined;
  /** Where each setting comes from that is not left to its default, by flag. */
  readonly sources: Readonly<Record<string, SettingSource>>;
  /** What the config file declares; applied at every start, which changes nothing the second time. */
  readonly declared: {
    readonly clients: readonly unknown[];
    readonly resources: readonly unknown[];
    readonly users: readonly unknown[];
    readonly issuers: readonly unknown[];
  };
}

/** Whether other servers may use the same database. */
export function isShared({ database }: Pick<Configuration, "database">): boolean {
  return /^postgres(ql)?:/.test(database);
}

/** Whether there may be other nodes: other servers, or other workers of this one. */
export function isAmongNodes(configuration: Pick<Configuration, "database" | "workers">): boolean {
  return isShared(configuration) || configuration.workers > 1;
}

/** The file of an SQLite database; undefined for a PostgreSQL one. */
export function sqlitePath(database: string): string | undefined {
  return /^sqlite:(?!\/\/)(.+)$/s.exec(database)?.[1];
}

export { ConfigurationError };

/**
 * Reads the configuration.
 * @param argv what follows `rescind serve`
 * @param variables the process environment
 * @param use `without-secrets` by what opens nothing that is sealed, and needs no master key therefore
 * @throws ConfigurationError
 */
export function readConfiguration(
  argv: readonly string[],
  variables: NodeJS.ProcessEnv,
  use: "serve" | "without-secrets" = "serve",
): Configuration {
  const env = withSecretFiles(variables);
  if (typeof env === "string") throw new ConfigurationError(env);
  const flags = readFlags(argv);
  const fromEnvironment = readVariables(env);
  const file = readFile(flags.config ?? fromEnvironment.config);
  const places = { flag: flags, environment: fromEnvironment, "config-file": file.values };
  const told = { declared: file.declared, sources: sourcesOf(settings, places) };
  const configuration = checked({ ...file.values, ...fromEnvironment, ...flags }, told, env);
  if (use === "serve" && isShared(configuration) && configuration.masterKey === undefined)
    throw new ConfigurationError(
      "With --database postgres://… RESCIND_MASTER_KEY must be set, to the same 32 bytes in base64url (43 characters) at every node: openssl rand -base64 32 | tr '+/' '-_' | tr -d '='.",
    );
  return configuration;
}

type Raw = Partial<Record<SettingName, string>>;
type Told = Pick<Configuration, "declared" | "sources">;

function readFlags(argv: readonly string[]): Raw {
  const raw: Raw = {};
  for (let i = 0; i < argv.length; i++) {
    const word = argv[i] ?? "";
    const match = /^--([^=]+)(?:=(.*))?$/s.exec(word);
    if (match?.[1] === undefined)
      throw new ConfigurationError(`Unexpected argument ${JSON.stringify(word)}.`);
    const name = byFlag(match[1]);
    if (name === undefined)
      throw unknown(
        "flag",
        `--${match[1]}`,
        flagNames.map((flag) => `--${flag}`),
      );
    const isSwitch = settings[name].kind === "switch";
    const value = match[2] ?? (isSwitch ? "true" : argv[++i]);
    if (value === undefined) throw new ConfigurationError(`${word} needs a value.`);
    raw[name] = value;
  }
  return raw;
}

function readVariables(env: NodeJS.ProcessEnv): Raw {
  const raw: Raw = {};
  for (const [variable, value] of Object.entries(env)) {
    if (!variable.startsWith("RESCIND_") || value === undefined || isFromKubernetes(variable, value))
      continue;
    if (secretVariables.some((known) => known === variable) || otherVariables.includes(variable)) continue;
    const name = byFlag(variable.slice("RESCIND_".length).toLowerCase().replaceAll("_", "-"));
    if (name === undefined)
      throw unknown("variable", variable, [
        ...flagNames.map(variableOf),
        ...secretVariables,
        ...secretFileVariables,
      ]);
    raw[name] = value;
  }
  return raw;
}

/** Kubernetes injects these for a Service named rescind. */
function isFromKubernetes(variable: string, value: string): boolean {
  if (variable === "RESCIND_PORT") return /^(tcp|udp|sctp):/.test(value);
  return variable.startsWith("RESCIND_SERVICE_") || variable.startsWith("RESCIND_PORT_");
}

function readFile(path: string | undefined): { values: Raw; declared: Configuration["declared"] } {
  const declared = { clients: [], resources: [], users: [], issuers: [] };
  if (path === undefined) return { values: {}, declared };
  let parsed: unknown;
  try {
    parsed = JSON.parse(readFileSync(path, "utf8"));
  } catch (cause) {
    throw new ConfigurationError(`The config file ${path} cannot be read as JSON.`, { cause });
  }
  if (typeof parsed !== "object" || parsed === null || Array.isArray(parsed))
    throw new ConfigurationError(`The config file ${path} must hold a JSON object.`);
  const { clients, resources, users, issuers, ...rest } = parsed as Record<string, unknown>; // members checked below
  const values: Raw = {};
  for (const [key, value] of Object.entries(rest)) {
    const name = byFlag(key.replaceAll("_", "-"));
    if (name === undefined || name === "config")
      throw unknown("config key", key, [
        ...flagNames.map((flag) => flag.replaceAll("-", "_")),
        "clients",
        "resources",
        "users",
        "issuers",
      ]);
    values[name] = String(value);
  }
  return {
    values,
    declared: {
      clients: arrayOf("clients", clients),
      resources: arrayOf("resources", resources),
      users: arrayOf("users", users),
      issuers: arrayOf("issuers", issuers),
    },
  };
}

function arrayOf(key: string, value: unknown): readonly unknown[] {
  if (value === undefined) return [];
  if (!Array.isArray(value)) throw new ConfigurationError(`${key} in the config file must be an array.`);
  return value;
}

function checked(raw: Raw, told: Told, env: NodeJS.ProcessEnv): Configuration {
  const port = whole("port", raw.port ?? "9400", 65535);
  const host = raw.host ?? "127.0.0.1";
  const data = raw.data ?? "./data";
  const issuer = issuerUrl(raw.issuer ?? `http://127.0.0.1:${port}`);
  const loopbackIssuer = issuer.protocol === "http:" && isLoopback(issuer.hostname);
  if (!isLoopback(host) && issuer.protocol !== "https:" && !isOn("insecure-http", raw.insecureHttp))
    throw new ConfigurationError(
      `Listening on ${host} needs an https --issuer (behind a TLS proxy), or --insecure-http to accept the risk.`,
    );
  const logLevel = raw.logLevel ?? "info";
  if (!["debug", "info", "warn", "error"].includes(logLevel))
    throw new ConfigurationError("--log-level must be debug, info, warn or error.");
  const brand = readBrand(raw);
  if (typeof brand === "string") throw new ConfigurationError(brand);
  const database = databaseAddress(raw.database ?? `sqlite:${data}/rescind.db`);
  return {
    port,
    host,
    issuer: issuer.href.replace(/\/$/, ""),
    data,
    database,
    ...cacheOf(raw),
    workers: atLeastOne("workers", raw.workers ?? "1", mostWorkers),
    trustedProxies: readTrustedProxies(raw.trustedProxies ?? ""),
    allowPrivateNetworks: isOn("allow-private-networks", raw.allowPrivateNetworks) || loopbackIssuer,
    tokenPepper: longEnough("--token-pepper", raw.tokenPepper),
    previousTokenPepper: previousPepper(raw),
    logLevel,
    brand,
    adminSecret: longEnough("RESCIND_ADMIN_SECRET", env.RESCIND_ADMIN_SECRET),
    masterKey: env.RESCIND_MASTER_KEY,
    ...told,
  };
}

/** Whether `--database` may be this; what a PostgreSQL URL names is looked at when it is opened. */
export function isDatabaseAddress(text: string): boolean {
  return /^(sqlite:(?!\/\/).|postgres(ql)?:\/\/.)/s.test(text);
}

function databaseAddress(text: string): string {
  if (isDatabaseAddress(text)) return text;
  throw new ConfigurationError(
    "--database must be sqlite:PATH or postgres://USER:PASSWORD@HOST:PORT/DATABASE.",
  );
}

function issuerUrl(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  // An empty query or fragment is none to URL, and would stand in every address made from the issuer.
  const plain = url !== undefined && !/[?#]/.test(text) && url.username === "" && url.password === "";
  if (url === undefined || !plain || !/^https?:$/.test(url.protocol))
    throw new ConfigurationError("--issuer must be an http or https URL without query or fragment.");
  return url;
}

/** The cache; refuses it, and the database, where the network between could read or use them (THREATS WEB-25). */
function cacheOf(raw: Raw): Pick<Configuration, "cache" | "cachePrefix"> {
  const cache = raw.cache === undefined ? undefined : readCacheAddress(raw.cache);
  if (typeof cache === "string") throw new ConfigurationError(cache);
  const exposed =
    databaseExposure(raw.database ?? "") ?? (cache === undefined ? undefined : cacheExposure(cache));
  if (exposed !== undefined && !isOn("insecure-backends", raw.insecureBackends))
    throw new ConfigurationError(
      `${exposed}, or --insecure-backends to accept the risk (a private network).`,
    );
  const cachePrefix = raw.cachePrefix ?? defaultPrefix;
  if (!isPrefix(cachePrefix))
    throw new ConfigurationError(
      "--cache-prefix must be 1 to 64 letters, digits, dots, colons, hyphens or underscores.",
    );
  return { cache, cachePrefix };
}

function whole(flag: string, text: string, most: number): number {
  const value = /^\d+$/.test(text) ? Number(text) : Number.NaN;
  if (!(value <= most)) throw new ConfigurationError(`--${flag} must be a whole number up to ${most}.`);
  return value;
}

function atLeastOne(flag: string, text: string, most: number): number {
  const value = whole(flag, text, most);
  if (value === 0) throw new ConfigurationError(`--${flag} must be a whole number from 1 to ${most}.`);
  return value;
}

function isOn(flag: string, text: string | undefined): boolean {
  if (text === undefined || text === "false") return false;
  if (text === "true" || text === "1" || text === "") return true;
  throw new ConfigurationError(`--${flag} is a switch: true or false.`);
}

/** Two settings that are the same migrate nothing, and somebody believes they do. */
function previousPepper({ tokenPepper, previousTokenPepper: previous }: Raw): string | undefined {
  if (previous === undefined) return undefined;
  const before = previous === noPepper ? undefined : longEnough("--previous-token-pepper", previous);
  if (before === tokenPepper)
    throw new ConfigurationError(
      "--previous-token-pepper says what --token-pepper was before it changed (none: there was none); they must differ.",
    );
  return previous;
}

function longEnough(name: string, text: string | undefined): string | undefined {
  if (text !== undefined && text.length < 32)
    throw new ConfigurationError(`${name} must have 32 characters or more.`);
  return text;
}

const flagNames: readonly string[] = Object.values(settings).map((setting) => setting.flag);

function byFlag(flag: string): SettingName | undefined {
  const entry = Object.entries(settings).find(([, setting]) => setting.flag === flag);
  return entry?.[0] as SettingName | undefined; // keys of `settings` by construction
}

function variableOf(flag: string): string {
  return `RESCIND_${flag.toUpperCase().replaceAll("-", "_")}`;
}

function unknown(what: string, given: string, known: readonly string[]): ConfigurationError {
  return new ConfigurationError(
    `Unknown ${what} ${given}. The nearest known one is ${nearestName(given, known)}.`,
  );
}
