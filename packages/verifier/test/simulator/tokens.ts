// The tokens and units of a simulated world: few of each, so that orders and tokens often meet.

import { createHmac } from "node:crypto";
import {
  covers,
  fingerprintInput,
  fingerprintLength,
  type Judged,
  type StandingEntry,
  type Unit,
  unitKey,
  unitsOf,
} from "@rescind/core";
import type { Random } from "./random.ts";

export const issuer = "https://as.example";
export const foreignIssuer = "https://idp.example";

/** Seconds that tokens live. */
export const tokenLife = 120;

export interface SimulatedToken {
  readonly judged: Judged;
  /** Seconds, whatever its claims say. */
  readonly issuedAt: number;
  /** Its own units and those of what it was exchanged from, by name and not by fingerprint. */
  readonly keys: ReadonlySet<string>;
}

const fingerprintKey = Buffer.alloc(32, 7);
const known = new Map<string, string>();

export function fingerprint(unit: Unit): string {
  const key = unitKey(unit);
  const found = known.get(key);
  if (found !== undefined) return found;
  const mac = createHmac("sha256", fingerprintKey).update(fingerprintInput(unit)).digest();
  const made = mac.subarray(0, fingerprintLength).toString("base64url");
  known.set(key, made);
  return made;
}

/** The fingerprints that a verifier probes for a token. */
export function fingerprintsOf(judged: Judged): readonly string[] {
  return [...unitsOf(judged).map(fingerprint), ...judged.lineage];
}

/** Whether an entry of this unit covers the token: its reach by names, then the one rule. */
export function reaches(unit: Unit, entry: StandingEntry, token: SimulatedToken): boolean {
  return token.keys.has(unitKey(unit)) && covers(entry, token.judged);
}

/**
 * A token issued now.
 * @param rev the head when the decision to issue it began
 * @param at seconds since 1970
 * @param parent what it was exchanged from, if it was
 */
export function issueToken(
  random: Random,
  number: number,
  rev: number,
  at: number,
  parent: SimulatedToken | undefined,
): SimulatedToken {
  const isForeign = parent === undefined && random.chance(0.12);
  const judged = isForeign ? foreignToken(random, number, at) : ownToken(random, number, rev, at);
  if (parent === undefined) return { judged, issuedAt: at, keys: keysOf(judged) };
  const lineage = [
    ...unitsOf(parent.judged)
      .filter((unit) => unit.name !== "all")
      .map(fingerprint),
    ...parent.judged.lineage,
  ];
  const inherited = [...parent.keys].filter((key) => !key.startsWith("all\n"));
  const expiresAt = Math.min(judged.expiresAt, parent.judged.expiresAt);
  return {
    judged: { ...judged, expiresAt, lineage: [...new Set(lineage)] },
    issuedAt: at,
    keys: new Set([...keysOf(judged), ...inherited]),
  };
}

function keysOf(judged: Judged): Set<string> {
  return new Set(unitsOf(judged).map(unitKey));
}

function ownToken(random: Random, number: number, rev: number, at: number): Judged {
  const name = (kind: string, count: number) => `${kind}_${random.below(count)}`;
  return {
    issuer,
    ours: true,
    tokenId: `tid_${number}`,
    grantId: name("gnt", 8),
    sessionId: random.chance(0.8) ? name("ses", 6) : undefined,
    subject: name("usr", 5),
    clientId: name("cli", 3),
    keyId: random.chance(0.3) ? name("key", 2) : undefined,
    signingKey: random.chance(0.8) ? name("kid", 2) : undefined,
    offline: random.chance(0.5),
    rev,
    authorisedAt: at - random.below(100),
    expiresAt: at + tokenLife,
    lineage: [],
  };
}

function foreignToken(random: Random, number: number, at: number): Judged {
  return {
    issuer: foreignIssuer,
    ours: false,
    tokenId: random.chance(0.8) ? `tid_${number}` : undefined,
    subject: `usr_${random.below(5)}`,
    offline: false,
    authorisedAt: random.chance(0.9) ? at : undefined,
    expiresAt: at + tokenLife,
    lineage: [],
  };
}

/** A unit to revoke: mostly one that a token has. */
export function unitToRevoke(random: Random, token: SimulatedToken | undefined): Unit {
  if (token === undefined || random.chance(0.05)) return { name: "grant", issuer, value: "gnt_unknown" };
  const units = unitsOf(token.judged);
  const isRare = ({ name }: Unit) => name === "all" || name === "issuer" || name === "signing-key";
  const usual = units.filter((unit) => !isRare(unit));
  return (random.chance(0.06) ? random.of(units) : random.of(usual)) ?? { name: "all", issuer, value: "" };
}
