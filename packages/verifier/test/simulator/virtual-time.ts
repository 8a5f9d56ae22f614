// Time as the whole simulation sees it: milliseconds that pass when nothing is due any more. What happens at one moment
// happens in the order in which it was planned.

interface Task {
  readonly at: number;
  readonly order: number;
  readonly run: () => void;
}

export class VirtualTime {
  #now = 0;
  #order = 0;
  /** A binary heap. */
  readonly #tasks: Task[] = [];

  get now(): number {
    return this.#now;
  }

  after(ms: number, run: () => void): void {
    this.#push({ at: this.#now + Math.max(0, ms), order: this.#order++, run });
  }

  /** Runs what is due up to `at`, and lets time come there. */
  runUntil(at: number): void {
    for (;;) {
      const next = this.#tasks[0];
      if (next === undefined || next.at > at) break;
      this.#pop();
      this.#now = next.at;
      next.run();
    }
    this.#now = at;
  }

  #push(task: Task): void {
    const tasks = this.#tasks;
    let i = tasks.push(task) - 1;
    while (i > 0) {
      const up = (i - 1) >> 1;
      const above = tasks[up];
      if (above === undefined || !isBefore(task, above)) break;
      tasks[i] = above;
      i = up;
    }
    tasks[i] = task;
  }

  #pop(): void {
    const tasks = this.#tasks;
    const last = tasks.pop();
    if (last === undefined || tasks.length === 0) return;
    let i = 0;
    for (;;) {
      const [left, right] = [tasks[2 * i + 1], tasks[2 * i + 2]];
      const goesRight = right !== undefined && left !== undefined && isBefore(right, left);
      const least = goesRight ? right : left;
      if (least === undefined || !isBefore(least, last)) break;
      tasks[i] = least;
      i = 2 * i + (goesRight ? 2 : 1);
    }
    tasks[i] = last;
  }
}

function isBefore(a: Task, b: Task): boolean {
  return a.at < b.at || (a.at === b.at && a.order < b.order);
}
