// The verbs about upstream providers over an executor, as sql-store.ts has the others.

import type { Database } from "./database.ts";
import {
  attachUpstreamToken,
  endUpstreamTokens,
  heldUpstreamTokens,
  keepUpstreamToken,
  moveUpstreamCursor,
  upstreamCursor,
} from "./intentions/held-upstream-tokens.ts";
import {
  createUserWithIdentity,
  findIdentity,
  linkIdentity,
  listIdentities,
  noteIdentityUse,
  unlinkIdentity,
} from "./intentions/identities.ts";
import {
  claimUpstreamTokens,
  countUpstreamTokens,
  listUpstreamTokens,
  noteUpstreamAttempt,
  pendingUpstreamTokens,
  retryUpstreamToken,
} from "./intentions/upstream-tokens.ts";
import { createUpstream, deleteUpstream, listUpstreams, updateUpstream } from "./intentions/upstreams.ts";
import type { UpstreamStore } from "./store.ts";

export function sqlUpstreams(db: Database): UpstreamStore {
  return {
    createUpstream: (provider) => createUpstream(db, provider),
    updateUpstream: (provider) => updateUpstream(db, provider),
    deleteUpstream: (row, atMs) => deleteUpstream(db, row, atMs),
    listUpstreams: () => listUpstreams(db),
    findIdentity: (upstreamRow, upstreamSubject) => findIdentity(db, upstreamRow, upstreamSubject),
    listIdentities: (subject) => listIdentities(db, subject),
    linkIdentity: (identity) => linkIdentity(db, identity),
    createUserWithIdentity: (user, identity, atMs) => createUserWithIdentity(db, user, identity, atMs),
    noteIdentityUse: (use) => noteIdentityUse(db, use),
    unlinkIdentity: (id, subject) => unlinkIdentity(db, id, subject),
    keepUpstreamToken: (token) => keepUpstreamToken(db, token),
    attachUpstreamToken: (token) => attachUpstreamToken(db, token),
    heldUpstreamTokens: (filter, page) => heldUpstreamTokens(db, filter, page),
    endUpstreamTokens: (ends, atMs) => endUpstreamTokens(db, ends, atMs),
    upstreamCursor: () => upstreamCursor(db),
    moveUpstreamCursor: (number) => moveUpstreamCursor(db, number),
    claimUpstreamTokens: (nowMs, untilMs, limit) => claimUpstreamTokens(db, nowMs, untilMs, limit),
    noteUpstreamAttempt: (attempt) => noteUpstreamAttempt(db, attempt),
    retryUpstreamToken: (id, atMs) => retryUpstreamToken(db, id, atMs),
    listUpstreamTokens: (filter, page) => listUpstreamTokens(db, filter, page),
    countUpstreamTokens: (upstreamRow) => countUpstreamTokens(db, upstreamRow),
    pendingUpstreamTokens: () => pendingUpstreamTokens(db),
  };
}
