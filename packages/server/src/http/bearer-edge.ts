// The feed and the metrics at the edge: Bearer token, query, body, then the handler or the live stream.

import type { RescindScope } from "@rescind/core";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import type { Dependencies } from "../dependencies.ts";
import type { FeedQuery } from "../endpoints/feed.ts";
import { feedStreamFrom } from "../endpoints/feed-stream.ts";
import { authenticateBearer, type Bearer } from "../tokens/bearer.ts";
import type { Answer } from "./answer.ts";
import { isLoopbackAddress, send } from "./edge.ts";
import { checkedBody, invalid } from "./json-body.ts";
import { bearerRefusal } from "./respond.ts";
import type { BearerRoute } from "./routes.ts";
import { bodyCheck } from "./validation.ts";

export function registerBearerRoute(app: FastifyInstance, route: BearerRoute, deps: Dependencies): void {
  const check = bodyCheck(route.body);
  app.route({
    method: route.method,
    url: route.path,
    handler: async (request, reply) => {
      if (route.openToLoopback === true && isLoopbackAddress(request.ip))
        return send(reply, await route.handle({ query: {}, body: undefined, caller: undefined }, deps));
      const caller = await bearerOf(request, route.scopes, deps);
      if ("status" in caller) return send(reply, caller);
      const query = queryOf(request, route.query ?? []);
      if ("status" in query) return send(reply, query);
      if (route.streams === true && wantsStream(request))
        return stream(request, reply, { caller, query }, deps);
      if (route.body === undefined)
        return send(reply, await route.handle({ query, body: undefined, caller }, deps));
      const body = checkedBody(request.body, check);
      if ("refused" in body) return send(reply, body.refused);
      return send(reply, await route.handle({ query, body: body.value, caller }, deps));
    },
  });
}

/** The caller of a protected route, or the challenge it gets. */
export async function bearerOf(
  request: FastifyRequest,
  scopes: readonly RescindScope[],
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
  asked: { readonly caller: Bearer; readonly query: FeedQuery },
  deps: Dependencies,
): Promise<FastifyReply> {
  const lastEvent = request.headers["last-event-id"];
  const after = typeof lastEvent === "string" && lastEvent !== "" ? lastEvent : asked.query.after;
  const open = () => {
    reply.hijack();
    return reply.raw;
  };
  const answer = await feedStreamFrom(after, asked.caller, open, deps);
  return answer === "opened" ? reply : send(reply, answer);
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
