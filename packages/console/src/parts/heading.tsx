// The heading of a page, by which the browser's tab, history and bookmarks know it too (WCAG 2.2 criterion 2.4.2).

import { Title } from "@mantine/core";
import { useEffect } from "react";
import { brandName } from "../session/place.ts";

interface HeadingProps {
  readonly children: string;
  /** What the tab says where it is not the heading. */
  readonly tab?: string;
}

export function Heading({ children, tab = children }: HeadingProps) {
  useEffect(() => {
    document.title = `${tab} – ${brandName}`;
  }, [tab]);
  return <Title order={1}>{children}</Title>;
}
