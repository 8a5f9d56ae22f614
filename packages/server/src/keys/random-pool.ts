// Random bytes for what is made by the thousand, drawn many at a time: asking OpenSSL for a hundred bytes costs as much as
// for a few thousand. What was handed out is wiped when it has been used, so that no secret can be made again from what
// memory still holds.

import { randomFillSync } from "node:crypto";

const poolBytes = 8192;
const pool = Buffer.alloc(poolBytes);
let next = poolBytes;

/** Calls with so many random bytes, 8,192 at most; they are gone when it returns. */
export function withRandom<Made>(bytes: number, make: (random: Uint8Array) => Made): Made {
  if (next + bytes > poolBytes) {
    randomFillSync(pool);
    next = 0;
  }
  const random = pool.subarray(next, next + bytes);
  next += bytes;
  try {
    return make(random);
  } finally {
    random.fill(0);
  }
}
