// Links to other pages of this one: like every other link, or as a button.

import { Anchor, Button, type ButtonProps } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";

export interface WayProps {
  /** A path below this page's own, for example `/tokens`. */
  readonly to: string;
  readonly search?: Readonly<Record<string, string | undefined>>;
  readonly children?: ReactNode;
}

export function Way({ children, ...way }: WayProps) {
  return <Anchor renderRoot={(props) => <Link {...way} {...props} />}>{children}</Anchor>;
}

export function WayButton({ to, search, ...looks }: WayProps & ButtonProps) {
  const way = { to, ...(search === undefined ? {} : { search }) };
  return <Button {...looks} renderRoot={(props) => <Link {...way} {...props} />} />;
}
