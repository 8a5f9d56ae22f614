// `Prefer: wait=S` (RFC 7240) at the edge: an answer with `Rescind-Seq` is held until every verifier has applied it, and
// `Rescind-Effective` says how many have. CONTRACT.md section 6. Whatever becomes of the waiting, the answer goes out
// as it was made: what it says is committed already.

import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import type { Dependencies } from "../dependencies.ts";
import type { FormHeaders } from "./form-answer.ts";
import { waitAsked } from "./prefer.ts";

/**
 * What a handler is given for this request: where somebody waits, every order that it makes says so (`ack`), and
 * verifiers acknowledge it at once.
 */
export function dependenciesFor(
  request: { readonly headers: FormHeaders },
  deps: Dependencies,
): Dependencies {
  const { prefer } = request.headers;
  return prefer === undefined || waitAsked(prefer) === undefined ? deps : { ...deps, awaited: true };
}

/** Holds the answers of every route of the server that revoke something and are waited for. */
export function holdAwaitedAnswers(app: FastifyInstance, deps: Pick<Dependencies, "effect" | "log">): void {
  app.addHook("onSend", (request, reply, payload, done) => {
    const { prefer } = request.headers;
    const seconds = prefer === undefined ? undefined : waitAsked(prefer);
    const seq = Number(reply.getHeader("rescind-seq") ?? Number.NaN);
    if (seconds === undefined || Number.isNaN(seq)) {
      done(null, payload);
      return;
    }
    hold(seq, seconds, request, reply, deps).then(
      () => done(null, payload),
      (cause: unknown) => {
        deps.log.error({ reqId: request.id, cause: String(cause) }, "waiting for verifiers failed");
        done(null, payload);
      },
    );
  });
}

async function hold(
  seq: number,
  seconds: number,
  request: FastifyRequest,
  reply: FastifyReply,
  deps: Pick<Dependencies, "effect">,
): Promise<void> {
  const gone = new AbortController();
  const { socket } = request.raw;
  const idle = socket.timeout ?? 0;
  const leave = (): void => gone.abort();
  reply.raw.once("close", leave);
  // Nothing goes over the connection meanwhile, which is no reason to cut it.
  if (idle > 0) socket.setTimeout(idle + seconds * 1000);
  const effect = await deps.effect.reached(seq, seconds, gone.signal);
  reply.raw.off("close", leave);
  if (idle > 0) socket.setTimeout(idle);
  reply.header("preference-applied", `wait=${seconds}`);
  if (effect !== undefined) reply.header("rescind-effective", `${effect.applied}/${effect.counted}`);
  // A server that began to stop meanwhile must not keep the connection for more.
  if (!reply.server.server.listening) reply.header("connection", "close");
}
