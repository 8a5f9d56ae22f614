// Starts the servers that do next to nothing: they show where the machine, Node and the load process end.

import { firstMessage, startFile, stop } from "../pinned-process.ts";

export interface Limit {
  readonly name: string;
  readonly pid: number;
  readonly port: number;
  stop(): Promise<void>;
}

const files = { "node:http": "./http-process.ts", Fastify: "./fastify-process.ts" } as const;

export async function startLimit(name: keyof typeof files): Promise<Limit> {
  const child = startFile("server", files[name]);
  const { port } = (await firstMessage(child)) as { port: number }; // as both processes send it
  return { name, pid: child.pid ?? 0, port, stop: () => stop(child) };
}
