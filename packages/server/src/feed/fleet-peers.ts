// What the other nodes say of their verifiers, read from the database that they share. A node that is not heard of any
// more keeps its verifiers for as long as they can have leases from it, counted on this node's own monotonic clock from
// when its last sign of life was read, so that no wall clock has a say.

import type { FleetMember, Store } from "@rescind/store";
import { keyOf, type Leased } from "./fleet.ts";

/** Milliseconds for which a node that cannot write still gives leases; for so long others count on. */
export const goesOnUnheardMs = 4000;
/** Milliseconds between looks while somebody waits. */
const followMs = 50;

export interface FleetPeersParts {
  /** This node's own name. */
  readonly node: string;
  readonly store: Pick<Store, "fleetMembers" | "fleetNodes">;
  readonly monotonic: () => number;
}

export interface FleetPeers {
  leased(): readonly Leased[];
  /** As the nodes have written them down within a day, this node too. */
  everyone(): Promise<readonly FleetMember[]>;
  /** Resolves after a look that began after the call. */
  refreshed(): Promise<void>;
  /** Looks often; returns how to stop. */
  follow(): () => void;
  watch(listener: () => void): () => void;
  close(): void;
}

interface Peer {
  readonly beat: number;
  /** On the monotonic clock: when this beat was read first, which is after it was written. */
  readonly seenMono: number;
  /** Up to which beat its verifiers were read. */
  readonly readUpTo: number;
  readonly members: Map<string, FleetMember>;
}

export function fleetPeers({ node: self, store, monotonic }: FleetPeersParts): FleetPeers {
  const peers = new Map<string, Peer>();
  const listeners = new Set<() => void>();
  let followers = 0;
  let looking: Promise<void> | undefined;
  let next: Promise<void> | undefined;
  let timer: NodeJS.Timeout | undefined;

  const look = async (): Promise<void> => {
    const nodes = (await store.fleetNodes()).filter(({ node }) => node !== self);
    const news = nodes.filter(({ node, beat }) => peers.get(node)?.beat !== beat);
    await Promise.all(news.map(({ node, beat }) => follows(node, beat)));
    const listed = new Set(nodes.map(({ node }) => node));
    for (const [node, peer] of peers)
      if (!listed.has(node) && leasedOf(peer, monotonic()).length === 0) peers.delete(node);
    if (news.length > 0) for (const listener of listeners) listener();
  };
  const follows = async (node: string, beat: number): Promise<void> => {
    const known = peers.get(node);
    const found = await store.fleetMembers(node, known?.readUpTo ?? 0);
    const members = known?.members ?? new Map<string, FleetMember>();
    for (const { member } of found) {
      if (member.leased) members.set(keyOf(member), member);
      else members.delete(keyOf(member));
    }
    // What a later beat wrote was read whole, and everything up to the one that stands there.
    const readUpTo = found.reduce((greatest, one) => Math.max(greatest, one.beat), beat);
    peers.set(node, { beat, seenMono: monotonic(), readUpTo, members });
  };
  const refreshed = (): Promise<void> => {
    next ??= (looking ?? Promise.resolve())
      .catch(() => undefined)
      .then(() => {
        next = undefined;
        looking = look();
        return looking;
      });
    return next;
  };
  const lookOften = (): void => {
    if (followers === 0) return;
    const again = (): void => {
      if (followers > 0) timer = setTimeout(lookOften, followMs).unref();
    };
    refreshed().then(again, again);
  };

  return {
    leased: () => [...peers.values()].flatMap((peer) => leasedOf(peer, monotonic())),
    async everyone() {
      const nodes = await store.fleetNodes();
      const found = await Promise.all(nodes.map(({ node }) => store.fleetMembers(node, 0)));
      return found.flat().map(({ member }) => member);
    },
    refreshed,
    follow() {
      followers += 1;
      if (followers === 1) lookOften();
      return () => {
        followers -= 1;
        if (followers === 0) clearTimeout(timer);
      };
    },
    watch(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    close() {
      followers = 0;
      clearTimeout(timer);
    },
  };
}

function leasedOf({ seenMono, members }: Peer, atMono: number): Leased[] {
  const heldUntil = seenMono + goesOnUnheardMs;
  return [...members].flatMap(([key, { applied, maxStalenessMs }]) => {
    const untilMono = heldUntil + maxStalenessMs;
    return untilMono < atMono ? [] : [{ key, applied: applied.seq, untilMono }];
  });
}
