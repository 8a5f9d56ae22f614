// Good tokens changed at random: letters, bytes, parts, members. THREATS.md section 5.

import assert from "node:assert/strict";
import { rejectionCodes, type Verifier } from "@rescind/verifier";
import type { FeedPeer } from "./feed-peer.ts";
import { decode, encode } from "./forged-token.ts";
import { makeSigner } from "./peer-signer.ts";
import { verdict } from "./running-verifier.ts";

const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.=+/ \n\u0000~é";
const values: readonly unknown[] = [null, "", 0, -1, 2 ** 53, [], {}, true, "usr_2", "none", "ES256", ["x"]];

/** Checks under way at once. */
const atOnce = 20;

type Random = () => number;
type Mutation = (token: string, other: string, random: Random) => string;

const pick = <T>(items: readonly T[], random: Random) => items[Math.floor(random() * items.length)];
const place = (text: string, random: Random) => Math.floor(random() * text.length);
const letter = (random: Random) => alphabet.charAt(place(alphabet, random));

const mutations: readonly Mutation[] = [
  (token, _, random) => spliced(token, place(token, random), 1, letter(random)),
  (token, _, random) => spliced(token, place(token, random), 0, letter(random)),
  (token, _, random) => spliced(token, place(token, random), 1, ""),
  (token, _, random) => token.slice(0, place(token, random)),
  (token, _, random) => token.slice(place(token, random)),
  (token, other, random) => {
    const at = place(token, random);
    return token.slice(0, at) + other.slice(at);
  },
  (token, other, random) => withParts(token, other, Math.floor(random() * 3)),
  flippedBit,
  flippedBit,
  flippedBit,
  (token, _, random) => changedMember(token, "header", random),
  (token, _, random) => changedMember(token, "claims", random),
  (token, _, random) => changedMember(token, "claims", random),
];

/** Good tokens under keys of several kinds, all of which the peer publishes from now on. */
export async function variedTokens(peer: FeedPeer): Promise<readonly string[]> {
  const tokens = [await peer.issue(), await peer.issue({ sub: "usr_2", scope: "orders:read admin" })];
  for (const alg of ["RS256", "EdDSA", "ES384"]) {
    peer.keys.push(await makeSigner(`key-${alg}`, alg));
    tokens.push(await peer.issue(), await peer.issue({ grant_id: undefined, groups: ["staff"] }));
  }
  return tokens;
}

/** Checks that none of so many mutations of these tokens is accepted, and that each is refused by a known code. */
export async function refuseMutations(
  verifier: Verifier,
  tokens: readonly string[],
  count: number,
  random: Random,
): Promise<void> {
  const refuse = async (): Promise<void> => {
    const token = pick(tokens, random) ?? "";
    const other = pick(tokens, random) ?? "";
    let mutated = pick(mutations, random)?.(token, other, random) ?? "";
    if (random() < 0.1) mutated = pick(mutations, random)?.(mutated, other, random) ?? "";
    if (tokens.includes(mutated)) return;
    const code = await verdict(verifier, mutated);
    assert.notEqual(code, "accepted", mutated);
    assert.ok(code !== "stale" && rejectionCodes.some((known) => known === code), `${code}: ${mutated}`);
  };
  for (let done = 0; done < count; done += atOnce) await Promise.all(Array.from({ length: atOnce }, refuse));
}

function spliced(token: string, at: number, removed: number, added: string): string {
  return token.slice(0, at) + added + token.slice(at + removed);
}

function withParts(token: string, other: string, index: number): string {
  return token
    .split(".")
    .map((part, i) => (i === index ? (other.split(".")[index] ?? "") : part))
    .join(".");
}

function flippedBit(token: string, _: string, random: Random): string {
  const parts = token.split(".");
  const index = Math.floor(random() * parts.length);
  const bytes = Buffer.from(parts[index] ?? "", "base64url");
  const at = Math.floor(random() * bytes.length);
  bytes[at] = (bytes[at] ?? 0) ^ (1 << Math.floor(random() * 8));
  parts[index] = bytes.toString("base64url");
  return parts.join(".");
}

function changedMember(token: string, part: "header" | "claims", random: Random): string {
  try {
    const { header, claims, signature } = decode(token);
    const members = part === "header" ? header : claims;
    const name = pick([...Object.keys(members), "crit", "cnf", "nbf"], random) ?? "";
    if (random() < 0.2) delete members[name];
    else members[name] = pick(values, random);
    return `${encode(header)}.${encode(claims)}.${signature}`;
  } catch {
    // What was mutated before may have no members left.
    return `${token}.`;
  }
}
