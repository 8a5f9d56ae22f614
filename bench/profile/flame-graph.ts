// A flame graph as SVG: each call as wide as the time within it, calls it makes above it, hottest to the left. The names
// are shown where there is room and always as a tooltip.

import type { Frame, Sampled } from "./cpu-profile.ts";
import { kindOf, kinds } from "./kinds.ts";

const width = 1600;
const rowHeight = 17;
const letterWidth = 6.6;
/** Narrower calls are left out. */
const narrowest = 0.8;

interface Call {
  readonly stack: readonly Frame[];
  readonly callees: Map<string, Call>;
  total: number;
}

export function flameGraph(samples: readonly Sampled[], title: string): string {
  const root: Call = { stack: [], callees: new Map(), total: 0 };
  for (const sample of samples) add(root, sample);
  const depth = Math.max(0, ...samples.map(({ stack }) => stack.length));
  const height = (depth + 2) * rowHeight;
  const boxes: string[] = [];
  draw(root, 0, (total) => (total / root.total) * width, height - rowHeight, boxes);
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" font-family="monospace" font-size="11">
<rect width="100%" height="100%" fill="#fff"/>
<text x="8" y="13">${escaped(title)}</text>
${boxes.join("\n")}
</svg>
`;
}

function add(root: Call, { stack, self }: Sampled): void {
  let call = root;
  call.total += self;
  for (const [index, frame] of stack.entries()) {
    const name = `${frame.name} ${frame.url}:${frame.line}`;
    const callee = call.callees.get(name) ?? {
      stack: stack.slice(0, index + 1),
      callees: new Map<string, Call>(),
      total: 0,
    };
    call.callees.set(name, callee);
    callee.total += self;
    call = callee;
  }
}

function draw(call: Call, x: number, widthOf: (total: number) => number, y: number, boxes: string[]): void {
  let at = x;
  for (const callee of [...call.callees.values()].sort((a, b) => b.total - a.total)) {
    const wide = widthOf(callee.total);
    if (wide < narrowest) break;
    const frame = callee.stack.at(-1);
    const name = frame?.name || "(anonymous)";
    const place = `${frame?.url.replace(/^.*\/(?=node_modules|packages)/, "")}:${frame?.line}`;
    const share = ((100 * wide) / width).toFixed(1);
    const shown = wide > 3 * letterWidth ? escaped(name.slice(0, Math.floor(wide / letterWidth))) : "";
    boxes.push(
      `<g><title>${escaped(`${name} ${place}, ${share} %`)}</title>` +
        `<rect x="${at.toFixed(1)}" y="${y - rowHeight}" width="${(wide - 0.4).toFixed(1)}" height="${rowHeight - 1}" fill="${colourOf(callee.stack)}"/>` +
        `<text x="${(at + 2).toFixed(1)}" y="${y - 5}">${shown}</text></g>`,
    );
    draw(callee, at, widthOf, y - rowHeight, boxes);
    at += wide;
  }
}

/** One hue for each kind of work. */
function colourOf(stack: readonly Frame[]): string {
  return `hsl(${Math.round((360 * kinds.indexOf(kindOf(stack))) / kinds.length)} 60% 78%)`;
}

function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}
