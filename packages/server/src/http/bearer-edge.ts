// Endpoints of the table `bearerRoutes` at the edge: Bearer token, query, body, then the handler or the live stream;
// CORS for those that browser apps call.

import type { EndpointScope } from "@rescind/core";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import type { Dependencies } from "../dependencies.ts";
import type { FeedQuery } from "../endpoints/feed.ts";
import { feedStreamFrom } from "../endpoints/feed-stream.ts";
import { authenticateBearer, type Bearer } from "../tokens/bearer.ts";
import type { Answer } from "./answer.ts";
import { bearerHeaders, preflightHeaders } from "./cors.ts";
import { failure, isLoopbackAddress, problemForm, send } from "./edge.ts";
import { checkedBody, invalid } from "./json-body.ts";
import { bearerRefusal } from "./respond.ts";
import type { BearerRequest, BearerRoute } from "./routes.ts";
import { bodyCheck, type Check } from "./validation.ts";
import { dependenciesFor } from "./wait-edge.ts";

export function registerBearerRoute(app: FastifyInstance, route: BearerRoute, deps: Dependencies): void {
  const check = bodyCheck(route.body);
  app.route({
    method: route.method,
    url: route.path,
    handler: async (request, reply) => {
      if (route.streams === true && wantsStream(request)) {
        const opened = await stream(request, reply, route, deps);
        return opened === "opened" ? reply : send(reply, opened);
      }
      const answer = await answered(route, check, request, deps);
      return send(reply, route.openToApps === true ? await withCors(answer, request, deps) : answer);
    },
  });
}

/** Answers preflights of a path that browser apps call. */
export function answerPreflights(
  app: FastifyInstance,
  path: string,
  methods: readonly string[],
  deps: Dependencies,
): void {
  app.options(path, async (request, reply) =>
    send(reply, { status: 204, headers: await preflightHeaders(request.headers.origin, methods, deps) }),
  );
}

/** Failures are answered here, so that apps can read them too. */
async function answered(
  route: BearerRoute,
  check: Check,
  request: FastifyRequest,
  deps: Dependencies,
): Promise<Answer> {
  try {
    const asked = await askedOf(route, check, request, deps);
    return "status" in asked ? asked : await route.handle(asked, dependenciesFor(request, deps));
  } catch (error) {
    return failure(error, request, problemForm, deps);
  }
}

/** What the handler gets, or why it is not asked. */
async function askedOf(
  route: BearerRoute,
  check: Check,
  request: FastifyRequest,
  deps: Dependencies,
): Promise<BearerRequest | Answer> {
  const params = request.params as Record<string, string>; // Fastify's path parameters are texts
  if (route.openToLoopback === true && isLoopbackAddress(request.ip))
    return { params, query: {}, body: undefined, caller: undefined };
  const caller = await bearerOf(request, route.scopes, deps);
  if ("status" in caller) return caller;
  const query = queryOf(request, route.query ?? []);
  if ("status" in query) return query;
  const { "if-none-match": ifNoneMatch, "accept-encoding": coding } = request.headers;
  const acceptEncoding = typeof coding === "string" ? coding : undefined;
  if (route.body === undefined)
    return { params, query, body: undefined, caller, ifNoneMatch, acceptEncoding };
  const body = checkedBody(request.body, check);
  return "refused" in body ? body.refused : { params, query, body: body.value, caller };
}

async function withCors(answer: Answer, request: FastifyRequest, deps: Dependencies): Promise<Answer> {
  const { authorization, origin } = request.headers;
  if (origin === undefined) return answer;
  const cors = await bearerHeaders(origin, authorization, deps).catch(() => ({ vary: "Origin" }));
  return { ...answer, headers: { ...answer.headers, ...cors } };
}

/** The caller of a protected route, or the challenge it gets. */
export async function bearerOf(
  request: FastifyRequest,
  scopes: readonly EndpointScope[],
  deps: Dependencies,
): Promise<Bearer | Answer> {
  const caller = await authenticateBearer(request.headers.authorization, scopes, deps, deps.now() / 1000);
  return caller.kind === "bearer" ? caller : bearerRefusal(caller);
}

function wantsStream(request: FastifyRequest): boolean {
  return request.method === "GET" && (request.headers.accept ?? "").includes("text/event-stream");
}

async function stream(
  request: FastifyRequest,
  reply: FastifyReply,
  route: BearerRoute,
  deps: Dependencies,
): Promise<Answer | "opened"> {
  const caller = await bearerOf(request, route.scopes, deps);
  if ("status" in caller) return caller;
  const query = queryOf(request, route.query ?? []);
  if ("status" in query) return query;
  const lastEvent = request.headers["last-event-id"];
  const after = typeof lastEvent === "string" && lastEvent !== "" ? lastEvent : query.after;
  const open = () => {
    reply.hijack();
    return reply.raw;
  };
  return feedStreamFrom(after, caller, open, deps);
}

function queryOf(request: FastifyRequest, known: readonly string[]): FeedQuery | Answer {
  const query = request.query as Record<string, unknown>; // Fastify's query: texts, or lists where one is repeated
  const errors = Object.entries(query)
    .filter(([name, value]) => !known.includes(name) || typeof value !== "string")
    .map(([name]) => ({ pointer: `/${name}`, detail: "is not a known parameter, or is given twice." }));
  if (errors.length > 0) return invalid(errors);
  return { after: text(query.after), limit: text(query.limit) };
}

function text(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}
