// Space kept back beside the database, so that a full disk still takes revocations: when a commit finds no room the
// reserve is given up, and until it can be filled again only urgent intentions are tried. FAULTS row 4.

import { randomFillSync } from "node:crypto";
import { closeSync, fsyncSync, openSync, rmSync, statfsSync, statSync, writeSync } from "node:fs";
import { dirname } from "node:path";

/** Milliseconds between attempts to fill the reserve again. */
const retryMs = 1000;
/**
 * Times the reserve that must be free before anything but revocations is taken again. What a full disk gives back when
 * the log is emptied is less: without this, issuing would come back for a moment and use up the revocations' room.
 */
const roomToGoOn = 4;
const chunk = 1 << 20;

export class Reserve {
  readonly #path: string;
  readonly #bytes: number;
  #isFull = false;
  #triedAtMs = 0;

  constructor(databasePath: string, bytes: number) {
    this.#path = `${databasePath}-reserve`;
    this.#bytes = bytes;
  }

  /** Whether the disk was full when last tried; then only urgent intentions should be. */
  get isSpent(): boolean {
    return this.#isFull;
  }

  /** Now and then, while it is spent: looks whether there is room again. */
  refill(): void {
    if (!this.#isFull || performance.now() - this.#triedAtMs < retryMs) return;
    this.#triedAtMs = performance.now();
    const { bavail, bsize } = statfsSync(dirname(this.#path));
    if (bavail * bsize >= roomToGoOn * this.#bytes) this.fill();
  }

  /** Takes the space; without it the disk counts as full. Nothing to take where none is wanted. */
  fill(): void {
    this.#triedAtMs = performance.now();
    try {
      if (this.#bytes > 0 && !this.#isThere()) this.#write();
      this.#isFull = false;
    } catch {
      // Whatever the reason, there is no room to keep back: that is the state the disk is in, and it is tried again.
      rmSync(this.#path, { force: true });
      this.#isFull = true;
    }
  }

  /** Gives the space up for what is urgent. */
  release(): void {
    rmSync(this.#path, { force: true });
    this.#isFull = true;
    this.#triedAtMs = performance.now();
  }

  #isThere(): boolean {
    return statSync(this.#path, { throwIfNoEntry: false })?.size === this.#bytes;
  }

  /** Random bytes: file systems that compress or skip zeros would keep nothing back. */
  #write(): void {
    const file = openSync(this.#path, "w", 0o600);
    try {
      const bytes = randomFillSync(new Uint8Array(Math.min(chunk, this.#bytes)));
      for (let written = 0; written < this.#bytes; ) {
        written += writeSync(file, bytes, 0, Math.min(bytes.length, this.#bytes - written));
      }
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
  }
}
