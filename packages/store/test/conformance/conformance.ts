// The conformance suite: what every executor is held to. Each sentence of the interface's comments has its test here;
// what only one engine can do (crashes, full disks, damaged files) has its tests beside it.

import { describe } from "node:test";
import { affected } from "./affected.ts";
import { audit } from "./audit.ts";
import { betweenNodes } from "./between-nodes.ts";
import { codes } from "./codes.ts";
import { consents } from "./consents.ts";
import { deliveries } from "./deliveries.ts";
import { deviceCodes } from "./device-codes.ts";
import { epochs } from "./epochs.ts";
import { exchanged } from "./exchanged.ts";
import { factors } from "./factors.ts";
import { feed } from "./feed.ts";
import { lifting } from "./lifting.ts";
import { lists } from "./lists.ts";
import { liveness } from "./liveness.ts";
import { manyOrders } from "./many-orders.ts";
import { pruning } from "./pruning.ts";
import { pruningPeople } from "./pruning-people.ts";
import { pruningReach } from "./pruning-reach.ts";
import { registration } from "./registration.ts";
import { revocation } from "./revocation.ts";
import { rotation } from "./rotation.ts";
import { sessions } from "./sessions.ts";
import { setupLinks } from "./setup-links.ts";
import { subscriptions } from "./subscriptions.ts";
import type { Opener } from "./suite.ts";
import { tokens } from "./tokens.ts";
import { upstreams } from "./upstreams.ts";
import { users } from "./users.ts";

/** @param open an empty store, of which nothing else knows */
export function conformance(name: string, open: Opener): void {
  describe(`${name} holds the store's promises`, () => {
    for (const suite of [
      tokens,
      rotation,
      revocation,
      manyOrders,
      lifting,
      feed,
      audit,
      liveness,
      lists,
      affected,
      exchanged,
      epochs,
      subscriptions,
      deliveries,
      registration,
      pruning,
      users,
      setupLinks,
      factors,
      sessions,
      consents,
      codes,
      deviceCodes,
      pruningPeople,
      pruningReach,
      betweenNodes,
      upstreams,
    ])
      suite(open);
  });
}
