// The part of the store's interface that is about what people show beside a password: passkeys, the seed of time-based
// codes, recovery codes. The same contract as store.ts: seeds come and go sealed, recovery codes as digests.

import type { RowId, User } from "@rescind/core";
import type { Head, Order, TokenDigest } from "./records.ts";

export interface Passkey {
  readonly id: RowId;
  readonly subject: string;
  /** Base64url. */
  readonly credentialId: string;
  /** COSE (RFC 9052). */
  readonly publicKey: Uint8Array;
  /** As the authenticator told it last; 0 from those that do not count. */
  readonly signCount: number;
  readonly transports: readonly string[];
  /** It cannot leave its device. */
  readonly isDeviceBound: boolean;
  readonly isBackedUp: boolean;
  readonly name: string;
  /** Milliseconds since 1970. */
  readonly createdAtMs: number;
  readonly lastUsedMs: number | undefined;
}

/** The seed of time-based codes (RFC 6238). */
export interface Totp {
  readonly id: RowId;
  readonly subject: string;
  readonly sealedSeed: Uint8Array;
  /** The newest time step whose code was used; no code of this or an earlier one counts again. */
  readonly lastStep: number;
  /** Milliseconds since 1970. */
  readonly sinceMs: number;
}

/** Recovery codes that were made together. */
export interface RecoveryCodes {
  readonly id: RowId;
  readonly left: number;
  readonly of: number;
  /** Milliseconds since 1970. */
  readonly createdAtMs: number;
}

export interface FoundFactors {
  readonly head: Head;
  /** The oldest first. */
  readonly passkeys: readonly Passkey[];
  readonly totp: Totp | undefined;
  readonly recoveryCodes: RecoveryCodes | undefined;
}

export interface FoundPasskey {
  /** Read in the same statement: the `rev` of a session that the passkey opens. */
  readonly head: Head;
  readonly passkey: Passkey | undefined;
  readonly user: User | undefined;
}

/** New recovery codes of a person; those before end with them. */
export interface NewRecoveryCodes {
  readonly id: RowId;
  readonly digests: readonly TokenDigest[];
  /** Milliseconds since 1970. */
  readonly atMs: number;
}

/** What is to go. Recovery codes go with the last factor beside which they were made, whatever is said of them here. */
export interface RemovedFactors {
  readonly totp?: boolean | undefined;
  readonly recoveryCodes?: boolean | undefined;
  readonly passkeys?: RowId | "all" | undefined;
}

export interface FactorStore {
  findFactors(subject: string): Promise<FoundFactors>;
  /** By the id that an authenticator gave, base64url. */
  findPasskey(credentialId: string): Promise<FoundPasskey>;

  /**
   * Stores a passkey, unless its credential is known ("taken"), its person has `most` ("full") or is not there
   * ("unknown"); nothing changes then.
   */
  addPasskey(passkey: Passkey, most: number): Promise<"added" | "full" | "taken" | "unknown">;
  /** False where this person has no such passkey. */
  renamePasskey(subject: string, id: RowId, name: string): Promise<boolean>;
  /**
   * Notes a use. False, and nothing changes, if the authenticator counts and has not counted on: of two with one key
   * that count alike only one gets true, whatever the node.
   */
  usePasskey(
    id: RowId,
    use: { readonly signCount: number; readonly isBackedUp: boolean; readonly atMs: number },
  ): Promise<boolean>;

  /** No use of it counts any more, however its authenticator counts. */
  distrustPasskey(id: RowId): Promise<void>;

  /** Stores a seed with its recovery codes; false, and nothing changes, where there is one or no such person. */
  putTotp(totp: Totp, codes: NewRecoveryCodes): Promise<boolean>;
  /** Uses up a time step and all before it. Of any number of concurrent calls for one step exactly one gets true. */
  useTotpStep(id: RowId, step: number): Promise<boolean>;

  /** False, and nothing changes, where the person has neither a seed nor a passkey. */
  putRecoveryCodes(subject: string, codes: NewRecoveryCodes): Promise<boolean>;
  /** The id of the set that an unused code is of, which is used from then on; of concurrent calls one gets it. */
  useRecoveryCode(subject: string, digest: TokenDigest, atMs: number): Promise<RowId | undefined>;

  /** Removes factors with the orders that follow, in one transaction. False: there is no such person. */
  removeFactors(subject: string, removed: RemovedFactors, orders: readonly Order[]): Promise<boolean>;
}
