// What both doors for plain forms do with one (byte-door.ts, form-door.ts): its answer is made, written and noted.

import type { Dependencies } from "../dependencies.ts";
import type { Answer } from "./answer.ts";
import { failure, oauthForm } from "./edge.ts";
import type { FormMessage } from "./form-answer.ts";
import { noteAnswered } from "./request-log.ts";
import type { FormRoute } from "./routes.ts";

export interface FormDoor {
  readonly routes: readonly FormRoute[];
  /** The path of the issuer, in front of every route's. */
  readonly root: string;
  /** Bytes. */
  readonly bodyLimit: number;
  /** What a request is answered with; does not reject. */
  readonly answer: (route: FormRoute, message: FormMessage) => Promise<Answer>;
}

/** A route with its whole path, the issuer's in front. */
export interface FormWay {
  readonly route: FormRoute;
  readonly path: string;
}

export type DoorParts = Pick<Dependencies, "availability" | "configuration" | "log" | "metrics">;

export function waysOf({ routes, root }: FormDoor): readonly FormWay[] {
  return routes.map((route) => ({ route, path: root + route.path }));
}

interface FormExchange {
  readonly door: FormDoor;
  readonly way: FormWay;
  readonly message: FormMessage;
  /** By `performance.now()`. */
  readonly beganAt: number;
  /** @throws Error if the answer cannot go over the wire as it is */
  readonly write: (answer: Answer, id: string) => void;
}

/** Answers one form, in its own time; an answer that cannot be made or written is a 500. */
export async function exchangeForm(
  { door, way, message, beganAt, write }: FormExchange,
  parts: DoorParts,
): Promise<void> {
  const { id } = message;
  let answer: Answer;
  try {
    answer = await door.answer(way.route, message);
    write(answer, id);
  } catch (error) {
    answer = failure(error, message, oauthForm, parts);
    write(answer, id);
  }
  const ms = performance.now() - beganAt;
  // Once it is written nothing may answer a second time: that would be taken for the answer to the next request.
  noteAnswered({ id, method: "POST", route: way.path, status: answer.status, ms }, parts);
}
