// One look with the sign-in pages: the operator's colour, the same grounds and corners, the reader's own font.

import { type CSSVariablesResolver, colorsTuple, createTheme, type MantineColorsTuple } from "@mantine/core";
import { brandColor } from "../session/place.ts";

/** How much white (above 0) or black (below) is mixed into the brand's colour, from the lightest shade on. */
const mixes = [0.93, 0.85, 0.7, 0.52, 0.34, 0.16, 0, -0.1, -0.22, -0.34];

function shadesOf(color: string): MantineColorsTuple {
  const parts = [1, 3, 5].map((at) => Number.parseInt(color.slice(at, at + 2), 16));
  const shades = mixes.map((mix) => {
    const to = mix > 0 ? 255 : 0;
    const mixed = parts.map((part) => Math.round(part + (to - part) * Math.abs(mix)));
    return `#${mixed.map((part) => part.toString(16).padStart(2, "0")).join("")}`;
  });
  return colorsTuple(shades);
}

export const theme = createTheme({
  primaryColor: "brand",
  primaryShade: { light: 6, dark: 5 },
  autoContrast: true,
  colors: {
    brand: shadesOf(brandColor),
    // Each dark enough for its name on its own light ground, and light enough on the dark one.
    red: shadesOf("#b3261e"),
    teal: shadesOf("#17703f"),
    orange: shadesOf("#96480a"),
    yellow: shadesOf("#755a05"),
    gray: shadesOf("#565e69"),
    // From the text to the ground of the sign-in pages' dark.
    dark: colorsTuple([
      "#eceef1",
      "#c5cbd3",
      "#a3abb6",
      "#7d8693",
      "#3a414b",
      "#2a2f37",
      "#1d2127",
      "#15181d",
      "#0f1216",
      "#0c0e11",
    ]),
  },
  fontFamily: "system-ui, 'Segoe UI', Roboto, 'Liberation Sans', Arial, sans-serif",
  fontFamilyMonospace: "ui-monospace, 'Cascadia Mono', 'Liberation Mono', Menlo, monospace",
  defaultRadius: "md",
  cursorType: "pointer",
  components: {
    // A dialog's header is not the page's banner, and its cross says what it does.
    Modal: { defaultProps: { closeButtonProps: { "aria-label": "Close" } } },
    ModalHeader: { defaultProps: { role: "presentation" } },
  },
  headings: { sizes: { h1: { fontSize: "1.6rem" }, h2: { fontSize: "1.15rem" }, h3: { fontSize: "1rem" } } },
});

/** Quiet text that can still be read (WCAG 2.2 criterion 1.4.3). */
export const variables: CSSVariablesResolver = () => ({
  variables: {},
  light: { "--mantine-color-dimmed": "#565e69", "--mantine-color-default-border": "#dfe2e7" },
  dark: { "--mantine-color-dimmed": "#a3abb6" },
});
