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
import type { EndedUnit, Order, SigningKeyRecord } from "@rescind/store";
import type { Dependencies } from "../dependencies.ts";
import { replaceSigningKey } from "../keys/signing-keys.ts";
import { orderOf } from "../revocation/order.ts";
import { foreignSelectOf, selectOf } from "../revocation/select.ts";

export interface Noticed {
  readonly cause: RestoreCause;
  /** The greatest number known to have been given on what was lost; 0 where none is known. */
  readonly above: number;
  readonly keepTokens: boolean;
  /** What stood for good in the database that was replaced. */
  readonly ended?: readonly EndedUnit[] | undefined;
  /** Where the database lives now, as far as it tells. */
  readonly home: Home | undefined;
  /** Tells two restores apart at the same position; nodes that notice the same give the same. */
  readonly mark: string;
}

export type EpochParts = Pick<Dependencies, "hashing" | "issuer" | "log" | "now" | "seal" | "store">;

/** Suspensions that an administrator could approve can be approved again: only orders of theirs can be lifted. */
const administration = { kind: "admin", id: "restore" } as const;
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
  const made = ordersFor(noticed, position, parts);
  const content = { cause, epoch, after: position, above, keep_tokens: keepTokens };
  const id = store.nextId();
  const [opening, orders] = keepTokens
    ? [undefined, made(await endedAgain(noticed, parts))]
    : [made([all(issuer)])[0], made([...(await everything(parts)), ...(await endedAgain(noticed, parts))])];
  const began = await store.beginEpoch({ id, epoch, opening, orders, atMs, actor, content, home });
  const facts = { issuer, cause, epoch, after: position.seq, lost_up_to: above || undefined, began };
  log.error(facts, keepTokens ? lostWithTokensKept : lostAndReplaced);
  return began;
}

const lostAndReplaced =
  "the database came back from a backup: a new epoch has begun, every token and session of before has ended and the signing keys are new. What was done since the backup is lost: look at suspended clients and keys, users, and registrations";
const lostWithTokensKept =
  "the database came back from a backup and its tokens were kept: every revocation, suspension, spent token and disabled user since the backup is undone";

interface Ending {
  readonly unit: Unit;
  readonly final: boolean;
  readonly suspend?: boolean | undefined;
}

function all(issuer: string): Ending {
  return { unit: { name: "all", issuer, value: "" }, final: true };
}

/** What ends beside `all`; signing keys are replaced first, so that issuing never lacks one. */
async function everything(parts: EpochParts): Promise<Ending[]> {
  const { store, issuer } = parts;
  const issuers = await store.listIssuers();
  const keys = (await store.listSigningKeys()).filter((key) => mayBeBelieved(key, parts.now()));
  for (const key of keys) await replaceSigningKey(store, parts.seal, key, parts.now());
  return [
    ...issuers.map((foreign): Unit => ({ name: "issuer", issuer: foreign.issuer, value: "" })),
    ...keys.map(({ kid }): Unit => ({ name: "signing-key", issuer, value: kid })),
  ].map((unit) => ({ unit, final: true }));
}

/** What stood for good in the database that was replaced stands again. */
async function endedAgain({ ended = [] }: Noticed, parts: EpochParts): Promise<Ending[]> {
  const kids = new Set(ended.flatMap(({ name, value }) => (name === "signing-key" ? [value] : [])));
  const keys = (await parts.store.listSigningKeys()).filter(({ kid }) => kids.has(kid));
  for (const key of keys) await replaceSigningKey(parts.store, parts.seal, key, parts.now());
  return ended.map(({ name, value, final }) => ({
    unit: { name, issuer: parts.issuer, value },
    final,
    suspend: name !== "signing-key",
  }));
}

function ordersFor(
  noticed: Noticed,
  position: Position,
  parts: EpochParts,
): (endings: readonly Ending[]) => Order[] {
  const { issuer } = parts;
  const about = `${noticed.cause} ${noticed.mark} ${position.seq} ${position.hash}`;
  return (endings) =>
    endings.map(({ unit, final, suspend }) =>
      orderOf(
        {
          unit,
          final,
          suspend,
          actor: final ? actor : administration,
          reason: "restore",
          select: unit.issuer === issuer ? selectOf(unit) : foreignSelectOf(unit),
          idempotency: hash("sha256", `restore ${about} ${suspend} ${unitKey(unit)}`, "base64url"),
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
