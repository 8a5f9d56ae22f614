// What the intentions ask of a database engine: read one statement, apply a fixed list of them. Statements are
// written once, in the common subset of SQLite and PostgreSQL, with `$1` placeholders. Row ids are bound as bigint
// and read as text (`CAST(id AS TEXT)`), since they do not fit a double.

export type SqlValue = null | string | number | bigint | Uint8Array;

/** A row's columns in the order of the statement. */
export type Row = readonly SqlValue[];

export interface Statement {
  readonly sql: string;
  readonly params: readonly SqlValue[];
}

export interface ApplyOptions {
  /**
   * A revocation. When the disk is full or the queue is long these still go through after everything else is
   * refused.
   */
  readonly urgent?: boolean | undefined;
}

export interface EngineFacts {
  readonly engine: "sqlite" | "postgres";
  readonly version: string;
  readonly durability: "local" | "replicated";
  readonly bytes: number;
  /** PostgreSQL's system identifier, where this role may ask for it: another one is another database. */
  readonly system?: string | undefined;
  /** PostgreSQL's timeline, likewise: it changes when a standby is promoted and when a backup is restored to a point in time. */
  readonly timeline?: number | undefined;
}

export interface Executor {
  /**
   * Runs one statement that changes nothing, on the primary, begun after the call; it sees everything whose
   * `apply` had resolved by then.
   * @throws StoreUnavailable
   */
  read(statement: Statement): Promise<readonly Row[]>;
  /**
   * Runs the statements in order in one transaction, which may hold other intentions too, and resolves after a
   * durable commit with the rows of each. All or nothing.
   * @throws StoreUnavailable the outcome is unknown or negative
   */
  apply(statements: readonly Statement[], options?: ApplyOptions): Promise<readonly (readonly Row[])[]>;
  facts(): Promise<EngineFacts>;
  /**
   * Calls the listener soon after another process may have appended to the log. Not every time and not exactly once:
   * whoever misses a call learns of the entry with its next read.
   */
  onCommitElsewhere(listener: () => void): void;
  /**
   * Calls the listener whenever a connection was made, before anything is read by it: the server at its other end may be
   * another one than before, with less on its log.
   */
  onConnected(listener: () => void): void;
  /** Finishes what was accepted, then closes. */
  close(): Promise<void>;
}
