// Who is signed in at this browser: the session of its cookie, judged by the rule like a token.

import { judgedSession, parseToken, type Session, type User, type Verdict } from "@rescind/core";
import type { Dependencies } from "../dependencies.ts";
import type { PageRequest } from "../http/answer.ts";
import type { ShownPerson } from "../pages/fields.ts";
import { cookieOf } from "./browser.ts";

export interface SignedIn {
  readonly session: Session;
  readonly user: User;
  readonly verdict: Verdict;
}

/** Milliseconds between two notes that a session was used. */
const touchedEvery = 60_000;

/** The session that the browser's cookie proves, with its person and verdict; undefined without one. */
export async function signedIn(request: PageRequest, deps: Dependencies): Promise<SignedIn | undefined> {
  const text = cookieOf(request, "session", deps.issuer) ?? "";
  const parsed = parseToken(text);
  if (parsed?.kind !== "session") return undefined;
  const { head, session, digest, user } = await deps.store.findSession(parsed.rowId);
  if (session === undefined || user === undefined) return undefined;
  if (!deps.hashing.matches(text, digest)) return undefined;
  await deps.standing.reach(head);
  const verdict = deps.standing.judge(judgedSession(session, deps.issuer), deps.now() / 1000);
  return { session, user, verdict };
}

export function isLive(found: SignedIn | undefined): found is SignedIn {
  return found !== undefined && found.verdict.kind === "live" && found.user.status === "active";
}

/** Notes that a live session was used, once a minute at most: it ends after twelve hours without use. */
export async function touch({ session }: Pick<SignedIn, "session">, deps: Dependencies): Promise<void> {
  const nowMs = deps.now();
  if (nowMs - session.lastSeenMs >= touchedEvery) await deps.store.touchSession(session.sessionId, nowMs);
}

/** A person as pages show them. */
export function shownPerson(user: User): ShownPerson {
  const lines = [...new Set([user.name, user.username, user.email])].filter((line) => line !== undefined);
  return { name: lines[0] ?? user.username, detail: lines[1] };
}
