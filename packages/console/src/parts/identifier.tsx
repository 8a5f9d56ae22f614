// An id, client or subject: monospaced, whole, copied by a press. Never a token's text.

import { ActionIcon, Code, CopyButton } from "@mantine/core";
import type { ReactNode } from "react";
import { CheckIcon, CopyIcon } from "./icons.tsx";
import look from "./identifier.module.css";

interface IdentifierProps {
  readonly value: string;
  /** What is shown instead, for example a link. */
  readonly children?: ReactNode;
}

export function Identifier({ value, children }: IdentifierProps) {
  return (
    <div className={look.identifier}>
      {children ?? <Code>{value}</Code>}
      <CopyButton value={value}>
        {({ copied, copy }) => (
          <ActionIcon
            size="sm"
            variant="subtle"
            color="gray"
            aria-label={`Copy ${value}`}
            title={copied ? "Copied" : "Copy"}
            onClick={copy}
          >
            {copied ? <CheckIcon size={14} /> : <CopyIcon size={14} />}
          </ActionIcon>
        )}
      </CopyButton>
    </div>
  );
}
