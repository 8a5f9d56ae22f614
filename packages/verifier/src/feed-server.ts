// The feed's endpoints as seen from the verifier: settings, pages, the live stream, leases. CONTRACT.md section 6.
// Every request carries the feed's access token; a refused one is renewed once.

import {
  type ForeignIssuer,
  formatPosition,
  fromBase64url,
  type ParsedSnapshot,
  type Position,
  snapshotMediaType,
} from "@rescind/core";
import { CredentialsRefused, type FeedToken } from "./client-credentials.ts";
import { type FeedPage, parseFeedPage } from "./feed-page.ts";
import type { Lease } from "./freshness.ts";
import type { HttpClient, OpenAnswer } from "./http-client.ts";
import { exchangeJson, type Fetch, type JsonAnswer, Unanswered } from "./http-exchange.ts";
import { membersOf } from "./json.ts";
import type { KeySet } from "./key-set.ts";
import { readSignedLease } from "./signed-lease.ts";
import { readSignedSnapshot } from "./signed-snapshot.ts";
import type { KeptSnapshots } from "./snapshot-store.ts";
import type { Counts } from "./verify.ts";

/** Entries asked for at once. */
const pageLimit = 1000;
/** Milliseconds until a page has to be here. */
const pageTimeout = 10_000;
/** Milliseconds until a whole snapshot has to be here. */
const snapshotTimeout = 60_000;

export interface FeedSettings {
  readonly fingerprintKey: Uint8Array<ArrayBuffer>;
  /** Milliseconds. */
  readonly leaseInterval: number;
  /** Milliseconds; undefined if the server sets none. */
  readonly maxStalenessCap: number | undefined;
  /** Registered foreign issuers. */
  readonly issuers: readonly ForeignIssuer[];
}

export interface Acknowledgement {
  readonly verifier: string;
  readonly name: string | undefined;
  readonly applied: Position;
  /** Milliseconds. */
  readonly maxStaleness: number;
  readonly counts: Counts;
}

export interface FeedServerParts {
  /** For snapshots, which may come compressed. */
  readonly fetch: Fetch;
  /** For everything else. */
  readonly client: HttpClient;
  /** `rescind_revocations_endpoint`. */
  readonly endpoint: string;
  readonly issuer: string;
  readonly token: FeedToken;
  /** The feed's own keys. */
  readonly keys: KeySet;
  /** Milliseconds a lease may take; one that takes longer is of no use. */
  readonly leaseTimeout: number;
  /** Ends every request. */
  readonly signal: AbortSignal;
  readonly kept: KeptSnapshots;
}

export class FeedServer {
  readonly #parts: FeedServerParts;
  /** The last signed lease: by it the server notices that its log was set back. */
  #lastSigned: string | undefined;

  constructor(parts: FeedServerParts) {
    this.#parts = parts;
  }

  /** @throws Unanswered, CredentialsRefused */
  async settings(): Promise<FeedSettings> {
    const { status, body } = await this.#exchange(`${this.#parts.endpoint}/settings`, pageTimeout);
    const raw = membersOf(body);
    const { version, issuer, fingerprint_key: key, lease_interval: interval, max_staleness_cap: cap } = raw;
    const fingerprintKey = typeof key === "string" ? fromBase64url(key) : undefined;
    const isUsable = status === 200 && version === 1 && issuer === this.#parts.issuer;
    if (!isUsable || fingerprintKey === undefined || fingerprintKey.length < 16 || !isSeconds(interval))
      throw new Unanswered("The settings of the feed are not those of this issuer and version.", { status });
    const maxStalenessCap = isSeconds(cap) ? cap * 1000 : undefined;
    return {
      fingerprintKey,
      leaseInterval: interval * 1000,
      maxStalenessCap,
      issuers: Array.isArray(raw.issuers) ? raw.issuers.flatMap(readRegistered) : [],
    };
  }

  /** The snapshot of the log; undefined where there is none that is understood and signed. @throws Unanswered */
  async snapshot(): Promise<ParsedSnapshot | undefined> {
    const { issuer, keys, kept } = this.#parts;
    const read = (bytes: Uint8Array<ArrayBuffer>) => readSignedSnapshot(bytes, issuer, keys);
    const first = await kept.first(read);
    if (first !== undefined) return first;
    const token = await this.#parts.token.get();
    const abort = new AbortController();
    const end = () => abort.abort();
    const late = setTimeout(end, snapshotTimeout);
    this.#parts.signal.addEventListener("abort", end, { once: true });
    try {
      const response = await this.#parts.fetch(`${this.#parts.endpoint}/snapshot`, {
        headers: { accept: snapshotMediaType, authorization: `Bearer ${token}` },
        redirect: "manual",
        signal: abort.signal,
      });
      if (response.status === 401) this.#parts.token.discard(token);
      const isSnapshot = response.headers.get("content-type")?.startsWith(snapshotMediaType) === true;
      if (response.status !== 200 || !isSnapshot) {
        await response.body?.cancel();
        return undefined;
      }
      const bytes = new Uint8Array(await response.arrayBuffer());
      const snapshot = await read(bytes);
      if (snapshot !== undefined) kept.keep(bytes);
      return snapshot;
    } catch (cause) {
      throw new Unanswered("The feed gave no snapshot.", { cause });
    } finally {
      clearTimeout(late);
      this.#parts.signal.removeEventListener("abort", end);
    }
  }

  /** A page of what is kept, from the beginning or after a number; undefined if it was not understood. @throws Unanswered */
  async page(after: number | undefined): Promise<FeedPage | undefined> {
    const from = after === undefined ? "" : `&after=${after}`;
    const { status, body } = await this.#exchange(
      `${this.#parts.endpoint}?limit=${pageLimit}${from}`,
      pageTimeout,
    );
    if (status !== 200) throw new Unanswered(`The feed answered ${status}.`, { status });
    return parseFeedPage(body);
  }

  /**
   * Opens the live stream after a position; undefined if the position is not on the log or not kept whole (410). Its
   * headers have to be here within `timeout` milliseconds. `abort` ends it at any time.
   * @throws Unanswered
   */
  async stream(after: Position, timeout: number, abort: AbortController): Promise<OpenAnswer | undefined> {
    const token = await this.#parts.token.get();
    const late = setTimeout(() => abort.abort(), timeout);
    try {
      const answer = await this.#parts.client.open(`${this.#parts.endpoint}?after=${formatPosition(after)}`, {
        method: "GET",
        headers: { accept: "text/event-stream", authorization: `Bearer ${token}` },
        redirect: "manual",
        signal: abort.signal,
      });
      const { status, contentType } = answer;
      if (status === 200 && contentType?.startsWith("text/event-stream") === true) return answer;
      if (status === 401) this.#parts.token.discard(token);
      if (status === 410) return undefined;
      throw new Unanswered(`The feed answered ${status}.`, { status });
    } finally {
      clearTimeout(late);
    }
  }

  /**
   * Acknowledges a position and gets a lease; `off-the-log` if the position is not on it (409). Undefined for an
   * answer without a lease that was signed for this request.
   * @throws Unanswered
   */
  async lease(acknowledgement: Acknowledgement): Promise<Lease | "off-the-log" | undefined> {
    const { verifier, name, applied, maxStaleness, counts } = acknowledgement;
    const nonce = crypto.randomUUID();
    const { status, body } = await this.#exchange(`${this.#parts.endpoint}/acks`, this.#parts.leaseTimeout, {
      verifier,
      ...(name === undefined ? {} : { name }),
      applied,
      max_staleness: maxStaleness / 1000,
      nonce,
      ...(this.#lastSigned === undefined ? {} : { lease: this.#lastSigned }),
      counts: { checks: counts.checks, refusals: counts.refusals, revoked_uses: counts.revokedUses },
    });
    if (status === 409) return "off-the-log";
    const { signed } = membersOf(body);
    if (status !== 200 || typeof signed !== "string") return undefined;
    const lease = await readSignedLease(signed, { issuer: this.#parts.issuer, nonce }, this.#parts.keys);
    if (lease !== undefined) this.#lastSigned = signed;
    return lease;
  }

  /** Without a body it is a GET. */
  async #exchange(
    url: string,
    timeout: number,
    body?: Readonly<Record<string, unknown>>,
  ): Promise<JsonAnswer> {
    const send = (token: string) =>
      exchangeJson(this.#parts.client.ask, {
        url,
        headers: {
          authorization: `Bearer ${token}`,
          ...(body === undefined ? {} : { "content-type": "application/json" }),
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        timeout,
        signal: this.#parts.signal,
      });
    const token = await this.#parts.token.get();
    let answer = await send(token);
    if (answer.status === 401) {
      this.#parts.token.discard(token);
      answer = await send(await this.#parts.token.get());
    }
    if (answer.status === 401 || answer.status === 403)
      throw new CredentialsRefused(
        "The feed refuses the verifier's client: it needs the scope rescind:feed.",
      );
    return answer;
  }
}

/** One registered issuer; none for what is not understood, whose tokens are then not accepted. */
function readRegistered(wire: unknown): ForeignIssuer[] {
  const { issuer, jwks_uri: jwksUri, max_token_ttl: maxTokenTtl } = membersOf(wire);
  if (typeof issuer !== "string" || typeof jwksUri !== "string" || !isSeconds(maxTokenTtl)) return [];
  return [{ issuer, jwksUri, maxTokenTtl }];
}

function isSeconds(value: unknown): value is number {
  return typeof value === "number" && Number.isFinite(value) && value > 0;
}
