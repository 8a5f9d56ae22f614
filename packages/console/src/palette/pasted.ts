// A token's text on its way from the palette to the page that explains it: in memory, and gone once taken. Never in the
// URL or in the browser's history, which are kept.

import { useEffect } from "react";

let waiting: string | undefined;
const takers = new Set<() => void>();

/** Whoever explains tokens gets it, now or as soon as that page is there. */
export function handOver(text: string): void {
  waiting = text;
  for (const take of takers) take();
}

/** @param take is called once with each text */
export function usePasted(take: (text: string) => void): void {
  useEffect(() => {
    const taker = (): void => {
      if (waiting === undefined) return;
      const text = waiting;
      waiting = undefined;
      take(text);
    };
    takers.add(taker);
    taker();
    return () => {
      takers.delete(taker);
    };
  });
}
