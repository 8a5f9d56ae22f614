// The records that go into the store and come out of it: plain data, times and units named. No usable secret is in
// any of them: digests and sealed bytes only.

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
  RevocationReason,
  RevokeEntry,
  RowId,
  SigningAlg,
  Unit,
  UnitName,
  User,
} from "@rescind/core";

/** SHA-256 (or HMAC-SHA-256 under the pepper) of a token's text. */
export type TokenDigest = Uint8Array;

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
export type LoggedEntry = KeptEntry & {
  readonly hash: string;
  readonly atMs: number;
};

/** What a node's memory needs of an entry. */
export type KeptEntry = LoggedRevoke | Exclude<FeedEntry, RevokeEntry>;

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

export { type RevocationReason, revocationReasons } from "@rescind/core";

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
  /** Of unit subject+client: of the stored consent only this scope is forgotten, the others stay. */
  readonly scope?: string | undefined;
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
  /** Whose it is, as far as the order's maker knows: what histories and webhooks are searched by. */
  readonly about?: About | undefined;
  /** Digest of actor and Idempotency-Key: the same one gets the same receipt and changes nothing. */
  readonly idempotency?: string | undefined;
}

/** The client, person and grant that an order or event is about. */
export interface About {
  readonly clientId?: string | undefined;
  readonly subject?: string | undefined;
  readonly grantId?: string | undefined;
}

/** Orders about one client or person, by `about` or by the unit itself. */
export interface OrderFilter {
  readonly subject?: string | undefined;
  readonly clientId?: string | undefined;
}

export interface Receipt {
  /** The order that holds: this one, the earlier one with the same idempotency digest, or that of the equal entry. */
  readonly orderId: RowId;
  /** The order's own entry; the head where nothing was appended. */
  readonly seq: number;
  /** False: an equal entry stands already, or the idempotency digest is known. */
  readonly appended: boolean;
  readonly atMs: number;
  /** The order's own entry as `readFeed` would give it, where the database tells its hash with the commit. */
  readonly entry?: LoggedEntry | undefined;
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
  /** The log's hash when it was written. */
  readonly feedHash: string;
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
  readonly about: About;
  /** The number of the entry that lifted it. */
  readonly liftedBy: number | undefined;
}

/** An entry that is kept on the log, lifted or not, with the order that made it. */
export interface FoundEntry {
  readonly orderId: RowId;
  readonly seq: number;
  readonly unit: UnitName;
  readonly fp: string;
  /** Seconds. */
  readonly before: number | undefined;
  readonly suspend: boolean;
  readonly final: boolean;
  /** The number of the entry that lifted it. */
  readonly liftedBy: number | undefined;
  readonly atMs: number;
  readonly actor: Actor;
  readonly reason: RevocationReason;
  readonly note: string | undefined;
}

export interface FoundEntries {
  readonly head: Head;
  /** In number order. */
  readonly entries: readonly FoundEntry[];
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

/** What an order of an access token has to know of it. */
export interface TokenOwner {
  readonly clientId: string;
  readonly subject: string;
  readonly grantId: string | undefined;
  readonly digest: TokenDigest | undefined;
}

export interface FoundTokenOwner {
  readonly head: Head;
  /** `expiresAt` in seconds. */
  readonly owner: (TokenOwner & { readonly expiresAt: number }) | undefined;
}

export interface FoundRefreshToken {
  readonly head: Head;
  readonly token: (RefreshToken & { readonly digest: TokenDigest }) | undefined;
  readonly grant: Grant | undefined;
  /** The person whose grant it is, where we know one. */
  readonly user: User | undefined;
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
  /** Kept with the spent token: with that token's text, the successor's can be had again. */
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
  /** Published before, so that nobody meets a token of a key they have not seen; signs from then on. */
  readonly signsFromMs: number;
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
  /** Live login sessions; those of a unit that covers sessions. */
  readonly sessions: number;
  /** Active webhook subscriptions that end with it. */
  readonly subscriptions: number;
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
  /** Its fingerprint, by which tokens exchanged from what it covers are found. */
  readonly fp: string;
  /** Whether the order would be a suspension. */
  readonly suspend?: boolean | undefined;
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
  readonly codes: number;
  readonly deviceCodes: number;
  readonly sessions: number;
  readonly setupLinks: number;
  readonly pushedRequests: number;
  readonly deliveries: number;
  readonly upstreamTokens: number;
}

export interface StoreDescription {
  readonly engine: "sqlite" | "postgres";
  readonly version: string;
  readonly durability: "local" | "replicated";
  readonly bytes: number;
  readonly accessTokens: number;
  readonly refreshTokens: number;
}

/** What came of one grant that lists of tokens and grants do not tell. */
export interface GrantFamily {
  /** What it was opened with; undefined where there was none or it is stored no more. */
  readonly code: FamilyCode | undefined;
  /** Newest first, spent ones too; the newest 200. */
  readonly refreshTokens: readonly FamilyRefreshToken[];
  /** Row ids of access tokens exchanged from it, over any number of levels; the newest 200. */
  readonly exchanged: readonly RowId[];
  /** False if there were more, or not all exchanged tokens could be looked at. */
  readonly isWhole: boolean;
}

export interface FamilyCode {
  /** Seconds. */
  readonly issuedAt: number;
  readonly isOfDevice: boolean;
}

export interface FamilyRefreshToken extends Omit<RefreshToken, "successorSealed" | "successorSpent"> {
  readonly successorId: RowId | undefined;
}
