// The HTTP server: one Fastify, its limits, its request log, and the route tables. Fastify ends here.

import { createServer } from "node:http";
import { accountRoutes, routes as adminRoutes, type Route } from "@rescind/admin-api";
import Fastify, { type FastifyInstance } from "fastify";
import { accountHandlers } from "../account/handlers.ts";
import { adminHandlers } from "../admin/handlers.ts";
import type { Dependencies } from "../dependencies.ts";
import { registerSite } from "../site/site-edge.ts";
import { registerAdminRoute } from "./admin-edge.ts";
import { answerPreflights, registerBearerRoute } from "./bearer-edge.ts";
import { byteDoor } from "./byte-door.ts";
import { openPreflightHeaders } from "./cors.ts";
import { failure, otherMethods, send } from "./edge.ts";
import { errorFormFor, notFound } from "./for-people.ts";
import { answerForm } from "./form-answer.ts";
import { formDoor } from "./form-door.ts";
import { registerFormRoutes } from "./form-edge.ts";
import type { FormDoor } from "./form-exchange.ts";
import { acceptJson } from "./json-body.ts";
import { registerLeakReports } from "./leak-report-edge.ts";
import { openApi } from "./open-api.ts";
import { registerPageRoutes } from "./page-edge.ts";
import { newRequestId, noteAnswered } from "./request-log.ts";
import { problem } from "./respond.ts";
import { bearerRoutes, formRoutes, type PublicRoute, pageRoutes, publicRoutes } from "./routes.ts";
import { registerUserinfo } from "./userinfo-edge.ts";
import { holdAwaitedAnswers } from "./wait-edge.ts";

/** Bytes of a body, admin bulk apart. */
const bodyLimit = 64 * 1024;
/** Milliseconds after which a connection is cut on which nothing moves while a request is under way. */
const idleMs = 60_000;
/** Times in milliseconds. */
const limits = {
  requestTimeout: 30_000,
  keepAliveTimeout: 72_000,
  headersTimeout: 15_000,
  connectionsCheckingInterval: 5_000,
  maxHeaderSize: 16 * 1024,
};

export function buildApp(deps: Dependencies): FastifyInstance {
  const { trustedProxies } = deps.configuration;
  const root = new URL(deps.issuer).pathname.replace(/\/$/, "");
  const door: FormDoor = {
    routes: formRoutes,
    root,
    bodyLimit,
    answer: (route, message) => answerForm(route, message, deps),
  };
  const app = Fastify({
    bodyLimit,
    logger: false,
    genReqId: newRequestId,
    trustProxy: trustedProxies.length === 0 ? false : [...trustedProxies],
    serverFactory: (others) => {
      const server = createServer(limits, formDoor(door, others, deps)).setTimeout(idleMs);
      byteDoor(server, door, deps);
      return server;
    },
    forceCloseConnections: "idle",
    // What still arrives over an open connection while stopping is answered like anything else in flight.
    return503OnClosing: false,
    routerOptions: { maxParamLength: 512 },
  });
  watchRequests(app, deps);
  holdAwaitedAnswers(app, deps);
  app.setErrorHandler((error, request, reply) =>
    send(reply, failure(error, request, errorFormFor(request, deps), deps)),
  );
  app.setNotFoundHandler((request, reply) => send(reply, notFound(request, deps)));
  app.register(async (scope) => registerFormRoutes(scope, formRoutes, deps), { prefix: root });
  app.register(async (scope) => registerUserinfo(scope, deps), { prefix: root });
  app.register(async (scope) => registerPageRoutes(scope, pageRoutes, deps), { prefix: root });
  app.register(async (scope) => registerProtected(scope, deps), { prefix: root });
  app.register(async (scope) => registerLeakReports(scope, deps), { prefix: root });
  app.register(async (scope) => registerPublic(scope, publicRoutes, deps), { prefix: root });
  app.register(async (scope) => registerSite(scope, deps), { prefix: root });
  if (root !== "") {
    const inserted = publicRoutes.filter(({ path }) => path.startsWith("/.well-known/"));
    for (const route of inserted) registerPublic(app, [{ ...route, path: `${route.path}${root}` }], deps);
    registerPublic(
      app,
      publicRoutes.filter((route) => route.rooted === true),
      deps,
    );
  }
  return app;
}

function registerPublic(app: FastifyInstance, routes: readonly PublicRoute[], deps: Dependencies): void {
  for (const route of [...routes, { path: "/openapi.json", handle: openApi, summary: "", openToAll: true }]) {
    // Asked with the prefix, which Fastify leaves out here: the root's own /healthz is not that below the issuer's path.
    if (app.hasRoute({ method: "GET", url: `${app.prefix}${route.path}` })) continue;
    app.get(route.path, async (_request, reply) => send(reply, await route.handle(deps)));
    const methods = route.openToAll === true ? ["GET", "HEAD", "OPTIONS"] : ["GET", "HEAD"];
    if (route.openToAll === true)
      app.options(route.path, (_request, reply) =>
        send(reply, { status: 204, headers: openPreflightHeaders(methods) }),
      );
    refuseOthers(app, route.path, methods);
  }
}

function registerProtected(app: FastifyInstance, deps: Dependencies): void {
  acceptJson(app);
  const methods = new Map<string, string[]>();
  const allow = (path: string, method: string): void => {
    methods.set(path, [...(methods.get(path) ?? []), ...(method === "GET" ? ["GET", "HEAD"] : [method])]);
  };
  for (const route of bearerRoutes) {
    registerBearerRoute(app, route, deps);
    allow(route.path, route.method);
  }
  for (const [name, route] of Object.entries(adminRoutes) as [keyof typeof adminRoutes, Route][]) {
    registerAdminRoute(app, route, adminHandlers[name], deps);
    allow(route.path, route.method);
  }
  for (const [name, route] of Object.entries(accountRoutes) as [keyof typeof accountRoutes, Route][]) {
    registerAdminRoute(app, route, accountHandlers[name], deps);
    allow(route.path, route.method);
  }
  const appPaths = new Set(bearerRoutes.filter((route) => route.openToApps).map(({ path }) => path));
  for (const path of appPaths) {
    allow(path, "OPTIONS");
    answerPreflights(app, path, methods.get(path) ?? [], deps);
  }
  for (const [path, allowed] of methods) refuseOthers(app, path, allowed);
}

function refuseOthers(app: FastifyInstance, url: string, allowed: readonly string[]): void {
  const allow = allowed.join(", ");
  app.route({
    method: otherMethods(allowed),
    url,
    handler: (_request, reply) =>
      send(reply, problem({ status: 405, detail: `Use ${allow}.`, headers: { allow } })),
  });
}

/** Request id and sniffing protection on every answer; one log line and one measurement per request, without its URL. */
function watchRequests(app: FastifyInstance, deps: Dependencies): void {
  app.addHook("onRequest", (request, reply, done) => {
    reply.header("x-request-id", request.id).header("x-content-type-options", "nosniff");
    done();
  });
  app.addHook("onResponse", ({ id, method, routeOptions }, { statusCode: status, elapsedTime: ms }, done) => {
    noteAnswered({ id, method, route: routeOptions.url ?? "none", status, ms }, deps);
    done();
  });
}
