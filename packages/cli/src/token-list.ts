// A list of what is to be revoked: one token, token id (jti) or grant id a line. Blank lines and those that begin with
// `#` are skipped. Read in chunks, each small enough for one call of the bulk API.

import { linesOf } from "./lines.ts";

/** What one call takes: fewer than the server would, so that progress is seen and little is repeated after a failure. */
const mostNames = 1_000;
const mostCharacters = 4 << 20;
/** As the server takes them. */
const longestToken = 16_384;

export interface Chunk {
  readonly tokens: readonly string[];
  readonly tokenIds: readonly string[];
  readonly grantIds: readonly string[];
  /** Line numbers in the order in which the server counts names: tokens, token ids, grant ids. */
  readonly lines: readonly number[];
  /** Numbers of lines that cannot be any of these. */
  readonly malformed: readonly number[];
  /** The last line that was read for it. */
  readonly upTo: number;
}

interface Named {
  readonly line: number;
  readonly name: string;
}

/** @param from the first line that counts, from 1 */
export async function* chunksOf(path: string, from: number): AsyncGenerator<Chunk> {
  let named: Named[] = [];
  let characters = 0;
  let upTo = from - 1;
  for await (const one of namesIn(path, from)) {
    if (named.length >= mostNames || characters + one.name.length > mostCharacters) {
      yield chunkOf(named, upTo);
      [named, characters] = [[], 0];
    }
    named.push(one);
    characters += one.name.length;
    upTo = one.line;
  }
  if (named.length > 0) yield chunkOf(named, upTo);
}

/** How many names there are from that line on. */
export async function countNames(path: string, from: number): Promise<number> {
  let names = 0;
  for await (const _ of namesIn(path, from)) names += 1;
  return names;
}

async function* namesIn(path: string, from: number): AsyncGenerator<Named> {
  let line = 0;
  for await (const text of linesOf(path)) {
    line += 1;
    const name = text.trim();
    if (line >= from && name !== "" && !name.startsWith("#")) yield { line, name };
  }
}

function chunkOf(named: readonly Named[], upTo: number): Chunk {
  const kinds = Map.groupBy(named, ({ name }) => kindOf(name));
  const of = (kind: Kind): readonly Named[] => kinds.get(kind) ?? [];
  const names = (kind: Kind): string[] => of(kind).map(({ name }) => name);
  return {
    tokens: names("token"),
    tokenIds: names("token_id"),
    grantIds: names("grant_id"),
    lines: [...of("token"), ...of("token_id"), ...of("grant_id")].map(({ line }) => line),
    malformed: of("none").map(({ line }) => line),
    upTo,
  };
}

type Kind = "token" | "token_id" | "grant_id" | "none";

function kindOf(name: string): Kind {
  if (/^tid_[1-9]\d{0,18}$/.test(name)) return "token_id";
  if (/^gnt_[1-9]\d{0,18}$/.test(name)) return "grant_id";
  return name.length <= longestToken && /^[\x21-\x7e]+$/.test(name) ? "token" : "none";
}
