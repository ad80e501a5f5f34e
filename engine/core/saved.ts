/**
 * What saved state is made of.
 *
 * Owns: numbers as text, and what is said when saved state and a program do not fit each other. May not: know what is saved.
 */

export type RestoreCode =
  /** Another format: saved by another version. */
  | "saved/format"
  /** Saved with another program; a changed one is loaded afterwards, as a reload. */
  | "saved/program"
  /** Saved for another account or another journal. */
  | "saved/account"
  /** Something that the program has was not saved, or the other way round. */
  | "saved/shape";

/** Saved state that cannot become a core. Nothing of it is used: a state that is half right is wrong. */
export class RestoreError extends Error {
  override readonly name = "RestoreError";
  readonly code: RestoreCode;

  constructor(code: RestoreCode, message: string) {
    super(message);
    this.code = code;
  }
}

/** Numbers as one text, e.g. `"1.5 NaN -0"`: JSON knows neither NaN nor -0, and one text is cheaper than many numbers. */
export type PackedNumbers = string;

export function packed(values: Iterable<number>): PackedNumbers {
  const parts: string[] = [];
  for (const value of values) parts.push(value === 0 && 1 / value < 0 ? "-0" : String(value));
  return parts.join(" ");
}

export function unpacked(text: PackedNumbers): number[] {
  return text === "" ? [] : text.split(" ").map(Number);
}

/** Saved things by name, each of which must be asked for exactly once. */
export class Named<T> {
  readonly #what: string;
  readonly #left: Map<string, T>;

  constructor(what: string, saved: Readonly<Record<string, T>>) {
    this.#what = what;
    this.#left = new Map(Object.entries(saved));
  }

  take(name: string): T {
    const found = this.#left.get(name);
    if (found === undefined) throw new RestoreError("saved/shape", `the ${this.#what} "${name}" was not saved`);
    this.#left.delete(name);
    return found;
  }

  /** Everything was asked for, or something is lost. */
  end(): void {
    const [lost] = this.#left.keys();
    if (lost !== undefined)
      throw new RestoreError("saved/shape", `the program has no ${this.#what} "${lost}", which was saved`);
  }
}

/** Everything that has a name gets what was saved under it, and nothing saved is left over. */
export function restoreEach<T, S>(
  what: string,
  saved: Readonly<Record<string, S>>,
  all: Iterable<readonly [name: string, one: T]>,
  restore: (one: T, saved: S) => void,
): void {
  const named = new Named(what, saved);
  for (const [name, one] of all) restore(one, named.take(name));
  named.end();
}

/** `count` numbers were saved, not more and not fewer. */
export function exactly(numbers: readonly number[], count: number, what: string): readonly number[] {
  if (numbers.length !== count)
    throw new RestoreError("saved/shape", `${what} needs ${count} numbers, ${numbers.length} were saved`);
  return numbers;
}
