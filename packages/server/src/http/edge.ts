// Between Fastify and our handlers: how answers are written, and what becomes of what Fastify itself refuses.

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

/** Writes an answer. Objects go as JSON without a charset, which JSON has none of. */
export function send(reply: FastifyReply, answer: Answer): FastifyReply {
  const { body } = answer;
  const isBytes = body instanceof Uint8Array;
  const isJson = typeof body === "object" && !isBytes;
  reply.code(answer.status);
  // Stopping waits for every connection; one that is answered now must not stay open for more.
  if (!reply.server.server.listening) reply.header("connection", "close");
  if (isJson && answer.headers?.["content-type"] === undefined)
    reply.header("content-type", "application/json");
  if (answer.headers !== undefined) reply.headers(answer.headers);
  if (answer.cookies !== undefined) reply.header("set-cookie", [...answer.cookies]);
  // What fails in between ends the connection, so that a part is never taken for the whole.
  if (answer.stream !== undefined) return reply.send(Readable.from(answer.stream, { objectMode: false }));
  if (isBytes) return reply.send(Buffer.from(body));
  const text = isJson ? JSON.stringify(body) : body;
  return text === undefined ? reply.send() : reply.send(Buffer.from(text));
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
      return "The body is too large.";
    case 415:
      return "The Content-Type is not one this endpoint takes.";
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
