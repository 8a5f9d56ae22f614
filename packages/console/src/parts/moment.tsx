// A point in time, absolute and relative: "14:03:07 · 2 min ago". Everything is shown in the reader's own zone.

import look from "./moment.module.css";
import { useNow } from "./now.ts";

const units: readonly [Intl.RelativeTimeFormatUnit, number][] = [
  ["day", 86_400],
  ["hour", 3600],
  ["minute", 60],
  ["second", 1],
];
const clock = new Intl.DateTimeFormat("en-GB", { timeStyle: "medium" });
const calendar = new Intl.DateTimeFormat("en-CA");
const relative = new Intl.RelativeTimeFormat("en", { numeric: "auto", style: "narrow" });

/** @param at RFC 3339 */
export function Moment({ at }: { readonly at: string | undefined }) {
  const nowMs = useNow();
  if (at === undefined) return <span className={look.never}>never</span>;
  const date = new Date(at);
  return (
    <time className={look.moment} dateTime={at} title={date.toString()}>
      {absolute(date, nowMs)} <span className={look.apart}>{relativeTo(date.getTime(), nowMs)}</span>
    </time>
  );
}

/** Today: the time alone. */
export function absolute(date: Date, nowMs: number): string {
  const time = clock.format(date);
  const isToday = date.toDateString() === new Date(nowMs).toDateString();
  return isToday ? time : `${calendar.format(date)} ${time}`;
}

export function relativeTo(ms: number, nowMs: number): string {
  const apart = Math.round((ms - nowMs) / 1000);
  // The page's clock ticks every ten seconds, so what has just been answered is ahead of it.
  const seconds = apart > 0 && apart < 15 ? 0 : apart;
  const [unit, size] = units.find(([, least]) => Math.abs(seconds) >= least) ?? ["second", 1];
  return relative.format(Math.trunc(seconds / size), unit);
}
