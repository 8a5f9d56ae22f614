// The console's entry: the page that the URL names.

import { Stack, Text } from "@mantine/core";
import { createRootRoute, createRoute, createRouter, RouterProvider } from "@tanstack/react-router";
import { Heading } from "../parts/heading.tsx";
import { WayButton } from "../parts/way.tsx";
import { ConnectionProvider, connect } from "../session/client.ts";
import { rootPath } from "../session/place.ts";
import { startPage } from "../session/start.tsx";
import { Frame } from "./frame.tsx";
import { pages } from "./pages.ts";

function consoleRouter() {
  const root = createRootRoute({
    component: Frame,
    notFoundComponent: NoSuchPage,
  });
  const routes = pages.map(({ path, component }) =>
    createRoute({ getParentRoute: () => root, path, component }),
  );
  return createRouter({ routeTree: root.addChildren(routes), basepath: `${rootPath}/console` });
}

function NoSuchPage() {
  return (
    <Stack align="flex-start">
      <Heading>There is no such page</Heading>
      <Text>
        The address may be mistyped. The menu has every page, and “Go to” finds things by their ids.
      </Text>
      <WayButton to="/" variant="light">
        Overview
      </WayButton>
    </Stack>
  );
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
