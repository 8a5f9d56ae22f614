// The one style sheet of the pages, light and dark by the reader's own setting, in the brand's colours. Inlined; the
// policy allows it by its hash.

import { createHash } from "node:crypto";
import { type Brand, colorsOn } from "./brand.ts";

export interface Style {
  readonly css: string;
  /** For `style-src`. */
  readonly source: string;
}

const cards = { light: "#ffffff", dark: "#15181d" } as const;

const made = new WeakMap<Brand, Style>();

export function styleOf(brand: Brand): Style {
  const known = made.get(brand);
  if (known !== undefined) return known;
  const css = `:root{${variables(brand, "light")}}@media(prefers-color-scheme:dark){:root{${variables(brand, "dark")}}}${rules}`;
  const style = { css, source: `'sha256-${createHash("sha256").update(css).digest("base64")}'` };
  made.set(brand, style);
  return style;
}

const palettes = {
  light: {
    page: "#f4f5f7",
    line: "#dfe2e7",
    edge: "#868e99",
    text: "#14171c",
    muted: "#565e69",
    soft: "#f3f4f6",
    bad: "#b3261e",
    "bad-soft": "#fdf1f0",
    "bad-line": "#f0c4c0",
    good: "#1a7f4b",
    shadow: "0 1px 2px rgb(16 24 40/.05),0 12px 32px -8px rgb(16 24 40/.12)",
  },
  dark: {
    page: "#0c0e11",
    line: "#2a2f37",
    edge: "#6b7480",
    text: "#eceef1",
    muted: "#a3abb6",
    soft: "#1d2127",
    bad: "#ff9a91",
    "bad-soft": "#2a1817",
    "bad-line": "#5c2b28",
    good: "#5fce94",
    shadow: "0 12px 32px -8px rgb(0 0 0/.5)",
  },
} as const;

function variables(brand: Brand, theme: "light" | "dark"): string {
  const { fill, fillHover, onFill, accent } = colorsOn(brand.color, cards[theme]);
  const all = {
    card: cards[theme],
    fill,
    "fill-hover": fillHover,
    "on-fill": onFill,
    accent,
    ...palettes[theme],
  };
  return Object.entries(all)
    .map(([name, value]) => `--${name}:${value};`)
    .join("");
}

const rules = `
*,*::before,*::after{box-sizing:border-box}
[hidden]{display:none!important}
:root{color-scheme:light dark}
html{-webkit-text-size-adjust:100%;text-size-adjust:100%}
body{margin:0;min-height:100vh;min-height:100svh;display:flex;flex-direction:column;align-items:center;justify-content:center;padding:32px 16px;background:radial-gradient(880px 420px at 50% -120px,color-mix(in srgb,var(--fill) 13%,transparent),transparent) no-repeat var(--page);color:var(--text);font:16px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue","Noto Sans","Liberation Sans",Arial,sans-serif;-webkit-font-smoothing:antialiased}
main{width:100%;max-width:432px;background:var(--card);border:1px solid var(--line);border-radius:16px;box-shadow:var(--shadow);padding:40px}
footer{width:100%;max-width:432px;padding:20px 8px 0;color:var(--muted);font-size:13px;text-align:center;overflow-wrap:anywhere}
h1{margin:0;font-size:24px;line-height:1.25;font-weight:650;letter-spacing:-.015em;text-wrap:balance;overflow-wrap:anywhere}
p{margin:0;overflow-wrap:anywhere}
strong{font-weight:600}
a{color:var(--accent);text-underline-offset:3px;text-decoration-thickness:1px}
a:hover{text-decoration-thickness:2px}
.brand{display:flex;align-items:center;gap:12px;margin:0 0 28px;font-weight:600;letter-spacing:-.01em}
.brand img{display:block;height:36px;width:auto;max-width:220px}
.brand .mark{width:36px;border-radius:9px}
.lead{margin-top:8px;color:var(--muted)}
.lead strong{color:var(--text)}
form{margin:28px 0 0}
.field{margin:0 0 20px}
label{display:block;margin:0 0 6px;font-size:14px;font-weight:600}
.hint{margin:0 0 6px;color:var(--muted);font-size:14px}
input{display:block;width:100%;height:46px;padding:0 14px;border:1px solid var(--edge);border-radius:10px;background:var(--card);color:var(--text);font:inherit;transition:border-color .12s}
input:hover{border-color:var(--text)}
input[aria-invalid=true]{border-color:var(--bad)}
input:-webkit-autofill{-webkit-text-fill-color:var(--text);box-shadow:inset 0 0 0 60px var(--soft);caret-color:var(--text)}
:focus-visible{outline:3px solid var(--accent);outline-offset:2px}
input:focus-visible{outline-offset:0;outline-width:2px;border-color:var(--accent)}
.button{display:flex;align-items:center;justify-content:center;width:100%;min-height:46px;padding:10px 18px;border:1px solid transparent;border-radius:10px;background:var(--fill);color:var(--on-fill);font:inherit;font-weight:600;text-align:center;text-decoration:none;cursor:pointer;box-shadow:0 1px 2px rgb(16 24 40/.14),inset 0 1px 0 rgb(255 255 255/.13);transition:background-color .12s}
.button:hover{background:var(--fill-hover)}
.plain{box-shadow:none;background:transparent;color:var(--text);border-color:var(--edge)}
.plain:hover{background:var(--soft)}
.actions{display:flex;flex-direction:column;gap:12px;margin-top:28px}
.two{flex-direction:row}
.ways,.ways .actions{margin-top:20px}
.or{display:flex;align-items:center;gap:12px;color:var(--muted);font-size:14px}
.or::before,.or::after{content:"";flex:1;height:1px;background:var(--line)}
.problem{margin:24px 0 -4px;padding:12px 14px;border:1px solid var(--bad-line);border-radius:10px;background:var(--bad-soft);color:var(--bad);font-size:15px}
.problem strong{white-space:nowrap}
.problem ul{margin:4px 0 0;padding:0 0 0 18px}
.problem a{color:inherit}
.wrong{margin:6px 0 0;color:var(--bad);font-size:14px}
details{margin:20px 0 0;color:var(--muted);font-size:14px}
summary{width:fit-content;border-radius:4px;color:var(--accent);cursor:pointer;list-style:none;text-decoration:underline;text-decoration-thickness:1px;text-underline-offset:3px}
summary::-webkit-details-marker{display:none}
details form{margin-top:16px;color:var(--text);font-size:16px}
.passkey{margin-top:12px}
.passkey .hint{margin:0}
.passkey .hint:not(:empty){margin-top:8px}
details p{margin-top:8px}
.person{display:flex;align-items:center;gap:12px;margin:24px 0 0;padding:12px 14px;border:1px solid var(--line);border-radius:12px;text-align:left}
.person .who{min-width:0;flex:1;line-height:1.35}
.person .who span{display:block;overflow:hidden;text-overflow:ellipsis;white-space:nowrap}
.person .who span+span{color:var(--muted);font-size:14px}
.person a{flex:none;font-size:14px}
button.person{width:100%;margin:0 0 12px;border-color:var(--edge);background:transparent;color:inherit;font:inherit;cursor:pointer;transition:background-color .12s}
button.person::after{content:"";flex:none;width:8px;height:8px;margin-right:4px;border:solid var(--muted);border-width:2px 2px 0 0;transform:rotate(45deg)}
button.person:hover{background:var(--soft)}
.letter{flex:none;display:flex;align-items:center;justify-content:center;width:40px;height:40px;border-radius:50%;background:var(--soft);border:1px solid var(--line);color:var(--text);font-weight:600}
.pair{display:flex;align-items:center;gap:10px;margin:0 0 24px}
.pair .letter,.pair img{width:52px;height:52px;border-radius:13px;font-size:22px}
.pair .logo{width:auto;max-width:200px;height:36px;border-radius:0}
.pair .dots{flex:none;width:34px;height:4px;background:radial-gradient(circle,var(--edge) 2px,transparent 2.4px) 0 0/11.33px 4px}
.scopes{margin:20px 0 0;padding:4px 0;list-style:none;border-top:1px solid var(--line);border-bottom:1px solid var(--line)}
.scopes li{position:relative;padding:11px 0 11px 34px}
.scopes li+li{border-top:1px solid var(--line)}
.scopes li::before{content:"";position:absolute;left:5px;top:15px;width:7px;height:12px;border:solid var(--good);border-width:0 2px 2px 0;transform:rotate(45deg)}
.scopes code,.quiet{color:var(--muted);font-size:14px}
.scopes code{font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,"Liberation Mono",monospace;font-size:13px;overflow-wrap:anywhere}
.scopes span{display:block}
.quiet{margin-top:16px}
@media(max-width:480px){
body{justify-content:flex-start;padding:0;background:var(--card)}
footer{margin-top:auto;padding:20px}
main{max-width:none;border:0;border-radius:0;box-shadow:none;padding:32px 20px 24px}
.two{flex-direction:column}
}
@media(forced-colors:active){.button,main,input{border:1px solid}}
@media(prefers-reduced-motion:reduce){*{transition:none}}
`;
