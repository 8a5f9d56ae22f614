// The names of the keys in the cache. Everything of one server has the same hash slot, so that one MGET reads it in a
// cluster too: the hash tag of the entries is the lease's own name. docs/reference/cache.md.

export interface CacheKeys {
  /** The position: while it is there, the entries are whole. */
  readonly lease: string;
  /** What the lease was when it was last written. */
  readonly last: string;
  /** The log that these keys belong to. */
  readonly owner: string;
  /** What the names of all entries begin with; the fingerprint follows. */
  readonly entries: string;
  /** The channel on which nodes wake each other. */
  readonly channel: string;
  entry(fp: string): string;
  /** What a node wrote last. */
  node(id: string): string;
}

/** @param prefix one per issuer where several share a cache */
export function cacheKeys(prefix: string): CacheKeys {
  const lease = `${prefix}:lease`;
  const entries = `{${lease}}:e:`;
  return {
    lease,
    last: `{${lease}}:last`,
    owner: `{${lease}}:log`,
    entries,
    channel: `${prefix}:wake`,
    entry: (fp) => entries + fp,
    node: (id) => `{${lease}}:node:${id}`,
  };
}

export const defaultPrefix = "rescind";

/** True for what may come before the names: no brace, which would change the slot, and nothing that needs quoting. */
export function isPrefix(text: string): boolean {
  return /^[\w.:-]{1,64}$/.test(text);
}
