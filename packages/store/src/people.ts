// The part of the store's interface that is about people: users, login sessions, codes, consents. The same contract as
// store.ts: each verb is one transaction or one statement, reads bring the head along, nothing usable is stored.

import type {
  AuthorizationCode,
  DeviceCode,
  Grant,
  RowId,
  Session,
  User,
  UserRole,
  Verdict,
} from "@rescind/core";
import type {
  Head,
  NewAccessToken,
  NewRefreshToken,
  Order,
  Page,
  PageRequest,
  TokenDigest,
} from "./store.ts";

/** A password as it is stored: a PHC string, or the form of the system it was imported from. */
export type PasswordHash = string;

export interface FoundUser {
  /** Read in the same statement: the `rev` of a session that the password opens. */
  readonly head: Head;
  readonly user: User | undefined;
  readonly passwordHash: PasswordHash | undefined;
  readonly createdAtMs: number | undefined;
}

export interface FoundSession {
  readonly head: Head;
  readonly session: Session | undefined;
  readonly digest: TokenDigest | undefined;
  readonly user: User | undefined;
}

/** A session to be stored; `rowId` is that of its `sid`. */
export interface NewSession {
  readonly rowId: RowId;
  readonly session: Session;
  readonly digest: TokenDigest;
}

export interface FoundCode {
  readonly head: Head;
  readonly code: (AuthorizationCode & { readonly digest: TokenDigest }) | undefined;
  /** The session it hangs on, which must be live too, and its person. */
  readonly session: Session | undefined;
  readonly user: User | undefined;
}

export interface NewCode {
  readonly code: Omit<AuthorizationCode, "grantId">;
  readonly digest: TokenDigest;
  /** The transaction that made it: one gets one code. */
  readonly transaction: string;
  /** Scopes to be remembered as consented, in the same transaction; empty: none. */
  readonly consent: readonly string[];
  /** The device code that it answers, in the same transaction. */
  readonly device?: RowId | undefined;
}

/** A device code to be stored; nobody has answered or asked for it yet. */
export interface NewDeviceCode {
  readonly device: Omit<DeviceCode, "codeId" | "isDenied" | "polledAtMs">;
  readonly digest: TokenDigest;
  readonly userDigest: TokenDigest;
}

export interface FoundDeviceCode {
  readonly head: Head;
  readonly device: DeviceCode | undefined;
  readonly digest: TokenDigest | undefined;
}

export interface Redemption {
  readonly code: RowId;
  readonly grant: Grant;
  readonly access: NewAccessToken;
  readonly refresh: NewRefreshToken | undefined;
}

/** Parameters of a pushed authorization request (RFC 9126), as they were sent. */
export interface PushedRequest {
  readonly id: RowId;
  readonly clientId: string;
  readonly parameters: Readonly<Record<string, string>>;
  readonly rev: number;
  /** Seconds. */
  readonly issuedAt: number;
  readonly expiresAt: number;
}

export interface SetupLink {
  readonly id: RowId;
  readonly subject: string;
  /** The head read when it was made: a later revocation of its subject covers it. */
  readonly rev: number;
  /** Seconds. */
  readonly issuedAt: number;
  readonly expiresAt: number;
}

export interface UserFilter {
  readonly username?: string | undefined;
  readonly email?: string | undefined;
  readonly role?: UserRole | undefined;
  readonly status?: User["status"] | undefined;
}

export interface ListedUser {
  readonly user: User;
  readonly hasPassword: boolean;
  readonly createdAtMs: number;
}

export interface ListedSession {
  readonly session: Session;
  readonly status: Exclude<Verdict["kind"], "not-yet">;
}

export interface Consent {
  readonly subject: string;
  readonly clientId: string;
  readonly scopes: readonly string[];
  readonly grantedAtMs: number;
}

export interface PeopleStore {
  // Users

  /** False if the username (compared without case) is taken, or the subject is. */
  createUser(user: User, passwordHash: PasswordHash | undefined, atMs: number): Promise<boolean>;
  findUser(subject: string): Promise<FoundUser>;
  /** By username, without case, or by an email address that only one user has. */
  findUserByName(name: string): Promise<FoundUser>;
  /**
   * Replaces what is known of a user, with the orders that follow from it in the same transaction (disabled, deleted).
   * "taken": the username is somebody else's; "unknown": there is no such user; "last-administrator": nobody else is
   * an active one. Nothing changed then.
   */
  changeUser(
    user: User,
    orders: readonly Order[],
    atMs: number,
  ): Promise<"changed" | "last-administrator" | "taken" | "unknown">;
  /**
   * Removes a user and their consents, sessions' order included, in one transaction. "unknown": there is no such user;
   * "last-administrator": nobody else is an active one. Nothing changed then.
   */
  deleteUser(
    subject: string,
    orders: readonly Order[],
  ): Promise<"deleted" | "last-administrator" | "unknown">;
  /**
   * Sets a password with the orders that follow and ends the person's links, which were made for the one before. With
   * `instead` it is the same password in another form: only if that hash is still the stored one, and links stay.
   */
  setPassword(
    subject: string,
    hash: PasswordHash,
    options: { readonly instead?: PasswordHash | undefined; readonly orders: readonly Order[] },
  ): Promise<boolean>;
  listUsers(filter: UserFilter, page: PageRequest): Promise<Page<ListedUser>>;

  // One-time links

  /** Stores a link and ends earlier ones of the same person. */
  putSetupLink(link: SetupLink, digest: TokenDigest): Promise<void>;
  findSetupLink(id: RowId): Promise<{
    readonly head: Head;
    readonly link: SetupLink | undefined;
    readonly digest: TokenDigest | undefined;
    readonly user: User | undefined;
  }>;
  /** Spends a link and sets the password, with the orders that follow; of concurrent calls one gets true. */
  spendSetupLink(id: RowId, hash: PasswordHash, orders: readonly Order[]): Promise<boolean>;

  // Login sessions

  openSession(session: NewSession): Promise<void>;
  /** A new authentication of the same person: raises `rev` and `auth_time` and replaces the cookie's digest. */
  renewSession(session: NewSession): Promise<boolean>;
  findSession(id: RowId): Promise<FoundSession>;
  /** Notes that a session was used (milliseconds); only ever rises. */
  touchSession(sessionId: string, atMs: number): Promise<void>;
  listSessions(
    filter: { readonly subject?: string | undefined; readonly sessionId?: string | undefined },
    page: PageRequest,
    at: number,
  ): Promise<Page<ListedSession>>;

  // Consents. Withdrawing one is an order of unit subject+client, which removes what is stored in its transaction: all
  // of it, or the one scope that the order names.

  consentedScopes(subject: string, clientId: string): Promise<readonly string[]>;
  listConsents(
    filter: { readonly subject?: string | undefined; readonly clientId?: string | undefined },
    page: PageRequest,
  ): Promise<Page<Consent>>;

  // Codes and pushed requests

  /** "used-already": this transaction has got its code, or the device code has been answered; nothing of it counts then. */
  issueCode(code: NewCode): Promise<"issued" | "used-already">;
  findCode(id: RowId): Promise<FoundCode>;
  /**
   * Spends a code, opens its grant and stores its first tokens. Of any number of concurrent calls exactly one resolves
   * to `redeemed`; the others change nothing.
   */
  redeemCode(redemption: Redemption): Promise<"redeemed" | "spent-already">;
  /** False if the user code is taken; nothing changed then. */
  issueDeviceCode(made: NewDeviceCode): Promise<boolean>;
  findDeviceCode(id: RowId): Promise<FoundDeviceCode>;
  findDeviceCodeByUserCode(userDigest: TokenDigest): Promise<FoundDeviceCode>;
  /** Remembers when a device asked (milliseconds) and the interval (seconds) from then on; both only rise. */
  notePoll(poll: { readonly id: RowId; readonly atMs: number; readonly interval: number }): Promise<void>;
  /** The person's no; false if it was answered before. */
  denyDeviceCode(id: RowId): Promise<boolean>;
  pushRequest(request: PushedRequest, digest: TokenDigest): Promise<void>;
  findPushedRequest(id: RowId): Promise<{
    readonly head: Head;
    readonly request: PushedRequest | undefined;
    readonly digest: TokenDigest | undefined;
  }>;
}
