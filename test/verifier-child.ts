// A resource server of its own process: a verifier, asked over the channel to its parent.

import { createVerifier, TokenRejected, type VerifierOptions } from "@rescind/verifier";

const options = JSON.parse(process.env.VERIFIER_OPTIONS ?? "{}") as VerifierOptions; // written by verifier-process.ts
const verifier = await createVerifier(options);

process.on("message", (token) => void answer(String(token)));
process.on("disconnect", () => process.exit(0));
process.send?.("ready");

async function answer(token: string): Promise<void> {
  const verdict = await verifier.verify(token).then(
    () => "accepted",
    (cause: unknown) => (cause instanceof TokenRejected ? cause.code : String(cause)),
  );
  process.send?.(verdict);
}
