// A login session is opened, or the one of the same person renewed, by every authentication. Either way the browser
// gets a new secret, so that what somebody planted or saw before is worth nothing (THREATS AC-14).

import { formatId, parseId, type RowId, type Session, type User } from "@rescind/core";
import type { Head } from "@rescind/store";
import type { Dependencies } from "../dependencies.ts";
import type { PageRequest } from "../http/answer.ts";
import { newToken } from "../keys/digest.ts";
import { logOut } from "../revocation/log-out.ts";
import { setCookie } from "./browser.ts";
import { isLive, signedIn } from "./signed-in.ts";

/** Who has just shown who they are, and how. */
export interface Authentication {
  readonly user: User;
  /** The first head read with what was shown: the password's digest, the passkey, the upstream's answer. */
  readonly head: { readonly position: Pick<Head["position"], "seq"> };
  /** RFC 8176. */
  readonly amr: readonly string[];
  /** Ids of what was shown beside the password: the session ends with any of them. */
  readonly factors?: readonly string[] | undefined;
  /** What the upstream provider gave for this sign-in: it hangs on the session from now on. */
  readonly upstreamToken?: RowId | undefined;
}

/**
 * Opens or renews the session of a person who has just shown who they are. A session of somebody else in this browser
 * ends. Returns the `Set-Cookie`.
 */
export async function openSession(
  { upstreamToken, ...authentication }: Authentication,
  request: PageRequest,
  deps: Dependencies,
): Promise<string> {
  const opened = await openOrRenew(authentication, request, deps);
  if (upstreamToken !== undefined) {
    const token = { id: upstreamToken, sessionId: opened.sessionId, atMs: deps.now() };
    await deps.store.attachUpstreamToken(token);
    deps.upstreams.attached(opened.sessionId);
  }
  return opened.cookie;
}

interface Opened {
  readonly sessionId: string;
  /** The `Set-Cookie`. */
  readonly cookie: string;
}

async function openOrRenew(
  { user, head, amr, factors = [] }: Authentication,
  request: PageRequest,
  deps: Dependencies,
): Promise<Opened> {
  const found = await signedIn(request, deps);
  const current = isLive(found) ? found.session : undefined;
  const authentication = {
    rev: head.position.seq,
    authenticatedAtMs: deps.now(),
    lastSeenMs: deps.now(),
    amr,
    factors,
    userAgent: request.userAgent,
    address: request.address,
  };
  if (current !== undefined && current.subject === user.subject) {
    // What it was opened with before still stands behind what was given in it.
    const all = [...new Set([...(current.factors ?? []), ...factors])];
    const cookie = await renew({ ...current, ...authentication, factors: all }, deps);
    if (cookie !== undefined) return { sessionId: current.sessionId, cookie };
  }
  if (current !== undefined && current.subject !== user.subject) await logOut(current, deps);
  const rowId = deps.store.nextId();
  const session: Session = {
    ...authentication,
    sessionId: formatId("session", rowId),
    subject: user.subject,
    openedAtMs: deps.now(),
  };
  const text = newToken("session", rowId);
  await deps.store.openSession({ rowId, session, digest: deps.hashing.digest(text) });
  return { sessionId: session.sessionId, cookie: setCookie("session", text, deps.issuer) };
}

/** Undefined if the session is no longer there, or a later authentication has renewed it already. */
async function renew(session: Session, deps: Dependencies): Promise<string | undefined> {
  const rowId = parseId("session", session.sessionId);
  if (rowId === undefined) return undefined;
  const text = newToken("session", rowId);
  const isRenewed = await deps.store.renewSession({ rowId, session, digest: deps.hashing.digest(text) });
  return isRenewed ? setCookie("session", text, deps.issuer) : undefined;
}
