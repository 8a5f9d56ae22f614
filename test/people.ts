// People, login sessions and codes put straight into a running server's database, for tests of what comes after a
// browser: a code is as good as one that the pages made, and thousands of them take a moment.

import { createHash, hash, randomBytes } from "node:crypto";
import { join } from "node:path";
import {
  codeLife,
  formatId,
  formatToken,
  parseId,
  randomBytesPerToken,
  type Session,
  type User,
} from "@rescind/core";
import { type NewCode, openStore, type Store } from "@rescind/store";
import type { Answered, RegisteredClient, TestServer } from "./running-server.ts";

export const redirectUri = "https://app.example/callback";

/** A verifier and its challenge (RFC 7636 appendix B). */
export const pkce = {
  verifier: "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk",
  challenge: "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM",
} as const;

export interface SignedIn {
  readonly subject: string;
  readonly sessionId: string;
  /** The value of the session's cookie. */
  readonly cookie: string;
}

export interface People {
  readonly store: Store;
  addUser(facts?: Partial<User>): Promise<User>;
  /** Opens a session of a new person, or of this one. */
  signIn(user?: User, session?: Partial<Session>): Promise<SignedIn>;
  /** A code for this client; `facts` adds to or replaces the defaults: scope `openid`, PKCE, the client's audience. */
  code(client: RegisteredClient, person: SignedIn, facts?: Partial<NewCode["code"]>): Promise<string>;
  /** Registers a confidential client for the code flow. */
  client(more?: Record<string, unknown>): Promise<RegisteredClient>;
  redeem(client: RegisteredClient, code: string, form?: Record<string, string>): Promise<Answered>;
  /** The tokens of a new code. */
  tokens(
    client: RegisteredClient,
    person: SignedIn,
    facts?: Partial<NewCode["code"]>,
  ): Promise<Record<string, unknown>>;
  close(): Promise<void>;
}

/** Opens the server's database a second time, as another node would; `database` where it is not in its directory. */
export async function peopleOf(
  server: TestServer,
  database = `sqlite:${join(server.data, "rescind.db")}`,
): Promise<People> {
  const store = await openStore(database, { nodeId: 200 });
  const digest = (text: string): Uint8Array => hash("sha256", text, "buffer");
  const token = (kind: "session" | "code", id: string): string =>
    formatToken(kind, id, randomBytes(randomBytesPerToken));

  const people: People = {
    store,
    async addUser(facts = {}) {
      const subject = `usr_${randomBytes(12).toString("hex")}`;
      const user: User = {
        subject,
        username: subject.slice(4),
        name: undefined,
        email: undefined,
        emailVerified: false,
        groups: [],
        claims: {},
        roles: [],
        status: "active",
        ...facts,
      };
      if (!(await store.createUser(user, undefined, Date.now()))) throw new Error("the username is taken");
      return user;
    },
    async signIn(user, session = {}) {
      const { subject } = user ?? (await people.addUser());
      const rowId = store.nextId();
      const sessionId = formatId("session", rowId);
      const nowMs = Date.now();
      const cookie = token("session", rowId);
      const { position } = await store.head();
      await store.openSession({
        rowId,
        session: {
          sessionId,
          subject,
          rev: position.seq,
          authenticatedAtMs: nowMs,
          lastSeenMs: nowMs,
          amr: ["pwd"],
          userAgent: undefined,
          address: undefined,
          openedAtMs: nowMs,
          ...session,
        },
        digest: digest(cookie),
      });
      return { subject, sessionId, cookie };
    },
    async code(client, person, facts = {}) {
      const id = store.nextId();
      const text = token("code", id);
      const { session } = await store.findSession(parseId("session", person.sessionId) ?? "0");
      const at = Math.floor(Date.now() / 1000);
      const { head } = await store.findClient(client.client_id);
      const code = {
        id,
        clientId: client.client_id,
        subject: person.subject,
        sessionId: person.sessionId,
        redirectUri,
        redirectUriSent: true,
        scopes: ["openid"],
        audience: [server.issuer],
        nonce: undefined,
        codeChallenge: pkce.challenge,
        authTime: Math.floor((session?.authenticatedAtMs ?? 0) / 1000),
        amr: session?.amr,
        rev: head.position.seq,
        issuedAt: at,
        expiresAt: at + codeLife,
        ...facts,
      };
      await store.issueCode({ code, digest: digest(text), transaction: id, consent: [] });
      return text;
    },
    client: (more = {}) =>
      server.registerClient({
        grant_types: ["authorization_code", "refresh_token"],
        redirect_uris: [redirectUri],
        scope: "openid profile email groups read write offline_access",
        ...more,
      }),
    redeem: (client, code, form = {}) =>
      server.form(
        "/oauth2/token",
        {
          grant_type: "authorization_code",
          code,
          redirect_uri: redirectUri,
          code_verifier: pkce.verifier,
          ...form,
        },
        client,
      ),
    async tokens(client, person, facts = {}) {
      const { status, json, text } = await people.redeem(client, await people.code(client, person, facts));
      if (status !== 200) throw new Error(`the code was not redeemed: ${status} ${text}`);
      return json;
    },
    close: () => store.close(),
  };
  return people;
}

/** The S256 challenge of a verifier. */
export function challengeOf(verifier: string): string {
  return createHash("sha256").update(verifier).digest("base64url");
}
