// One round trip: any number of statements sent in one go, with one synchronisation at the end, so that the first error
// stops all that follow it. The driver hands over the connection and passes on what comes back.
// https://www.postgresql.org/docs/current/protocol-flow.html#PROTOCOL-FLOW-PIPELINING

import { createHash } from "node:crypto";
import type pg from "pg";
import type { Row, Statement } from "../executor.ts";
import { decoded, encoded } from "./values.ts";

/** What a connection knows of the statements it has prepared, by text: their columns' types, once they were described. */
export type Prepared = Map<string, readonly number[] | undefined>;

export interface RoundEnd {
  /** Rows of the statements that were done, in their order. */
  readonly done: readonly (readonly Row[])[];
  /** The command tags of the same. */
  readonly tags: readonly string[];
  /** What stopped the rest: the server's error, or the connection's. Undefined: all were done. */
  readonly error: Error | undefined;
}

/** A connection keeps so many; further texts are sent whole each time. */
const mostPrepared = 500;

export class Round implements pg.Submittable {
  readonly #statements: readonly Statement[];
  readonly #prepared: Prepared | undefined;
  readonly #end: (end: RoundEnd) => void;
  /** Column types of the statements that were described in this round, by place. */
  readonly #types: (readonly number[])[] = [];
  /** Texts in the order they were sent to be parsed; undefined for those without a name. */
  readonly #parsing: (string | undefined)[] = [];
  readonly #done: (readonly Row[])[] = [];
  readonly #tags: string[] = [];
  #parsed = 0;
  #rows: Row[] = [];

  /** @param prepared undefined where statements may not be prepared under a name */
  constructor(
    statements: readonly Statement[],
    prepared: Prepared | undefined,
    end: (end: RoundEnd) => void,
  ) {
    this.#statements = statements;
    this.#prepared = prepared;
    this.#end = end;
  }

  /** How many statements have been done so far. */
  get doneSoFar(): number {
    return this.#done.length;
  }

  submit(connection: pg.Connection): void {
    connection.stream.cork();
    const underWay = new Set<string>();
    for (const statement of this.#statements) this.#send(connection, statement, underWay);
    connection.sync();
    connection.stream.uncork();
  }

  handleParseComplete(): void {
    const sql = this.#parsing[this.#parsed];
    this.#parsed += 1;
    if (sql !== undefined) this.#prepared?.set(sql, undefined);
  }

  handleRowDescription({ fields }: { readonly fields: readonly { readonly dataTypeID: number }[] }): void {
    this.#types[this.#done.length] = fields.map(({ dataTypeID }) => dataTypeID);
  }

  handleDataRow({ fields }: { readonly fields: readonly (string | null)[] }): void {
    this.#rows.push(decoded(fields, this.#typesOf(this.#done.length)));
  }

  handleCommandComplete({ text }: { readonly text: string }): void {
    const place = this.#done.length;
    const { sql } = this.#statements[place] ?? { sql: "" };
    if (this.#prepared?.has(sql) === true && this.#prepared.get(sql) === undefined)
      this.#prepared.set(sql, this.#types[place] ?? []);
    this.#done.push(this.#rows);
    this.#tags.push(text);
    this.#rows = [];
  }

  handleEmptyQuery(): void {
    this.handleCommandComplete({ text: "" });
  }

  handleReadyForQuery(): void {
    this.#end({ done: this.#done, tags: this.#tags, error: undefined });
  }

  handleError(error: Error): void {
    this.#end({ done: this.#done, tags: this.#tags, error });
  }

  handlePortalSuspended(): void {
    throw new Error("no portal was given a limit");
  }

  handleCopyInResponse(): void {
    throw new Error("nothing was to be copied");
  }

  #typesOf(place: number): readonly number[] {
    const { sql } = this.#statements[place] ?? { sql: "" };
    return this.#types[place] ?? this.#prepared?.get(sql) ?? [];
  }

  #send(connection: pg.Connection, { sql, params }: Statement, underWay: Set<string>): void {
    const isParsed = this.#prepared?.has(sql) === true || underWay.has(sql);
    const isNamed =
      isParsed || (this.#prepared !== undefined && this.#prepared.size + underWay.size < mostPrepared);
    const name = isNamed ? nameOf(sql) : "";
    if (!isParsed) {
      connection.parse({ name, text: sql, types: [] }, true);
      this.#parsing.push(isNamed ? sql : undefined);
      if (isNamed) underWay.add(sql);
    }
    connection.bind({ statement: name, values: params.map(encoded) }, true);
    if (this.#prepared?.get(sql) === undefined) connection.describe({ type: "P" }, true);
    connection.execute({}, true);
  }
}

const names = new Map<string, string>();

/** Made from the text, so that one name never means two statements, whoever else uses the connection. */
function nameOf(sql: string): string {
  const known = names.get(sql);
  if (known !== undefined) return known;
  const name = `rescind_${createHash("sha256").update(sql).digest("base64url")}`;
  names.set(sql, name);
  return name;
}
