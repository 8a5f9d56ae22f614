// Takes an order back, after a question: its tokens return where nothing else covers them.

import { Button, Group, Modal, Stack, Text, TextInput } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import type { RevocationItem } from "@rescind/admin-api";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { Failure } from "../parts/failure.tsx";
import { useConnection } from "../session/client.ts";
import { inWords } from "./target.ts";

/** Of orders made by administrators; the others stand for good. */
export function isLiftable(order: Pick<RevocationItem, "final" | "lifted_by" | "actor">): boolean {
  return !order.final && order.lifted_by === undefined && order.actor.kind === "admin";
}

export function LiftButton({ order }: { readonly order: Pick<RevocationItem, "id" | "select"> }) {
  const { api } = useConnection();
  const queries = useQueryClient();
  const [isOpen, { open, close }] = useDisclosure();
  const [note, setNote] = useState("");
  const lift = useMutation({
    mutationFn: () => api.lift({ params: { id: order.id }, body: note === "" ? {} : { note } }),
    onSuccess: () => {
      close();
      queries.invalidateQueries({ queryKey: ["revocations"] });
    },
  });
  return (
    <>
      <Button size="compact-xs" variant="subtle" onClick={open}>
        Lift
      </Button>
      <Modal opened={isOpen} onClose={close} title={`Lift the revocation of ${inWords(order.select)}?`}>
        <Stack>
          <Text>
            Tokens and sessions that it ended return, where they have not expired and nothing else covers
            them. Consents that were withdrawn with it do not.
          </Text>
          <TextInput
            label="Why"
            description="For the audit log"
            maxLength={500}
            value={note}
            onChange={({ currentTarget }) => setNote(currentTarget.value)}
          />
          {lift.isError ? <Failure error={lift.error} /> : null}
          <Group justify="end">
            <Button variant="default" onClick={close}>
              Leave it
            </Button>
            <Button color="red" loading={lift.isPending} onClick={() => lift.mutate()}>
              Lift
            </Button>
          </Group>
        </Stack>
      </Modal>
    </>
  );
}
