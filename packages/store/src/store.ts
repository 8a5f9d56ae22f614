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
  AccessToken,
  Client,
  ConsumerKey,
  EntryLife,
  FeedEntry,
  Grant,
  LongestLives,
  Position,
  RefreshToken,
  Resource,
  RevokeEntry,
  RowId,
  SigningAlg,
  Unit,
  UnitName,
} from "@rescind/core";

/** SHA-256 (or HMAC-SHA-256 under the pepper) of a token's text. */
export type TokenDigest = Uint8Array;

/** Thrown by every verb when the database cannot be asked or did not confirm. The cause is the driver's error. */
export class StoreUnavailable extends Error {
  override readonly name = "StoreUnavailable";
}

/** What every read brings along. */
export interface Head {
  readonly position: Position;
  /** Rises with every change of a client, key, resource or signing key, so that nodes may remember these. */
  readonly catalog: number;
  /** The longest lives anything issued may have; they only rise. */
  readonly longest: LongestLives;
  /** The database's clock, milliseconds since 1970. */
  readonly nowMs: number;
}

/** An entry as the server keeps it: the wire's members, its hash, and what they were made from. */
export type LoggedEntry = (LoggedRevoke | Exclude<FeedEntry, RevokeEntry>) & {
  readonly hash: string;
  readonly atMs: number;
};

export interface LoggedRevoke extends RevokeEntry {
  readonly issuer: string;
  readonly value: string;
  readonly client?: string | undefined;
  readonly final: boolean;
}

export interface FeedPage {
  readonly head: Head;
  /** Entries after the number asked, in order, as far as they are kept. */
  readonly entries: readonly LoggedEntry[];
  /** True if there are more after the last of them. */
  readonly more: boolean;
  /** The highest number that was ever removed and its hash: the log is whole from here on. */
  readonly floor: Position;
}

export interface Actor {
  readonly kind: "client" | "user" | "admin" | "server";
  readonly id: string;
}

export const revocationReasons = [
  "unspecified",
  "client_request",
  "user_request",
  "administrator",
  "replay_detected",
  "token_leaked",
  "key_compromise",
  "logout",
  "consent_withdrawn",
  "password_changed",
  "user_disabled",
  "user_deleted",
  "client_suspended",
  "client_deleted",
  "secret_rotated",
  "security_event",
  "restore",
] as const;

export type RevocationReason = (typeof revocationReasons)[number];

/** An order to revoke one unit. Times are named. */
export interface Order {
  readonly id: RowId;
  readonly unit: Unit;
  /** Fingerprint, 22 characters base64url. */
  readonly fp: string;
  readonly atMs: number;
  /** Seconds, inclusive; wide units only. */
  readonly before?: number | undefined;
  readonly suspend?: boolean | undefined;
  readonly final: boolean;
  /** Made from `longest`; `revoke` asks again if these have risen meanwhile. */
  lifeFor(longest: LongestLives): EntryLife;
  /** Somebody waits for acknowledgements. */
  readonly ack?: boolean | undefined;
  readonly actor: Actor;
  readonly reason: RevocationReason;
  readonly note?: string | undefined;
  /** What the order selected, as it was given; kept for the history. */
  readonly select: Readonly<Record<string, unknown>>;
  /** Digest of actor and Idempotency-Key: the same one gets the same receipt and changes nothing. */
  readonly idempotency?: string | undefined;
}

export interface Receipt {
  /** The order that holds: this one, the earlier one with the same idempotency digest, or that of the equal entry. */
  readonly orderId: RowId;
  /** The order's own entry; the head where nothing was appended. */
  readonly seq: number;
  /** False: an equal entry stands already, or the idempotency digest is known. */
  readonly appended: boolean;
  readonly atMs: number;
}

export type LiftReceipt =
  | { readonly kind: "lifted"; readonly orderId: RowId; readonly seq: number; readonly lifts: number }
  | { readonly kind: "unknown" }
  | { readonly kind: "refused"; readonly why: "final" | "lifted" | "not-administrator" };

export interface AuditRecord {
  /** 1, 2, 3 …; the hash chain covers number, position and content. */
  readonly number: number;
  readonly atMs: number;
  readonly action: string;
  readonly actor: Actor;
  readonly orderId: RowId | undefined;
  readonly seq: number | undefined;
  readonly content: Readonly<Record<string, unknown>>;
  readonly hash: string;
}

/** One order in the history; it outlives its entry. */
export interface OrderRecord {
  readonly id: RowId;
  readonly seq: number;
  readonly atMs: number;
  readonly unit: UnitName;
  readonly select: Readonly<Record<string, unknown>>;
  readonly actor: Actor;
  readonly reason: RevocationReason;
  readonly note: string | undefined;
  readonly before: number | undefined;
  readonly suspend: boolean;
  readonly final: boolean;
  /** The number of the entry that lifted it. */
  readonly liftedBy: number | undefined;
}

export interface FoundClient {
  readonly head: Head;
  readonly client: Client | undefined;
  readonly keys: readonly ConsumerKey[];
  readonly createdAtMs: number | undefined;
}

export interface FoundAccessToken {
  readonly head: Head;
  readonly token: (AccessToken & { readonly digest: TokenDigest | undefined }) | undefined;
}

export interface FoundRefreshToken {
  readonly head: Head;
  readonly token: (RefreshToken & { readonly digest: TokenDigest }) | undefined;
  readonly grant: Grant | undefined;
}

/** An access token to be stored; `digest` is undefined for a JWT, which is found by its `jti`. */
export interface NewAccessToken {
  readonly token: AccessToken;
  readonly digest: TokenDigest | undefined;
}

export interface NewRefreshToken {
  readonly token: Pick<RefreshToken, "id" | "grantId" | "keyId" | "rev" | "issuedAt" | "expiresAt">;
  readonly digest: TokenDigest;
}

export interface Rotation {
  readonly spent: RowId;
  readonly successor: NewRefreshToken;
  /** The successor's text, encrypted under a key derived from the token it replaces. */
  readonly sealed: Uint8Array;
  readonly access: NewAccessToken;
}

export type SigningKeyUse = "access" | "id" | "feed";

export interface SigningKeyRecord {
  readonly kid: string;
  readonly use: SigningKeyUse;
  readonly alg: SigningAlg;
  readonly publicJwk: Readonly<Record<string, unknown>>;
  /** The private key, encrypted under the master key. */
  readonly sealed: Uint8Array;
  readonly createdAtMs: number;
  /** Published and accepted but no longer used to sign; absent while it signs. */
  readonly retiredAtMs: number | undefined;
}

/** A page of a list, newest first. `next` is the cursor of the following page. */
export interface Page<Item> {
  readonly items: readonly Item[];
  readonly next: string | undefined;
}

export interface PageRequest {
  readonly limit: number;
  readonly cursor: string | undefined;
}

export type TokenStatus = "live" | "expired" | "revoked";

export interface TokenFilter {
  readonly subject?: string | undefined;
  readonly clientId?: string | undefined;
  readonly grantId?: string | undefined;
  readonly keyId?: string | undefined;
  readonly sessionId?: string | undefined;
  readonly status?: TokenStatus | undefined;
  readonly kind?: "access" | "refresh" | undefined;
}

export interface ListedToken {
  readonly id: RowId;
  readonly kind: "access" | "refresh";
  readonly format: "jwt" | "opaque";
  readonly clientId: string;
  readonly subject: string;
  readonly grantId: string | undefined;
  readonly sessionId: string | undefined;
  readonly keyId: string | undefined;
  readonly scopes: readonly string[];
  readonly audience: readonly string[];
  readonly issuedAt: number;
  readonly expiresAt: number;
  readonly status: TokenStatus;
  /** Of its grant, else of its client; milliseconds. */
  readonly lastUsedAtMs: number | undefined;
}

export interface ListedGrant extends Grant {
  readonly status: TokenStatus;
  readonly lastUsedAtMs: number | undefined;
}

/** What an order reaches, counted over live tokens. */
export interface Affected {
  readonly grants: number;
  readonly accessTokens: number;
  readonly refreshTokens: number;
  /** False: counting stopped at the time limit, the counts are lower bounds. */
  readonly exact: boolean;
  readonly byClient: readonly {
    readonly clientId: string;
    readonly accessTokens: number;
    readonly refreshTokens: number;
    readonly lastUsedAtMs: number | undefined;
  }[];
}

export interface CountRequest {
  readonly unit: Unit;
  /** Seconds, as in the order. */
  readonly before: number | undefined;
  /** Seconds: what has expired by then does not count. */
  readonly at: number;
  /** Milliseconds of counting at most. */
  readonly limitMs: number;
  /** Stop as soon as more tokens than this are found. */
  readonly atMost?: number | undefined;
  /**
   * The number of an entry of this unit that does not count: what it reached, counted after it. Tokens whose `rev`
   * is at or above it are left out where the unit is wide.
   */
  readonly ignoring?: number | undefined;
}

export interface Pruned {
  readonly accessTokens: number;
  readonly refreshTokens: number;
  readonly grants: number;
  readonly entries: number;
  readonly assertions: number;
}

export interface Store {
  /** The next row id: milliseconds since 2025, node, counter; greater than every id in the database and never given twice. */
  nextId(): RowId;

  // What tokens need

  head(): Promise<Head>;
  findClient(clientId: string): Promise<FoundClient>;
  findAccessToken(id: RowId): Promise<FoundAccessToken>;
  /** With its grant and whether its successor is spent, in one statement. */
  findRefreshToken(id: RowId): Promise<FoundRefreshToken>;
  findGrant(grantId: string): Promise<{ readonly head: Head; readonly grant: Grant | undefined }>;

  /** Stores one access token. */
  issue(token: NewAccessToken): Promise<void>;
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
   * appends. Nothing is enumerated. An order with a known idempotency digest changes nothing.
   */
  revoke(order: Order): Promise<Receipt>;
  /** Takes an administrator's order back by another entry. A lift cannot be lifted; final orders cannot. */
  lift(lift: {
    id: RowId;
    orderId: RowId;
    atMs: number;
    actor: Actor;
    note?: string | undefined;
  }): Promise<LiftReceipt>;
  /** Lifts every standing suspension of a client or consumer key that is not final; their number. */
  approve(approval: {
    unit: Unit;
    ids: () => RowId;
    atMs: number;
    actor: Actor;
    note?: string | undefined;
  }): Promise<
    { readonly kind: "approved"; readonly lifted: number; readonly seq: number } | { readonly kind: "final" }
  >;
  /** Entries after a number (exclusive) and the head, in one statement. */
  readFeed(after: number, limit: number): Promise<FeedPage>;
  /** The hash at a number that is kept, or at the floor; undefined if it is not on the log or no longer kept. */
  hashAt(seq: number): Promise<string | undefined>;
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
  listClients(
    page: PageRequest,
  ): Promise<Page<{ client: Client; keys: readonly ConsumerKey[]; createdAtMs: number }>>;
  /** Whether any client lists this origin in `allowedOrigins`; for preflights, which name no client. */
  knowsOrigin(origin: string): Promise<boolean>;
  /** Creates or replaces. */
  putResource(resource: Resource, atMs: number): Promise<void>;
  listResources(): Promise<readonly Resource[]>;
  addSigningKey(key: SigningKeyRecord): Promise<void>;
  /** Takes a signing key out of use: still published, no longer signing. One retired already keeps its time. False if unknown. */
  retireSigningKey(kid: string, atMs: number): Promise<boolean>;
  listSigningKeys(): Promise<readonly SigningKeyRecord[]>;
  /** Stores sealed bytes under a name if there are none yet, and returns those that are there. */
  keepSecret(name: string, sealed: Uint8Array): Promise<Uint8Array>;

  // Lists and counts, for people

  listTokens(filter: TokenFilter, page: PageRequest, at: number): Promise<Page<ListedToken>>;
  listGrants(filter: TokenFilter, page: PageRequest, at: number): Promise<Page<ListedGrant>>;
  listOrders(page: PageRequest): Promise<Page<OrderRecord>>;
  findOrder(id: RowId): Promise<OrderRecord | undefined>;
  listAudit(
    filter: { action?: string | undefined; actor?: string | undefined },
    page: PageRequest,
  ): Promise<Page<AuditRecord>>;
  /** Counts live tokens of a unit in bounded steps that never block the event loop for long. */
  countAffected(request: CountRequest): Promise<Affected>;
  /** Remembers when grants and clients were last used (milliseconds); only ever rises. */
  noteUses(uses: readonly { grantId?: string | undefined; clientId: string; atMs: number }[]): Promise<void>;

  // Answers of the admin API under an Idempotency-Key; `key` is a digest, `sealed` encrypted

  recallAnswer(key: string): Promise<{ readonly request: string; readonly sealed: Uint8Array } | undefined>;
  rememberAnswer(key: string, request: string, sealed: Uint8Array, atMs: number): Promise<void>;

  // Upkeep

  /**
   * Removes up to `limit` rows of each kind that nothing needs any more: tokens long expired (`graceSeconds` after
   * `exp`), spent refresh tokens whose grant has ended, entries past their `keepUntil` with the lifts that name
   * them, spent assertions, remembered answers after a day. The entry at the head always stays, so that the last
   * page of a load ends at the head. The rule never depends on it.
   */
  prune(at: number, limit: number): Promise<Pruned>;
  /** A short round trip to reading and writing connection, for readiness. Rejects when either fails. */
  ping(): Promise<void>;
  /** Bytes, rows and settings for health, metrics and `doctor`. */
  describe(): Promise<StoreDescription>;
  close(): Promise<void>;
}

export interface StoreDescription {
  readonly engine: "sqlite" | "postgres";
  readonly version: string;
  readonly durability: "local" | "replicated";
  readonly bytes: number;
  readonly accessTokens: number;
  readonly refreshTokens: number;
  readonly standingEntries: number;
}
