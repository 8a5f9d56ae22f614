// A store for the peer that keeps everything: a Map per model, a Set of token ids per grant. The adapter that comes with
// oidc-provider forgets all but 1,000 entries. Writes nothing to disk; expired entries stay, as a run is short.

import type { Adapter, AdapterPayload } from "oidc-provider";

const grants = new Map<string, Set<{ readonly model: MapAdapter; readonly id: string }>>();

export class MapAdapter implements Adapter {
  readonly #entries = new Map<string, AdapterPayload>();

  async upsert(id: string, payload: AdapterPayload): Promise<void> {
    this.#entries.set(id, payload);
    if (payload.grantId === undefined) return;
    const members = grants.get(payload.grantId);
    if (members === undefined) grants.set(payload.grantId, new Set([{ model: this, id }]));
    else members.add({ model: this, id });
  }

  async find(id: string): Promise<AdapterPayload | undefined> {
    return this.#entries.get(id);
  }

  async findByUid(uid: string): Promise<AdapterPayload | undefined> {
    return this.#first((payload) => payload.uid === uid);
  }

  async findByUserCode(userCode: string): Promise<AdapterPayload | undefined> {
    return this.#first((payload) => payload.userCode === userCode);
  }

  async consume(id: string): Promise<void> {
    const payload = this.#entries.get(id);
    if (payload !== undefined) payload.consumed = Math.floor(Date.now() / 1000);
  }

  async destroy(id: string): Promise<void> {
    this.#entries.delete(id);
  }

  async revokeByGrantId(grantId: string): Promise<void> {
    for (const { model, id } of grants.get(grantId) ?? []) await model.destroy(id);
    grants.delete(grantId);
  }

  #first(wanted: (payload: AdapterPayload) => boolean): AdapterPayload | undefined {
    for (const payload of this.#entries.values()) if (wanted(payload)) return payload;
    return undefined;
  }
}
