/**
 * Runs tasks of one key in order and tasks of different keys side by side, up to a limit.
 *
 * Owns: the order in which orders leave: two orders in one symbol must not overtake each other. May not: know orders.
 */
export class Lanes {
  readonly #limit: number;
  readonly #tails = new Map<string, Promise<void>>();
  readonly #ready: (() => void)[] = [];
  #running = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** `task` must not throw: its outcome is its own business. */
  run(key: string, task: () => Promise<void>): void {
    const tail = this.#tails.get(key) ?? Promise.resolve();
    const next = tail.then(() => this.#admitted(task));
    this.#tails.set(key, next);
    void next.then(() => {
      if (this.#tails.get(key) === next) this.#tails.delete(key);
    });
  }

  async #admitted(task: () => Promise<void>): Promise<void> {
    if (this.#running >= this.#limit) await new Promise<void>((resolve) => this.#ready.push(resolve));
    else this.#running += 1;
    try {
      await task();
    } finally {
      const next = this.#ready.shift();
      if (next === undefined) this.#running -= 1;
      else next();
    }
  }
}
