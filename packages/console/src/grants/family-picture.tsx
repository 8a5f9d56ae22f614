// The family of a grant as a picture: a line from its opening through each refresh to now, the tokens of each step
// beside it, and where it was ended. It is a list of lists, so it reads the same without being seen.

import { Badge, Group, Text } from "@mantine/core";
import type { FamilyRefreshItem, GrantFamily } from "@rescind/admin-api";
import { isLiftable, LiftButton } from "../orders/lift-button.tsx";
import { inWords, orderSearch } from "../orders/target.ts";
import { Moment } from "../parts/moment.tsx";
import { Status } from "../parts/status.tsx";
import { Way } from "../parts/way.tsx";
import { useConnection } from "../session/client.ts";
import { type Branch, type FamilyEvent, type FamilyOrder, type Issue, withoutParent } from "./family.ts";
import classes from "./family-picture.module.css";

interface FamilyPictureProps {
  readonly family: GrantFamily;
  /** Oldest first. */
  readonly events: readonly FamilyEvent[];
}

export function FamilyPicture({ family, events }: FamilyPictureProps) {
  const replays = events.flatMap((event) =>
    event.kind === "ordered" && event.order.reason === "replay_detected" ? [event.order] : [],
  );
  const wasReplayed = (id: string): boolean => replays.some(({ note }) => note?.includes(id) === true);
  const others = withoutParent(family);
  return (
    <ol className={classes.family} aria-label="The family, oldest first">
      <Opened family={family} />
      {events.map((event) =>
        event.kind === "issued" ? (
          <Issued
            key={event.issue.access?.token.token_id ?? event.issue.refresh?.token_id}
            issue={event.issue}
            wasReplayed={wasReplayed}
          />
        ) : (
          <Ordered key={event.order.id} order={event.order} />
        ),
      )}
      {others.length === 0 ? null : (
        <li className={classes.event}>
          <Text fw={600}>Exchanged from tokens that are stored no more</Text>
          <ul className={classes.tokens}>
            {others.map((branch) => (
              <AccessToken key={branch.token.token_id} branch={branch} />
            ))}
          </ul>
        </li>
      )}
    </ol>
  );
}

function Opened({ family: { code, grant } }: { readonly family: GrantFamily }) {
  return (
    <li className={classes.event} data-state={grant.status}>
      <Group gap="xs">
        <Text fw={600}>Opened</Text>
        <Moment at={grant.opened_at} />
      </Group>
      <Text size="sm" c="dimmed">
        {code === undefined
          ? "Without a code that is still stored: by an administrator, or long ago"
          : `With a${code.device ? " device" : "n authorization"} code, now spent`}
        {grant.session_id === undefined ? "; without a login session" : "; in a login session"}
      </Text>
    </li>
  );
}

interface IssuedProps {
  readonly issue: Issue;
  readonly wasReplayed: (tokenId: string) => boolean;
}

function Issued({ issue, wasReplayed }: IssuedProps) {
  const { at, access, refresh, isRefreshed } = issue;
  const statuses = [access?.token.status, refresh?.status];
  const state = ["live", "revoked"].find((status) => statuses.some((one) => one === status)) ?? "";
  return (
    <li className={classes.event} data-state={state}>
      <Group gap="xs">
        <Text fw={600}>{isRefreshed ? "Refreshed" : "Issued"}</Text>
        <Moment at={at} />
      </Group>
      <ul className={classes.tokens}>
        {refresh === undefined ? null : (
          <RefreshToken token={refresh} isReplayed={wasReplayed(refresh.token_id)} />
        )}
        {access === undefined ? (
          <li className={classes.token}>
            <Text size="sm" c="dimmed">
              Its access token has expired and is stored no more
            </Text>
          </li>
        ) : (
          <AccessToken branch={access} />
        )}
      </ul>
    </li>
  );
}

function RefreshToken({
  token: { token_id: id, status, expires_at, spent_at },
  isReplayed,
}: {
  readonly token: FamilyRefreshItem;
  readonly isReplayed: boolean;
}) {
  return (
    <li className={classes.token} data-state={isReplayed ? "revoked" : status}>
      <Group gap="xs">
        <Text size="sm">Refresh token</Text>
        <Status value={status} />
        {isReplayed ? (
          <Badge color="red" tt="none">
            presented again
          </Badge>
        ) : null}
      </Group>
      <Way to="/explain" search={{ id }}>
        {id}
      </Way>
      <Until word={spent_at === undefined ? "expires" : "used for the next"} at={spent_at ?? expires_at} />
    </li>
  );
}

function AccessToken({ branch: { token, exchanged } }: { readonly branch: Branch }) {
  const { session } = useConnection();
  const { token_id: id, format, status, expires_at } = token;
  const isExchanged = "exchanged_from" in token;
  return (
    <li className={classes.token} data-state={status}>
      <Group gap="xs">
        <Text size="sm">{isExchanged ? `Exchanged for ${token.client_id}` : `Access token, ${format}`}</Text>
        <Status value={status} />
        {session.may("operator") && status === "live" ? (
          <Way to="/revocations/new" search={orderSearch({ kind: "token_id", values: [id] })}>
            Revoke<span hidden> {id}</span>
          </Way>
        ) : null}
      </Group>
      <Way to="/explain" search={{ id }}>
        {id}
      </Way>
      {isExchanged && token.exchanged_from.length > 1 ? (
        <Text size="sm" c="dimmed">
          also from {token.exchanged_from.slice(1).join(", ")}
        </Text>
      ) : null}
      <Until word={status === "expired" ? "expired" : "expires"} at={expires_at} />
      {exchanged.length === 0 ? null : (
        <ul className={classes.exchanged} aria-label={`Exchanged from ${id}`}>
          {exchanged.map((child) => (
            <AccessToken key={child.token.token_id} branch={child} />
          ))}
        </ul>
      )}
    </li>
  );
}

function Until({ word, at }: { readonly word: string; readonly at: string }) {
  return (
    <Group gap={4}>
      <Text size="sm" c="dimmed">
        {word}
      </Text>
      <Moment at={at} />
    </Group>
  );
}

const effects: Readonly<Record<string, readonly [string, string]>> = {
  covers: ["ends what it covers", "red"],
  spares: ["spares the newest token", "teal"],
};

function Ordered({ order }: { readonly order: FamilyOrder }) {
  const { session } = useConnection();
  const { seq, at, reason, actor, note, select, effect = "", final, suspend } = order;
  const [words, color] =
    order.lifted_by === undefined ? (effects[effect] ?? []) : [`lifted by ${order.lifted_by}`];
  const isReplay = reason === "replay_detected";
  return (
    <li className={classes.event} data-state={effect === "covers" || isReplay ? "revoked" : ""}>
      <div className={isReplay ? classes.replay : undefined}>
        <Group gap="xs">
          <Text fw={600}>{isReplay ? "Replay detected" : suspend ? "Suspended" : "Revoked"}</Text>
          <Moment at={at} />
          {words === undefined ? null : (
            <Badge variant="light" tt="none" color={color ?? "gray"}>
              {words}
            </Badge>
          )}
          {final ? (
            <Badge variant="light" tt="none" color="red">
              final
            </Badge>
          ) : null}
          {session.may("operator") && isLiftable(order) ? <LiftButton order={order} /> : null}
        </Group>
        {isReplay ? (
          <Text size="sm">Something already spent was presented again, so the whole grant ended.</Text>
        ) : null}
        <Text size="sm" c="dimmed" style={{ overflowWrap: "anywhere" }}>
          Number {seq} of the log: {inWords(select)}, by {actor.kind} {actor.id}, {reason}
          {note === undefined ? "" : `: ${note}`}
        </Text>
      </div>
    </li>
  );
}
