// /openapi.json (OpenAPI 3.1), made from the route tables and the schemas that check the requests.

import { accountRoutes, routes as adminRoutes, Problem, type Route } from "@rescind/admin-api";
import { type Answer, ok } from "./answer.ts";
import { formFields } from "./form-fields.ts";
import { leakReportRoute } from "./leak-report-edge.ts";
import {
  type BearerRoute,
  bearerRoutes,
  type FormRoute,
  formRoutes,
  pageRoutes,
  publicRoutes,
} from "./routes.ts";
import { userinfoRoute } from "./userinfo-edge.ts";

type Operation = Record<string, unknown>;

const problemAnswer = {
  description: "A problem (RFC 9457)",
  content: { "application/problem+json": { schema: { $ref: "#/components/schemas/Problem" } } },
};
const oauthErrorAnswer = {
  description: "An OAuth error (RFC 6749 section 5.2)",
  content: { "application/json": { schema: { $ref: "#/components/schemas/OAuthError" } } },
};

const pageAnswer = {
  default: { description: "A page for a browser, or 303 to the next", content: { "text/html": {} } },
};

export function openApi(deps: { readonly issuer: string }): Answer {
  const paths: Record<string, Record<string, Operation>> = {};
  const add = (method: string, path: string, operation: Operation): void => {
    const written = path.replaceAll(/:(\w+)/g, "{$1}");
    paths[written] = { ...paths[written], [method.toLowerCase()]: operation };
  };
  for (const route of formRoutes) add("post", route.path, formOperation(route));
  for (const route of publicRoutes)
    add("get", route.path, { summary: route.summary, responses: { 200: { description: "OK" } } });
  for (const { path, summary, get, post } of pageRoutes) {
    const parameters = textsInPath(path);
    const operation = { summary, responses: pageAnswer, ...(parameters.length === 0 ? {} : { parameters }) };
    if (get !== undefined) add("get", path, operation);
    if (post !== undefined) add("post", path, operation);
  }
  const { path, summary } = userinfoRoute;
  for (const method of ["get", "post"])
    add(method, path, {
      summary,
      security: [{ bearer: ["openid"] }],
      responses: { 200: { description: "Claims" }, default: oauthErrorAnswer },
    });
  for (const route of bearerRoutes) add(route.method, route.path, bearerOperation(route));
  add("post", leakReportRoute.path, {
    summary: leakReportRoute.summary,
    security: [{}],
    requestBody: jsonContent(leakReportRoute.body),
    responses: { 202: { description: "Whatever they were" }, default: problemAnswer },
  });
  for (const [name, route] of Object.entries({ ...adminRoutes, ...accountRoutes }) as [string, Route][])
    add(route.method, route.path, adminOperation(name, route));
  return ok(
    {
      openapi: "3.1.0",
      info: { title: "Rescind", version: "0.1.0", description: "OAuth tokens that can be taken back." },
      servers: [{ url: deps.issuer }],
      paths,
      components: {
        schemas: {
          Problem,
          OAuthError: {
            type: "object",
            required: ["error"],
            properties: { error: { type: "string" }, error_description: { type: "string" } },
          },
        },
        securitySchemes: {
          bearer: { type: "http", scheme: "bearer" },
          client: { type: "http", scheme: "basic" },
        },
      },
    },
    { "access-control-allow-origin": "*" },
  );
}

function formOperation(route: FormRoute): Operation {
  const { required = [], properties = {} } = formFields[route.path] ?? {};
  const text = { type: "string" };
  const credentials = {
    client_id: text,
    client_secret: text,
    client_assertion: text,
    client_assertion_type: text,
  };
  const schema = { type: "object", required, properties: { ...properties, ...credentials } };
  const byScript =
    "Also by GET with `callback`, for public clients that are registered with `jsonp` (JSONP).";
  return {
    summary: route.summary,
    ...(route.byScript === undefined ? {} : { description: byScript }),
    security: [{ client: [] }, {}],
    requestBody: { required: true, content: { "application/x-www-form-urlencoded": { schema } } },
    responses: { "2XX": { description: "OK" }, default: oauthErrorAnswer },
  };
}

function bearerOperation(route: BearerRoute): Operation {
  const text = { type: "string" };
  const inQuery = (route.query ?? []).map((name) => parameter(name, "query", text, false));
  const parameters = [...textsInPath(route.path), ...inQuery];
  return {
    summary: route.summary,
    security: route.scopes.map((scope) => ({ bearer: [scope] })),
    ...(parameters.length === 0 ? {} : { parameters }),
    ...(route.body === undefined ? {} : { requestBody: jsonContent(route.body) }),
    responses: { "2XX": { description: "OK" }, default: problemAnswer },
  };
}

function adminOperation(name: string, route: Route): Operation {
  const parameters = [...parametersOf(route.params, "path"), ...parametersOf(route.query, "query")];
  const mediaType = route.lines === true ? "application/x-ndjson" : "application/json";
  const answers = Object.entries(route.answers).map(([status, schema]) => [
    status,
    schema === undefined
      ? { description: "Done" }
      : { description: "OK", content: { [mediaType]: { schema } } },
  ]);
  return {
    operationId: name,
    summary: route.summary,
    security: [{ bearer: [route.scope] }],
    ...(parameters.length === 0 ? {} : { parameters }),
    ...(route.body === undefined
      ? {}
      : { requestBody: { ...jsonContent(route.body), required: route.bodyOptional !== true } }),
    responses: { ...Object.fromEntries(answers), default: problemAnswer },
  };
}

function parametersOf(schema: unknown, where: "path" | "query") {
  const { properties = {}, required = [] } = (schema ?? {}) as { properties?: object; required?: string[] }; // JSON Schema
  return Object.entries(properties).map(([name, one]) =>
    parameter(name, where, one, required.includes(name)),
  );
}

function textsInPath(path: string) {
  return [...path.matchAll(/:(\w+)/g)].map(([, name = ""]) =>
    parameter(name, "path", { type: "string" }, true),
  );
}

function parameter(name: string, where: "path" | "query", schema: unknown, required: boolean) {
  return { name, in: where, required: where === "path" || required, schema };
}

function jsonContent(schema: unknown) {
  return { required: true, content: { "application/json": { schema } } };
}
