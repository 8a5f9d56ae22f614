// One-time links with which a person sets a password: the first one, or another where it was forgotten. There is no
// mail here; an administrator hands the link over. Whoever opens it first becomes that person, so it is a secret.

import { type Judged, parseToken, type User } from "@rescind/core";
import type { SetupLink } from "@rescind/store";
import type { Dependencies } from "../dependencies.ts";
import { newToken } from "../keys/digest.ts";
import { catchUp } from "../revocation/commit.ts";
import { hashPassword } from "./password.ts";
import { subjectOrder } from "./user-orders.ts";

/** Seconds. */
export const setupLinkLives = { firstRun: 60 * 60, administrator: 24 * 60 * 60 } as const;

export interface MadeLink {
  readonly setupUrl: string;
  /** Seconds since 1970. */
  readonly expiresAt: number;
}

/**
 * Makes a link for a person, which ends earlier ones of theirs.
 * @param link.rev the head read with the person: a later revocation of them covers the link
 * @param link.life seconds
 */
export async function makeSetupLink(
  link: { readonly subject: string; readonly rev: number; readonly life: number },
  deps: Pick<Dependencies, "hashing" | "issuer" | "now" | "store">,
): Promise<MadeLink> {
  const { subject, rev, life } = link;
  const id = deps.store.nextId();
  const text = newToken("setup", id);
  const issuedAt = Math.floor(deps.now() / 1000);
  const expiresAt = issuedAt + life;
  await deps.store.putSetupLink({ id, subject, rev, issuedAt, expiresAt }, deps.hashing.digest(text));
  return { setupUrl: setupUrlOf(text, deps.issuer), expiresAt };
}

/** Where a person opens a link. */
function setupUrlOf(text: string, issuer: string): string {
  return `${issuer}/setup?link=${text}`;
}

/** The link in such a URL; undefined where there is none. */
function linkIn(setupUrl: string): string | undefined {
  const text = URL.parse(setupUrl)?.searchParams.get("link") ?? "";
  return parseToken(text)?.kind === "setup" ? text : undefined;
}

export interface UsableLink {
  readonly link: SetupLink;
  readonly user: User;
}

/** The link that a text is, if it is genuine, unspent, unexpired, not covered, and its person is active. */
export async function findUsableLink(text: string, deps: Dependencies): Promise<UsableLink | undefined> {
  const parsed = parseToken(text);
  if (parsed?.kind !== "setup") return undefined;
  const { head, link, digest, user } = await deps.store.findSetupLink(parsed.rowId);
  if (link === undefined || user === undefined || user.status !== "active") return undefined;
  if (!deps.hashing.matches(text, digest)) return undefined;
  await deps.standing.reach(head);
  const verdict = deps.standing.judge(judgedSetupLink(link, deps.issuer), deps.now() / 1000);
  return verdict.kind === "live" ? { link, user } : undefined;
}

/**
 * Spends a link and sets the password that `passwordProblem` has let pass. Where there was one before, every session
 * and token of the person ends with it, and DIR/admin.json no longer offers the link. False: it was spent meanwhile.
 */
export async function setPasswordByLink(
  { link, user }: UsableLink,
  password: string,
  deps: Dependencies,
): Promise<boolean> {
  const hash = await hashPassword(password);
  const { subject } = user;
  const { passwordHash: before } = await deps.store.findUser(subject);
  const actor = { kind: "user", id: subject } as const;
  const orders = before === undefined ? [] : [subjectOrder(subject, "password_changed", actor, deps)];
  if (!(await deps.store.spendSetupLink(link.id, hash, orders))) return false;
  await catchUp(deps);
  const content = { sub: subject, by: "setup-link" };
  await deps.store.recordAudit({ action: "user.password-set", actor, atMs: deps.now(), content });
  await tidyOffer(deps);
  return true;
}

/** Takes the first user's link out of DIR/admin.json if it no longer works, and keeps it under today's issuer if it does. */
export async function tidyOffer(deps: Dependencies): Promise<void> {
  const file = await deps.adminFile.read();
  if (file?.setup_url === undefined) return;
  const { setup_url: offered, ...rest } = file;
  const text = linkIn(offered);
  const works = text !== undefined && (await findUsableLink(text, deps)) !== undefined;
  const current = works ? setupUrlOf(text, deps.issuer) : undefined;
  if (current !== offered) await deps.adminFile.write({ ...rest, ...(current && { setup_url: current }) });
}

/** What the rule judges of a link: its person only. */
function judgedSetupLink(link: SetupLink, issuer: string): Judged {
  const { subject, rev, issuedAt, expiresAt } = link;
  return {
    issuer,
    ours: true,
    subject,
    rev,
    authorisedAt: issuedAt,
    expiresAt,
    offline: false,
    lineage: [],
  };
}
