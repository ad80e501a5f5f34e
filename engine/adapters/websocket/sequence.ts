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

export type Verdict = { readonly kind: "next" | "unnumbered" | "repeated" } | { readonly kind: "gap"; detail: string };

const NEXT: Verdict = { kind: "next" };
const UNNUMBERED: Verdict = { kind: "unnumbered" };
const REPEATED: Verdict = { kind: "repeated" };

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
  readonly #last = new Map<string, number>();

  constructor(paths: SequencePaths) {
    this.#paths = paths;
  }

  /** The first number of a connection starts its series. */
  follow(message: unknown): Verdict {
    const number = integerAt(message, this.#paths.number);
    if (Number.isNaN(number)) return UNNUMBERED;
    const first = this.#paths.first === undefined ? number : integerAt(message, this.#paths.first);
    const name = this.#paths.by === undefined ? "" : String(valueAt(message, this.#paths.by.steps));
    const last = this.#last.get(name);
    if (last !== undefined && number <= last) return REPEATED;
    this.#last.set(name, number);
    if (last === undefined || !(first > last + 1)) return NEXT;
    const whose = name === "" ? "" : ` of ${name}`;
    return {
      kind: "gap",
      detail: `${first - last - 1} messages${whose} are missing: ${last} was followed by ${first}`,
    };
  }

  /** After a new subscription the numbers may start anywhere. */
  reset(): void {
    this.#last.clear();
  }
}

function integerAt(message: unknown, path: Path): number {
  const value = valueAt(message, path.steps);
  const number =
    typeof value === "bigint" || (typeof value === "string" && /^\d+$/.test(value)) ? Number(value) : value;
  return typeof number === "number" && Number.isSafeInteger(number) ? number : Number.NaN;
}
