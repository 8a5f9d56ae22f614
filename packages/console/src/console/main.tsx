// The console's entry: the page that the URL names.

import { Title } from "@mantine/core";
import { createRootRoute, createRoute, createRouter, RouterProvider } from "@tanstack/react-router";
import { ConnectionProvider, connect } from "../session/client.ts";
import { rootPath } from "../session/place.ts";
import { startPage } from "../session/start.tsx";
import { Frame } from "./frame.tsx";
import { pages } from "./pages.ts";

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

startPage({
  page: "/console",
  scope: "openid profile email rescind:read rescind:revoke rescind:admin rescind:account",
  content: (session) => (
    <ConnectionProvider value={connect(session)}>
      <RouterProvider router={consoleRouter()} />
    </ConnectionProvider>
  ),
});
