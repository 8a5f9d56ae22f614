// /leaked-tokens: whoever found tokens hands them in, without credentials; possession is the proof. 202 and `{}`
// whatever they were, once everything that they are has ended for good. CONTRACT.md section 3. A code that nobody has
// used is no unit of its own: it ends by itself within a minute, and what a used one opened is ended here.

import { setImmediate } from "node:timers/promises";
import {
  type AuthorizationCode,
  formatId,
  parseToken,
  type RowId,
  sessionEnd,
  type Unit,
  unitKey,
} from "@rescind/core";
import type { About } from "@rescind/store";
import type { Dependencies } from "../dependencies.ts";
import { type Answer, noStore } from "../http/answer.ts";
import { problem } from "../http/respond.ts";
import { aboutToken } from "../revocation/about.ts";
import { catchUp, commitAll } from "../revocation/commit.ts";
import { orderOf } from "../revocation/order.ts";
import { passThrough } from "../revocation/pass-through.ts";
import { foreignSelectOf, selectOf } from "../revocation/select.ts";
import { type Recognised, recognise } from "../tokens/recognise.ts";

export interface LeakReport {
  readonly tokens: readonly string[];
  /** The reporter's. */
  readonly address: string;
}

/** What ends with a token, and whose it is. */
interface Ending {
  readonly unit: Unit;
  readonly about: About;
}

/** Texts looked at before others get their turn. */
const turn = 20;

/** @throws StoreUnavailable if it is not certain that all of them have ended */
export async function reportLeaked(report: LeakReport, deps: Dependencies): Promise<Answer> {
  const { address } = report;
  const blockedFor = deps.leakReports.blockedFor(address, deps.now());
  if (blockedFor !== undefined) return tooMany(blockedFor);
  // Every report counts, whatever comes of it: nobody may learn that by the limit.
  await deps.leakReports.failed(address, deps.now());
  const endings = new Map<string, Ending>();
  for (const [index, text] of report.tokens.entries()) {
    if (index % turn === turn - 1) await setImmediate();
    const ending = await endingOf(text, deps);
    if (ending !== undefined) endings.set(unitKey(ending.unit), ending);
  }
  await end([...endings.values()], address, deps);
  return { status: 202, headers: noStore, body: {} };
}

function tooMany(seconds: number): Answer {
  return problem({
    status: 429,
    detail: "Too many reports came from this address; put more tokens into one report, or try again later.",
    headers: { "retry-after": String(seconds) },
  });
}

/** What ends with a reported text; undefined for what is unknown here, or has expired. */
async function endingOf(text: string, deps: Dependencies): Promise<Ending | undefined> {
  const parsed = parseToken(text);
  if (parsed?.kind === "code") return endingOfCode(text, parsed.rowId, deps);
  if (parsed?.kind === "device") return endingOfDevice(text, parsed.rowId, deps);
  if (parsed?.kind === "session") return endingOfSession(text, parsed.rowId, deps);
  const recognised = await recognise(text, deps);
  const unit = unitOf(recognised, deps);
  return unit === undefined ? undefined : { unit, about: aboutToken(recognised, unit) };
}

/** An access token alone, the grant of a refresh token, spent or not; for one without a `jti` there is no such unit. */
function unitOf(recognised: Recognised, { issuer, now }: Dependencies): Unit | undefined {
  const at = now() / 1000;
  switch (recognised.kind) {
    case "access": {
      const { id, expiresAt } = recognised.token;
      return expiresAt <= at ? undefined : { name: "token", issuer, value: formatId("token", id) };
    }
    case "refresh": {
      const { grantId, expiresAt } = recognised.grant;
      return expiresAt <= at ? undefined : { name: "grant", issuer, value: grantId };
    }
    case "foreign": {
      const { issuer: theirs, tokenId, expiresAt } = recognised.token;
      if (tokenId === undefined || expiresAt <= at) return undefined;
      return { name: "token", issuer: theirs, value: tokenId };
    }
    case "unknown":
      return undefined;
  }
}

async function endingOfCode(text: string, id: RowId, deps: Dependencies): Promise<Ending | undefined> {
  const { code } = await deps.store.findCode(id);
  if (code === undefined || !deps.hashing.matches(text, code.digest)) return undefined;
  return endingOfGrant(code, deps);
}

/** Nobody can allow it any more, and what was allowed ends. */
async function endingOfDevice(text: string, id: RowId, deps: Dependencies): Promise<Ending | undefined> {
  const { device, digest } = await deps.store.findDeviceCode(id);
  if (device === undefined || !deps.hashing.matches(text, digest)) return undefined;
  await deps.store.denyDeviceCode(id);
  const { codeId } = (await deps.store.findDeviceCode(id)).device ?? {};
  const { code } = codeId === undefined ? {} : await deps.store.findCode(codeId);
  return code === undefined ? undefined : endingOfGrant(code, deps);
}

function endingOfGrant(
  { clientId, subject, grantId }: AuthorizationCode,
  deps: Dependencies,
): Ending | undefined {
  if (grantId === undefined) return undefined;
  return {
    unit: { name: "grant", issuer: deps.issuer, value: grantId },
    about: { clientId, subject, grantId },
  };
}

async function endingOfSession(text: string, id: RowId, deps: Dependencies): Promise<Ending | undefined> {
  const { session, digest } = await deps.store.findSession(id);
  if (session === undefined || !deps.hashing.matches(text, digest)) return undefined;
  if (sessionEnd(session) <= deps.now() / 1000) return undefined;
  const { sessionId, subject } = session;
  return { unit: { name: "session", issuer: deps.issuer, value: sessionId }, about: { subject } };
}

/** Commits all of it in one transaction. A report of nothing takes the same way. */
async function end(endings: readonly Ending[], address: string, deps: Dependencies): Promise<void> {
  const orders = endings.map(({ unit, about }) =>
    orderOf(
      {
        unit,
        about,
        actor: { kind: "server", id: "leaked-tokens" },
        reason: "token_leaked",
        note: `reported from ${address}`,
        final: true,
        select: unit.issuer === deps.issuer ? selectOf(unit) : foreignSelectOf(unit),
      },
      deps,
    ),
  );
  if (orders.length > 0) await commitAll(orders, deps);
  else {
    await passThrough(deps);
    await catchUp(deps);
  }
}
