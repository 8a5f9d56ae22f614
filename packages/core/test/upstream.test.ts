// Who somebody from an upstream provider becomes, and when the token of their sign-in is no longer needed.

import assert from "node:assert/strict";
import { test } from "node:test";
import {
  arrivalOf,
  type Session,
  type SignInFacts,
  sessionLives,
  signInPatience,
  type UpstreamPerson,
  type User,
  upstreamEnd,
  usernameFor,
} from "@rescind/core";

const person: UpstreamPerson = {
  sub: "there",
  email: "a@example.com",
  emailVerified: true,
  name: "Ada",
  username: "ada",
};
const user: User = {
  subject: "usr_1",
  username: "ada",
  name: undefined,
  email: "a@example.com",
  emailVerified: true,
  groups: [],
  claims: {},
  roles: [],
  status: "active",
};
const settings = { createUsers: false, linkByEmail: true };
const nobody = { known: undefined, namesake: undefined };

test("an address joins only where both sides have verified it and the user has no role", () => {
  const kind = (more: { person?: Partial<UpstreamPerson>; user?: Partial<User>; link?: boolean }) =>
    arrivalOf(
      { ...person, ...more.person },
      { ...settings, linkByEmail: more.link ?? true },
      { known: undefined, namesake: { ...user, ...more.user } },
    ).kind;
  assert.equal(kind({}), "link");
  assert.equal(kind({ user: { status: "disabled" } }), "disabled");
  for (const more of [
    { link: false },
    { person: { emailVerified: false } },
    { user: { emailVerified: false } },
    { user: { roles: ["viewer"] } },
    { user: { roles: ["administrator"] } },
  ] as const)
    assert.equal(kind(more), "unknown", JSON.stringify(more));
  assert.equal(arrivalOf(person, settings, nobody).kind, "unknown");
  assert.equal(arrivalOf(person, { ...settings, createUsers: true }, nobody).kind, "create");
  const known = { ...user, status: "disabled" } as const;
  assert.equal(arrivalOf(person, { ...settings, createUsers: true }, { ...nobody, known }).kind, "disabled");
});

test("a new person's username is the first text that can be one, numbered, at last made up", () => {
  assert.deepEqual(
    [0, 1, 2, 9].map((attempt) => usernameFor(person, attempt, "x")),
    ["ada", "ada-2", "ada-3", "user-x"],
  );
  const none = { ...person, username: " ", email: undefined, name: "\u202eada" };
  assert.equal(usernameFor(none, 0, "x"), "user-x");
  assert.equal(usernameFor({ ...none, email: "a@example.com" }, 0, "x"), "a@example.com");
});

test("a live grant keeps the token; without one the session's end or a revoked grant ends it", () => {
  const at = 1_800_000_000;
  const session: Session = {
    sessionId: "ses_1",
    subject: "usr_1",
    rev: 0,
    authenticatedAtMs: at * 1000,
    lastSeenMs: at * 1000,
    amr: ["fed"],
    userAgent: undefined,
    address: undefined,
    openedAtMs: at * 1000,
  };
  const fresh: SignInFacts = {
    createdAtMs: at * 1000,
    isAttached: true,
    session,
    isSessionCovered: false,
    hasLiveGrant: false,
    hasRevokedGrant: false,
  };
  const end = (facts: Partial<SignInFacts>, later = 0) => upstreamEnd({ ...fresh, ...facts }, at + later);
  assert.equal(end({}), undefined);
  assert.equal(end({ hasRevokedGrant: true }), "grant_revoked");
  assert.equal(end({ isSessionCovered: true }), "session_revoked");
  assert.equal(end({ session: undefined }), "session_gone");
  assert.equal(end({}, sessionLives.idle), "session_expired");
  for (const facts of [{ hasRevokedGrant: true }, { isSessionCovered: true }, { session: undefined }])
    assert.equal(
      end({ ...facts, hasLiveGrant: true }, sessionLives.longest),
      undefined,
      JSON.stringify(facts),
    );
  const loose = { isAttached: false, session: undefined };
  assert.deepEqual([end(loose, signInPatience), end(loose, signInPatience + 1)], [undefined, "abandoned"]);
});
