// A sample of the mutations of good tokens; the stated number runs in mutations.long.test.ts.

import { test } from "node:test";
import { refuseMutations, variedTokens } from "./mutation.ts";
import { seed } from "./property.ts";
import { startPeer, startVerifier } from "./running-verifier.ts";
import { Random } from "./simulator/random.ts";

test(`JW-01 to JW-08: 2,000 mutations of good tokens are refused (seed ${seed})`, async (t) => {
  const peer = await startPeer(t);
  const tokens = await variedTokens(peer);
  await refuseMutations(await startVerifier(t, peer), tokens, 2000, new Random(seed).share);
});
