// The store over an executor: every verb of the interface, each in its own file under intentions/.

import { lifetimes } from "@rescind/core";
import { Columns } from "./columns.ts";
import { type Database, LongestKnown } from "./database.ts";
import type { Executor } from "./executor.ts";
import type { FactorStore } from "./factors.ts";
import { findAccessToken, findAccessTokens, issue } from "./intentions/access-tokens.ts";
import { countAffected } from "./intentions/affected.ts";
import { recallAnswer, rememberAnswer } from "./intentions/answers.ts";
import { spendAssertion } from "./intentions/assertions.ts";
import { listAudit, readAudit, recordAudit } from "./intentions/audit.ts";
import { verifyAudit } from "./intentions/audit-check.ts";
import {
  addConsumerKey,
  createClient,
  findClient,
  findConsumerKey,
  knowsOrigin,
  listClients,
  replaceKeyDigest,
  updateClient,
} from "./intentions/clients.ts";
import { findCode, issueCode, redeemCode } from "./intentions/codes.ts";
import { consentedScopes, listConsents } from "./intentions/consents.ts";
import {
  claimDeliveries,
  enqueueDeliveries,
  findDelivery,
  listDeliveries,
  noteAttempt,
  oldestPendingMs,
  resendDelivery,
} from "./intentions/deliveries.ts";
import { describe, ping } from "./intentions/description.ts";
import {
  denyDeviceCode,
  findDeviceCode,
  findDeviceCodeByUserCode,
  issueDeviceCode,
  notePoll,
} from "./intentions/device-codes.ts";
import { findEntries } from "./intentions/entries.ts";
import { beginEpoch } from "./intentions/epoch.ts";
import {
  findFactors,
  putRecoveryCodes,
  putTotp,
  removeFactors,
  useRecoveryCode,
  useTotpStep,
} from "./intentions/factors.ts";
import { countFailure } from "./intentions/failures.ts";
import { findFamily } from "./intentions/family.ts";
import { countAfter, hashAt, readFeed } from "./intentions/feed.ts";
import { beatFleet, fleetMembers, fleetNodes, pruneBetweenNodes } from "./intentions/fleet.ts";
import { listGrants } from "./intentions/grant-list.ts";
import { findGrant } from "./intentions/grants.ts";
import { head, onlyRow, raiseLongest } from "./intentions/head.ts";
import { findImportedToken, importToken } from "./intentions/imported-tokens.ts";
import { listIssuers, putIssuer } from "./intentions/issuers.ts";
import { readKept } from "./intentions/kept-entries.ts";
import { approve, lift } from "./intentions/lift.ts";
import { openGrant } from "./intentions/open-grant.ts";
import { findOrder, listOrders } from "./intentions/orders.ts";
import {
  addPasskey,
  distrustPasskey,
  findPasskey,
  renamePasskey,
  usePasskey,
} from "./intentions/passkeys.ts";
import { listSessions, listUsers } from "./intentions/people-lists.ts";
import { prune } from "./intentions/prune.ts";
import { findPushedRequest, pushRequest } from "./intentions/pushed-requests.ts";
import { findRefreshToken, issueKeeping, rotate } from "./intentions/refresh-tokens.ts";
import { listResources, putResource } from "./intentions/resources.ts";
import { passThrough, revoke, revokeMany } from "./intentions/revocation.ts";
import { findSecret, keepSecret, replaceSecret } from "./intentions/secrets.ts";
import { findSession, openSession, renewSession, touchSession } from "./intentions/sessions.ts";
import { findSetupLink, putSetupLink, spendSetupLink } from "./intentions/setup-links.ts";
import { addSigningKey, listSigningKeys, retireSigningKey } from "./intentions/signing-keys.ts";
import { longestStaleness, raiseLongestStaleness } from "./intentions/staleness.ts";
import {
  cancelSubscription,
  createSubscription,
  findSubscription,
  listSubscriptions,
  subscriptionsToServe,
} from "./intentions/subscriptions.ts";
import { listTokens } from "./intentions/token-list.ts";
import { findTokenOwner, findTokenOwners } from "./intentions/token-owners.ts";
import { claimTurn, endTurn } from "./intentions/turns.ts";
import {
  changeUser,
  createUser,
  deleteUser,
  findUser,
  findUserByName,
  setPassword,
} from "./intentions/users.ts";
import { noteUses } from "./intentions/uses.ts";
import { noteHome, notePending, placeOf, readHome, readWhereabouts } from "./intentions/whereabouts.ts";
import { type IdSource, RowIds } from "./row-ids.ts";
import { sqlUpstreams } from "./sql-upstreams.ts";
import type { Store } from "./store.ts";
import { StoreRefused } from "./store-refused.ts";

export interface SqlStoreOptions {
  /** 0 to 255; two servers on one database must differ. */
  readonly nodeId?: number | undefined;
  /**
   * The server's issuer. Where it is given, the database belongs to it from then on, and only its entries count in
   * lists and counts; where it is not, all do. A database of an issuer on loopback, whose port is chosen anew as it
   * pleases, moves along to the next one with all its entries: what was revoked stays so.
   */
  readonly issuer?: string | undefined;
  /** Other servers may use the database now: then it does not move to another issuer. */
  readonly isShared?: boolean | undefined;
  /** Seconds that expired rows stay; a day by default. */
  readonly graceSeconds?: number | undefined;
}

const defaultGrace = 24 * 60 * 60;

/**
 * The store over a database whose schema is current.
 * @param idsAbove where row ids come from, all of them greater than the one given
 * @throws StoreRefused the database belongs to another issuer
 */
export async function openSqlStore(
  executor: Executor,
  options: SqlStoreOptions,
  idsAbove: (greatest: bigint) => IdSource | Promise<IdSource> = (greatest) =>
    new RowIds(options.nodeId ?? 0, greatest),
): Promise<Store> {
  const owner = await claim(executor, options);
  const db: Database = {
    executor,
    ids: await idsAbove(await greatestId(executor)),
    longest: new LongestKnown({ accessToken: 0, grant: 0 }),
    cursors: { accessTokens: 0n, grants: 0n, codes: 0n, deviceCodes: 0n, entries: 0n },
    issuer: owner,
    graceSeconds: options.graceSeconds ?? defaultGrace,
  };
  await head(db);
  return sqlStore(db);
}

/** Raises the longest lives to this program's defaults, and notes whose database this is; whose it is. */
async function claim(
  executor: Executor,
  { issuer, isShared = false }: SqlStoreOptions,
): Promise<string | undefined> {
  const results = await executor.apply([
    {
      sql: "UPDATE catalog SET issuer = $1 WHERE issuer IS NULL AND CAST($1 AS TEXT) IS NOT NULL",
      params: [issuer ?? null],
    },
    { sql: "SELECT c.issuer FROM catalog c", params: [] },
    raiseLongest({
      accessToken: lifetimes.accessToken,
      grant: Math.max(lifetimes.grant, lifetimes.session, lifetimes.refreshTokenIdle),
    }),
  ]);
  const owner = new Columns(onlyRow(results[1])).optionalText();
  if (issuer === undefined || owner === undefined || owner === issuer) return owner;
  if (isShared || !isOnLoopback(owner))
    throw new StoreRefused(
      `This database belongs to the issuer ${owner}: its tokens are not those of ${issuer}. Start with that issuer, or with another database.`,
    );
  await executor.apply([
    { sql: "INSERT INTO issuer_names (issuer) VALUES ($1) ON CONFLICT DO NOTHING", params: [owner] },
    { sql: "UPDATE entries SET issuer = $1 WHERE issuer = $2", params: [issuer, owner] },
    { sql: "UPDATE catalog SET issuer = $1 WHERE issuer = $2", params: [issuer, owner] },
  ]);
  return issuer;
}

/** Nobody else can have met its tokens. */
function isOnLoopback(issuer: string): boolean {
  const { protocol, hostname } = new URL(issuer);
  return protocol === "http:" && /^(127\.[\d.]+|localhost|\[::1\])$/.test(hostname);
}

async function greatestId(executor: Executor): Promise<bigint> {
  const rows = await executor.read({
    sql: `SELECT CAST(max(m.id) AS TEXT) FROM (
        SELECT max(id) AS id FROM access_tokens UNION ALL SELECT max(id) FROM refresh_tokens
        UNION ALL SELECT max(id) FROM grants UNION ALL SELECT max(id) FROM clients
        UNION ALL SELECT max(row_id) FROM consumer_keys UNION ALL SELECT max(order_id) FROM audit WHERE order_id IS NOT NULL
        UNION ALL SELECT max(id) FROM users UNION ALL SELECT max(id) FROM setup_links
        UNION ALL SELECT max(id) FROM sessions UNION ALL SELECT max(id) FROM consents
        UNION ALL SELECT max(id) FROM codes UNION ALL SELECT max(id) FROM subscriptions
        UNION ALL SELECT max(id) FROM deliveries UNION ALL SELECT max(id) FROM pushed_requests UNION ALL SELECT max(id) FROM device_codes
        UNION ALL SELECT max(id) FROM upstreams UNION ALL SELECT max(id) FROM identities
        UNION ALL SELECT max(id) FROM upstream_tokens
        UNION ALL SELECT max(id) FROM passkeys UNION ALL SELECT max(id) FROM totp
        UNION ALL SELECT max(id) FROM recovery_codes
        UNION ALL SELECT max(claimed_by) FROM people_turn) m`,
    params: [],
  });
  return BigInt(new Columns(onlyRow(rows)).optionalText() ?? 0);
}

function sqlStore(db: Database): Store {
  return {
    nextId: () => db.ids.next(),

    head: () => head(db),
    findClient: (clientId) => findClient(db, clientId),
    findAccessToken: (id) => findAccessToken(db, id),
    findAccessTokens: (ids) => findAccessTokens(db, ids),
    findTokenOwner: (id) => findTokenOwner(db, id),
    findTokenOwners: (ids, needed) => findTokenOwners(db, ids, needed),
    findImportedToken: (digest) => findImportedToken(db, digest),
    findRefreshToken: (id) => findRefreshToken(db, id),
    findGrant: (grantId) => findGrant(db, grantId),
    issue: (token) => issue(db, token),
    importToken: (token) => importToken(db, token),
    openGrant: (grant, tokens) => openGrant(db, grant, tokens),
    rotate: (rotation) => rotate(db, rotation),
    issueKeeping: (refresh, expiresAt, access) => issueKeeping(db, refresh, expiresAt, access),
    spendAssertion: (clientId, jti, expiresAt) => spendAssertion(db, clientId, jti, expiresAt),

    revoke: (order) => revoke(db, order),
    revokeMany: (orders) => revokeMany(db, orders),
    passThrough: (order) => passThrough(db, order),
    lift: (order) => lift(db, order),
    approve: (approval) => approve(db, approval),
    readFeed: (after, limit) => readFeed(db, after, limit),
    readKept: (range) => readKept(db, range),
    findEntries: (fps) => findEntries(db, fps),
    hashAt: (seq) => hashAt(db, seq),
    countAfter: (seq) => countAfter(db, seq),
    recordAudit: (record) => recordAudit(db, record),
    verifyAudit: () => verifyAudit(db),

    whereabouts: () => readWhereabouts(db),
    home: () => readHome(db),
    noteHome: (home) => noteHome(db, home),
    placeOf: (position) => placeOf(db, position),
    notePending: (pending) => notePending(db, pending),
    beginEpoch: (epoch) => beginEpoch(db, epoch),

    createClient: (client, keys, atMs) => createClient(db, client, keys, atMs),
    updateClient: (client) => updateClient(db, client),
    addConsumerKey: (key, atMs) => addConsumerKey(db, key, atMs),
    findConsumerKey: (keyId) => findConsumerKey(db, keyId),
    replaceKeyDigest: (keyId, digests) => replaceKeyDigest(db, keyId, digests),
    listClients: (page) => listClients(db, page),
    knowsOrigin: (origin) => knowsOrigin(db, origin),
    putResource: (resource, atMs) => putResource(db, resource, atMs),
    listResources: () => listResources(db),
    putIssuer: (issuer, atMs) => putIssuer(db, issuer, atMs),
    listIssuers: () => listIssuers(db),
    raiseLongest: async (lives) => {
      await db.executor.apply([raiseLongest(lives)]);
    },
    addSigningKey: (key) => addSigningKey(db, key),
    retireSigningKey: (kid, atMs) => retireSigningKey(db, kid, atMs),
    listSigningKeys: () => listSigningKeys(db),
    keepSecret: (name, sealed) => keepSecret(db, name, sealed),
    findSecret: (name) => findSecret(db, name),
    replaceSecret: (name, sealed) => replaceSecret(db, name, sealed),

    claimTurn: (name, holder, forMs) => claimTurn(db, name, holder, forMs),
    endTurn: (name, holder) => endTurn(db, name, holder),
    countFailure: (name, windowMs) => countFailure(db, name, windowMs),
    beatFleet: (beat, members) => beatFleet(db, beat, members),
    fleetNodes: () => fleetNodes(db),
    fleetMembers: (node, afterBeat) => fleetMembers(db, node, afterBeat),
    pruneBetweenNodes: (limit) => pruneBetweenNodes(db, limit),

    createUser: (user, passwordHash, atMs) => createUser(db, user, passwordHash, atMs),
    findUser: (subject) => findUser(db, subject),
    findUserByName: (name) => findUserByName(db, name),
    changeUser: (user, orders) => changeUser(db, user, orders),
    deleteUser: (subject, orders) => deleteUser(db, subject, orders),
    setPassword: (subject, hash, options) => setPassword(db, subject, hash, options),
    listUsers: (filter, page) => listUsers(db, filter, page),
    ...factorVerbs(db),
    putSetupLink: (link, digest) => putSetupLink(db, link, digest),
    findSetupLink: (id) => findSetupLink(db, id),
    spendSetupLink: (id, hash, orders) => spendSetupLink(db, id, hash, orders),
    openSession: (session) => openSession(db, session),
    renewSession: (session) => renewSession(db, session),
    findSession: (id) => findSession(db, id),
    touchSession: (sessionId, atMs) => touchSession(db, sessionId, atMs),
    listSessions: (filter, page, at) => listSessions(db, filter, page, at),
    consentedScopes: (subject, clientId) => consentedScopes(db, subject, clientId),
    listConsents: (filter, page) => listConsents(db, filter, page),
    issueCode: (code) => issueCode(db, code),
    findCode: (id) => findCode(db, id),
    redeemCode: (redemption) => redeemCode(db, redemption),
    issueDeviceCode: (made) => issueDeviceCode(db, made),
    findDeviceCode: (id) => findDeviceCode(db, id),
    findDeviceCodeByUserCode: (userDigest) => findDeviceCodeByUserCode(db, userDigest),
    notePoll: (poll) => notePoll(db, poll),
    denyDeviceCode: (id) => denyDeviceCode(db, id),
    pushRequest: (request, digest) => pushRequest(db, request, digest),
    findPushedRequest: (id) => findPushedRequest(db, id),

    createSubscription: (made, judgedAt) => createSubscription(db, made, judgedAt),
    findSubscription: (id) => findSubscription(db, id),
    listSubscriptions: (filter, page) => listSubscriptions(db, filter, page),
    cancelSubscription: (cancellation) => cancelSubscription(db, cancellation),
    subscriptionsToServe: (limit, after) => subscriptionsToServe(db, limit, after),
    enqueueDeliveries: (batch) => enqueueDeliveries(db, batch),
    oldestPendingMs: () => oldestPendingMs(db),
    claimDeliveries: (nowMs, untilMs, limit) => claimDeliveries(db, nowMs, untilMs, limit),
    noteAttempt: (attempt) => noteAttempt(db, attempt),
    findDelivery: (id) => findDelivery(db, id),
    listDeliveries: (filter, page) => listDeliveries(db, filter, page),
    resendDelivery: (id, atMs) => resendDelivery(db, id, atMs),

    ...sqlUpstreams(db),

    listTokens: (filter, page, at) => listTokens(db, filter, page, at),
    listGrants: (filter, page, at) => listGrants(db, filter, page, at),
    findFamily: (grantId, fp) => findFamily(db, grantId, fp),
    listOrders: (filter, page) => listOrders(db, filter, page),
    findOrder: (id) => findOrder(db, id),
    listAudit: (filter, page) => listAudit(db, filter, page),
    readAudit: (after, limit) => readAudit(db, after, limit),
    countAffected: (request) => countAffected(db, request),
    noteUses: (uses) => noteUses(db, uses),
    longestStaleness: () => longestStaleness(db),
    raiseLongestStaleness: (seconds) => raiseLongestStaleness(db, seconds),
    recallAnswer: (key) => recallAnswer(db, key),
    rememberAnswer: (key, request, sealed, atMs) => rememberAnswer(db, key, request, sealed, atMs),

    prune: (at, limit) => prune(db, at, limit),
    ping: () => ping(db),
    durability: async () => (await db.executor.facts()).durability,
    describe: () => describe(db),
    onCommitElsewhere: (listener) => db.executor.onCommitElsewhere(listener),
    formerIssuers: async () => {
      const rows = await db.executor.read({ sql: "SELECT n.issuer FROM issuer_names n", params: [] });
      return rows.map((row) => new Columns(row).text()).filter((issuer) => issuer !== db.issuer);
    },
    onConnected: (listener) => db.executor.onConnected(listener),
    close: () => db.executor.close(),
  };
}

function factorVerbs(db: Database): FactorStore {
  return {
    findFactors: (subject) => findFactors(db, subject),
    findPasskey: (credentialId) => findPasskey(db, credentialId),
    addPasskey: (passkey, most) => addPasskey(db, passkey, most),
    renamePasskey: (subject, id, name) => renamePasskey(db, subject, id, name),
    usePasskey: (id, use) => usePasskey(db, id, use),
    distrustPasskey: (id) => distrustPasskey(db, id),
    putTotp: (totp, codes) => putTotp(db, totp, codes),
    useTotpStep: (id, step) => useTotpStep(db, id, step),
    putRecoveryCodes: (subject, codes) => putRecoveryCodes(db, subject, codes),
    useRecoveryCode: (subject, digest, atMs) => useRecoveryCode(db, subject, digest, atMs),
    removeFactors: (subject, removed, orders) => removeFactors(db, subject, removed, orders),
  };
}
