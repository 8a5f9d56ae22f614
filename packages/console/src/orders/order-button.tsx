// The red button that leads from a thing to the page on which it is ended, for whoever may order that.

import type { ReactNode } from "react";
import { WayButton } from "../parts/way.tsx";
import { useConnection } from "../session/client.ts";
import { orderSearch, type Target } from "./target.ts";

interface OrderButtonProps {
  readonly target: Target;
  readonly children: ReactNode;
}

export function OrderButton({ target, children }: OrderButtonProps) {
  const { session } = useConnection();
  if (!session.may("operator")) return null;
  return (
    <WayButton
      color="red"
      variant="light"
      size="compact-sm"
      to="/revocations/new"
      search={orderSearch(target)}
    >
      {children}
    </WayButton>
  );
}
