// What the names of a bulk order select, looked up together: opaque access tokens and ids in one statement, everything
// else (refresh tokens, JWTs, grants) one after the other, giving way between them.

import { setImmediate } from "node:timers/promises";
import type { BulkRevocation } from "@rescind/admin-api";
import { formatId, parseId, parseToken, type RowId } from "@rescind/core";
import type { Dependencies } from "../dependencies.ts";
import { recognise } from "../tokens/recognise.ts";
import { lookUpSelection, type Selection, selectionOfToken, selectionOfTokenId } from "./selection.ts";

export type Name =
  | { readonly kind: "token"; readonly token: string }
  | { readonly kind: "token_id"; readonly tokenId: string }
  | { readonly kind: "grant"; readonly grantId: string };

/** Signatures checked in a row before others get their turn: a few milliseconds. */
const inARow = 8;

/** All names in the order in which an answer counts them: tokens, then token ids, then grant ids. */
export function namesOf({ tokens = [], token_ids = [], grant_ids = [] }: BulkRevocation): Name[] {
  return [
    ...tokens.map((token) => ({ kind: "token", token }) as const),
    ...token_ids.map((tokenId) => ({ kind: "token_id", tokenId }) as const),
    ...grant_ids.map((grantId) => ({ kind: "grant", grantId }) as const),
  ];
}

/** In the order of the names, 1,000 at most; undefined for what is not known here. */
export async function lookUpMany(
  names: readonly Name[],
  deps: Dependencies,
): Promise<readonly (Selection | undefined)[]> {
  const rows = names.map(rowOf);
  const digests = names.some(({ kind }) => kind === "token");
  const owners = await deps.store.findTokenOwners(
    rows.filter((row) => row !== undefined),
    { digests },
  );
  const selections: (Selection | undefined)[] = [];
  let looked = 0;
  for (const [index, name] of names.entries()) {
    const row = rows[index];
    const owner = row === undefined ? undefined : owners.get(row);
    if (row !== undefined && owner !== undefined) {
      const genuine = name.kind !== "token" || deps.hashing.matches(name.token, owner.digest);
      selections.push(genuine ? selectionOfTokenId(formatId("token", row), owner, deps) : undefined);
      continue;
    }
    selections.push(isOpaqueAccess(name) ? undefined : await lookUpOne(name, deps));
    looked += 1;
    if (looked % inARow === 0) await setImmediate();
  }
  return selections;
}

/** The row of an opaque access token, or of an id that may be one. */
function rowOf(name: Name): RowId | undefined {
  if (name.kind === "grant") return undefined;
  if (name.kind === "token_id") return parseId("token", name.tokenId);
  const parsed = parseToken(name.token);
  return parsed?.kind === "access" ? parsed.rowId : undefined;
}

function isOpaqueAccess(name: Name): boolean {
  return name.kind === "token" && rowOf(name) !== undefined;
}

async function lookUpOne(name: Name, deps: Dependencies): Promise<Selection | undefined> {
  if (name.kind === "token") return selectionOfToken(await recognise(name.token, deps), deps);
  const selection = await lookUpSelection(name, deps);
  return "status" in selection ? undefined : selection;
}
