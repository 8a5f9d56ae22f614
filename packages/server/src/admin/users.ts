// Users: /admin/v1/users. What a change ends (sessions, tokens) ends in the transaction of the change.

import type { NewUser, UserChange, UserQuery } from "@rescind/admin-api";
import type { FoundUser, Order } from "@rescind/store";
import type { Dependencies } from "../dependencies.ts";
import { type Answer, noStore, ok } from "../http/answer.ts";
import {
  changeUser as applyChange,
  deleteUser as applyDeletion,
  isClientId,
  oneByOne,
  type UserChanged,
} from "../people/change-user.ts";
import { tidyOffer } from "../people/setup-link.ts";
import { subjectOrder } from "../people/user-orders.ts";
import { randomId } from "../random-id.ts";
import { catchUp } from "../revocation/commit.ts";
import { administrator } from "./administrator.ts";
import { pageRequest, storedList } from "./list-page.ts";
import { invalidField, invalidFields, refused } from "./refusal.ts";
import type { AdminRequest } from "./request.ts";
import { checkUser, storedPassword, userAnswer, userChanged, userFromRequest } from "./user-record.ts";

export async function createUser(request: AdminRequest, deps: Dependencies): Promise<Answer> {
  const body = request.body as NewUser; // checked against the contract's schema
  const user = userFromRequest(body, body.sub ?? randomId("usr_"));
  const errors = checkUser(user, body);
  if (errors.length > 0) return invalidFields(errors);
  const hash = await storedPassword(body);
  const atMs = deps.now();
  const refusal = await oneByOne(async () => {
    if (body.sub !== undefined && (await isClientId(body.sub, deps)))
      return invalidField("/sub", "This is a client's id; no subject may have one.");
    if (await deps.store.createUser(user, hash, atMs)) return undefined;
    const isSame = (await deps.store.findUser(user.subject)).user !== undefined;
    return isSame ? takenSubject : takenName;
  }, deps);
  if (refusal !== undefined) return refusal;
  const { subject: sub, username, roles } = user;
  await record(
    "user.created",
    { sub, username, roles, imported: body.password_hash !== undefined },
    request,
    deps,
  );
  const shown = { user, hasPassword: hash !== undefined, createdAtMs: atMs };
  return { status: 201, headers: noStore, body: userAnswer(shown) };
}

export async function listUsers(request: AdminRequest, deps: Dependencies): Promise<Answer> {
  const { username, email, role, status, ...page } = request.query as UserQuery; // checked against the schema
  const filter = {
    username: username?.normalize("NFC"),
    email: email?.normalize("NFC"),
    role,
    status,
  };
  return storedList(deps.store.listUsers(filter, pageRequest(page)), userAnswer);
}

export async function readUser(request: AdminRequest, deps: Dependencies): Promise<Answer> {
  return shown(await deps.store.findUser(subjectOf(request)), []);
}

export async function changeUser(request: AdminRequest, deps: Dependencies): Promise<Answer> {
  const body = request.body as UserChange; // checked against the contract's schema
  // Hashed before it is this request's turn, since it takes long; judged by then.
  const early = await deps.store.findUser(subjectOf(request));
  if (early.user === undefined) return unknown;
  const errors = checkUser(userChanged(early.user, body), body);
  if (errors.length > 0) return invalidFields(errors);
  const hash = await storedPassword(body);
  const done = await oneByOne(() => changeInTurn(request, body, hash, deps), deps);
  if ("status" in done) return done;
  await catchUp(deps);
  await tidyOffer(deps);
  return shown(await deps.store.findUser(subjectOf(request)), await seqHeaders(done, deps));
}

export async function deleteUser(request: AdminRequest, deps: Dependencies): Promise<Answer> {
  const done = await oneByOne(async () => {
    const { user } = await deps.store.findUser(subjectOf(request));
    if (user === undefined) return unknown;
    const deleted = await applyDeletion(user, administrator(request), deps);
    if (deleted.kind !== "changed") return refusalOf(deleted.kind);
    await record("user.deleted", { sub: user.subject, username: user.username }, request, deps);
    return deleted.orders;
  }, deps);
  if ("status" in done) return done;
  await catchUp(deps);
  await tidyOffer(deps);
  return { status: 204, headers: Object.fromEntries(await seqHeaders(done, deps)) };
}

/** The change and then the password, with all orders that followed. */
async function changeInTurn(
  request: AdminRequest,
  body: UserChange,
  hash: string | undefined,
  deps: Dependencies,
): Promise<readonly Order[] | Answer> {
  const found = await deps.store.findUser(subjectOf(request));
  const { user: current, passwordHash: before } = found;
  if (current === undefined) return unknown;
  const { subject } = current;
  const actor = administrator(request);
  const changed = await applyChange(current, userChanged(current, body), actor, deps);
  if (changed.kind !== "changed") return refusalOf(changed.kind);
  const { roles, status } = body;
  const content = { sub: subject, changed: Object.keys(body), roles, status };
  await record("user.updated", content, request, deps);
  if (hash === undefined) return changed.orders;
  // Another password ends what was opened with the one before; the first one has nothing to end.
  const follows = before === undefined ? [] : [subjectOrder(subject, "password_changed", actor, deps)];
  if (!(await deps.store.setPassword(subject, hash, { orders: follows }))) return unknown;
  return [...changed.orders, ...follows];
}

function subjectOf(request: AdminRequest): string {
  return request.params.sub ?? "";
}

function shown(found: FoundUser, headers: readonly (readonly [string, string])[]): Answer {
  const { user, passwordHash, createdAtMs = 0 } = found;
  if (user === undefined) return unknown;
  return ok(
    userAnswer({ user, hasPassword: passwordHash !== undefined, createdAtMs }),
    Object.fromEntries(headers),
  );
}

/** `Rescind-Seq` where something was revoked: the number of the last order. Counts them for the metrics too. */
async function seqHeaders(orders: readonly Order[], deps: Dependencies): Promise<[string, string][]> {
  for (const { unit, reason } of orders) deps.metrics.revoked(unit.name, reason);
  const last = orders.at(-1);
  const recorded = last === undefined ? undefined : await deps.store.findOrder(last.id);
  return recorded === undefined ? [] : [["rescind-seq", String(recorded.seq)]];
}

function record(
  action: string,
  content: Readonly<Record<string, unknown>>,
  request: AdminRequest,
  deps: Dependencies,
): Promise<void> {
  return deps.store.recordAudit({ action, actor: administrator(request), atMs: deps.now(), content });
}

const unknown = refused("not-found", "There is no user with this sub.");
const takenName = refused("conflict", "This username is taken; choose another one.", [
  { pointer: "/username", detail: "is taken." },
]);
const takenSubject = refused("conflict", "This sub is taken.", [{ pointer: "/sub", detail: "is taken." }]);
const lastAdministrator = refused(
  "conflict",
  "This is the last active administrator: give somebody else the role first.",
);

function refusalOf(kind: Exclude<UserChanged["kind"], "changed">): Answer {
  switch (kind) {
    case "taken":
      return takenName;
    case "unknown":
      return unknown;
    case "last-administrator":
      return lastAdministrator;
  }
}
