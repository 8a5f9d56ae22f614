// What the tests of the dispatcher stand on: a real store, a real receiver, and a clock that can be moved.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { formatId, type RowId, type Unit } from "@rescind/core";
import {
  type About,
  type Binding,
  type Delivery,
  openStore,
  type Receipt,
  type RevocationReason,
  type Store,
  type Subscription,
} from "@rescind/store";
import { pino } from "pino";
import { type Receiver, startReceiver } from "../../../../test/webhook-receiver.ts";
import { tokenHashing } from "../../src/keys/digest.ts";
import { loadMasterKey } from "../../src/keys/master-key.ts";
import { metrics } from "../../src/metrics.ts";
import { orderOf } from "../../src/revocation/order.ts";
import { selectOf } from "../../src/revocation/select.ts";
import { StandingEntries } from "../../src/tokens/standing.ts";
import { type WebhookDispatcher, webhookDispatcher } from "../../src/webhooks/dispatcher.ts";
import { type WebhookSchedule, webhookSchedule } from "../../src/webhooks/schedule.ts";
import { secretPurpose } from "../../src/webhooks/sender.ts";
import { newWebhookSecret } from "../../src/webhooks/signature.ts";

export const issuer = "https://issuer.example";

/** Waits that a test can wait for. */
export const quick: WebhookSchedule = {
  ...webhookSchedule,
  firstMs: 30,
  mostMs: 100,
  pollMs: 50,
  stopMs: 300,
};

export interface World {
  readonly store: Store;
  readonly receiver: Receiver;
  readonly dispatcher: WebhookDispatcher;
  /** Another node on the same store. */
  node(schedule?: WebhookSchedule, allowPrivate?: boolean): WebhookDispatcher;
  /** Moves the dispatchers' clock. */
  later(milliseconds: number): void;
  now(): number;
  /** A subscription to a path of the receiver, or to a URL. */
  subscribe(where: string, more?: Partial<Pick<Subscription, "binding" | "events">>): Promise<RowId>;
  order(
    unit: Unit,
    more?: { reason?: RevocationReason; about?: About | undefined; suspend?: boolean },
  ): Promise<Receipt>;
  /** Orders on so many tokens, one after the other; their ids. */
  tokens(count: number, about?: About): Promise<string[]>;
  deliveries(subscriptionId: RowId): Promise<Delivery[]>;
}

let units = 0;

/** Tokens of a world have ids of their own. */
export function tokenUnit(): Unit {
  units += 1;
  return { name: "token", issuer, value: `tid_${units}` };
}

export async function openWorld(t: TestContext, schedule: WebhookSchedule = quick): Promise<World> {
  const data = mkdtempSync(join(tmpdir(), "rescind-test-"));
  const store = await openStore(`sqlite:${join(data, "rescind.db")}`);
  const seal = loadMasterKey(undefined, data);
  const hashing = tokenHashing(undefined, new Uint8Array(32));
  const standing = new StandingEntries(store, hashing.fingerprint);
  await standing.load();
  const secrets = new Map<string, string>();
  const nodes: WebhookDispatcher[] = [];
  let ahead = 0;
  const now = (): number => Date.now() + ahead;
  let end = async (): Promise<void> => undefined;
  const receiver = await startReceiver((release) => {
    end = release;
  }, secrets);
  t.after(async () => {
    await Promise.all([...nodes.map((node) => node.stop()), end()]);
    await store.close();
    rmSync(data, { recursive: true, force: true });
  });
  const parts = { store, seal, standing, now, metrics: metrics(), log: pino({ level: "silent" }) };
  const world: World = {
    store,
    receiver,
    now,
    get dispatcher() {
      return nodes[0] ?? world.node(schedule);
    },
    node(its = schedule, allowPrivate = true) {
      const node = webhookDispatcher({ ...parts, allowPrivate }, its);
      nodes.push(node);
      node.start();
      return node;
    },
    later(milliseconds) {
      ahead += milliseconds;
      for (const node of nodes) node.wake();
    },
    async subscribe(where, { binding = { kind: "none" } as Binding, events = [] } = {}) {
      const id = store.nextId();
      const secret = newWebhookSecret();
      if (where.startsWith("/")) secrets.set(where, secret);
      const { position } = await store.head();
      const made = await store.createSubscription(
        {
          id,
          url: where.startsWith("/") ? receiver.url + where : where,
          binding,
          events,
          sealedSecret: seal.seal(secretPurpose(id), Buffer.from(secret)),
          createdBy: { kind: "admin", id: "admin" },
          createdAtMs: now(),
        },
        position.seq,
      );
      if (!made) throw new Error("the log moved on");
      world.dispatcher.wake();
      return id;
    },
    async order(unit, { reason = "administrator", about, suspend } = {}) {
      const actor = { kind: "admin", id: "admin" } as const;
      const request = { unit, reason, actor, about, suspend, final: false, select: selectOf(unit) };
      const receipt = await store.revoke(orderOf(request, { hashing, now, store, issuer }));
      standing.wake();
      return receipt;
    },
    async tokens(count, about) {
      const ids: string[] = [];
      for (let i = 0; i < count; i++) {
        const unit = tokenUnit();
        await world.order(unit, { about });
        ids.push(unit.value);
      }
      return ids;
    },
    async deliveries(subscriptionId) {
      const { items } = await store.listDeliveries({ subscriptionId }, { limit: 1000, cursor: undefined });
      return items.toReversed();
    },
  };
  return world;
}

/** A grant's binding, live until far away. */
export function grantBinding(store: Store): Extract<Binding, { kind: "grant" }> {
  const at = Math.floor(Date.now() / 1000);
  return {
    kind: "grant",
    grantId: formatId("grant", store.nextId()),
    clientId: "shop",
    subject: "usr_alice",
    sessionId: undefined,
    offline: true,
    openedAt: at,
    expiresAt: at + 365 * 86_400,
  };
}
