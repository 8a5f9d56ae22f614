// JSON at the door: what came in is unknown until each member has been looked at.

/** The value of a JSON text; undefined for what is not JSON. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** The members of a JSON object; none for anything else. */
export function membersOf(value: unknown): Readonly<Record<string, unknown>> {
  // parsing boundary: every member is unknown still
  return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
}
