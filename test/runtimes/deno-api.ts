// The API on Deno: `deno run --allow-net --allow-env --allow-read deno-api.ts`, settings in the environment. Prints its port.

import { type ApiSettings, startApi } from "./api.ts";

// boundary: Deno's own globals
const { Deno } = globalThis as unknown as {
  Deno: {
    readonly env: { toObject(): ApiSettings & Record<string, string> };
    serve(options: object, handler: (request: Request) => Promise<Response>): void;
  };
};
const handler = await startApi(Deno.env.toObject());
const onListen = ({ port }: { port: number }): void => console.log(JSON.stringify({ port }));
Deno.serve({ port: 0, hostname: "127.0.0.1", onListen }, handler);
