// A button that asks before it acts, and says what went wrong where it did.

import { Button, Group, Modal, Stack } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { Failure } from "./failure.tsx";

export interface AskProps {
  /** On the button, and on the one that confirms. */
  readonly label: string;
  /** The question. */
  readonly title: string;
  /** What will happen. */
  readonly children: ReactNode;
  readonly act: () => Promise<unknown>;
  /** Lists to be read anew afterwards. */
  readonly changes: readonly string[];
  readonly color?: string;
  /** What the button is about, for who hears it where several say the same. */
  readonly about?: string;
  readonly variant?: "light" | "subtle";
}

export function Ask({ label, title, children, act, changes, color = "red", about, variant }: AskProps) {
  const queries = useQueryClient();
  const [isOpen, { open, close }] = useDisclosure();
  const acting = useMutation({
    mutationFn: act,
    onSuccess: async () => {
      close();
      await Promise.all(changes.map((name) => queries.invalidateQueries({ queryKey: [name] })));
    },
  });
  return (
    <>
      <Button
        size="compact-sm"
        variant={variant ?? "light"}
        color={color}
        onClick={open}
        miw="max-content"
        {...(about === undefined ? {} : { "aria-label": `${label}: ${about}` })}
      >
        {label}
      </Button>
      <Modal opened={isOpen} onClose={close} title={title}>
        <Stack>
          {children}
          {acting.isError ? <Failure error={acting.error} /> : null}
          <Group justify="end">
            <Button variant="default" onClick={close}>
              Cancel
            </Button>
            <Button color={color} loading={acting.isPending} onClick={() => acting.mutate()}>
              {label}
            </Button>
          </Group>
        </Stack>
      </Modal>
    </>
  );
}
