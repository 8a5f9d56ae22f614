// What a browser calls itself, in two words: "Chrome on Linux".

/** Names that browsers give themselves, the more telling ones first. */
const browsers = [
  ["Edg/", "Edge"],
  ["OPR/", "Opera"],
  ["Firefox/", "Firefox"],
  ["Chrome/", "Chrome"],
  ["Safari/", "Safari"],
] as const;
const systems = [
  ["iPhone", "iPhone"],
  ["iPad", "iPad"],
  ["Android", "Android"],
  ["Windows", "Windows"],
  ["Mac OS", "macOS"],
  ["Linux", "Linux"],
] as const;

export function browserOf(userAgent: string | undefined): string {
  if (userAgent === undefined) return "Unknown device";
  const browser = browsers.find(([mark]) => userAgent.includes(mark))?.[1];
  const system = systems.find(([mark]) => userAgent.includes(mark))?.[1];
  const name = [browser, system].filter((part) => part !== undefined).join(" on ");
  return name === "" ? "Unknown device" : name;
}
