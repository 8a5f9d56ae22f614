// Clients, resources, foreign issuers and signing keys in the node's memory. The store's `catalog` number, read in the same statement
// as the log's head, tells whether memory is still right, so that nothing here is ever stale.

import type { Client, ConsumerKey, ForeignIssuer, Resource } from "@rescind/core";
import type { Head, Store, StoredUpstream } from "@rescind/store";
import type { Seal } from "../keys/master-key.ts";
import { type KeyRing, loadKeyRing } from "../keys/signing-keys.ts";

export interface RegisteredClient {
  readonly client: Client;
  readonly keys: readonly ConsumerKey[];
}

/** Clients remembered at most; beyond it the one remembered longest goes. */
const mostClients = 10_000;

export class Catalog {
  readonly #store: Store;
  readonly #seal: Seal;
  #version = -1;
  #clients = new Map<string, RegisteredClient>();
  #resources: Promise<ReadonlyMap<string, Resource>> | undefined;
  #issuers: Promise<ReadonlyMap<string, ForeignIssuer>> | undefined;
  #upstreams: Promise<readonly StoredUpstream[]> | undefined;
  #keys: Promise<KeyRing> | undefined;

  constructor(store: Store, seal: Seal) {
    this.#store = store;
    this.#seal = seal;
  }

  /** The client as it was registered when `head` was read or later; undefined if there is none. */
  async client(clientId: string, head: Head): Promise<RegisteredClient | undefined> {
    this.#turnTo(head.catalog);
    const known = this.#clients.get(clientId);
    if (known !== undefined && head.catalog === this.#version) return known;
    const found = await this.#store.findClient(clientId);
    if (found.client === undefined) return undefined;
    const registered = { client: found.client, keys: found.keys };
    if (found.head.catalog === this.#version) this.#remember(clientId, registered);
    return registered;
  }

  async resources(head: Head): Promise<ReadonlyMap<string, Resource>> {
    this.#turnTo(head.catalog);
    if (this.#resources === undefined) {
      this.#resources = this.#store.listResources().then(byUri);
      this.#resources.catch(() => {
        this.#resources = undefined;
      });
    }
    return this.#resources;
  }

  /** The registered foreign issuers, by the `iss` of their tokens. */
  async issuers(head: Head): Promise<ReadonlyMap<string, ForeignIssuer>> {
    this.#turnTo(head.catalog);
    if (this.#issuers === undefined) {
      this.#issuers = this.#store.listIssuers().then(byIssuer);
      this.#issuers.catch(() => {
        this.#issuers = undefined;
      });
    }
    return this.#issuers;
  }

  /** The upstream providers, by their id. */
  async upstreams(head: Head): Promise<readonly StoredUpstream[]> {
    this.#turnTo(head.catalog);
    if (this.#upstreams === undefined) {
      this.#upstreams = this.#store.listUpstreams();
      this.#upstreams.catch(() => {
        this.#upstreams = undefined;
      });
    }
    return this.#upstreams;
  }

  async keys(head: Head): Promise<KeyRing> {
    this.#turnTo(head.catalog);
    if (this.#keys === undefined) {
      this.#keys = loadKeyRing(this.#store, this.#seal);
      this.#keys.catch(() => {
        this.#keys = undefined;
      });
    }
    return this.#keys;
  }

  #turnTo(version: number): void {
    if (version <= this.#version) return;
    this.#version = version;
    this.#clients = new Map();
    this.#resources = undefined;
    this.#issuers = undefined;
    this.#upstreams = undefined;
    this.#keys = undefined;
  }

  #remember(clientId: string, registered: RegisteredClient): void {
    const oldest = this.#clients.size >= mostClients ? this.#clients.keys().next().value : undefined;
    if (oldest !== undefined) this.#clients.delete(oldest);
    this.#clients.set(clientId, registered);
  }
}

function byUri(resources: readonly Resource[]): ReadonlyMap<string, Resource> {
  return new Map(resources.map((resource) => [resource.resource, resource]));
}

function byIssuer(issuers: readonly ForeignIssuer[]): ReadonlyMap<string, ForeignIssuer> {
  return new Map(issuers.map((issuer) => [issuer.issuer, issuer]));
}
