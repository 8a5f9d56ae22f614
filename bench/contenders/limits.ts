// Starts the servers that do next to nothing: they show where the machine, Node and the load process end.

import { firstMessage, startFile, stop } from "../pinned-process.ts";

export interface Limit {
  readonly name: string;
  processes(): readonly number[];
  readonly port: number;
  stop(): Promise<void>;
}

const files = { "node:http": "./http-process.ts", Fastify: "./fastify-process.ts" } as const;

export async function startLimit(name: keyof typeof files): Promise<Limit> {
  const child = startFile("server", files[name]);
  const { port } = (await firstMessage(child)) as { port: number }; // as both processes send it
  return { name, processes: () => [child.pid ?? 0], port, stop: () => stop(child) };
}
