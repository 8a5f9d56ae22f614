// The API on Bun: `bun bun-api.ts`, settings in the environment. Prints its port.

import { type ApiSettings, startApi } from "./api.ts";

// boundary: Bun's own globals
const { Bun } = globalThis as unknown as {
  Bun: {
    readonly env: ApiSettings;
    serve(options: object): { readonly port: number };
  };
};
const fetch = await startApi(Bun.env);
const { port } = Bun.serve({ port: 0, hostname: "127.0.0.1", fetch });
console.log(JSON.stringify({ port }));
