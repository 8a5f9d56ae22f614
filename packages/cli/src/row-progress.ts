// The progress of rows on their way, begun with the first of them.

import { type Progress, showProgress } from "./progress.ts";

export interface RowProgress {
  readonly moved: (moved: { readonly done: number; readonly total: number }) => void;
  end(): void;
}

/** `total` 0 where nobody knows it beforehand. */
export function rowProgress(title: string): RowProgress {
  let shown: Progress | undefined;
  let isAsked = false;
  return {
    moved: ({ done, total }) => {
      shown?.reached(done);
      if (isAsked) return;
      isAsked = true;
      void showProgress({ title, of: "rows", total: total === 0 ? undefined : total }).then((progress) => {
        shown = progress;
      });
    },
    end: () => shown?.end(),
  };
}
