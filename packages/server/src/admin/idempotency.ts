// Idempotency-Key on POST: the same key gets the answer of the first time, sealed in the store for a day. Orders also
// hand the key to the store, which makes them harmless to repeat even where the process died before it remembered.
// What the request was is sealed too: a digest of a body with a password could be guessed against.
// Does not remember refusals. Requests of one key take turns, on whichever node they arrive.

import { createHash } from "node:crypto";
import type { Dependencies } from "../dependencies.ts";
import type { Answer } from "../http/answer.ts";
import { refused } from "./refusal.ts";
import type { AdminHandler, AdminRequest } from "./request.ts";

/** The handler, run once for each Idempotency-Key. Without a key it runs every time. */
export function withIdempotency(handler: AdminHandler): AdminHandler {
  return (request, deps) => {
    const key = request.idempotency;
    if (key === undefined) return handler(request, deps);
    return deps.turns.inTurn(`answer ${key}`, () =>
      answerOnce(handler, { ...request, idempotency: key }, deps),
    );
  };
}

/** 422: the key was used for another request. */
export function idempotencyMismatch(): Answer {
  return refused(
    "idempotency-mismatch",
    "This Idempotency-Key was used for another request. Take a new key for a new request.",
  );
}

async function answerOnce(
  handler: AdminHandler,
  request: AdminRequest & { readonly idempotency: string },
  deps: Dependencies,
): Promise<Answer> {
  const { idempotency: key } = request;
  const digest = digestOf(request);
  const known = await deps.store.recallAnswer(key);
  if (known !== undefined) {
    const first = openAnswer(key, known.sealed, deps);
    return first.request === digest ? first.answer : idempotencyMismatch();
  }
  const answer = await handler(request, deps);
  if (answer.status >= 300) return answer;
  const remembered: Remembered = { request: digest, answer };
  const sealed = deps.seal.seal(purposeOf(key), Buffer.from(JSON.stringify(remembered)));
  try {
    await deps.store.rememberAnswer(key, "sealed", sealed, deps.now());
  } catch (cause) {
    // The change is committed: its answer, with a secret shown only once, must not be lost over this.
    deps.log.warn({ reqId: request.id, err: cause }, "answer not remembered for its Idempotency-Key");
  }
  return answer;
}

interface Remembered {
  /** Digest of the request that was answered. */
  readonly request: string;
  readonly answer: Answer;
}

function openAnswer(key: string, sealed: Uint8Array, deps: Pick<Dependencies, "seal">): Remembered {
  // Written by `answerOnce` and authenticated by the seal.
  return JSON.parse(Buffer.from(deps.seal.open(purposeOf(key), sealed)).toString()) as Remembered;
}

function purposeOf(key: string): string {
  return `answer/${key}`;
}

function digestOf(request: AdminRequest): string {
  const text = JSON.stringify([request.params, request.body]);
  return createHash("sha256").update(text).digest("base64url");
}
