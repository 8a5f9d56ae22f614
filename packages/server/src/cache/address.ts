// Where the cache is: `--cache` as a record. One server, several behind Sentinel, or a cluster; the address of one is a
// Redis URL, the other two are ours, since ioredis has no URL for them. docs/reference/cache.md.

export interface CacheNode {
  readonly host: string;
  readonly port: number;
}

export interface CacheAddress {
  readonly kind: "single" | "sentinel" | "cluster";
  readonly tls: boolean;
  readonly nodes: readonly [CacheNode, ...CacheNode[]];
  readonly username: string | undefined;
  readonly password: string | undefined;
  /** Number of the database; a cluster has only 0. */
  readonly db: number;
  /** With Sentinel: the name of the master, and how to log in to the Sentinels themselves. */
  readonly master: string | undefined;
  readonly sentinelUsername: string | undefined;
  readonly sentinelPassword: string | undefined;
}

const form =
  /^(rediss?)(?:\+(sentinel|cluster))?:\/\/(?:([^:@/]*)(?::([^@/]*))?@)?([^/?@]+)(?:\/([^?]*))?(?:\?(.*))?$/;
const forms =
  "redis://, rediss://, redis+sentinel://HOST,HOST/MASTER or redis+cluster://HOST,HOST (with rediss for TLS)";

/** Reads `--cache`; a sentence that says what is wrong, without the password, where it cannot be used. */
export function readCacheAddress(text: string): CacheAddress | string {
  const match = form.exec(text);
  if (match === null) return `--cache must be one of ${forms}.`;
  const [, scheme, mode, user, password, hosts = "", path = "", query = ""] = match;
  const kind = mode === "sentinel" || mode === "cluster" ? mode : "single";
  const nodes = hosts.split(",").map((host) => readNode(host, kind === "sentinel" ? 26379 : 6379));
  const [first, ...others] = nodes.filter((node) => node !== undefined);
  if (first === undefined || others.length + 1 < nodes.length)
    return "--cache: a host must be NAME, NAME:PORT or [IPv6]:PORT.";
  if (kind === "single" && others.length > 0)
    return "--cache: several hosts need redis+sentinel:// or redis+cluster://.";
  const [master, number] = kind === "sentinel" ? path.split("/") : [undefined, path];
  if (kind === "sentinel" && !master)
    return "--cache: redis+sentinel:// names the master, as in HOST,HOST/mymaster.";
  const db = number === undefined || number === "" ? 0 : Number(number);
  if (!Number.isInteger(db) || db < 0)
    return "--cache: what follows the host is the number of the database, as in /0.";
  if (kind === "cluster" && db !== 0) return "--cache: a cluster has no database but 0.";
  const parameters = new URLSearchParams(query);
  const unknown = [...parameters.keys()].find((name) => !sentinelParameters.includes(name));
  if (unknown !== undefined || (query !== "" && kind !== "sentinel"))
    return `--cache: the parameter ${unknown ?? query.split("=")[0]} is not known; sentinel_username and sentinel_password are, with redis+sentinel://.`;
  const texts = [user, password].map(decoded);
  if (texts.includes(malformed)) return "--cache: user and password must be percent-encoded.";
  return {
    kind,
    tls: scheme === "rediss",
    nodes: [first, ...others],
    username: texts[0] || undefined,
    password: texts[1] || undefined,
    db,
    master,
    sentinelUsername: parameters.get("sentinel_username") ?? undefined,
    sentinelPassword: parameters.get("sentinel_password") ?? undefined,
  };
}

const sentinelParameters = ["sentinel_username", "sentinel_password"];
const malformed = "%";

function readNode(text: string, standardPort: number): CacheNode | undefined {
  const match = /^(?:\[([\da-fA-F:.]+)\]|([^:[\]\s]+))(?::(\d{1,5}))?$/.exec(text);
  const host = match?.[1] ?? match?.[2];
  const port = Number(match?.[3] ?? standardPort);
  return host === undefined || port > 65535 || port === 0 ? undefined : { host, port };
}

function decoded(text: string | undefined): string | undefined {
  try {
    return text === undefined ? undefined : decodeURIComponent(text);
  } catch {
    return malformed;
  }
}
