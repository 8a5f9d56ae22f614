// Ports for servers that a test starts. They lie below those that the system gives out by itself (32768 and up on Linux):
// one of these would be taken now and then, by a connection or a listener of another process, before the server has it.

import { randomInt } from "node:crypto";
import { createServer } from "node:net";

const lowest = 20_000;
const beyond = 32_000;
const given = new Set<number>();

/** A port of 127.0.0.1 that nobody listens on now and that was not given before. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = randomInt(lowest, beyond);
    if (given.has(port) || !(await isFree(port))) continue;
    given.add(port);
    return port;
  }
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = createServer();
    probe.once("error", () => resolve(false));
    probe.listen(port, "127.0.0.1", () => probe.close(() => resolve(true)));
  });
}
