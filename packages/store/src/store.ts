// The store: one interface of intentions. Each verb below is one transaction (a write) or one statement (a read);
// if a caller needed two verbs to be consistent, the interface would lack one. The conformance suite
// (test/conformance) holds every executor to each sentence of these comments.
//
// - Writes resolve only after a durable commit. A rejection of kind `StoreUnavailable` means the outcome is
//   unknown or negative; the endpoint answers 503.
// - Writes of one moment share one transaction and one fsync (group commit); an intention is still all or nothing.
// - Commit order is number order: `feed_head` is the last lock an appending transaction takes, there are no gaps
//   and a reader at number n sees every entry up to n.
// - Reads return the head of the log read in the same statement as the row, on the primary, by a statement begun
//   after the call. `rev` of anything issued is the `seq` of the first head read for the request; the store
//   writes the `rev` it is given and never reads one of its own.
// - No verb takes or returns a usable secret: digests and sealed bytes only.

import type {
  Client,
  ConsumerKey,
  ForeignIssuer,
  Grant,
  LongestLives,
  Resource,
  RowId,
  Unit,
} from "@rescind/core";
import type { BetweenNodesStore } from "./between-nodes.ts";
import type { FactorStore } from "./factors.ts";
import type { PeopleStore } from "./people.ts";
import type {
  Actor,
  Affected,
  AuditRecord,
  CountRequest,
  FeedPage,
  FoundAccessToken,
  FoundClient,
  FoundEntries,
  FoundRefreshToken,
  FoundTokenOwner,
  GrantFamily,
  Head,
  KeptEntry,
  LiftReceipt,
  ListedGrant,
  ListedToken,
  NewAccessToken,
  NewRefreshToken,
  Order,
  OrderFilter,
  OrderRecord,
  Page,
  PageRequest,
  Pruned,
  Receipt,
  Rotation,
  SigningKeyRecord,
  StoreDescription,
  TokenDigest,
  TokenFilter,
  TokenOwner,
} from "./records.ts";
import type { RestoreStore } from "./restores.ts";
import type { UpstreamStore } from "./upstreams.ts";
import type { WebhookStore } from "./webhooks.ts";

export * from "./between-nodes.ts";
export * from "./factors.ts";
export * from "./people.ts";
export * from "./records.ts";
export * from "./restores.ts";
export * from "./upstreams.ts";
export * from "./webhooks.ts";

/** Thrown by every verb when the database cannot be asked or did not confirm. The cause is the driver's error. */
export class StoreUnavailable extends Error {
  override readonly name = "StoreUnavailable";
}

export interface Store
  extends PeopleStore,
    RestoreStore,
    UpstreamStore,
    WebhookStore,
    BetweenNodesStore,
    FactorStore {
  /**
   * The next row id: milliseconds since 2025, node, counter; greater than every id this node gave before and than every
   * one there was when the database was opened, and never given twice by any node.
   * @throws StoreUnavailable where a node could not renew its number in time
   */
  nextId(): RowId;

  // What tokens need

  head(): Promise<Head>;
  findClient(clientId: string): Promise<FoundClient>;
  findAccessToken(id: RowId): Promise<FoundAccessToken>;
  /** Several at once, in one statement; those that are not there are left out. At most 1,000. */
  findAccessTokens(ids: readonly RowId[]): Promise<{
    readonly head: Head;
    readonly tokens: ReadonlyMap<RowId, FoundAccessToken["token"] & object>;
  }>;
  /** Whose an access token is and until when it lives: of it what a revocation by its text has to know. */
  findTokenOwner(id: RowId): Promise<FoundTokenOwner>;
  /**
   * Whose access tokens are, for orders of very many; without head, since nothing is judged by it. At most 1,000.
   * @param needed whether the digests are to be read, too; else no owner has one
   */
  findTokenOwners(
    ids: readonly RowId[],
    needed: { readonly digests: boolean },
  ): Promise<ReadonlyMap<RowId, TokenOwner>>;
  /** A token that was made elsewhere and imported, by the digest of its text. */
  findImportedToken(digest: TokenDigest): Promise<FoundAccessToken>;
  /** With its grant, the person behind it and whether its successor is spent, in one statement. */
  findRefreshToken(id: RowId): Promise<FoundRefreshToken>;
  findGrant(grantId: string): Promise<{ readonly head: Head; readonly grant: Grant | undefined }>;

  /** Stores one access token. */
  issue(token: NewAccessToken): Promise<void>;
  /** Takes an opaque token made elsewhere under management; false if its text is known already, nothing changed then. */
  importToken(token: NewAccessToken & { readonly digest: TokenDigest }): Promise<boolean>;
  /** Stores a grant with its first tokens. */
  openGrant(
    grant: Grant,
    tokens: { access: NewAccessToken; refresh: NewRefreshToken | undefined },
  ): Promise<void>;
  /**
   * Spends a refresh token, stores its successor and an access token. Of any number of concurrent calls for one
   * token exactly one resolves to `rotated`; the others change nothing. The time of spending is the database's.
   */
  rotate(rotation: Rotation): Promise<"rotated" | "spent-already">;
  /** Stores an access token and moves the idle end of an unrotated refresh token (seconds), where rotation is off. */
  issueKeeping(refresh: RowId, expiresAt: number, access: NewAccessToken): Promise<void>;
  /** Remembers a client assertion's `jti` until `expiresAt` (seconds); false if it was there already. */
  spendAssertion(clientId: string, jti: string, expiresAt: number): Promise<boolean>;

  // The log

  /**
   * Appends one entry with its audit record. A narrow unit (token, grant, signing key) or a suspension appends
   * nothing if an entry of the same unit stands, at least as final and staying at least as long; a wide one always
   * appends. Nothing is enumerated, but consents (subject+client) and webhook subscriptions that end with the unit go in
   * the same transaction. An order with a known idempotency digest changes nothing.
   */
  revoke(order: Order): Promise<Receipt>;
  /** As `revoke`, many at once in one transaction; the receipts are in the order of the orders. At most 1,000. */
  revokeMany(orders: readonly Order[]): Promise<readonly Receipt[]>;
  /**
   * Goes the way of an order that has nothing to do, commit included, appends nothing whatever it says, and returns the
   * head's number: what is unknown must not be answered faster than what is revoked already (RFC 7009 section 2.2).
   */
  passThrough(order: Order): Promise<number>;
  /** Takes an administrator's order back by another entry. A lift cannot be lifted; final orders cannot. */
  lift(lift: {
    id: RowId;
    orderId: RowId;
    atMs: number;
    actor: Actor;
    note?: string | undefined;
    /** Somebody waits for acknowledgements, as in an order. */
    ack?: boolean | undefined;
  }): Promise<LiftReceipt>;
  /** Lifts every standing suspension of a client or consumer key that is not final; their number. */
  approve(approval: {
    unit: Unit;
    ids: () => RowId;
    atMs: number;
    actor: Actor;
    note?: string | undefined;
    /** As with `lift`. */
    ack?: boolean | undefined;
  }): Promise<
    { readonly kind: "approved"; readonly lifted: number; readonly seq: number } | { readonly kind: "final" }
  >;
  /** Entries after a number (exclusive) and the head, in one statement. */
  readFeed(after: number, limit: number): Promise<FeedPage>;
  /**
   * What a memory of the log begins with: entries after a number (exclusive) up to another, by number and without those
   * that are not kept any more; less than `limit` where no more are there. Whether anybody waits (`ack`) is not told.
   */
  readKept(range: {
    readonly after: number;
    readonly upTo: number;
    readonly limit: number;
  }): Promise<readonly KeptEntry[]>;
  /** Every kept entry of these fingerprints, lifted ones included, and the head, in one statement. At most 1,000. */
  findEntries(fps: readonly string[]): Promise<FoundEntries>;
  /** The hash at a number that is kept, or at the floor; undefined if it is not on the log or no longer kept. */
  hashAt(seq: number): Promise<string | undefined>;
  /** How many entries after a number (exclusive) are kept. */
  countAfter(seq: number): Promise<number>;
  /** Appends an audit record that belongs to no entry (an attempt at somebody else's token, a changed client …). */
  recordAudit(record: {
    action: string;
    actor: Actor;
    atMs: number;
    content: Readonly<Record<string, unknown>>;
  }): Promise<void>;
  /** Recomputes the audit chain; the number of the first record that does not fit, or undefined. */
  verifyAudit(): Promise<{ readonly records: number; readonly brokenAt: number | undefined }>;

  // Registration (each raises `catalog`; `longest` rises in the same transaction where needed)

  /** False if the client id is taken; nothing changed then. */
  createClient(client: Client, keys: readonly ConsumerKey[], atMs: number): Promise<boolean>;
  /** False if there is no such client. */
  updateClient(client: Client, atMs: number): Promise<boolean>;
  addConsumerKey(key: ConsumerKey, atMs: number): Promise<boolean>;
  findConsumerKey(keyId: string): Promise<ConsumerKey | undefined>;
  /** Stores the same secret under another digest, if `from` is still the stored one; for migrating `token_pepper`. */
  replaceKeyDigest(
    keyId: string,
    digests: { readonly from: TokenDigest; readonly to: TokenDigest },
  ): Promise<boolean>;
  listClients(
    page: PageRequest,
  ): Promise<Page<{ client: Client; keys: readonly ConsumerKey[]; createdAtMs: number }>>;
  /** Whether any client lists this origin in `allowedOrigins`; for preflights, which name no client. */
  knowsOrigin(origin: string): Promise<boolean>;
  /** Creates or replaces. */
  putResource(resource: Resource, atMs: number): Promise<void>;
  listResources(): Promise<readonly Resource[]>;
  /** Creates or replaces; the longest life of an access token rises to its `maxTokenTtl` in the same transaction. */
  putIssuer(issuer: ForeignIssuer, atMs: number): Promise<void>;
  listIssuers(): Promise<readonly (ForeignIssuer & { readonly createdAtMs: number })[]>;
  /**
   * Raises the longest lives where these are greater (seconds), before something that lives so long is imported. Orders
   * that began before are made again with them; the head that is read afterwards is the `rev` of what they allow.
   */
  raiseLongest(lives: LongestLives): Promise<void>;
  addSigningKey(key: SigningKeyRecord): Promise<void>;
  /** Takes a signing key out of use: still published, no longer signing. One that retires earlier keeps its time. False if unknown. */
  retireSigningKey(kid: string, atMs: number): Promise<boolean>;
  listSigningKeys(): Promise<readonly SigningKeyRecord[]>;
  /** Stores sealed bytes under a name if there are none yet, and returns those that are there. */
  keepSecret(name: string, sealed: Uint8Array): Promise<Uint8Array>;

  // Lists and counts, for people

  listTokens(filter: TokenFilter, page: PageRequest, at: number): Promise<Page<ListedToken>>;
  listGrants(filter: TokenFilter, page: PageRequest, at: number): Promise<Page<ListedGrant>>;
  /** What came of a grant that the lists do not have; `fp` is its fingerprint, which the lineage of what was exchanged has. */
  findFamily(grantId: string, fp: string): Promise<GrantFamily>;
  listOrders(filter: OrderFilter, page: PageRequest): Promise<Page<OrderRecord>>;
  findOrder(id: RowId): Promise<OrderRecord | undefined>;
  listAudit(
    filter: { action?: string | undefined; actor?: string | undefined },
    page: PageRequest,
  ): Promise<Page<AuditRecord>>;
  /** Audit records after a number, oldest first: what webhooks and exports read. */
  readAudit(after: number, limit: number): Promise<readonly AuditRecord[]>;
  /** Counts live tokens of a unit in bounded steps that never block the event loop for long. */
  countAffected(request: CountRequest): Promise<Affected>;
  /** Remembers when grants and clients were last used (milliseconds); only ever rises. Rotations count for their grant unasked. */
  noteUses(uses: readonly { grantId?: string | undefined; clientId: string; atMs: number }[]): Promise<void>;

  /**
   * The longest `max_staleness` (seconds) a lease was ever given for: for so long after a start nobody knows how many
   * verifiers there are. 0 where no lease was given yet.
   */
  longestStaleness(): Promise<number>;
  /** Raises it; only ever rises. */
  raiseLongestStaleness(seconds: number): Promise<void>;

  // Answers of the admin API under an Idempotency-Key; `key` is a digest, `sealed` encrypted

  recallAnswer(key: string): Promise<{ readonly request: string; readonly sealed: Uint8Array } | undefined>;
  rememberAnswer(key: string, request: string, sealed: Uint8Array, atMs: number): Promise<void>;

  // Upkeep

  /**
   * Removes up to `limit` rows of each kind that nothing needs any more: tokens long expired (`graceSeconds` after
   * `exp`), spent refresh tokens and codes whose grant has ended, codes that nobody used a day after
   * their end, login sessions past the longest life, setup links and pushed requests after theirs, entries past their `keepUntil` with the lifts that name
   * them, spent assertions, remembered answers after a day. The rule never depends on it.
   */
  prune(at: number, limit: number): Promise<Pruned>;
  /**
   * What the issuer was called before, while it was on loopback: entries of then have fingerprints under that name, and so
   * has the lineage of tokens of then.
   */
  formerIssuers(): Promise<readonly string[]>;
  /**
   * Calls the listener soon after another node may have appended to the log. Not every time and not exactly once: losing
   * a call costs latency only, so whoever waits for entries also asks now and then. Never called under SQLite.
   */
  onCommitElsewhere(listener: () => void): void;
  /**
   * Calls the listener whenever a connection to the database was made, before anything is read by it: a standby that was
   * promoted meanwhile may know less. Never called under SQLite.
   */
  onConnected(listener: () => void): void;
  /** A short round trip to reading and writing connection, for readiness. Rejects when either fails. */
  ping(): Promise<void>;
  /** Whether a commit is on this machine's disk or on a second one too; does not count rows. */
  durability(): Promise<StoreDescription["durability"]>;
  /** Bytes, rows and settings; counts every token, window after window, so that nobody waits for it but who asked. */
  describe(): Promise<StoreDescription>;
  close(): Promise<void>;
}
