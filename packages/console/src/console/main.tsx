// The console's entry: signs in, then shows the page that the URL names.

import "@mantine/core/styles.css";
import { MantineProvider, Title } from "@mantine/core";
import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { createRootRoute, createRoute, createRouter, RouterProvider } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { createRoot } from "react-dom/client";
import { Failure } from "../parts/failure.tsx";
import { theme, variables } from "../parts/theme.ts";
import { ConnectionProvider, connect } from "../session/client.ts";
import { rootPath, styleNonce } from "../session/place.ts";
import { signedIn } from "../session/sign-in.ts";
import { Frame } from "./frame.tsx";
import { pages } from "./pages.ts";

const scope = "openid profile email rescind:read rescind:revoke rescind:admin rescind:account";

function consoleRouter() {
  const root = createRootRoute({
    component: Frame,
    notFoundComponent: () => <Title order={1}>There is no such page</Title>,
  });
  const routes = pages.map(({ path, component }) =>
    createRoute({ getParentRoute: () => root, path, component }),
  );
  return createRouter({ routeTree: root.addChildren(routes), basepath: `${rootPath}/console` });
}

async function start(): Promise<void> {
  const place = document.getElementById("page");
  if (place === null) throw new Error("the page has no place for the console");
  const show = createRoot(place);
  const around = (content: ReactNode) => (
    <MantineProvider
      defaultColorScheme="auto"
      theme={theme}
      cssVariablesResolver={variables}
      getStyleNonce={() => styleNonce}
    >
      {content}
    </MantineProvider>
  );
  try {
    const session = await signedIn("/console", scope);
    if (session === undefined) return; // the browser is on its way
    const queries = new QueryClient({ defaultOptions: { queries: { retry: 1, staleTime: 2000 } } });
    const router = consoleRouter();
    show.render(
      around(
        <QueryClientProvider client={queries}>
          <ConnectionProvider value={connect(session)}>
            <RouterProvider router={router} />
          </ConnectionProvider>
        </QueryClientProvider>,
      ),
    );
  } catch (error) {
    show.render(around(<Failure error={error} retry={() => location.assign(`${rootPath}/console/`)} />));
  }
}

start();
