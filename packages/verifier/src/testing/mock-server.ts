// The endpoints of a mock issuer that a verifier calls, behind a `fetch` instead of a network: metadata, keys, tokens,
// introspection and the feed. CONTRACT.md section 6.

import { type Judged, liveness, type Position, toBase64url, type Unit, unitsOf } from "@rescind/core";
import { readAccessToken } from "../access-token.ts";
import type { Clock } from "../clock.ts";
import { parseWirePosition } from "../feed-page.ts";
import { membersOf, parseJson } from "../json.ts";
import { fingerprintOf, type MockKey, mockKey } from "./mock-keys.ts";
import { MockLog } from "./mock-log.ts";

interface Keys {
  readonly token: MockKey;
  readonly feed: MockKey;
  readonly fingerprints: Uint8Array<ArrayBuffer>;
}

interface Issued {
  readonly claims: Readonly<Record<string, unknown>>;
  readonly judged: Judged;
}

/** Seconds between leases. */
const leaseInterval = 0.25;
const kid = "mock-1";

export class MockServer {
  readonly #issuer: string;
  readonly #clock: Clock;
  readonly #keys: Keys;
  readonly #log = new MockLog();
  readonly #issued = new Map<string, Issued>();
  /** What each verifier has applied. */
  readonly #applied = new Map<string, number>();
  #waiting: (() => void)[] = [];
  #isSilent = false;

  private constructor(issuer: string, clock: Clock, keys: Keys) {
    this.#issuer = issuer;
    this.#clock = clock;
    this.#keys = keys;
  }

  static async start(issuer: string, clock: Clock): Promise<MockServer> {
    const [token, feed] = await Promise.all([mockKey(kid, "ES256"), mockKey("mock-feed-1", "EdDSA")]);
    const fingerprints = crypto.getRandomValues(new Uint8Array(32));
    return new MockServer(issuer, clock, { token, feed, fingerprints });
  }

  /** Signs an access token with these claims. */
  async issue(claims: Readonly<Record<string, unknown>>): Promise<string> {
    const present = Object.entries({ rev: this.#log.head.seq, ...claims }).filter(
      ([, value]) => value !== undefined,
    );
    const all = Object.fromEntries(present);
    const text = await this.#keys.token.sign("at+jwt", all);
    const judged = readAccessToken(all, kid)?.judged;
    if (judged !== undefined) this.#issued.set(text, { claims: all, judged });
    return text;
  }

  /** Resolves when every verifier that follows has applied it. */
  async revoke(unit: Unit): Promise<void> {
    const fp = await fingerprintOf(unit, this.#keys.fingerprints);
    const seq = await this.#log.append({ unit: unit.name, fp });
    const isApplied = () =>
      [...this.#applied.values()].filter((applied) => applied >= seq).length >= this.#log.streams;
    while (!this.#isSilent && !isApplied())
      await new Promise<void>((resolve) => {
        this.#waiting.push(resolve);
      });
  }

  goSilent(): void {
    this.#isSilent = true;
    this.#log.cut();
    this.#wake();
  }

  comeBack(): void {
    this.#isSilent = false;
  }

  /** In place of the network. */
  readonly fetch: typeof fetch = async (input, init) => {
    const url = new URL(input instanceof Request ? input.url : input);
    if (this.#isSilent) throw new TypeError(`${url.origin} does not answer`);
    const body = typeof init?.body === "string" ? init.body : "";
    const headers = new Headers(init?.headers);
    const path = url.href.slice(this.#issuer.replace(/\/$/, "").length).replace(/\?.*$/, "");
    if (path === "/revocations" && headers.get("accept") === "text/event-stream")
      return this.#stream(url, init?.signal);
    const answer = await this.#answer(path, body, url);
    return answer === undefined
      ? Response.json({ title: "there is no such thing at a mock issuer" }, { status: 404 })
      : Response.json(answer.body, { status: answer.status });
  };

  async #answer(path: string, body: string, url: URL): Promise<Answer | undefined> {
    switch (path) {
      case "/.well-known/openid-configuration":
        return ok(this.#metadata());
      case "/oauth2/jwks":
        return ok({ keys: [this.#keys.token.publicJwk] });
      case "/revocations/jwks":
        return ok({ keys: [this.#keys.feed.publicJwk] });
      case "/oauth2/token":
        return ok({ access_token: "mock-feed-token", token_type: "Bearer", expires_in: 900 });
      case "/oauth2/introspect":
        return ok(await this.#introspect(new URLSearchParams(body).get("token") ?? ""));
      case "/revocations/settings":
        return ok({
          version: 1,
          issuer: this.#issuer,
          fingerprint_key: toBase64url(this.#keys.fingerprints),
          lease_interval: leaseInterval,
        });
      case "/revocations/acks":
        return this.#acknowledge(membersOf(parseJson(body)));
      case "/revocations":
        return ok(this.#log.page(Number.parseInt(url.searchParams.get("after") ?? "0", 10)));
      default:
        return undefined;
    }
  }

  #metadata(): Readonly<Record<string, unknown>> {
    const base = this.#issuer.replace(/\/$/, "");
    return {
      issuer: this.#issuer,
      jwks_uri: `${base}/oauth2/jwks`,
      token_endpoint: `${base}/oauth2/token`,
      introspection_endpoint: `${base}/oauth2/introspect`,
      rescind_revocations_endpoint: `${base}/revocations`,
      rescind_feed_jwks_uri: `${base}/revocations/jwks`,
    };
  }

  async #introspect(token: string): Promise<Readonly<Record<string, unknown>>> {
    const issued = this.#issued.get(token);
    if (issued === undefined) return { active: false };
    const { seq: head, hash } = this.#log.head;
    const units = unitsOf(issued.judged).map((unit) => fingerprintOf(unit, this.#keys.fingerprints));
    const fps = [...(await Promise.all(units)), ...issued.judged.lineage];
    const found = this.#log.standing.filter((entry) => entry.seq <= head && fps.includes(entry.fp));
    if (liveness(issued.judged, found, this.#clock().wall / 1000).kind !== "live") return { active: false };
    return { active: true, ...issued.claims, kid, head, hash };
  }

  #stream(url: URL, signal: AbortSignal | null | undefined): Response {
    const [seq = "0", hash = ""] = (url.searchParams.get("after") ?? "").split(".");
    if (!this.#log.holds({ seq: Number(seq), hash }))
      return Response.json({ title: "resync" }, { status: 410 });
    const headers = { "content-type": "text/event-stream" };
    return new Response(this.#log.stream(Number(seq), signal), { headers });
  }

  async #acknowledge({ verifier, applied, nonce }: Readonly<Record<string, unknown>>): Promise<Answer> {
    const { seq, hash } = membersOf(applied);
    const position: Position | undefined = parseWirePosition(seq, hash);
    if (position === undefined || !this.#log.holds(position))
      return { status: 409, body: { title: "resync" } };
    const { seq: head, hash: headHash } = this.#log.head;
    const lease = { nonce, head, hash: headHash, issued_at: this.#clock().wall };
    const signed = await this.#keys.feed.sign("rescind-lease+jwt", { iss: this.#issuer, ...lease });
    this.#applied.set(String(verifier), position.seq);
    this.#wake();
    return ok({ ...lease, signed });
  }

  #wake(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const resolve of waiting) resolve();
  }
}

interface Answer {
  readonly status: number;
  readonly body: unknown;
}

function ok(body: unknown): Answer {
  return { status: 200, body };
}
