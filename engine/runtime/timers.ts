/**
 * Timers that the core asked for, on one clock.
 *
 * Owns: which is due next. May not: read a clock; the caller says what time it is.
 */
export interface Timer {
  readonly id: string;
  readonly at: number;
}

export class TimerQueue {
  readonly #timers = new Map<string, number>();
  #earliest = Number.POSITIVE_INFINITY;

  /** Due time of the next one, or Infinity. */
  get next(): number {
    return this.#earliest;
  }

  set(id: string, at: number): void {
    this.#timers.set(id, at);
    this.#refresh();
  }

  cancel(id: string): void {
    if (this.#timers.delete(id)) this.#refresh();
  }

  /** Takes the earliest timer that is due, ties by id. */
  take(now: number): Timer | undefined {
    if (this.#earliest > now) return undefined;
    let found: Timer | undefined;
    for (const [id, at] of this.#timers) {
      if (at === this.#earliest && (found === undefined || id < found.id)) found = { id, at };
    }
    if (found !== undefined) this.cancel(found.id);
    return found;
  }

  #refresh(): void {
    let earliest = Number.POSITIVE_INFINITY;
    for (const at of this.#timers.values()) if (at < earliest) earliest = at;
    this.#earliest = earliest;
  }
}
