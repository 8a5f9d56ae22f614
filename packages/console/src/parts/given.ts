// The members that have a value: what calls take and URLs hold.

type Given<Members> = { [Name in keyof Members]?: Exclude<Members[Name], undefined> };

export function given<Members extends object>(members: Members): Given<Members> {
  const entries = Object.entries(members).filter(([, value]) => value !== undefined);
  return Object.fromEntries(entries) as Given<Members>; // of the members that are left
}
