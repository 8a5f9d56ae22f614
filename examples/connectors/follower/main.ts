// A process beside a program that is not Node: it holds @rescind/verifier and answers that program's question over
// loopback or a unix socket, without asking the server. `GET /check` as nginx's auth_request asks it, `POST /introspect`
// in the form of RFC 7662 section 2. Whoever reaches the socket may ask: it is no service for a network.

import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { createVerifier, TokenRejected, type VerifiedToken } from "@rescind/verifier";
import { HaproxyMap } from "./haproxy-map.ts";

const longestForm = 16_384;

const verifier = await createVerifier({
  issuer: setting("ISSUER"),
  audience: setting("AUDIENCE"),
  clientId: setting("CLIENT_ID"),
  clientSecret: setting("CLIENT_SECRET"),
  name: process.env.NAME ?? "follower",
  maxStaleness: Number(process.env.MAX_STALENESS ?? 5),
});
const socket = process.env.HAPROXY_SOCKET;
const map =
  socket === undefined ? undefined : new HaproxyMap(verifier, { socket, name: setting("HAPROXY_MAP") });

const server = createServer((request, response) => {
  answer(request, response).catch((cause: unknown) => {
    console.error(cause);
    if (!response.headersSent) response.writeHead(503);
    response.end();
  });
});

/** `GET /check?scope=…`: 200, 401, 403 or 503 on the request's own `Authorization`. `POST /introspect?scope=…`. */
async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const url = new URL(request.url ?? "/", "http://follower");
  const scope = url.searchParams.get("scope") ?? "";
  response.setHeader("cache-control", "no-store");
  if (url.pathname === "/check") await check(request, response, scope);
  else if (url.pathname === "/introspect" && request.method === "POST")
    await introspect(request, response, scope);
  else if (url.pathname === "/health") health(response);
  else response.writeHead(404).end();
}

function check(request: IncomingMessage, response: ServerResponse, scope: string): Promise<void> {
  const listener = verifier.node(requiring(scope), (_request, _response, token) => {
    // Percent-encoded: a subject may hold letters that no header can.
    response.setHeader("x-auth-subject", encodeURIComponent(token.subject));
    response.setHeader("x-auth-client", encodeURIComponent(token.clientId ?? ""));
    response.setHeader("x-auth-scope", token.scopes.join(" "));
    response.end();
    const bearer = /^Bearer +([^ ]+) *$/i.exec(request.headers.authorization ?? "")?.[1];
    if (bearer !== undefined) map?.remember(bearer, scope, token);
  });
  return listener(request, response);
}

/** Inactive is whatever is refused; what cannot be told is 503, never `active: false` and never true. */
async function introspect(request: IncomingMessage, response: ServerResponse, scope: string): Promise<void> {
  const token = new URLSearchParams(await form(request)).get("token") ?? "";
  const told = await verifier.verify(token, requiring(scope)).then(active, (cause: unknown) => {
    if (!(cause instanceof TokenRejected)) throw cause;
    return cause.code === "stale" ? undefined : { active: false };
  });
  if (told === undefined) response.writeHead(503, { "retry-after": "1" }).end();
  else response.setHeader("content-type", "application/json").end(JSON.stringify(told));
}

function active(token: VerifiedToken): Record<string, unknown> {
  return { ...token.claims, active: true, token_type: "Bearer", scope: token.scopes.join(" ") };
}

function health(response: ServerResponse): void {
  const { freshness, position } = verifier.status();
  response.writeHead(freshness === "fresh" ? 200 : 503).end(`${freshness} at ${position.seq}\n`);
}

function requiring(scope: string): { scope?: string } {
  return scope === "" ? {} : { scope };
}

async function form(request: IncomingMessage): Promise<string> {
  let text = "";
  for await (const chunk of request.setEncoding("utf8")) {
    text += chunk;
    if (text.length > longestForm) return "";
  }
  return text;
}

const listen = process.env.LISTEN ?? "127.0.0.1:9480";
const ready = () => console.log(JSON.stringify({ msg: "following", listen }));
const [host = "", port] = listen.split(":");
if (port === undefined) server.listen(listen, ready);
else server.listen(Number(port), host, ready);

for (const signal of ["SIGTERM", "SIGINT"] as const) {
  process.once(signal, async () => {
    map?.close();
    server.close();
    server.closeAllConnections();
    await verifier.close();
  });
}

function setting(name: string): string {
  const value = process.env[name];
  if (value !== undefined && value !== "") return value;
  console.error(`follower: set ${name}; README.md says what to`);
  process.exit(2);
}
