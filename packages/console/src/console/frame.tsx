// What surrounds every page of the console: the way to the others, who is signed in, light or dark.

import {
  ActionIcon,
  AppShell,
  Burger,
  Button,
  Group,
  NavLink,
  ScrollArea,
  Text,
  useComputedColorScheme,
  useMantineColorScheme,
} from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { Link, Outlet, useRouterState } from "@tanstack/react-router";
import { Palette } from "../palette/palette.tsx";
import { MoonIcon, SunIcon } from "../parts/icons.tsx";
import { useConnection } from "../session/client.ts";
import { rootPath } from "../session/place.ts";
import { pages } from "./pages.ts";

export function Frame() {
  const { session } = useConnection();
  const [isOpen, { toggle, close }] = useDisclosure();
  const path = useRouterState({ select: ({ location }) => location.pathname });
  const scheme = useComputedColorScheme("light");
  const { setColorScheme } = useMantineColorScheme();
  const named = pages.flatMap(({ title, right, ...page }) =>
    title !== undefined && session.may(right) ? [{ title, ...page }] : [],
  );
  return (
    <AppShell
      header={{ height: 56 }}
      navbar={{ width: 220, breakpoint: "sm", collapsed: { mobile: !isOpen } }}
      padding="md"
    >
      <AppShell.Header px="md">
        <Group h="100%" justify="space-between" wrap="nowrap">
          <Group gap="sm" wrap="nowrap">
            <Burger
              opened={isOpen}
              onClick={toggle}
              hiddenFrom="sm"
              size="sm"
              aria-label={isOpen ? "Close the menu" : "Open the menu"}
            />
            <img src={`${rootPath}/brand/logo`} alt="" height={28} />
            <Text fw={600}>Console</Text>
          </Group>
          <Group gap="xs" wrap="nowrap">
            <Palette pages={named} />
            <Button
              component="a"
              href={`${rootPath}/account/`}
              title="Your account"
              size="compact-sm"
              variant="subtle"
              visibleFrom="sm"
            >
              {session.name}
            </Button>
            <ActionIcon
              variant="subtle"
              aria-label={scheme === "dark" ? "Light" : "Dark"}
              onClick={() => setColorScheme(scheme === "dark" ? "light" : "dark")}
            >
              {scheme === "dark" ? <SunIcon /> : <MoonIcon />}
            </ActionIcon>
            <Button size="compact-sm" variant="subtle" onClick={() => session.signOut()}>
              Sign out
            </Button>
          </Group>
        </Group>
      </AppShell.Header>
      <AppShell.Navbar p="xs" component="nav" aria-label="Console">
        <ScrollArea>
          {named
            .filter(({ inMenu }) => inMenu !== false)
            .map(({ path: to, title }) => (
              <NavLink
                key={to}
                label={title}
                active={to === "/" ? path === "/" : path.startsWith(to)}
                renderRoot={(props) => <Link to={to} {...props} />}
                onClick={close}
              />
            ))}
          <NavLink label="Your account" href={`${rootPath}/account/`} hiddenFrom="sm" />
        </ScrollArea>
      </AppShell.Navbar>
      <AppShell.Main>
        <Outlet />
      </AppShell.Main>
    </AppShell>
  );
}
