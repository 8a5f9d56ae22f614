// A resource server of its own process with the real verifier: decides about tokens, says where it stands, and can have
// its clocks moved. Asked over the channel to its parent.

import { createVerifier, TokenRejected, type VerifierOptions } from "@rescind/verifier";
import type { ChildAnswer, ChildQuestion, ChildSettings } from "./verifiers.ts";

const { options, reachedAt } = JSON.parse(process.env.VERIFIER_SETTINGS ?? "{}") as ChildSettings; // written by verifiers.ts

/** The issuer is a name: its nodes are reached where the parent says. */
const atNode: typeof fetch = (input, init) => {
  const url = new URL(input instanceof Request ? input.url : input);
  return fetch(new URL(url.pathname + url.search, reachedAt), init);
};

const systemNow = Date.now;
let step = 0;
Date.now = () => systemNow() + step;

const verifier = await createVerifier({ ...(options as VerifierOptions), fetch: atNode, startTimeout: 60 });

process.on("message", (question: ChildQuestion) => void answer(question));
process.on("disconnect", () => process.exit(0));
process.send?.({ id: 0, verdict: "ready", ...place() });

async function answer({ id, token, clockStep }: ChildQuestion): Promise<void> {
  if (clockStep !== undefined) step = clockStep;
  const verdict = token === undefined ? "none" : await verdictOn(token);
  process.send?.({ id, verdict, ...place() });
}

function verdictOn(token: string): Promise<string> {
  return verifier.verify(token).then(
    () => "accepted",
    (cause: unknown) => (cause instanceof TokenRejected ? cause.code : String(cause)),
  );
}

function place(): Omit<ChildAnswer, "id" | "verdict"> {
  const { position, freshness, entries } = verifier.status();
  return { position: position.seq, hash: position.hash, fresh: freshness === "fresh", standing: entries };
}
