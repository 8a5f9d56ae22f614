// Whose pages these are: the operator's name, logo and colour, and the colours made from it so that text stays legible
// on either background (WCAG 2.2 criteria 1.4.3 and 1.4.11).

export interface Brand {
  readonly name: string;
  /** `#rrggbb`. */
  readonly color: string;
  readonly logo: BrandLogo | undefined;
}

export interface BrandLogo {
  readonly type: string;
  readonly bytes: Uint8Array;
}

export const defaultBrand: Brand = { name: "Rescind", color: "#3b4cca", logo: undefined };

/** Colours of one theme that come from the brand's. */
export interface BrandColors {
  readonly fill: string;
  readonly fillHover: string;
  readonly onFill: string;
  /** Links and the focus ring. */
  readonly accent: string;
}

type Rgb = readonly [number, number, number];

const white: Rgb = [255, 255, 255];
const black: Rgb = [0, 0, 0];

/** `#rgb` or `#rrggbb` as `#rrggbb`; undefined for anything else. */
export function readColor(text: string): string | undefined {
  if (/^#[\da-f]{6}$/i.test(text)) return text.toLowerCase();
  if (!/^#[\da-f]{3}$/i.test(text)) return undefined;
  return `#${[...text.slice(1).toLowerCase()].map((digit) => digit + digit).join("")}`;
}

/** The brand's colours on a background: buttons stand out from it, links can be read on it. */
export function colorsOn(brand: string, background: string): BrandColors {
  const ground = parse(background);
  const away = luminance(ground) > 0.5 ? black : white;
  const fill = movedAway(parse(brand), ground, away, 1.6);
  const onFill = contrast(fill, white) >= 4.5 ? white : black;
  return {
    fill: format(fill),
    // Towards what the text is not, so that its contrast grows.
    fillHover: format(mix(fill, onFill === white ? black : white, 0.14)),
    onFill: format(onFill),
    accent: format(movedAway(parse(brand), ground, away, 5)),
  };
}

function movedAway(color: Rgb, ground: Rgb, away: Rgb, wanted: number): Rgb {
  let moved = color;
  for (let step = 1; step <= 20 && contrast(moved, ground) < wanted; step++)
    moved = mix(color, away, step / 20);
  return moved;
}

/** WCAG's contrast ratio, 1 to 21. */
export function contrast(a: Rgb, b: Rgb): number {
  const [light, dark] = [luminance(a), luminance(b)].sort((x, y) => y - x);
  return ((light ?? 0) + 0.05) / ((dark ?? 0) + 0.05);
}

function luminance(color: Rgb): number {
  const [r, g, b] = color.map((channel) => {
    const value = channel / 255;
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * (r ?? 0) + 0.7152 * (g ?? 0) + 0.0722 * (b ?? 0);
}

function mix(a: Rgb, b: Rgb, share: number): Rgb {
  const channel = (index: 0 | 1 | 2): number => Math.round(a[index] * (1 - share) + b[index] * share);
  return [channel(0), channel(1), channel(2)];
}

export function parse(color: string): Rgb {
  const number = Number.parseInt(color.slice(1), 16);
  return [number >> 16, (number >> 8) & 255, number & 255];
}

function format(color: Rgb): string {
  return `#${color.map((channel) => channel.toString(16).padStart(2, "0")).join("")}`;
}
