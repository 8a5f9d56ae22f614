// The published test vectors, read from where other languages read them.
import { readFileSync } from "node:fs";
import type { FeedEntry, TokenKind, Unit } from "@rescind/core";

interface Vectors {
  readonly fingerprint: {
    readonly key: string;
    readonly vectors: readonly {
      readonly unit: Unit["name"];
      readonly issuer: string;
      readonly value: string;
      readonly client?: string;
      readonly input: string;
      readonly fp: string;
    }[];
  };
  readonly chain: {
    readonly origin: string;
    readonly epoch: number;
    readonly log: readonly { readonly entry: FeedEntry; readonly canonical: string; readonly hash: string }[];
  };
  readonly token: {
    readonly tokens: readonly {
      readonly kind: TokenKind;
      readonly rowId: string;
      readonly random: string;
      readonly token: string;
    }[];
    readonly refused: readonly { readonly why: string; readonly token: string }[];
  };
}

/** Reads one file of vectors. */
export function readVectors<Name extends keyof Vectors>(name: Name): Vectors[Name] {
  // Parsing boundary: the files are ours, and the tests compare every member.
  return JSON.parse(readFileSync(new URL(`vectors/${name}.json`, import.meta.url), "utf8")) as Vectors[Name];
}

/** A page of the documents, by its path below `docs/`. */
export function readDocument(path: string): string {
  return readFileSync(new URL(`../../../docs/${path}`, import.meta.url), "utf8");
}
