// Reads the columns of one row in the order of its SELECT: the boundary at which database values become typed ones.

import type { ActClaim } from "@rescind/core";
import type { Row, SqlValue } from "./executor.ts";

const noWords: readonly string[] = [];
const noMembers: Readonly<Record<string, unknown>> = {};

/** Each call takes the next column. A column of another type than asked is a damaged row: TypeError. */
export class Columns {
  readonly #row: Row;
  #next = 0;

  constructor(row: Row) {
    this.#row = row;
  }

  text(): string {
    const value = this.#take();
    return typeof value === "string" ? value : this.#wrong("text", value);
  }

  optionalText(): string | undefined {
    const value = this.#take();
    if (value === null) return undefined;
    return typeof value === "string" ? value : this.#wrong("text", value);
  }

  whole(): number {
    const value = this.#take();
    return typeof value === "number" ? value : this.#wrong("a number", value);
  }

  optionalWhole(): number | undefined {
    const value = this.#take();
    if (value === null) return undefined;
    return typeof value === "number" ? value : this.#wrong("a number", value);
  }

  flag(): boolean {
    return this.whole() !== 0;
  }

  bytes(): Uint8Array {
    const value = this.#take();
    return value instanceof Uint8Array ? value : this.#wrong("bytes", value);
  }

  optionalBytes(): Uint8Array | undefined {
    const value = this.#take();
    if (value === null) return undefined;
    return value instanceof Uint8Array ? value : this.#wrong("bytes", value);
  }

  /** Words with single spaces between them; null or empty text for none. */
  words(): readonly string[] {
    const text = this.optionalText();
    return text === undefined || text === "" ? noWords : text.split(" ");
  }

  /** As `words`; null for undefined. */
  optionalWords(): readonly string[] | undefined {
    const text = this.optionalText();
    return text === undefined ? undefined : text.split(" ");
  }

  /** A JSON array of texts; null for none. */
  list(): readonly string[] {
    const text = this.optionalText();
    return text === undefined ? noWords : (JSON.parse(text) as string[]); // parsing boundary: written by `asList`
  }

  /** A JSON object; null for an empty one. */
  members(): Readonly<Record<string, unknown>> {
    const text = this.optionalText();
    return text === undefined ? noMembers : (JSON.parse(text) as Record<string, unknown>); // as above, `asMembers`
  }

  /** The `act` claim as JSON; null for none. */
  act(): ActClaim | undefined {
    const text = this.optionalText();
    return text === undefined ? undefined : (JSON.parse(text) as ActClaim); // as above, `asAct`
  }

  /** True where the next column is null, as all columns of a row that an outer join did not find. Takes nothing. */
  isNull(): boolean {
    return (this.#row[this.#next] ?? null) === null;
  }

  #take(): SqlValue {
    const value = this.#row[this.#next];
    this.#next += 1;
    if (value === undefined) throw new TypeError(`the row has no column ${this.#next}`);
    return value;
  }

  #wrong(expected: string, value: SqlValue): never {
    throw new TypeError(
      `column ${this.#next} holds ${value === null ? "null" : typeof value}, not ${expected}`,
    );
  }
}

export function orNull<Value>(value: Value | undefined): Value | null {
  return value === undefined ? null : value;
}

export function asFlag(value: boolean | undefined): number {
  return value === true ? 1 : 0;
}

export function asWords(words: readonly string[]): string {
  return words.join(" ");
}

export function optionalWords(words: readonly string[] | undefined): string | null {
  return words === undefined || words.length === 0 ? null : words.join(" ");
}

export function asList(texts: readonly string[]): string | null {
  return texts.length === 0 ? null : JSON.stringify(texts);
}

export function asMembers(members: Readonly<Record<string, unknown>>): string | null {
  const text = JSON.stringify(members);
  return text === "{}" ? null : text;
}

export function asAct(act: ActClaim | undefined): string | null {
  return act === undefined ? null : JSON.stringify(act);
}
