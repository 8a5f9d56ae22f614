// What only an administrator sees: signing keys, verifiers that lag, webhooks and upstream revocations that were given up,
// upstream providers that do not answer, what is left of a first start.

import { readFileSync } from "node:fs";
import type { Check, Found } from "./finding.ts";

const day = 86_400_000;
/** Milliseconds after which a signing key is old. */
const oldKey = 180 * day;

export const administeredChecks: Readonly<Record<string, Check>> = {
  "signing keys": checkKeys,
  verifiers: checkVerifiers,
  webhooks: checkWebhooks,
  "upstream providers": checkUpstreams,
  "first start": checkFirstStart,
};

const checkKeysMend = "rescind signing-keys rotate: new keys are published first, no token is refused";

async function checkKeys({ admin }: Parameters<Check>[0]): Promise<Found> {
  const { items } = await admin.listSigningKeys({ query: { limit: 1000 } });
  const signing = items.filter(({ status }) => status === "signing");
  for (const use of ["access", "id", "feed"])
    if (!signing.some((key) => key.use === use))
      return { result: "failed", detail: `no key signs for ${use}`, mend: checkKeysMend };
  const oldest = Math.min(...signing.map((key) => Date.parse(key.signs_from)));
  const days = Math.floor((Date.now() - oldest) / day);
  const detail = `${signing.length} sign, the oldest for ${days} days`;
  return Date.now() - oldest < oldKey
    ? { result: "ok", detail }
    : { result: "warning", detail, mend: checkKeysMend };
}

async function checkVerifiers({ admin }: Parameters<Check>[0]): Promise<Found> {
  const { items } = await admin.listVerifiers({ query: { limit: 1000 } });
  const met = items.filter(({ name }) => name !== "rescind doctor");
  const stale = met.filter(({ fresh }) => !fresh);
  const behind = met.filter(({ fresh, lag }) => fresh && lag > 1000);
  const named = (some: typeof met) =>
    some
      .map(({ name, verifier }) => name ?? verifier)
      .slice(0, 5)
      .join(", ");
  if (stale.length > 0)
    return {
      result: "warning",
      detail: `${stale.length} of ${met.length} have no lease in force: ${named(stale)}`,
      mend: "they introspect or refuse; look whether they run and reach this server, rescind verifiers shows since when",
    };
  if (behind.length > 0)
    return {
      result: "warning",
      detail: `${behind.length} of ${met.length} are more than 1,000 entries behind: ${named(behind)}`,
    };
  return {
    result: "ok",
    detail: met.length === 0 ? "none was met within a day" : `all ${met.length} are fresh`,
  };
}

async function checkWebhooks({ admin }: Parameters<Check>[0]): Promise<Found> {
  const { items, next } = await admin.listDeliveries({ query: { status: "dead", limit: 100 } });
  if (items.length === 0) return { result: "ok", detail: "no delivery was given up" };
  return {
    result: "warning",
    detail: `${items.length}${next === null ? "" : " or more"} deliveries were given up, the last: ${items[0]?.last_result ?? "unknown"}`,
    mend: "rescind deliveries list --status dead tells which; rescind deliveries resend sends them again",
  };
}

async function checkUpstreams({ admin }: Parameters<Check>[0]): Promise<Found> {
  const { items } = await admin.listUpstreams({ query: { limit: 100 } });
  const enabled = items.filter((item) => item.enabled);
  const checked = await Promise.all(
    enabled.map(async ({ upstream_id }) => ({
      upstream_id,
      ...(await admin.checkUpstream({ params: { upstream_id } })),
    })),
  );
  const silent = checked.filter(({ reachable }) => !reachable);
  if (silent.length > 0)
    return {
      result: "warning",
      detail: `people cannot sign in: ${silent.map(({ upstream_id, problem }) => `${upstream_id} (${problem})`).join(", ")}`,
      mend: "rescind upstreams check asks again; rescind upstreams update --no-enabled takes the button away",
    };
  const dead = items.reduce((sum, { tokens }) => sum + tokens.dead, 0);
  if (dead > 0)
    return {
      result: "warning",
      detail: `${dead} tokens of sign-ins could not be revoked at their provider and were given up`,
      mend: "rescind upstreams tokens ID --status dead tells why; rescind upstreams retry tries again",
    };
  const detail =
    enabled.length === 0 ? "nobody signs in through another provider" : `all ${enabled.length} answer`;
  return { result: "ok", detail };
}

/** The link stands in the file as long as nobody has used it. */
async function checkFirstStart({ credentials }: Parameters<Check>[0]): Promise<Found> {
  if (!credentials.endsWith("admin.json"))
    return { result: "skipped", detail: "there is no admin.json here" };
  const hasLink = readFileSync(credentials, "utf8").includes('"setup_url"');
  if (!hasLink) return { result: "ok", detail: "nothing is left to do of it" };
  return {
    result: "ok",
    detail: "the user admin has no password yet; the link that sets it stands in admin.json for an hour",
    mend: "use it, or leave administration to clients and other users",
  };
}
