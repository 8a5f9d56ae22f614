// Clients: /admin/v1/clients. Registration is checked alike on creating and on changing (THREATS AC-19, AC-23).

import type { Approval, ClientChange, NewClient, Suspension } from "@rescind/admin-api";
import type { FoundClient } from "@rescind/store";
import { consoleClientId } from "../console-client.ts";
import type { Dependencies } from "../dependencies.ts";
import { type Answer, noStore, ok } from "../http/answer.ts";
import { oneByOne } from "../people/change-user.ts";
import { randomId } from "../random-id.ts";
import { catchUp, commitOrder, seqHeader } from "../revocation/commit.ts";
import { selectOf } from "../revocation/select.ts";
import { administrator, clientUnit } from "./administrator.ts";
import { newConsumerKey, statusIn } from "./consumer-keys.ts";
import { idempotencyMismatch } from "./idempotency.ts";
import { pageRequest, storedList } from "./list-page.ts";
import { isOfAnotherRequest } from "./order-repeated.ts";
import { invalidFields, refused } from "./refusal.ts";
import {
  clientAnswer,
  clientFromRequest,
  type NamedClient,
  type Registered,
  requestFromClient,
  usesSecret,
} from "./registration.ts";
import type { AdminRequest } from "./request.ts";

/** The client with which the server is administered; made at the first start. */
const builtIn = "admin";
/** Clients that the server makes itself. */
const builtInIds: readonly string[] = [builtIn, consoleClientId];

export async function createClient(request: AdminRequest, deps: Dependencies): Promise<Answer> {
  const body = request.body as NewClient; // checked against the contract's schema
  const clientId = body.client_id ?? randomId("cli_");
  const client = clientFromRequest({ ...body, client_id: clientId }, deps.configuration);
  if (Array.isArray(client)) return invalidFields(client);
  const key = usesSecret(client) ? newConsumerKey(clientId, deps) : undefined;
  const keys = key === undefined ? [] : [key.stored];
  const atMs = deps.now();
  const isMade = await oneByOne(async () => {
    if (body.client_id !== undefined && (await isTaken(clientId, deps))) return false;
    return deps.store.createClient(client, keys, atMs);
  }, deps);
  if (!isMade) return taken;
  const content = { client_id: clientId, keys: keys.map(({ keyId }) => keyId) };
  await deps.store.recordAudit({ action: "client.created", actor: administrator(request), atMs, content });
  const secret = key === undefined ? {} : { client_secret: key.secret };
  const { client_id, ...shown } = await shownClient({ client, keys, createdAtMs: atMs }, deps);
  return { status: 201, headers: noStore, body: { client_id, ...secret, ...shown } };
}

export async function listClients(request: AdminRequest, deps: Dependencies): Promise<Answer> {
  const page = pageRequest(request.query as object); // checked against the contract's schema
  const read = async () => {
    const clients = await deps.store.listClients(page);
    await catchUp(deps);
    return clients;
  };
  return storedList(read(), (registered) => clientAnswer(registered, statusIn(deps)));
}

export async function readClient(request: AdminRequest, deps: Dependencies): Promise<Answer> {
  const registered = await registeredAt(request, deps);
  return registered === undefined ? unknown : ok(await shownClient(registered, deps));
}

/** In turn: a change is made to what is found, and must not undo another. */
export function changeClient(request: AdminRequest, deps: Dependencies): Promise<Answer> {
  return oneByOne(() => changeInTurn(request, deps), deps);
}

async function changeInTurn(request: AdminRequest, deps: Dependencies): Promise<Answer> {
  const change = request.body as ClientChange; // checked against the contract's schema
  const registered = await registeredAt(request, deps);
  if (registered === undefined) return unknown;
  if (registered.client.clientId === consoleClientId) return ofTheServer;
  const client = clientFromRequest(merged(requestFromClient(registered.client), change), deps.configuration);
  if (Array.isArray(client)) return invalidFields(client);
  const atMs = deps.now();
  if (!(await deps.store.updateClient(client, atMs))) return unknown;
  const content = { client_id: client.clientId, changed: Object.keys(change) };
  await deps.store.recordAudit({ action: "client.updated", actor: administrator(request), atMs, content });
  return ok(await shownClient({ ...registered, client }, deps));
}

/** Suspends for good: the id stays taken, so that no later client inherits its tokens. */
export async function deleteClient(request: AdminRequest, deps: Dependencies): Promise<Answer> {
  const registered = await registeredAt(request, deps);
  if (registered === undefined) return unknown;
  const { clientId } = registered.client;
  if (builtInIds.includes(clientId)) return clientId === builtIn ? indispensable : ofTheServer;
  const unit = clientUnit(clientId, deps.issuer);
  const receipt = await commitOrder(
    {
      unit,
      actor: administrator(request),
      reason: "client_deleted",
      final: true,
      suspend: true,
      select: selectOf(unit),
      about: { clientId },
    },
    deps,
  );
  return { status: 204, headers: seqHeader(receipt) };
}

export async function suspendClient(request: AdminRequest, deps: Dependencies): Promise<Answer> {
  const body = request.body as Suspension; // checked against the contract's schema
  const registered = await registeredAt(request, deps);
  if (registered === undefined) return unknown;
  const { clientId } = registered.client;
  if (builtInIds.includes(clientId) && body.final === true)
    return clientId === builtIn ? indispensable : ofTheServer;
  const unit = clientUnit(clientId, deps.issuer);
  const order = {
    unit,
    actor: administrator(request),
    reason: body.reason ?? "client_suspended",
    note: body.note,
    final: body.final ?? false,
    suspend: true,
    select: selectOf(unit),
    about: { clientId },
    idempotency: request.idempotency,
  } as const;
  const receipt = await commitOrder(order, deps);
  if (await isOfAnotherRequest(order, receipt, deps)) return idempotencyMismatch();
  return ok(clientAnswer(registered, statusIn(deps)), seqHeader(receipt));
}

export async function approveClient(request: AdminRequest, deps: Dependencies): Promise<Answer> {
  const body = request.body as Approval; // checked against the contract's schema
  const registered = await registeredAt(request, deps);
  if (registered === undefined) return unknown;
  const approval = await deps.store.approve({
    unit: clientUnit(registered.client.clientId, deps.issuer),
    ids: () => deps.store.nextId(),
    atMs: deps.now(),
    actor: administrator(request),
    note: body.note,
    ack: deps.awaited,
  });
  if (approval.kind === "final") return refused("final", "This client was suspended for good.");
  await catchUp(deps);
  return ok(clientAnswer(registered, statusIn(deps)), seqHeader(approval));
}

const unknown = refused("not-found", "There is no client with this client_id.");
const taken = refused("conflict", "This client_id is taken; choose another one.", [
  { pointer: "/client_id", detail: "is taken." },
]);
const indispensable = refused(
  "conflict",
  "The client admin cannot be suspended for good: nobody could administer this server. Give it a new key and suspend the old one.",
);
const ofTheServer = refused(
  "conflict",
  "The client console is the server's own: it is kept as this version needs it. It can be suspended, not changed or deleted.",
);

/** Also taken: the id of a subject, since what a subject's tokens are told apart by is that no client has its id. */
async function isTaken(clientId: string, deps: Dependencies): Promise<boolean> {
  if (builtInIds.includes(clientId)) return true;
  if ((await deps.store.findClient(clientId)).client !== undefined) return true;
  if ((await deps.store.findUser(clientId)).user !== undefined) return true;
  const asSubject = await deps.store.listGrants(
    { subject: clientId },
    { limit: 1, cursor: undefined },
    deps.now() / 1000,
  );
  return asSubject.items.length > 0;
}

async function registeredAt(request: AdminRequest, deps: Dependencies): Promise<Registered | undefined> {
  return registeredOf(await deps.store.findClient(request.params.client_id ?? ""));
}

function registeredOf({ client, keys, createdAtMs = 0 }: FoundClient): Registered | undefined {
  return client === undefined ? undefined : { client, keys, createdAtMs };
}

async function shownClient(registered: Registered, deps: Dependencies) {
  await catchUp(deps);
  return clientAnswer(registered, statusIn(deps));
}

/** RFC 7396: what is given replaces what was there, null takes a setting back to its default. */
function merged(current: NamedClient, change: ClientChange): NamedClient {
  const members = Object.entries({ ...current, ...change }).filter(([, value]) => value !== null);
  return Object.fromEntries(members) as NamedClient; // null only where the schema allows it, and absent is allowed there
}
