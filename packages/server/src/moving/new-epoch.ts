// The new epoch that follows a restore: everything issued before it ends, foreign tokens included, since what revoked it
// may be among what was lost; and no signing key of before it goes on, since one that was revoked as stolen would be
// back. With the tokens kept it is a plain entry. DESIGN.md section 1, "Restores".

import { hash } from "node:crypto";
import {
  type Home,
  keyAcceptedFor,
  nextEpoch,
  type Position,
  type RestoreCause,
  type Unit,
  unitKey,
} from "@rescind/core";
import type { Order, SigningKeyRecord } from "@rescind/store";
import type { Dependencies } from "../dependencies.ts";
import { replaceSigningKey } from "../keys/signing-keys.ts";
import { orderOf } from "../revocation/order.ts";
import { foreignSelectOf, selectOf } from "../revocation/select.ts";

export interface Noticed {
  readonly cause: RestoreCause;
  /** The greatest number known to have been given on what was lost; 0 where none is known. */
  readonly above: number;
  readonly keepTokens: boolean;
  /** Where the database lives now, as far as it tells. */
  readonly home: Home | undefined;
  /** Tells two restores apart at the same position; nodes that notice the same give the same. */
  readonly mark: string;
}

export type EpochParts = Pick<Dependencies, "hashing" | "issuer" | "log" | "now" | "seal" | "store">;

const actor = { kind: "server", id: "restore" } as const;

/**
 * Begins the epoch and says so in the log. In force when this resolves.
 * @returns false if another node began it
 * @throws StoreUnavailable
 */
export async function beginNewEpoch(noticed: Noticed, parts: EpochParts): Promise<boolean> {
  const { store, issuer, log } = parts;
  const { cause, above, keepTokens, home } = noticed;
  const { position } = await store.head();
  const { epochSeq } = await store.whereabouts();
  const atMs = parts.now();
  const epoch = nextEpoch(atMs / 1000, [position.seq, above, epochSeq]);
  const orders = keepTokens ? [] : await endings(noticed, position, parts);
  const content = { cause, epoch, after: position, above, keep_tokens: keepTokens };
  const id = store.nextId();
  const began = await store.beginEpoch({ id, epoch, orders, atMs, actor, content, home });
  const facts = { issuer, cause, epoch, after: position.seq, lost_up_to: above || undefined, began };
  log.error(facts, keepTokens ? lostWithTokensKept : lostAndReplaced);
  return began;
}

const lostAndReplaced =
  "the database came back from a backup: a new epoch has begun, every token and session of before has ended and the signing keys are new. What was done since the backup is lost: look at suspended clients and keys, users, and registrations";
const lostWithTokensKept =
  "the database came back from a backup and its tokens were kept: every revocation, suspension, spent token and disabled user since the backup is undone";

/** `all` first: it opens the epoch. */
async function endings(noticed: Noticed, position: Position, parts: EpochParts): Promise<Order[]> {
  const { issuer, store, seal } = parts;
  const issuers = await store.listIssuers();
  const keys = (await store.listSigningKeys()).filter((key) => mayBeBelieved(key, parts.now()));
  for (const key of keys) await replaceSigningKey(store, seal, key, parts.now());
  const units: Unit[] = [
    { name: "all", issuer, value: "" },
    ...issuers.map((foreign): Unit => ({ name: "issuer", issuer: foreign.issuer, value: "" })),
    ...keys.map(({ kid }: SigningKeyRecord): Unit => ({ name: "signing-key", issuer, value: kid })),
  ];
  const about = `${noticed.cause} ${noticed.mark} ${position.seq} ${position.hash}`;
  return units.map((unit) =>
    orderOf(
      {
        unit,
        actor,
        reason: "restore",
        final: true,
        select: unit.issuer === issuer ? selectOf(unit) : foreignSelectOf(unit),
        idempotency: hash("sha256", `restore ${about} ${unitKey(unit)}`, "base64url"),
      },
      parts,
    ),
  );
}

/** Those of the feed sign no tokens, and who follows the feed asks for them again and again. */
function mayBeBelieved(
  { use, retiredAtMs = Number.POSITIVE_INFINITY }: SigningKeyRecord,
  nowMs: number,
): boolean {
  return use !== "feed" && nowMs < retiredAtMs + keyAcceptedFor * 1000;
}
