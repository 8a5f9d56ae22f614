// What a form-encoded POST to an OAuth endpoint is answered with, whichever way it came in (form-edge.ts, form-door.ts):
// the form, the handler, CORS.

import type { Dependencies } from "../dependencies.ts";
import type { Answer, FormRequest } from "./answer.ts";
import { answerHeaders } from "./cors.ts";
import { failure, oauthForm } from "./edge.ts";
import { readForm } from "./form.ts";
import { oauthRefusal } from "./respond.ts";
import type { FormRoute } from "./routes.ts";
import { dependenciesFor } from "./wait-edge.ts";

/** Of the headers what is looked at; whoever read the request may give all of them. */
export interface FormHeaders {
  readonly authorization?: string | undefined;
  readonly accept?: string | undefined;
  readonly origin?: string | undefined;
  readonly prefer?: string | string[] | undefined;
}

/** A request as it came, its body as text. */
export interface FormMessage {
  readonly id: string;
  readonly headers: FormHeaders;
  readonly body: string;
  readonly address: string;
  /** `headers`, if they are the same object each time they come over their connection. */
  readonly repeated?: object | undefined;
}

/** Never rejects: what failed is answered, so that it gets its CORS headers too. */
export function answerForm(route: FormRoute, message: FormMessage, deps: Dependencies): Promise<Answer> {
  const form = readForm(message.body);
  if ("kind" in form) return Promise.resolve(oauthRefusal(form));
  const { id, address, headers, repeated } = message;
  const { authorization, accept = "", origin } = headers;
  const parsed: FormRequest = { id, form, authorization, accept, address, repeated };
  const answered = handled(route.handle, parsed, message, deps);
  return origin === undefined ? answered : withCors(answered, origin, parsed, deps);
}

async function withCors(
  answered: Promise<Answer>,
  origin: string,
  parsed: FormRequest,
  deps: Dependencies,
): Promise<Answer> {
  const { headers, ...answer } = await answered;
  const cors = await deps.store
    .head()
    .then((head) => answerHeaders(origin, parsed, head, deps))
    .catch(() => ({ vary: "Origin" }));
  return { ...answer, headers: { ...headers, ...cors } };
}

/** What the handler answers, or what its failure is answered with. */
export async function handled<Answered>(
  handle: (request: FormRequest, deps: Dependencies) => Promise<Answered>,
  parsed: FormRequest,
  message: Pick<FormMessage, "headers">,
  deps: Dependencies,
): Promise<Answered | Answer> {
  try {
    return await handle(parsed, dependenciesFor(message, deps));
  } catch (error) {
    return failure(error, parsed, oauthForm, deps);
  }
}
