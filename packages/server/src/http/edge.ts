// Between Fastify and our handlers: how answers are written, and what becomes of what Fastify itself refuses.

import type { ServerResponse } from "node:http";
import { isIPv4 } from "node:net";
import { Readable } from "node:stream";
import { StoreUnavailable } from "@rescind/store";
import type { FastifyError, FastifyReply, FastifyRequest } from "fastify";
import type { Dependencies } from "../dependencies.ts";
import { TooManyWaiting } from "../people/hashing-turns.ts";
import type { Answer } from "./answer.ts";
import { oauthHttpError, problem } from "./respond.ts";

/** Who writes errors here: OAuth endpoints and all others differ in form only. */
export type ErrorForm = (status: number, detail: string, headers?: Record<string, string>) => Answer;

export const oauthForm: ErrorForm = oauthHttpError;
export const problemForm: ErrorForm = (status, detail, headers) => problem({ status, detail, headers });

/** Writes an answer by Fastify. Objects go as JSON without a charset, which JSON has none of. */
export function send(reply: FastifyReply, answer: Answer): FastifyReply {
  reply.code(answer.status);
  // Stopping waits for every connection; one that is answered now must not stay open for more.
  if (!reply.server.server.listening) reply.header("connection", "close");
  if (isJson(answer)) reply.header("content-type", "application/json");
  if (answer.headers !== undefined) reply.headers(answer.headers);
  if (answer.cookies !== undefined) reply.header("set-cookie", [...answer.cookies]);
  // What fails in between ends the connection, so that a part is never taken for the whole.
  if (answer.stream !== undefined) return reply.send(Readable.from(answer.stream, { objectMode: false }));
  const payload = payloadOf(answer);
  // As bytes: to a text Fastify would add a charset.
  return payload === undefined ? reply.send() : reply.send(bytesOf(payload));
}

/** Writes an answer without Fastify, in one piece with its headers. Neither streams nor cookies, which OAuth endpoints do not have. */
export function write(
  response: ServerResponse,
  answer: Pick<Answer, "status" | "headers" | "body">,
  { id, isStopping }: { readonly id: string; readonly isStopping: boolean },
): void {
  const headers = ["x-request-id", id, "x-content-type-options", "nosniff"];
  if (isStopping) headers.push("connection", "close");
  if (isJson(answer)) headers.push("content-type", "application/json");
  for (const name in answer.headers) headers.push(name, answer.headers[name] ?? "");
  const payload = payloadOf(answer) ?? "";
  headers.push("content-length", String(Buffer.byteLength(payload)));
  response.writeHead(answer.status, headers).end(payload);
}

/** Whether the body goes as JSON, and nobody has named another type. */
export function isJson({ body, headers }: Pick<Answer, "headers" | "body">): boolean {
  const isObject = typeof body === "object" && !(body instanceof Uint8Array);
  return isObject && headers?.["content-type"] === undefined;
}

/** The body as it goes over the wire. */
export function payloadOf({ body }: Pick<Answer, "body">): string | Uint8Array | undefined {
  return typeof body === "object" && !(body instanceof Uint8Array) ? JSON.stringify(body) : body;
}

/** As Fastify takes them; bytes are not copied. */
function bytesOf(payload: string | Uint8Array): Buffer {
  if (typeof payload === "string") return Buffer.from(payload);
  return Buffer.from(payload.buffer, payload.byteOffset, payload.byteLength);
}

/** What a failure below a handler is answered with; only a store that cannot confirm is a 503. */
export function failure(
  error: unknown,
  request: Pick<FastifyRequest, "id">,
  form: ErrorForm,
  deps: Pick<Dependencies, "availability" | "log">,
): Answer {
  if (error instanceof StoreUnavailable) {
    deps.availability.failed();
    deps.log.error({ reqId: request.id, err: error, cause: String(error.cause) }, "store unavailable");
    return form(503, "The server cannot confirm this right now; try again.");
  }
  if (error instanceof TooManyWaiting) return form(503, "Too many of these are waiting already; try again.");
  const { statusCode, code } = error as Partial<FastifyError>; // Fastify's errors carry both, others neither
  if (statusCode !== undefined && statusCode >= 400 && statusCode < 500)
    return form(statusCode, refusalText(statusCode, code));
  deps.log.error({ reqId: request.id, err: error }, "defect");
  return form(500, "The server failed; the log has the request id.");
}

function refusalText(status: number, code: string | undefined): string {
  switch (status) {
    case 413:
      return "The body is too large: 64 KiB at most, more only where a list is taken.";
    case 415:
      return "Send another Content-Type: application/x-www-form-urlencoded to OAuth endpoints, application/json to all others.";
    default:
      return code === "FST_ERR_CTP_EMPTY_JSON_BODY" ? "The body is empty." : "The request is malformed.";
  }
}

/** The other methods of a path: 405 with `Allow`. */
export function otherMethods(allowed: readonly string[]): string[] {
  const known = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];
  return known.filter((method) => !allowed.includes(method));
}

export function isLoopbackAddress(address: string): boolean {
  const bare = address.replace(/^::ffff:/, "");
  return bare === "::1" || (isIPv4(bare) && bare.startsWith("127."));
}
