// The admin and account APIs at the edge: a table of the contract gives method, scope and schemas; the handler gets what
// they let pass.

import { createHash } from "node:crypto";
import type { FieldError, Route } from "@rescind/admin-api";
import type { FastifyInstance, FastifyRequest, onRequestAsyncHookHandler } from "fastify";
import type { AdminHandler } from "../admin/request.ts";
import type { Dependencies } from "../dependencies.ts";
import type { Bearer } from "../tokens/bearer.ts";
import { noStore } from "./answer.ts";
import { bearerOf } from "./bearer-edge.ts";
import { send } from "./edge.ts";
import { checkedBody, invalid } from "./json-body.ts";
import { problem } from "./respond.ts";
import { bodyCheck, queryCheck } from "./validation.ts";
import { dependenciesFor } from "./wait-edge.ts";

/** Bytes of a body; bulk orders of administrators are larger than other requests. */
const bulkLimit = 16 * 1024 * 1024;

export function registerAdminRoute(
  app: FastifyInstance,
  route: Route,
  handle: AdminHandler,
  deps: Dependencies,
): void {
  const checks = {
    params: queryCheck(route.params),
    query: queryCheck(route.query),
    body: bodyCheck(route.body),
  };
  app.route({
    method: route.method,
    url: route.path,
    ...(route.bulk === true ? { bodyLimit: bulkLimit, onRequest: refuseStrangers(route, deps) } : {}),
    handler: async (request, reply) => {
      const caller = await bearerOf(request, [route.scope], deps);
      if ("status" in caller) return send(reply, caller);
      const params = request.params as Record<string, string>; // Fastify's path parameters are texts
      const query: Record<string, unknown> = { ...(request.query as object) };
      const errors = [...checks.params(params), ...checks.query(query), ...unexpected(route, query)];
      if (errors.length > 0) return send(reply, invalid(errors));
      const body =
        route.body === undefined
          ? { value: {} }
          : checkedBody(request.body, checks.body, route.bodyOptional === true ? {} : undefined);
      if ("refused" in body) return send(reply, body.refused);
      const key = idempotencyKey(request);
      if (key === "malformed")
        return send(
          reply,
          problem({ status: 400, detail: "Idempotency-Key must be 1 to 255 visible ASCII characters." }),
        );
      const idempotency = key === undefined ? undefined : idempotencyDigest(caller, route, key);
      const answer = await handle(
        { id: request.id, params, query, body: body.value, caller, address: request.ip, idempotency },
        dependenciesFor(request, deps),
      );
      return send(reply, { ...answer, headers: { ...noStore, ...answer.headers } });
    },
  });
}

/** Nobody else's large body is read. */
function refuseStrangers({ scope }: Route, deps: Dependencies): onRequestAsyncHookHandler {
  return async (request, reply) => {
    const caller = await bearerOf(request, [scope], deps);
    return "status" in caller ? send(reply, caller) : undefined;
  };
}

function unexpected(route: Route, query: object): FieldError[] {
  if (route.query !== undefined) return [];
  return Object.keys(query).map((name) => ({
    pointer: `/${name}`,
    detail: "is not a known parameter; remove it.",
  }));
}

function idempotencyKey(request: FastifyRequest): string | "malformed" | undefined {
  const key = request.headers["idempotency-key"];
  if (key === undefined || request.method !== "POST") return undefined;
  return typeof key === "string" && /^[\x21-\x7e]{1,255}$/.test(key) ? key : "malformed";
}

/** Callers cannot meet in one another's keys. */
function idempotencyDigest(caller: Bearer, route: Route, key: string): string {
  return createHash("sha256")
    .update(JSON.stringify([caller.token.subject, route.path, key]))
    .digest("base64url");
}
