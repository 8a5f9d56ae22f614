// A link to another page of this one, looking like every other link.

import { Anchor } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";

export interface WayProps {
  /** A path below this page's own, for example `/tokens`. */
  readonly to: string;
  readonly search?: Readonly<Record<string, string | undefined>>;
  readonly children: ReactNode;
}

export function Way({ to, search, children }: WayProps) {
  return (
    <Anchor renderRoot={(props) => <Link to={to} {...(search === undefined ? {} : { search })} {...props} />}>
      {children}
    </Anchor>
  );
}
