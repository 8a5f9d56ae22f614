// A point in time, absolute and relative: "14:03:07 · 2 min ago". Everything is shown in the reader's own zone.

import { Text, Tooltip } from "@mantine/core";
import { useNow } from "./now.ts";

const units: readonly [Intl.RelativeTimeFormatUnit, number][] = [
  ["day", 86_400],
  ["hour", 3600],
  ["minute", 60],
  ["second", 1],
];
const relative = new Intl.RelativeTimeFormat("en", { numeric: "auto", style: "narrow" });

/** @param at RFC 3339 */
export function Moment({ at }: { readonly at: string | undefined }) {
  const nowMs = useNow();
  if (at === undefined)
    return (
      <Text span c="dimmed" size="sm">
        never
      </Text>
    );
  const date = new Date(at);
  return (
    <Tooltip label={date.toString()} openDelay={400}>
      <Text component="time" size="sm" dateTime={at} style={{ whiteSpace: "nowrap" }}>
        {absolute(date, nowMs)}{" "}
        <Text span c="dimmed" size="sm">
          {relativeTo(date.getTime(), nowMs)}
        </Text>
      </Text>
    </Tooltip>
  );
}

/** Today: the time alone. */
export function absolute(date: Date, nowMs: number): string {
  const time = date.toLocaleTimeString("en-GB");
  const isToday = date.toDateString() === new Date(nowMs).toDateString();
  return isToday ? time : `${date.toLocaleDateString("en-CA")} ${time}`;
}

export function relativeTo(ms: number, nowMs: number): string {
  const apart = Math.round((ms - nowMs) / 1000);
  // The page's clock ticks every ten seconds, so what has just been answered is ahead of it.
  const seconds = apart > 0 && apart < 15 ? 0 : apart;
  const [unit, size] = units.find(([, least]) => Math.abs(seconds) >= least) ?? ["second", 1];
  return relative.format(Math.trunc(seconds / size), unit);
}
