// A link to another page of this one, looking like every other link.

import { Anchor } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";

export interface WayProps {
  /** A path below this page's own, for example `/tokens`. */
  readonly to: string;
  readonly search?: Readonly<Record<string, string | undefined>>;
  readonly children?: ReactNode;
  /** Where it looks like something else, a button for example. */
  readonly className?: string;
}

export function Way({ to, search, children, className, ...rest }: WayProps) {
  const way = { to, ...(search === undefined ? {} : { search }) };
  if (className !== undefined)
    return (
      <Link {...way} className={className} {...rest}>
        {children}
      </Link>
    );
  return <Anchor renderRoot={(props) => <Link {...way} {...props} />}>{children}</Anchor>;
}
