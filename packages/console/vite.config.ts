// Builds the console and the account page into files that the server serves, at whatever path its issuer has.

import { fileURLToPath } from "node:url";
import react from "@vitejs/plugin-react";
import { defineConfig, type Plugin } from "vite";
import { accountRoutes } from "../admin-api/src/account-routes.ts";
import { type Route, routes } from "../admin-api/src/routes.ts";

/**
 * A page calls the routes by method and path. Their schemas, and what checks by them, stay on the server: they are a
 * tenth of all the bytes.
 */
function routesWithoutSchemas(): Plugin {
  const tables = {
    "/admin-api/src/routes.ts": { routes },
    "/admin-api/src/account-routes.ts": { accountRoutes },
  };
  const bare = ({ method, path, body, lines }: Route) => ({ method, path, body: body && true, lines });
  return {
    name: "routes-without-schemas",
    load(id) {
      const [, table] = Object.entries(tables).find(([end]) => id.endsWith(end)) ?? [];
      if (table === undefined) return undefined;
      const exported = Object.entries<Readonly<Record<string, Route>>>(table).map(([name, all]) => {
        const short = Object.fromEntries(Object.entries(all).map(([key, route]) => [key, bare(route)]));
        return `export const ${name} = ${JSON.stringify(short)};`;
      });
      return { code: exported.join("\n"), moduleType: "js" };
    },
  };
}

export default defineConfig({
  base: "./",
  plugins: [routesWithoutSchemas(), react()],
  resolve: { conditions: ["source", "module", "browser", "production"] },
  build: {
    outDir: fileURLToPath(new URL("../server/site", import.meta.url)),
    emptyOutDir: true,
    target: "es2023",
    // Inline data would need a wider policy than the pages have.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 1200,
    rolldownOptions: { input: ["console.html", "account.html"] },
  },
});
