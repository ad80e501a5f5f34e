/**
 * Numbers that messages carry so that a missing one is noticed.
 *
 * Owns: the last number of each series of numbers, for one connection. May not: decide what follows from a gap.
 */
import { FeedError } from "../../ports/feed.ts";
import { parsePath, valueAt } from "./path.ts";
import type { Path } from "./path.ts";

export interface SequenceConfig {
  /** Where a message has its number. */
  readonly path: string;
  /** Where it has its first number, when a message stands for several. */
  readonly first?: string;
  /** What has numbers of its own: a symbol, a channel. Default: the connection. */
  readonly by?: string;
  readonly on_gap?: "reconnect" | "resubscribe" | "alert";
}

export type Verdict =
  | { readonly kind: "next" | "unnumbered" | "repeated" }
  | { readonly kind: "gap"; readonly detail: string }
  /** It has a number that cannot be followed: whether something is missing before it, nobody knows. */
  | { readonly kind: "unusable"; readonly reason: string };

const NEXT: Verdict = { kind: "next" };
const UNNUMBERED: Verdict = { kind: "unnumbered" };
const REPEATED: Verdict = { kind: "repeated" };
const UNUSABLE: Verdict = { kind: "unusable", reason: "its sequence number is no whole number below 2^53" };
const NOBODYS: Verdict = {
  kind: "unusable",
  reason: "it does not say, as text or a number, what its sequence number counts",
};

export interface SequencePaths {
  readonly number: Path;
  readonly first: Path | undefined;
  readonly by: Path | undefined;
}

export function compileSequence(config: SequenceConfig): SequencePaths {
  const path = (key: string, source: string): Path => {
    const parsed = parsePath(source);
    if (parsed === undefined || parsed.items !== null)
      throw new FeedError("config", `sequence: ${key}: ${source} is not a path of one value; write $.seq`);
    return parsed;
  };
  return {
    number: path("path", config.path),
    first: config.first === undefined ? undefined : path("first", config.first),
    by: config.by === undefined ? undefined : path("by", config.by),
  };
}

export class Sequence {
  readonly #paths: SequencePaths;
  readonly #series = new Map<string, { readonly began: number; last: number }>();

  constructor(paths: SequencePaths) {
    this.#paths = paths;
  }

  /** The first number of a connection starts its series. */
  follow(message: unknown): Verdict {
    const { number: path, first: from, by } = this.#paths;
    const told = valueAt(message, path.steps);
    if (told === undefined || told === null) return UNNUMBERED;
    const number = wholeNumber(told);
    const first = from === undefined ? number : wholeNumber(valueAt(message, from.steps) ?? told);
    if (!(first <= number)) return UNUSABLE;
    const of = by === undefined ? "" : valueAt(message, by.steps);
    if (typeof of === "object" && of !== null) return NOBODYS;
    return this.#next(String(of), first, number);
  }

  #next(name: string, first: number, number: number): Verdict {
    const series = this.#series.get(name);
    const whose = name === "" ? "" : ` of ${name}`;
    if (series === undefined || number < series.began) {
      this.#series.set(name, { began: number, last: number });
      if (series === undefined) return NEXT;
      // Lower than any before, so it is no repetition: what was told before the restart may be missing.
      return { kind: "gap", detail: `numbers${whose} began anew: ${series.last} was followed by ${number}` };
    }
    const { last } = series;
    if (number <= last) return REPEATED;
    series.last = number;
    if (first <= last + 1) return NEXT;
    const missing = first - last - 1;
    return { kind: "gap", detail: `${missing} messages${whose} are missing: ${last} was followed by ${first}` };
  }

  /** After a new subscription the numbers may start anywhere. */
  reset(): void {
    this.#series.clear();
  }
}

function wholeNumber(value: unknown): number {
  const number =
    typeof value === "bigint" || (typeof value === "string" && /^\d+$/.test(value)) ? Number(value) : value;
  return typeof number === "number" && Number.isSafeInteger(number) ? number : Number.NaN;
}
