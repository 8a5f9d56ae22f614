// A peer that speaks the issuer's side of the feed over real HTTP: metadata, keys, tokens, pages, the live stream,
// leases, introspection. Written from CONTRACT.md section 6 alone, with node:crypto where the verifier has WebCrypto,
// so that both sides of the protocol are not one piece of code. Misbehaves on demand.

import { createHash, createHmac, randomBytes, randomUUID } from "node:crypto";
import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { gzipSync } from "node:zlib";
import {
  chainInput,
  type FeedEntry,
  fingerprintInput,
  type Judged,
  liveness,
  origin,
  type Position,
  type RevokeEntry,
  type UnitName,
  unitsOf,
} from "@rescind/core";
import { SignJWT } from "jose";
import { type Faults, noFaults } from "./peer-faults.ts";
import { makeSigner, type Signer } from "./peer-signer.ts";
import { snapshotBytes } from "./peer-snapshot.ts";

export const audience = "https://api.example";
export const clientId = "verifier one";
export const clientSecret = "s3cret+%&=ä";

export { makeSigner, type Signer } from "./peer-signer.ts";

export interface Logged {
  readonly entry: FeedEntry;
  readonly hash: string;
}

/** Another issuer, as it is registered at the peer, which also serves its keys. */
export interface Foreigner {
  readonly issuer: string;
  readonly maxTokenTtl: number;
  readonly keys: Signer[];
}

export interface Order {
  /** Of the unit; by default the peer. */
  readonly issuer?: string;
  readonly client?: string;
  readonly before?: number;
  readonly suspend?: boolean;
  readonly expires?: number;
  readonly ack?: boolean;
}

export class FeedPeer {
  readonly log: Logged[] = [];
  /** Numbers that were removed: pages leave them out. */
  readonly removed = new Set<number>();
  readonly faults: Faults = noFaults();
  readonly foreigners: Foreigner[] = [];
  /** How often each path was asked for. */
  readonly asked = new Map<string, number>();
  readonly acknowledgements: Record<string, unknown>[] = [];
  readonly keys: Signer[];
  readonly feedSigner: Signer;
  readonly fingerprintKey = randomBytes(32);
  pageSize = 1000;
  leaseInterval = 0.05;
  /** Milliseconds added to the server's clock. */
  clockOffset = 0;
  /** Access tokens for the feed that are accepted. */
  readonly feedTokens = new Set<string>();
  readonly #issued = new Map<string, Judged>();
  readonly #streams = new Set<ServerResponse>();
  readonly #server: Server;

  private constructor(keys: Signer[], feedSigner: Signer) {
    this.keys = keys;
    this.feedSigner = feedSigner;
    this.#server = createServer((request, response) => {
      this.#answer(request, response).then(
        (answer) => write(response, answer),
        () => response.destroy(),
      );
    });
  }

  static async start(): Promise<FeedPeer> {
    const peer = new FeedPeer([await makeSigner("sig-1", "ES256")], await makeSigner("feed-1", "EdDSA"));
    peer.#server.listen(0, "127.0.0.1");
    await once(peer.#server, "listening");
    return peer;
  }

  get issuer(): string {
    const { port } = this.#server.address() as AddressInfo;
    return `http://127.0.0.1:${port}`;
  }

  get head(): Position {
    const last = this.log.at(-1);
    return last === undefined ? origin : { seq: last.entry.seq, hash: last.hash };
  }

  get streams(): number {
    return this.#streams.size;
  }

  /** Signs an access token; `undefined` drops a claim. */
  async issue(claims: Record<string, unknown> = {}, header: Record<string, unknown> = {}): Promise<string> {
    const signer = this.keys.at(-1) ?? this.feedSigner;
    const now = Math.floor((Date.now() + this.clockOffset) / 1000);
    const all: Record<string, unknown> = {
      iss: this.issuer,
      sub: "usr_1",
      aud: audience,
      exp: now + 900,
      iat: now,
      jti: randomUUID(),
      client_id: "shop",
      scope: "orders:read",
      rev: this.head.seq,
      grant_id: "grt_1",
      sid: "ses_1",
      ...claims,
    };
    const present = Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined));
    const token = await new SignJWT(present)
      .setProtectedHeader({ alg: signer.alg, kid: signer.kid, typ: "at+jwt", ...header })
      .sign(signer.privateKey);
    this.remember(token, present, signer.kid);
    return token;
  }

  /** Makes introspection know a token by its claims. */
  remember(token: string, claims: Record<string, unknown>, signingKey: string | undefined): void {
    const textOf = (name: string) => (typeof claims[name] === "string" ? String(claims[name]) : undefined);
    this.#issued.set(token, {
      issuer: textOf("iss") ?? this.issuer,
      ours: claims.iss === this.issuer,
      tokenId: textOf("jti"),
      grantId: textOf("grant_id"),
      sessionId: textOf("sid"),
      subject: textOf("sub"),
      clientId: textOf("client_id"),
      signingKey,
      offline: claims.offline === true,
      rev: typeof claims.rev === "number" ? claims.rev : undefined,
      authorisedAt: typeof claims.iat === "number" ? claims.iat : undefined,
      expiresAt: Number(claims.exp),
      lineage: Array.isArray(claims.lineage) ? claims.lineage.filter((fp) => typeof fp === "string") : [],
    });
    this.#claims.set(token, claims);
  }

  readonly #claims = new Map<string, Record<string, unknown>>();

  revoke(unit: UnitName, value: string, order: Order = {}): number {
    const { client, issuer, ...members } = order;
    const fp = this.fingerprint(unit, value, client, issuer);
    return this.append({ seq: this.head.seq + 1, kind: "revoke", unit, fp, ...members });
  }

  lift(lifts: number): number {
    return this.append({ seq: this.head.seq + 1, kind: "lift", lifts });
  }

  append(entry: FeedEntry): number {
    const previous = Buffer.from(this.head.hash, "base64url");
    const hash = createHash("sha256").update(chainInput(previous, entry)).digest("base64url");
    const logged = { entry, hash };
    this.log.push(logged);
    for (const stream of this.#streams) this.#send(stream, logged);
    return entry.seq;
  }

  fingerprint(name: UnitName, value: string, client?: string, issuer = this.issuer): string {
    const unit = { name, issuer, value, ...(client === undefined ? {} : { client }) };
    const mac = createHmac("sha256", this.fingerprintKey).update(fingerprintInput(unit)).digest();
    return mac.subarray(0, 16).toString("base64url");
  }

  cutStreams(): void {
    for (const stream of this.#streams) stream.destroy();
  }

  timesAsked(path: string): number {
    return this.asked.get(path) ?? 0;
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, "close");
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<Answer> {
    const url = new URL(request.url ?? "/", this.issuer);
    this.asked.set(url.pathname, this.timesAsked(url.pathname) + 1);
    if (this.faults.down) {
      request.socket.destroy();
      return "streaming";
    }
    switch (url.pathname) {
      case "/.well-known/openid-configuration":
        return [200, this.#metadata()];
      case "/jwks":
        if (this.faults.noKeys) return [503, {}];
        return [200, { keys: this.keys.map((key) => key.publicJwk) }];
      case "/foreign-jwks":
        if (this.faults.noForeignKeys) return [503, {}];
        return [200, { keys: this.foreigners.flatMap(({ keys }) => keys.map((key) => key.publicJwk)) }];
      case "/feed-jwks":
        return [200, { keys: [this.feedSigner.publicJwk] }];
      case "/token":
        return this.#token(request, new URLSearchParams(await text(request)));
      case "/introspect":
        return this.#introspect(request, new URLSearchParams(await text(request)));
      default:
        return this.#feed(request, response, url);
    }
  }

  #metadata(): Record<string, unknown> {
    return {
      issuer: this.issuer,
      jwks_uri: `${this.issuer}/jwks`,
      token_endpoint: `${this.issuer}/token`,
      introspection_endpoint: `${this.issuer}/introspect`,
      rescind_revocations_endpoint: `${this.issuer}/revocations`,
      rescind_feed_jwks_uri: `${this.issuer}/feed-jwks`,
    };
  }

  #token(request: IncomingMessage, form: URLSearchParams): Answer {
    if (!isBasic(request)) return [401, { error: "invalid_client" }];
    const isAsked = form.get("grant_type") === "client_credentials" && form.get("resource") === this.issuer;
    if (!isAsked || form.get("scope") !== "rescind:feed") return [400, { error: "invalid_scope" }];
    const token = randomUUID();
    this.feedTokens.add(token);
    return [200, { access_token: token, token_type: "Bearer", expires_in: 900, scope: "rescind:feed" }];
  }

  #introspect(request: IncomingMessage, form: URLSearchParams): Answer {
    if (this.faults.noIntrospection) return [503, {}];
    if (!isBasic(request)) return [401, { error: "invalid_client" }];
    const token = form.get("token") ?? "";
    const judged = this.#issued.get(token);
    if (judged === undefined) return [200, { active: false }];
    const own = unitsOf(judged).map((unit) =>
      this.fingerprint(unit.name, unit.value, unit.client, unit.issuer),
    );
    const fps = [...own, ...judged.lineage];
    const found = this.standing().filter((entry) => fps.includes(entry.fp));
    const verdict = liveness(judged, found, (Date.now() + this.clockOffset) / 1000);
    if (verdict.kind !== "live") return [200, { active: false }];
    const { seq: head, hash } = this.head;
    return [200, { active: true, ...this.#claims.get(token), head, hash }];
  }

  standing(): RevokeEntry[] {
    const lifted = this.log.flatMap(({ entry }) => (entry.kind === "lift" ? [entry.lifts] : []));
    return this.log.flatMap(({ entry }) =>
      entry.kind === "revoke" && !lifted.includes(entry.seq) && !this.removed.has(entry.seq) ? [entry] : [],
    );
  }

  async #feed(request: IncomingMessage, response: ServerResponse, url: URL): Promise<Answer> {
    const token = request.headers.authorization?.replace("Bearer ", "") ?? "";
    if (!this.feedTokens.has(token)) return [401, {}];
    if (url.pathname === "/revocations/settings") return [200, this.#settings()];
    if (url.pathname === "/revocations/snapshot") return this.#snapshot(response);
    if (url.pathname === "/revocations/acks") return this.#acknowledge(JSON.parse(await text(request)));
    const [seq, hash] = (url.searchParams.get("after") ?? "0").split(".");
    const after = Number(seq);
    if (request.headers.accept === "text/event-stream") return this.#stream(response, after, hash ?? "");
    return this.#page(after, Number(url.searchParams.get("limit")));
  }

  #settings(): Record<string, unknown> {
    return {
      version: 1,
      issuer: this.issuer,
      fingerprint_key: this.fingerprintKey.toString("base64url"),
      lease_interval: this.leaseInterval,
      issuers: this.foreigners.map(({ issuer, maxTokenTtl }) => ({
        issuer,
        jwks_uri: `${this.issuer}/foreign-jwks`,
        max_token_ttl: maxTokenTtl,
      })),
    };
  }

  async #snapshot(response: ServerResponse): Promise<Answer> {
    if (this.faults.noSnapshot) return [404, {}];
    const signer = this.faults.leaseSigner ?? this.feedSigner;
    const whole = await snapshotBytes(this.issuer, this.head, this.standing(), (payload) =>
      new SignJWT(payload)
        .setProtectedHeader({ alg: signer.alg, kid: signer.kid, typ: "rescind-snapshot+jwt" })
        .sign(signer.privateKey),
    );
    response.writeHead(200, {
      "content-type": "application/vnd.rescind.snapshot",
      "content-encoding": "gzip",
    });
    response.end(gzipSync(this.faults.snapshot?.(whole) ?? whole));
    return "streaming";
  }

  #page(after: number, limit: number): Answer {
    const kept = this.log.filter(({ entry }) => entry.seq > after && !this.removed.has(entry.seq));
    const page = kept.slice(0, Math.min(limit, this.pageSize));
    return [
      200,
      {
        head: this.head.seq,
        hash: page.at(-1)?.hash ?? this.head.hash,
        entries: page.map(({ entry }) => entry),
        more: kept.length > page.length,
      },
    ];
  }

  #stream(response: ServerResponse, after: number, hash: string): Answer {
    if (!this.#isOnLog({ seq: after, hash }) || [...this.removed].some((seq) => seq > after))
      return [410, { type: "resync" }];
    response.writeHead(200, { "content-type": "text/event-stream" });
    response.write(": hello\n\n");
    response.on("close", () => this.#streams.delete(response));
    this.#streams.add(response);
    for (const logged of this.log) if (logged.entry.seq > after) this.#send(response, logged);
    return "streaming";
  }

  #send(stream: ServerResponse, logged: Logged): void {
    if (this.faults.silentStream) return;
    for (const { entry, hash } of this.faults.stream?.(logged) ?? [logged])
      stream.write(`event: entry\nid: ${entry.seq}.${hash}\ndata: ${JSON.stringify(entry)}\n\n`);
  }

  async #acknowledge(body: Record<string, unknown>): Promise<Answer> {
    this.acknowledgements.push(body);
    if (this.faults.noLeases) return [503, {}];
    const applied = body.applied as Position;
    const issuedAt = Date.now() + this.clockOffset;
    if (!this.#isOnLog(applied)) return [409, { type: "resync" }];
    const { seq: head, hash } = this.head;
    const payload = { iss: this.issuer, nonce: body.nonce, head, hash, issued_at: issuedAt };
    const signer = this.faults.leaseSigner ?? this.feedSigner;
    const signed = await new SignJWT(this.faults.lease?.(payload) ?? payload)
      .setProtectedHeader({ alg: signer.alg, kid: signer.kid, typ: "rescind-lease+jwt" })
      .sign(signer.privateKey);
    return [200, { nonce: body.nonce, head, hash, issued_at: issuedAt, signed }];
  }

  #isOnLog(position: Position): boolean {
    if (position.seq === 0) return position.hash === origin.hash;
    return this.log.some(({ entry, hash }) => entry.seq === position.seq && hash === position.hash);
  }
}

function isBasic(request: IncomingMessage): boolean {
  const encode = (value: string) => new URLSearchParams({ v: value }).toString().slice(2);
  const expected = Buffer.from(`${encode(clientId)}:${encode(clientSecret)}`).toString("base64");
  return request.headers.authorization === `Basic ${expected}`;
}

/** `streaming`: the response is written elsewhere, or not at all. */
type Answer = readonly [status: number, body: unknown] | "streaming";

function write(response: ServerResponse, answer: Answer): void {
  if (answer === "streaming") return;
  response.writeHead(answer[0], { "content-type": "application/json" });
  response.end(JSON.stringify(answer[1]));
}
