// The part of the store's interface that is about upstream OpenID providers: what is registered, the identities that
// people have there, and the tokens of their sign-ins until these are revoked there. The same contract as store.ts.

import type { RowId, SignInFacts, Upstream, User } from "@rescind/core";
import type { Actor, Head, Page, PageRequest } from "./records.ts";

/** A provider as it is stored. */
export interface StoredUpstream {
  /** Never used twice, unlike the id that the administrator chose. */
  readonly row: RowId;
  readonly upstream: Upstream;
  /** The client secret, encrypted under the master key. */
  readonly sealedSecret: Uint8Array | undefined;
  readonly createdAtMs: number;
  readonly changedAtMs: number;
}

/** Who somebody is at a provider: its `sub`, and who that is here. */
export interface Identity {
  readonly id: RowId;
  readonly upstreamRow: RowId;
  readonly upstreamSubject: string;
  readonly subject: string;
  /** As the provider said it last, for people to recognise it by. */
  readonly email: string | undefined;
  readonly username: string | undefined;
  readonly linkedAtMs: number;
  readonly lastUsedMs: number | undefined;
}

export type NewIdentity = Omit<Identity, "lastUsedMs"> & { readonly lastUsedMs?: number | undefined };

export interface FoundIdentity {
  readonly head: Head;
  readonly identity: Identity | undefined;
  readonly user: User | undefined;
}

export type UpstreamTokenStatus = "held" | "pending" | "revoked" | "expired" | "left" | "dead";

/** What a sign-in brought along from its provider. */
export interface UpstreamToken {
  readonly id: RowId;
  readonly upstreamRow: RowId;
  readonly subject: string;
  /** Undefined until the session of the sign-in is open. */
  readonly sessionId: string | undefined;
  readonly kind: "refresh_token" | "access_token";
  readonly status: UpstreamTokenStatus;
  /** Why it is no longer held. */
  readonly endedBy: string | undefined;
  readonly createdAtMs: number;
  /** Seconds; undefined where the provider does not say. */
  readonly expiresAt: number | undefined;
  readonly attempts: number;
  readonly nextAttemptMs: number;
  /** Of the last attempt. */
  readonly lastResult: string | undefined;
  readonly finishedAtMs: number | undefined;
}

export type NewUpstreamToken = Pick<
  UpstreamToken,
  "id" | "upstreamRow" | "subject" | "kind" | "createdAtMs" | "expiresAt"
> & {
  /** The token, encrypted under the master key. */
  readonly sealed: Uint8Array;
  /** Given where nothing will ever hang on it: it is to be revoked at once. */
  readonly endedBy?: string | undefined;
};

/** A token that is held, and what says whether it is still needed. */
export interface HeldUpstreamToken extends SignInFacts {
  readonly id: RowId;
}

/** Which held tokens an order may concern. */
export type HeldFilter =
  | { readonly kind: "all" }
  | { readonly kind: "session"; readonly sessionId: string }
  | { readonly kind: "subject"; readonly subject: string }
  | { readonly kind: "grant"; readonly grantId: string };

/** A token whose turn it is, with what is needed to revoke it. */
export interface ClaimedUpstreamToken extends UpstreamToken {
  readonly sealed: Uint8Array;
  readonly provider: StoredUpstream;
}

export interface UpstreamStore {
  /** False if the id is taken; nothing changed then. */
  createUpstream(provider: Omit<StoredUpstream, "changedAtMs">): Promise<boolean>;
  /** Replaces definition and secret; false if it is gone. */
  updateUpstream(provider: Omit<StoredUpstream, "createdAtMs">): Promise<boolean>;
  /**
   * Takes a provider out of use for good: its identities are forgotten and its held tokens are to be revoked, in one
   * transaction. False if it is gone.
   */
  deleteUpstream(row: RowId, atMs: number): Promise<boolean>;
  /** Those that are not deleted, by their id. */
  listUpstreams(): Promise<readonly StoredUpstream[]>;

  /** With the head read in the same statement. */
  findIdentity(upstreamRow: RowId, upstreamSubject: string): Promise<FoundIdentity>;
  /** Those of one person, oldest first; at providers that are not deleted. */
  listIdentities(subject: string): Promise<readonly Identity[]>;
  /** "taken": it is somebody's already; "unknown": there is no such active user. Nothing changed then. */
  linkIdentity(identity: NewIdentity): Promise<"linked" | "taken" | "unknown">;
  /** Stores a user without a password and their identity, both or none. */
  createUserWithIdentity(
    user: User,
    identity: NewIdentity,
    atMs: number,
  ): Promise<"created" | "identity-taken" | "name-taken">;
  /** Notes that somebody signed in by it, and what the provider calls them now. */
  noteIdentityUse(
    use: Pick<Identity, "id" | "email" | "username"> & { readonly atMs: number },
  ): Promise<void>;
  /** False if the person has no such identity. */
  unlinkIdentity(id: RowId, subject: string): Promise<boolean>;

  keepUpstreamToken(token: NewUpstreamToken): Promise<void>;
  /** Gives a held token to the session that its sign-in opened; one that an earlier sign-in gave to it is to be revoked. */
  attachUpstreamToken(token: {
    readonly id: RowId;
    readonly sessionId: string;
    readonly atMs: number;
  }): Promise<void>;
  /** Held tokens after an id (exclusive) that an order may concern, with what says whether they are needed. */
  heldUpstreamTokens(
    filter: HeldFilter,
    page: { readonly after: RowId | undefined; readonly limit: number; readonly at: number },
  ): Promise<readonly HeldUpstreamToken[]>;
  /** Puts held tokens on their way to be revoked; those that are not held any more stay as they are. */
  endUpstreamTokens(
    ends: readonly { readonly id: RowId; readonly endedBy: string }[],
    atMs: number,
  ): Promise<void>;
  /** The last audit record that was followed, and the newest there is. */
  upstreamCursor(): Promise<{ readonly number: number; readonly newest: number }>;
  /** Only ever rises. */
  moveUpstreamCursor(number: number): Promise<void>;
  /** Pending tokens whose time has come, claimed until `claimUntilMs`, so that no other node sends them meanwhile. */
  claimUpstreamTokens(
    nowMs: number,
    claimUntilMs: number,
    limit: number,
  ): Promise<readonly ClaimedUpstreamToken[]>;
  /**
   * Notes an attempt. With `record` the token's state is final: the audit record is written in the same transaction, and
   * what is stored of the token itself goes, unless it is `dead`, which can be tried again.
   */
  noteUpstreamAttempt(attempt: {
    readonly id: RowId;
    readonly status: UpstreamTokenStatus;
    readonly result: string;
    readonly nextAttemptMs: number;
    readonly atMs: number;
    readonly record?:
      | {
          readonly action: string;
          readonly actor: Actor;
          readonly content: Readonly<Record<string, unknown>>;
        }
      | undefined;
  }): Promise<void>;
  /** Tries a given-up token again at once; false if it is not one. */
  retryUpstreamToken(id: RowId, atMs: number): Promise<boolean>;
  listUpstreamTokens(
    filter: { readonly upstreamRow: RowId; readonly status?: UpstreamTokenStatus | undefined },
    page: PageRequest,
  ): Promise<Page<UpstreamToken>>;
  /** How many tokens of a provider are in each state. */
  countUpstreamTokens(upstreamRow: RowId): Promise<Readonly<Record<UpstreamTokenStatus, number>>>;
  /** When the oldest token that is still to be revoked was last put on its way; milliseconds. For metrics. */
  pendingUpstreamTokens(): Promise<number>;
}
