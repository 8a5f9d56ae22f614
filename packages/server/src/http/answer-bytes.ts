// An answer as node:http would send it, in one write and without its classes: byte for byte the same but for the hour.
// RFC 9112 section 4. Neither streams nor cookies, which OAuth endpoints do not have.

import { STATUS_CODES } from "node:http";
import type { Socket } from "node:net";
import type { Answer } from "./answer.ts";
import { isJson, payloadOf } from "./edge.ts";

interface AnswerTerms {
  readonly id: string;
  readonly isStopping: boolean;
  /** Milliseconds for which the connection is kept for more. */
  readonly keepAliveTimeout: number;
}

/**
 * Writes an answer; false where the connection takes no more for now.
 * @throws TypeError if a header's value is not plain text; nothing is written then
 */
export function writeAnswer(
  socket: Socket,
  answer: Pick<Answer, "status" | "headers" | "body">,
  { id, isStopping, keepAliveTimeout }: AnswerTerms,
): boolean {
  const payload = payloadOf(answer) ?? "";
  const length = Buffer.byteLength(payload);
  let head = `HTTP/1.1 ${answer.status} ${STATUS_CODES[answer.status]}\r\nx-request-id: ${id}\r\nx-content-type-options: nosniff\r\n`;
  if (isStopping) head += "connection: close\r\n";
  if (isJson(answer)) head += "content-type: application/json\r\n";
  for (const name in answer.headers) head += `${name}: ${plain(answer.headers[name] ?? "")}\r\n`;
  head += `content-length: ${length}\r\nDate: ${httpDate()}\r\n`;
  if (!isStopping)
    head += `Connection: keep-alive\r\nKeep-Alive: timeout=${Math.floor(keepAliveTimeout / 1000)}\r\n`;
  head += "\r\n";
  if (typeof payload !== "string") return socket.write(Buffer.concat([Buffer.from(head, "latin1"), payload]));
  // Where every character is one byte, Latin-1 says the same as UTF-8 and is written faster.
  return socket.write(head + payload, length === payload.length ? "latin1" : "utf8");
}

function plain(value: string): string {
  if (/[^\t -~]/.test(value)) throw new TypeError("a header of an answer holds what no header may");
  return value;
}

let second = 0;
let date = "";

/** Now as headers say it (RFC 9110 section 5.6.7), made once a second. */
function httpDate(): string {
  const now = Math.floor(Date.now() / 1000);
  if (now !== second) {
    second = now;
    date = new Date(now * 1000).toUTCString();
  }
  return date;
}
