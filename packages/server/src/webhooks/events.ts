// What webhooks tell: events as a pure function of audit records, and which subscription hears them. The table is on
// docs/reference/webhooks.md word for word. Does not look anything up: what a record does not say, no event says.

import { type EventType, formatTime, formatTimeMs } from "@rescind/admin-api";
import { formatId, isUnitName, type UnitName } from "@rescind/core";
import type { About, AuditRecord, Binding, Subscription } from "@rescind/store";

/** The event of an order by its unit; `suspended` where the order takes a client or key out of service. */
export const eventOfUnit: Readonly<Record<UnitName, { revoked: EventType; suspended?: EventType }>> = {
  token: { revoked: "token.revoked" },
  grant: { revoked: "grant.revoked" },
  "subject+client": { revoked: "grant.revoked" },
  session: { revoked: "session.revoked" },
  logout: { revoked: "session.revoked" },
  subject: { revoked: "subject.revoked" },
  client: { revoked: "client.revoked", suspended: "client.suspended" },
  key: { revoked: "key.revoked", suspended: "key.suspended" },
  "signing-key": { revoked: "signing_key.revoked" },
  issuer: { revoked: "issuer.revoked" },
  all: { revoked: "all.revoked" },
};

/** Events that come before that of the order, by the order's reason. */
export const eventOfReason: Readonly<Record<string, EventType>> = {
  replay_detected: "replay.detected",
  token_leaked: "token.leaked",
};

/** Events that come before `revocation.lifted`, where a client or key is approved. */
export const eventOfApproval: Readonly<Partial<Record<UnitName, EventType>>> = {
  client: "client.approved",
  key: "key.approved",
};

/** One event as it is sent. */
export interface WebhookEvent {
  readonly type: EventType;
  /** JSON text: `{type, timestamp, data}`. */
  readonly body: string;
}

/**
 * What a subscription is to be told of a record, in order; nothing of most. Of the record that ended it, it hears
 * whatever its binding, and at last `subscription.cancelled`, whatever its `events`.
 */
export function eventsFor(
  subscription: Pick<Subscription, "id" | "binding" | "events" | "cancelledBy">,
  record: AuditRecord,
): readonly WebhookEvent[] {
  const { binding, events, cancelledBy } = subscription;
  if (cancelledBy !== undefined && record.number > cancelledBy) return [];
  const isLast = record.number === cancelledBy;
  const told = toldBy(record);
  const heard = told !== undefined && (isLast || concerns(told, binding)) ? told.types : [];
  const types = heard.filter((type) => events.length === 0 || events.includes(type));
  if (types.length === 0 && !isLast) return [];
  const data = told === undefined ? callData(record) : orderData(told, record, binding);
  const sent = types.map((type) => eventOf(type, record, data));
  if (!isLast) return sent;
  const last = { subscription_id: formatId("subscription", subscription.id), ...data, ...boundTo(binding) };
  return [...sent, eventOf("subscription.cancelled", record, last)];
}

/** What an order or lift tells. */
interface Told {
  readonly types: readonly EventType[];
  readonly unit: { readonly name: UnitName; readonly value: string; readonly client: string | undefined };
  readonly about: About;
}

function toldBy(record: AuditRecord): Told | undefined {
  const { action, content } = record;
  const isLift = action === "lift" || action === "approve";
  const unit = action === "revoke" || isLift ? unitIn(content.unit) : undefined;
  if (unit === undefined) return undefined;
  const known = (content.about ?? {}) as Record<string, unknown>; // parsing boundary: members are checked where they are read
  const about = isForeign(content.select) ? aboutIn(known) : aboutOf(unit, known);
  if (isLift) {
    const approved = action === "approve" ? eventOfApproval[unit.name] : undefined;
    return {
      types: approved === undefined ? ["revocation.lifted"] : [approved, "revocation.lifted"],
      unit,
      about,
    };
  }
  const { revoked, suspended } = eventOfUnit[unit.name];
  const first = eventOfReason[String(content.reason)];
  const own = content.suspend === true ? (suspended ?? revoked) : revoked;
  return { types: first === undefined ? [own] : [first, own], unit, about };
}

/** Whether a subscription hears of it: all of them, those of its grant, or those that name its client. */
function concerns({ about, unit }: Told, binding: Binding): boolean {
  switch (binding.kind) {
    case "none":
      return true;
    case "client":
      return about.clientId === binding.clientId || unit.name === "all";
    case "grant":
      return about.grantId === binding.grantId;
  }
}

function orderData({ about }: Told, record: AuditRecord, binding: Binding): Record<string, unknown> {
  const { content } = record;
  const isLift = typeof content.lifts === "number";
  return {
    seq: record.seq,
    at: formatTimeMs(record.atMs),
    ...(isLift ? { lifts: content.lifts, revocation_id: content.revocation_id } : revocationId(record)),
    select: content.select,
    ...aboutData(about),
    reason: content.reason,
    // Notes are for the operator's own people.
    ...(binding.kind === "none" && typeof content.note === "string" ? { note: content.note } : {}),
    actor: record.actor,
    ...(typeof content.before === "number" ? { before: formatTime(content.before) } : {}),
    ...(isLift ? {} : { final: content.final === true }),
  };
}

/** Of a call that ended a subscription: nothing was revoked. */
function callData(record: AuditRecord): Record<string, unknown> {
  const { actor } = record;
  const reason = actor.kind === "server" ? actor.id : "deleted";
  return { at: formatTimeMs(record.atMs), reason, actor };
}

function revocationId({ orderId }: AuditRecord): Record<string, unknown> {
  return orderId === undefined ? {} : { revocation_id: formatId("revocation", orderId) };
}

/** Whose subscription it was. */
function boundTo(binding: Binding): Record<string, unknown> {
  switch (binding.kind) {
    case "none":
      return {};
    case "client":
      return aboutData({ clientId: binding.clientId });
    case "grant":
      return aboutData(binding);
  }
}

function aboutData({ clientId, subject, grantId }: About): Record<string, unknown> {
  return {
    ...(clientId === undefined ? {} : { client_id: clientId }),
    ...(subject === undefined ? {} : { subject }),
    ...(grantId === undefined ? {} : { grant_id: grantId }),
  };
}

function eventOf(type: EventType, record: AuditRecord, data: Record<string, unknown>): WebhookEvent {
  return { type, body: JSON.stringify({ type, timestamp: formatTimeMs(record.atMs), data }) };
}

/** Another issuer's subjects are not ours, whatever they are called. */
function isForeign(select: unknown): boolean {
  return typeof select === "object" && select !== null && "issuer" in select;
}

function aboutIn({ clientId, subject, grantId }: Readonly<Record<string, unknown>>): About {
  return { clientId: textIn(clientId), subject: textIn(subject), grantId: textIn(grantId) };
}

/** What the order's maker knew, and what the unit itself says. */
function aboutOf(unit: Told["unit"], known: Readonly<Record<string, unknown>>): About {
  const { name, value, client } = unit;
  const about = aboutIn(known);
  const ofPair = name === "subject+client";
  return {
    clientId: name === "client" ? value : ofPair ? client : about.clientId,
    subject: name === "subject" || ofPair ? value : about.subject,
    grantId: name === "grant" ? value : about.grantId,
  };
}

function unitIn(value: unknown): Told["unit"] | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  const unit = value as Record<string, unknown>; // parsing boundary: members are checked below
  if (!isUnitName(unit.name)) return undefined;
  return { name: unit.name, value: textIn(unit.value) ?? "", client: textIn(unit.client) };
}

function textIn(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}
