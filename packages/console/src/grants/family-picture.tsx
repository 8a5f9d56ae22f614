// The family of a grant as a picture: a line from its opening through each refresh to now, the tokens of each step
// beside it, and where it was ended. It is a list of lists, so it reads the same without being seen.

import { Badge, Group, Text } from "@mantine/core";
import type { GrantItem, TokenItem } from "@rescind/admin-api";
import { isLiftable, LiftButton } from "../orders/lift-button.tsx";
import { inWords, orderSearch } from "../orders/target.ts";
import { Moment } from "../parts/moment.tsx";
import { Status } from "../parts/status.tsx";
import { Way } from "../parts/way.tsx";
import { useConnection } from "../session/client.ts";
import type { FamilyEvent, FamilyOrder, Issue } from "./family.ts";
import classes from "./family-picture.module.css";

interface FamilyPictureProps {
  readonly grant: GrantItem;
  /** Oldest first. */
  readonly events: readonly FamilyEvent[];
}

export function FamilyPicture({ grant, events }: FamilyPictureProps) {
  return (
    <ol className={classes.family} aria-label="The family, oldest first">
      <li className={classes.event} data-state={grant.status}>
        <Group gap="xs">
          <Text fw={600}>Opened</Text>
          <Moment at={grant.opened_at} />
        </Group>
        <Text size="sm" c="dimmed">
          {grant.session_id === undefined ? "Without a login session" : "In a login session"}
        </Text>
      </li>
      {events.map((event) =>
        event.kind === "issued" ? (
          <Issued key={event.issue.access?.token_id ?? event.issue.refresh?.token_id} issue={event.issue} />
        ) : (
          <Ordered key={event.order.id} order={event.order} />
        ),
      )}
    </ol>
  );
}

function Issued({ issue }: { readonly issue: Issue }) {
  const { at, access, refresh, isSpent, isRefreshed } = issue;
  const isLive = access?.status === "live" || refresh?.status === "live";
  const state = isLive
    ? "live"
    : access?.status === "revoked" || refresh?.status === "revoked"
      ? "revoked"
      : "";
  return (
    <li className={classes.event} data-state={state}>
      <Group gap="xs">
        <Text fw={600}>{isRefreshed ? "Refreshed" : "Issued"}</Text>
        <Moment at={at} />
      </Group>
      <ul className={classes.tokens}>
        {refresh === undefined ? null : <Token token={refresh} />}
        {isSpent ? (
          <li className={classes.token} data-state="spent">
            <Group gap="xs">
              <Text size="sm">Refresh token</Text>
              <Status value="spent" />
            </Group>
            <Text size="sm" c="dimmed">
              Used for the next; no list has it any more
            </Text>
          </li>
        ) : null}
        {access === undefined ? null : <Token token={access} />}
      </ul>
    </li>
  );
}

function Token({ token }: { readonly token: TokenItem }) {
  const { session } = useConnection();
  const { token_id: id, kind, format, status, expires_at } = token;
  return (
    <li className={classes.token} data-state={status}>
      <Group gap="xs">
        <Text size="sm">{kind === "access" ? `Access token, ${format}` : "Refresh token"}</Text>
        <Status value={status} />
        {session.may("operator") && kind === "access" && status === "live" ? (
          <Way to="/revocations/new" search={orderSearch({ kind: "token_id", values: [id] })}>
            Revoke<span hidden> {id}</span>
          </Way>
        ) : null}
      </Group>
      <Way to="/explain" search={{ id }}>
        {id}
      </Way>
      <Group gap={4}>
        <Text size="sm" c="dimmed">
          {status === "expired" ? "expired" : "expires"}
        </Text>
        <Moment at={expires_at} />
      </Group>
    </li>
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
