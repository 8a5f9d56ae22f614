// What kind of work a call stack is, in the words of docs/performance.md.

import type { Frame } from "./cpu-profile.ts";

/** In the order of the table. */
export const kinds = [
  "writing answers to sockets",
  "reading sockets, event loop, parsing HTTP (native)",
  "node:http, streams, timers",
  "Fastify",
  "the endpoints' own work",
  "hashing, signing, random numbers",
  "store: making and reading statements",
  "SQLite",
  "messages between threads",
  "metrics and log",
  "garbage collection",
] as const;

export type Kind = (typeof kinds)[number];

/** The innermost frame that says what it is decides; native code is its caller's. */
export function kindOf(stack: readonly Frame[]): Kind {
  for (let depth = stack.length - 1; depth >= 0; depth--) {
    const kind = kindOfFrame(stack[depth]);
    if (kind !== undefined) return kind;
  }
  return "reading sockets, event loop, parsing HTTP (native)";
}

const native = new Map<string, Kind>([
  ["(garbage collector)", "garbage collection"],
  ["(program)", "reading sockets, event loop, parsing HTTP (native)"],
  ["writev", "writing answers to sockets"],
  ["writeUtf8String", "writing answers to sockets"],
  ["writeLatin1String", "writing answers to sockets"],
  ["writeBuffer", "writing answers to sockets"],
]);

const places: readonly (readonly [RegExp, Kind])[] = [
  [/sqlite\/connection\.js$/, "SQLite"],
  [/packages\/store\//, "store: making and reading statements"],
  [/node_modules\/(fastify|find-my-way|fast-|avvio|@fastify)/, "Fastify"],
  [/node_modules\/(prom-client|pino)|\/(metrics|request-log)\.js$/, "metrics and log"],
  [/packages\/(server|core|admin-api)\//, "the endpoints' own work"],
  [/^node:internal\/crypto|\/keys\/(jws|digest)\.js$/, "hashing, signing, random numbers"],
  [/^node:internal\/(worker|per_context\/messageport|event_target)/, "messages between threads"],
  [/^node:/, "node:http, streams, timers"],
];

function kindOfFrame(frame: Frame | undefined): Kind | undefined {
  if (frame === undefined) return undefined;
  if (frame.url === "")
    return frame.name === "postMessage" ? "messages between threads" : native.get(frame.name);
  return places.find(([pattern]) => pattern.test(frame.url))?.[1];
}
