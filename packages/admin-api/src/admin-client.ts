// Small clients of the admin and account APIs over fetch: one typed method for each route of the table.
// Does not retry and does not get tokens: both are the caller's to decide. A 503 changed nothing for certain only
// if it is repeated with the same `idempotencyKey`.

import type { Static, TSchema } from "typebox";
import { type AccountRouteName, accountRoutes } from "./account-routes.ts";
import type { Problem } from "./problem.ts";
import { type Route, type RouteName, routes } from "./routes.ts";

type StaticOf<Schema> = Schema extends TSchema ? Static<Schema> : never;
type Part<R, Name extends string, As extends string> = R extends { readonly [N in Name]: infer Schema }
  ? { readonly [A in As]: StaticOf<Schema> }
  : unknown;
type BodyPart<R> = R extends { readonly bodyOptional: true }
  ? R extends { readonly body: infer Schema }
    ? { readonly body?: StaticOf<Schema> | undefined }
    : unknown
  : Part<R, "body", "body">;
type QueryPart<R> = R extends { readonly query: infer Schema }
  ? { readonly query?: StaticOf<Schema> | undefined }
  : unknown;

/** What a call takes: `params` of the path, `query`, `body`, as the route has them. */
export type Input<R> = Part<R, "params", "params"> & QueryPart<R> & BodyPart<R> & CallOptions;

export interface CallOptions {
  readonly idempotencyKey?: string | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly wait?: Wait | undefined;
}

/** Holds the answer of a revocation until every verifier has applied it (`Prefer: wait`). */
export interface Wait {
  readonly seconds: number;
  /** `Rescind-Effective`, for example `12/12`; undefined where the server did not say. */
  readonly told: (effective: string | undefined) => void;
}

type Answers<R> = R extends { readonly answers: infer A } ? StaticOf<A[keyof A]> : never;

/** What a call resolves to; undefined for a 204, the bytes as they come for lines. */
export type Answer<R> = R extends { readonly lines: true }
  ? ReadableStream<Uint8Array>
  : [Answers<R>] extends [never]
    ? undefined
    : Answers<R>;

type Call<R> =
  Record<never, never> extends Input<R>
    ? (input?: Input<R>) => Promise<Answer<R>>
    : (input: Input<R>) => Promise<Answer<R>>;

export type AdminClient = { readonly [Name in RouteName]: Call<(typeof routes)[Name]> };

export type AccountClient = { readonly [Name in AccountRouteName]: Call<(typeof accountRoutes)[Name]> };

export interface AdminClientOptions {
  /** The issuer, or any base URL under which it answers. */
  readonly server: string;
  /** A Bearer token of this issuer; asked for before every call. */
  readonly token: () => Promise<string>;
  /** Default: the global one. */
  readonly fetch?: typeof fetch | undefined;
}

/** A refusal of the admin API. `problem.errors` name the fields. */
export class AdminProblem extends Error {
  override readonly name = "AdminProblem";
  readonly status: number;
  readonly problem: Problem;
  /** Seconds, from `Retry-After`. */
  readonly retryAfter: number | undefined;

  constructor(status: number, problem: Problem, retryAfter: number | undefined) {
    super(problem.detail ?? problem.title);
    this.status = status;
    this.problem = problem;
    this.retryAfter = retryAfter;
  }
}

/**
 * Makes a client. Its calls reject with `AdminProblem` for a refusal, and with fetch's own error where the server
 * cannot be reached.
 */
export function createAdminClient(options: AdminClientOptions): AdminClient {
  return callsOf(routes, options) as AdminClient; // as below
}

/** The same for a person's own things; the token is one of theirs with `rescind:account`. */
export function createAccountClient(options: AdminClientOptions): AccountClient {
  return callsOf(accountRoutes, options) as AccountClient; // as below
}

/** The table's own keys and schemas make the type; at run time every call is the same function. */
function callsOf(table: Readonly<Record<string, Route>>, options: AdminClientOptions): object {
  const calls = Object.entries(table).map(([name, route]) => [
    name,
    (input: LooseInput = {}) => call(options, route, input),
  ]);
  return Object.fromEntries(calls);
}

interface LooseInput extends CallOptions {
  readonly params?: Readonly<Record<string, string>> | undefined;
  readonly query?: Readonly<Record<string, string | number | boolean | undefined>> | undefined;
  readonly body?: unknown;
}

async function call(options: AdminClientOptions, route: Route, input: LooseInput): Promise<unknown> {
  const body = route.body === undefined ? undefined : JSON.stringify(input.body ?? {});
  const response = await (options.fetch ?? fetch)(urlOf(options.server, route, input), {
    method: route.method,
    headers: {
      accept: "application/json, application/problem+json",
      authorization: `Bearer ${await options.token()}`,
      ...(body === undefined ? {} : { "content-type": "application/json" }),
      ...(input.idempotencyKey === undefined ? {} : { "idempotency-key": input.idempotencyKey }),
      ...(input.wait === undefined ? {} : { prefer: `wait=${input.wait.seconds}` }),
    },
    redirect: "error",
    ...(body === undefined ? {} : { body }),
    ...(input.signal === undefined ? {} : { signal: input.signal }),
  });
  if (response.ok) input.wait?.told(response.headers.get("rescind-effective") ?? undefined);
  if (response.ok && route.lines === true) return response.body ?? new ReadableStream();
  const text = await response.text();
  if (!response.ok) throw problemOf(response, text);
  return text === "" ? undefined : JSON.parse(text);
}

function urlOf(server: string, route: Route, { params, query }: LooseInput): string {
  const path = route.path.replaceAll(/:(\w+)/g, (_, name: string) => {
    const value = params?.[name];
    if (value === undefined) throw new TypeError(`params.${name} is missing`);
    return encodeURIComponent(value);
  });
  const given = new URLSearchParams();
  for (const [name, value] of Object.entries(query ?? {}))
    if (value !== undefined) given.set(name, String(value));
  const search = given.toString();
  return server.replace(/\/+$/, "") + path + (search === "" ? "" : `?${search}`);
}

function problemOf(response: Response, text: string): AdminProblem {
  const after = Number(response.headers.get("retry-after") ?? Number.NaN);
  const problem = parseProblem(text) ?? {
    type: "about:blank",
    title: response.statusText || `Status ${response.status}`,
    status: response.status,
  };
  return new AdminProblem(response.status, problem, Number.isNaN(after) ? undefined : after);
}

/** Proxies answer with anything, so what is no problem document is not taken for one. */
function parseProblem(text: string): Problem | undefined {
  try {
    const parsed: unknown = JSON.parse(text);
    if (typeof parsed !== "object" || parsed === null) return undefined;
    const { type, title, status } = parsed as Partial<Record<string, unknown>>; // parsing boundary: checked below
    const isProblem = typeof type === "string" && typeof title === "string" && typeof status === "number";
    return isProblem ? (parsed as Problem) : undefined;
  } catch {
    return undefined;
  }
}
