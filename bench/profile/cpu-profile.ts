// CPU profiles as V8 writes them (`--cpu-prof`), cut to the rounds that were measured: what each call stack took.

import { readFileSync } from "node:fs";

export interface Frame {
  readonly name: string;
  /** Empty for what V8 and Node have in native code. */
  readonly url: string;
  readonly line: number;
}

/** A stack with the time during which it was the innermost one; the outermost call first. */
export interface Sampled {
  readonly stack: readonly Frame[];
  /** Microseconds. */
  readonly self: number;
}

export interface Span {
  /** Microseconds on the monotonic clock of the machine. */
  readonly from: number;
  readonly to: number;
}

/** The members of the file that are used here. */
interface ProfileFile {
  readonly nodes: readonly {
    readonly id: number;
    readonly callFrame: { readonly functionName: string; readonly url: string; readonly lineNumber: number };
    readonly children?: readonly number[];
  }[];
  readonly startTime: number;
  readonly samples: readonly number[];
  readonly timeDeltas: readonly number[];
}

/** What a thread did within the spans; idle time is left out. */
export function readProfile(file: string, spans: readonly Span[]): Sampled[] {
  const profile: ProfileFile = JSON.parse(readFileSync(file, "utf8"));
  const parents = new Map<number, number>();
  const frames = new Map<number, Frame>();
  for (const { id, callFrame, children = [] } of profile.nodes) {
    frames.set(id, { name: callFrame.functionName, url: callFrame.url, line: callFrame.lineNumber + 1 });
    for (const child of children) parents.set(child, id);
  }
  const stackOf = (id: number): Frame[] => {
    const parent = parents.get(id);
    const frame = frames.get(id);
    // The root is in no file and says nothing.
    return parent === undefined || frame === undefined ? [] : [...stackOf(parent), frame];
  };
  const self = new Map<number, number>();
  let at = profile.startTime;
  for (const [index, id] of profile.samples.entries()) {
    at += profile.timeDeltas[index] ?? 0;
    const lasted = profile.timeDeltas[index + 1] ?? 0;
    if (spans.some(({ from, to }) => at >= from && at < to)) self.set(id, (self.get(id) ?? 0) + lasted);
  }
  return [...self]
    .map(([id, microseconds]) => ({ stack: stackOf(id), self: microseconds }))
    .filter(({ stack }) => stack.at(-1)?.name !== "(idle)");
}
