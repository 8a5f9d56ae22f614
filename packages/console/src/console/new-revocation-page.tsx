// An order, step by step: what it is aimed at, what it would reach, confirmation, receipt. The aim stands in the URL, so
// that other pages lead here and a second sign-in comes back to it.

import { Button, Checkbox, Group, Select, Stack, Text, TextInput } from "@mantine/core";
import { orderReasons, type Reason, type RevocationPreview } from "@rescind/admin-api";
import { useMutation, useQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { useState } from "react";
import { Reach } from "../orders/reach.tsx";
import { Receipt } from "../orders/receipt.tsx";
import {
  isWhole,
  kindOf,
  orderSearch,
  selectOf,
  type Target,
  targetFrom,
  targetKinds,
  targetNames,
} from "../orders/target.ts";
import { Failure } from "../parts/failure.tsx";
import { given } from "../parts/given.ts";
import { Heading } from "../parts/heading.tsx";
import { useConnection } from "../session/client.ts";
import { freshFor } from "../session/sign-in.ts";

/** From so many tokens on their number is typed. */
const large = 100;

export function NewRevocationPage() {
  const { api } = useConnection();
  const target = targetFrom(useSearch({ strict: false }));
  const navigate = useNavigate();
  const aim = (next: Target): void => {
    navigate({ to: "/revocations/new", search: orderSearch(next), replace: true });
  };
  const preview = useQuery({
    queryKey: ["reach", target],
    enabled: isWhole(target),
    queryFn: ({ signal }) => api.revoke({ body: { select: selectOf(target), dry_run: true }, signal }),
  });
  const order = useMutation({
    mutationFn: (body: Confirmed) =>
      api.revoke({
        body: { select: selectOf(target), ...given(body) },
        idempotencyKey: crypto.randomUUID(),
      }),
  });
  if (order.data !== undefined && "id" in order.data)
    return (
      <Stack>
        <Heading>Revocation</Heading>
        <Receipt answer={order.data} />
      </Stack>
    );
  return (
    <Stack maw={860}>
      <Heading>New revocation</Heading>
      <Aim key={orderKey(target)} target={target} aim={aim} />
      {preview.isError ? <Failure error={preview.error} retry={() => preview.refetch()} /> : null}
      {preview.data === undefined || "id" in preview.data ? null : (
        <>
          <Reach target={target} preview={preview.data} />
          <Confirm
            key={orderKey(target)}
            target={target}
            preview={preview.data}
            isPending={order.isPending}
            confirm={(body) => order.mutate(body)}
          />
        </>
      )}
      {order.isError ? <Failure error={order.error} /> : null}
    </Stack>
  );
}

interface Confirmed {
  readonly reason: Reason;
  readonly note: string | undefined;
  readonly final: boolean | undefined;
}

function orderKey({ kind, values }: Target): string {
  return [kind, ...values].join("\n");
}

function Aim({ target, aim }: { readonly target: Target; readonly aim: (target: Target) => void }) {
  const { values: labels } = kindOf(target);
  const [texts, setTexts] = useState(target.values);
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        aim({ kind: target.kind, values: texts.map((text) => text.trim()) });
      }}
    >
      <Group align="end">
        <Select
          label="End"
          data={targetNames.map((value) => ({ value, label: targetKinds[value].title }))}
          value={target.kind}
          allowDeselect={false}
          onChange={(value) => aim(targetFrom({ kind: value }))}
        />
        {labels.map((label, index) => (
          <TextInput
            key={label}
            label={label}
            required
            miw={260}
            value={texts[index] ?? ""}
            onChange={({ currentTarget: { value } }) =>
              setTexts(labels.map((_, at) => (at === index ? value : (texts[at] ?? ""))))
            }
          />
        ))}
        {labels.length === 0 ? null : (
          <Button type="submit" variant="default">
            See what it reaches
          </Button>
        )}
      </Group>
    </form>
  );
}

interface ConfirmProps {
  readonly target: Target;
  readonly preview: RevocationPreview;
  readonly isPending: boolean;
  readonly confirm: (body: Confirmed) => void;
}

function Confirm({ target, preview, isPending, confirm }: ConfirmProps) {
  const { session } = useConnection();
  const [reason, setReason] = useState<Reason>("administrator");
  const [note, setNote] = useState("");
  const [isFinal, setFinal] = useState(false);
  const [typed, setTyped] = useState("");
  const tokens = preview.affected.access_tokens + preview.affected.refresh_tokens;
  const mustType = tokens >= large || target.kind === "all";
  const needsPassword = kindOf(target).isWide && session.signedInSecondsAgo() > freshFor;
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        confirm({ reason, note: note === "" ? undefined : note, final: isFinal ? true : undefined });
      }}
    >
      <Stack>
        <Group align="end">
          <Select
            label="Reason"
            data={orderReasons}
            value={reason}
            allowDeselect={false}
            onChange={(value) => setReason(orderReasons.find((known) => known === value) ?? reason)}
          />
          <TextInput
            label="Note"
            description="For the audit log; never shown to clients"
            maxLength={500}
            miw={260}
            flex={1}
            value={note}
            onChange={({ currentTarget }) => setNote(currentTarget.value)}
          />
        </Group>
        <Checkbox
          label="Final: it can never be lifted"
          checked={isFinal}
          onChange={({ currentTarget }) => setFinal(currentTarget.checked)}
        />
        {mustType ? (
          <TextInput
            label={`Type ${tokens} to confirm`}
            description="So many live tokens end"
            inputMode="numeric"
            autoComplete="off"
            maw={320}
            value={typed}
            onChange={({ currentTarget }) => setTyped(currentTarget.value)}
          />
        ) : null}
        {needsPassword ? (
          <Group>
            <Button onClick={() => session.again(freshFor)}>Enter your password again</Button>
            <Text size="sm" c="dimmed">
              This can reach more than one person. You come back here.
            </Text>
          </Group>
        ) : (
          <Group>
            <Button
              type="submit"
              color="red"
              loading={isPending}
              disabled={mustType && typed.trim() !== String(tokens)}
            >
              Revoke
            </Button>
          </Group>
        )}
      </Stack>
    </form>
  );
}
