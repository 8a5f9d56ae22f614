// What long work shows on standard error: a bar on a terminal, else a line now and then, so that a log stays readable.

export interface Progress {
  /** So much is done now, of the total where there is one. */
  reached(done: number): void;
  /** The bar goes; the last word is the caller's. */
  end(): void;
}

export interface Work {
  /** What is done, for example "Revoking". */
  readonly title: string;
  /** What is counted, in the plural. */
  readonly of: string;
  readonly total: number | undefined;
}

/** Milliseconds between two lines where there is no terminal. */
const lineEveryMs = 10_000;

export async function showProgress(work: Work): Promise<Progress> {
  return process.stderr.isTTY ? bar(work) : lines(work);
}

async function bar({ title, of, total }: Work): Promise<Progress> {
  const { progress, spinner } = await import("@clack/prompts");
  const output = process.stderr;
  const began = performance.now();
  if (total === undefined) {
    const turning = spinner({ output });
    turning.start(title);
    return {
      reached: (done) => turning.message(told(title, done, of, began)),
      end: () => turning.clear(),
    };
  }
  const shown = progress({ output, max: Math.max(total, 1) });
  let last = 0;
  shown.start(title);
  return {
    reached(done) {
      shown.advance(done - last, `${told(title, done, of, began)} of ${count(total)}`);
      last = done;
    },
    end: () => shown.clear(),
  };
}

function lines({ title, of, total }: Work): Progress {
  const began = performance.now();
  let told_ = began;
  return {
    reached(done) {
      const now = performance.now();
      if (now - told_ < lineEveryMs) return;
      told_ = now;
      const part = total === undefined ? "" : ` of ${count(total)}`;
      console.error(`${told(title, done, of, began)}${part}`);
    },
    end: () => undefined,
  };
}

function told(title: string, done: number, of: string, began: number): string {
  return `${title}: ${count(done)} ${of}, ${count(perSecond(done, performance.now() - began))} a second`;
}

/** @param took milliseconds */
export function perSecond(done: number, took: number): number {
  return took <= 0 ? 0 : Math.round((done * 1000) / took);
}

/** With commas. */
export function count(value: number): string {
  return value.toLocaleString("en");
}
