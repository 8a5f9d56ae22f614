// Where a setting comes from, for whoever wonders why the server does what it does. Names only, never values.

/** The places that settings come from; an earlier one decides over a later one. */
export type SettingSource = "flag" | "environment" | "config-file";

type Given = Readonly<Record<string, string | undefined>>;

/** By flag, for each setting that is not left to its default. `settings` are by the name that `given` has them under. */
export function sourcesOf(
  settings: Readonly<Record<string, { readonly flag: string }>>,
  given: Readonly<Record<SettingSource, Given>>,
): Readonly<Record<string, SettingSource>> {
  const places: readonly SettingSource[] = ["flag", "environment", "config-file"];
  return Object.fromEntries(
    Object.entries(settings).flatMap(([name, { flag }]) => {
      const source = places.find((place) => given[place][name] !== undefined);
      return source === undefined ? [] : [[flag, source]];
    }),
  );
}
