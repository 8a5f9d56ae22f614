// Builds the console and the account page into files that the server serves, at whatever path its issuer has.

import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import react from "@vitejs/plugin-react";
import { defineConfig, type Plugin } from "vite";

/** Prints what a call needs of each route, by the tables as they are in the sources. */
const printRoutes = `
  import { accountRoutes, routes } from "@rescind/admin-api";
  const bare = ({ method, path, body, lines }) => ({ method, path, body: body && true, lines });
  const short = (table) => Object.fromEntries(Object.entries(table).map(([name, route]) => [name, bare(route)]));
  console.log(JSON.stringify({ routes: short(routes), accountRoutes: short(accountRoutes) }));
`;

/**
 * A page calls the routes by method and path. Their schemas, and what checks by them, stay on the server: they are a
 * tenth of all the bytes.
 */
function routesWithoutSchemas(): Plugin {
  const files = { "/admin-api/src/routes.ts": "routes", "/admin-api/src/account-routes.ts": "accountRoutes" };
  let tables: Readonly<Record<string, unknown>> | undefined;
  return {
    name: "routes-without-schemas",
    load(id) {
      const [, name] = Object.entries(files).find(([end]) => id.endsWith(end)) ?? [];
      if (name === undefined) return undefined;
      tables ??= JSON.parse(
        execFileSync(process.execPath, ["--conditions=source", "--input-type=module", "-e", printRoutes], {
          cwd: import.meta.dirname,
          encoding: "utf8",
        }),
      );
      return { code: `export const ${name} = ${JSON.stringify(tables?.[name])};`, moduleType: "js" };
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
