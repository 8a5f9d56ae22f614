// Times on the wire: RFC 3339 in UTC. Inside, milliseconds or whole seconds since 1970, named.

const shape =
  /^(\d{4})-(\d{2})-(\d{2})[Tt]([01]\d|2[0-3]):([0-5]\d):([0-5]\d)(?:\.\d{1,9})?(?:[Zz]|([+-])([01]\d|2[0-3]):([0-5]\d))$/;

/** RFC 3339 with milliseconds. */
export function formatTimeMs(milliseconds: number): string {
  return new Date(milliseconds).toISOString();
}

/** RFC 3339 in whole seconds. */
export function formatTime(seconds: number): string {
  return new Date(seconds * 1000).toISOString().replace(".000Z", "Z");
}

/**
 * Reads RFC 3339 as milliseconds since 1970; undefined for anything else, days that do not exist (30 February) and
 * leap seconds included, which no clock here can hold.
 */
export function parseTimeMs(text: string): number | undefined {
  const match = shape.exec(text);
  if (match === null) return undefined;
  const [, year = "", month = "", day = ""] = match;
  const midnight = new Date(`${year}-${month}-${day}T00:00:00Z`);
  const exists =
    !Number.isNaN(midnight.getTime()) && midnight.toISOString().startsWith(`${year}-${month}-${day}`);
  return exists ? Date.parse(text.toUpperCase()) : undefined;
}
