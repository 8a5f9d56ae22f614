// Makes an order for the store: fingerprint, life and identity of one revocation.

import { entryLife, isWide, type LongestLives, lifetimes, type RowId, type Unit } from "@rescind/core";
import type { About, Actor, Order, RevocationReason } from "@rescind/store";
import type { Dependencies } from "../dependencies.ts";

export interface OrderRequest {
  readonly unit: Unit;
  readonly actor: Actor;
  readonly reason: RevocationReason;
  readonly final: boolean;
  /** The selection as it was asked for, without secrets. */
  readonly select: Readonly<Record<string, unknown>>;
  readonly note?: string | undefined;
  /** Seconds, inclusive. */
  readonly before?: number | undefined;
  readonly suspend?: boolean | undefined;
  /** Of unit subject+client: of the stored consent only this scope is forgotten. */
  readonly scope?: string | undefined;
  readonly idempotency?: string | undefined;
  /** Whose it is, as far as it is known without asking the store. */
  readonly about?: About | undefined;
  /** Somebody waits until the verifiers have applied it (`Prefer: wait`). */
  readonly ack?: boolean | undefined;
  /** Given where the caller must know the id beforehand. */
  readonly id?: RowId | undefined;
}

export function orderOf(
  request: OrderRequest,
  deps: Pick<Dependencies, "awaited" | "hashing" | "issuer" | "now" | "store">,
): Order {
  const atMs = deps.now();
  const suspend = request.suspend === true;
  return {
    ...request,
    before: request.before ?? ownTime(request.unit, deps.issuer, atMs),
    ack: request.ack ?? deps.awaited,
    id: request.id ?? deps.store.nextId(),
    fp: deps.hashing.fingerprint(request.unit),
    atMs,
    lifeFor: (longest) =>
      entryLife(request.unit.name, suspend, atMs / 1000, coverable(request.unit, deps.issuer, longest)),
  };
}

/**
 * The longest lives of what an order of this unit covers. What another issuer gave out may live for the cap, whatever it
 * is registered with now: a token that claims too long a life today is believed once `max_token_ttl` is raised, and an
 * entry that covers it must still be there.
 */
function coverable(unit: Unit, issuer: string, longest: LongestLives): LongestLives {
  return unit.issuer === issuer ? longest : { ...longest, accessToken: lifetimes.accessTokenCap };
}

/**
 * Other issuers' tokens have no `rev`: a wide order of theirs is always one by time, by default its own (DESIGN.md
 * section 1). Seconds; undefined for all others.
 */
export function ownTime(unit: Unit, issuer: string, atMs: number): number | undefined {
  return unit.issuer !== issuer && isWide(unit.name) ? Math.floor(atMs / 1000) : undefined;
}
