// A subject or client with one token against one with a million: how long after the order was sent a token of it is
// refused, and how long the order's answer takes, counting included.

import { median } from "../measure/median.ts";
import type { OwnServer } from "./own-server.ts";

export interface Wide {
  readonly title: string;
  /** Milliseconds, medians. `inForce`: from sending the order to the first refusal of a token. */
  readonly small: { readonly inForce: number; readonly answered: number };
  readonly large: { readonly inForce: number; readonly answered: number };
}

export interface DryRun {
  readonly title: string;
  readonly milliseconds: number;
  readonly counted: number;
  readonly exact: boolean;
}

interface Target {
  /** Gives it a fresh token and says how to order its end. */
  prepare(): Promise<{ readonly token: string; readonly select: Record<string, string> }>;
}

/** In turn, so that what else the machine does meets both. */
export async function compareWide(
  title: string,
  { small, large }: { readonly small: Target; readonly large: Target },
  rounds: number,
  server: OwnServer,
): Promise<Wide> {
  const times = { small: [] as Times[], large: [] as Times[] };
  for (let round = 0; round < rounds; round += 1) {
    times.small.push(await timeOrder(await small.prepare(), server));
    times.large.push(await timeOrder(await large.prepare(), server));
  }
  return { title, small: medians(times.small), large: medians(times.large) };
}

interface Times {
  readonly inForce: number;
  readonly answered: number;
}

async function timeOrder(
  { token, select }: { readonly token: string; readonly select: Record<string, string> },
  server: OwnServer,
): Promise<Times> {
  if (!(await isActive(token, server))) throw new Error("the token was not live before the order");
  const began = performance.now();
  const order = server.admin("revocations", { select }).then(() => performance.now() - began);
  order.catch(() => undefined); // told below; what fails first is what counts
  while (await isActive(token, server));
  const inForce = performance.now() - began;
  return { inForce, answered: await order };
}

async function isActive(token: string, server: OwnServer): Promise<boolean> {
  return (await server.form("/oauth2/introspect", { token })).active === true;
}

function medians(times: readonly Times[]): Times {
  return {
    inForce: median(times.map(({ inForce }) => inForce)),
    answered: median(times.map(({ answered }) => answered)),
  };
}

export async function timeDryRun(
  title: string,
  select: Record<string, string>,
  server: OwnServer,
): Promise<DryRun> {
  const began = performance.now();
  const { affected } = await server.admin("revocations", { select, dry_run: true });
  const milliseconds = performance.now() - began;
  const { access_tokens, refresh_tokens, exact } = affected as Record<string, number> & { exact: boolean }; // the contract's answer
  return { title, milliseconds, counted: (access_tokens ?? 0) + (refresh_tokens ?? 0), exact };
}
