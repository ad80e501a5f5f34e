/**
 * The syntax tree of expressions and conditions.
 *
 * Owns: the node shapes. Both spellings (text and json-rules-engine objects) make the same nodes. Spans are offsets
 * in the file, not in the expression. Kinds (number or condition) are checked when the tree is lowered.
 */
import type { Span } from "./diagnostic.ts";

/** How a literal was written: `30`, `2%`, `09:45` or `10m`. */
export type LiteralForm = "number" | "percent" | "clock" | "duration";

interface Base {
  readonly span: Span;
}

export type Relation = "<" | "<=" | ">" | ">=" | "==" | "!=";

/** How long: `3 bars` or `10m`. */
export type Quantity = { readonly bars: Node; readonly span: Span } | { readonly ms: number; readonly span: Span };

export interface Argument {
  /** Undefined: positional. */
  readonly name?: string;
  readonly nameSpan?: Span;
  readonly value: Node;
}

export type Node =
  /** `isCoded`: a value of the json-rules-engine form. */
  | (Base & { readonly kind: "number"; readonly value: number; readonly form: LiteralForm; readonly isCoded?: true })
  /** A name, possibly with dots; `call` when arguments follow. */
  | (Base & { readonly kind: "name"; readonly name: string })
  | (Base & {
      readonly kind: "call";
      readonly name: string;
      readonly nameSpan: Span;
      readonly args: readonly Argument[];
      /** `bollinger(20, 2).upper` */
      readonly output?: string;
    })
  /** Only as the value of `on:`, `symbol:`, `output:`. */
  | (Base & { readonly kind: "word"; readonly word: string })
  | (Base & { readonly kind: "lookback"; readonly of: Node; readonly bars: Node; readonly sampled?: string })
  | (Base & {
      readonly kind: "calc";
      readonly operator: "+" | "-" | "*" | "/" | "neg" | "abs" | "min" | "max";
      readonly args: readonly Node[];
    })
  | (Base & { readonly kind: "compare"; readonly relation: Relation; readonly left: Node; readonly right: Node })
  | (Base & { readonly kind: "between"; readonly of: Node; readonly low: Node; readonly high: Node })
  | (Base & { readonly kind: "in"; readonly of: Node; readonly values: readonly Node[]; readonly negated: boolean })
  | (Base & {
      readonly kind: "crosses";
      readonly direction: "above" | "below" | "any";
      readonly left: Node;
      readonly right: Node;
    })
  | (Base & { readonly kind: "for" | "within"; readonly of: Node; readonly quantity: Quantity })
  | (Base & { readonly kind: "then"; readonly first: Node; readonly second: Node; readonly quantity: Quantity })
  | (Base & { readonly kind: "all" | "any"; readonly kids: readonly Node[] })
  | (Base & { readonly kind: "not"; readonly kid: Node })
  /** The numeric facts that temporal conditions lower to; written only in the object form. */
  | (Base & {
      readonly kind: "temporal";
      readonly fact: "bars_true" | "seconds_true" | "bars_since" | "seconds_since";
      readonly of: Node;
      readonly horizon?: number;
      readonly before?: boolean;
    });

const CONDITIONS: ReadonlySet<Node["kind"]> = new Set([
  "compare",
  "between",
  "in",
  "crosses",
  "for",
  "within",
  "then",
  "all",
  "any",
  "not",
]);

/** True for nodes that can only be conditions; a name may turn out to be one. */
export function isCondition(node: Node): boolean {
  return CONDITIONS.has(node.kind);
}

export function joined(a: Span, b: Span): Span {
  return { start: a.start, end: b.end };
}

/** The nodes directly below one. */
export function partsOf(node: Node): readonly Node[] {
  switch (node.kind) {
    case "number":
    case "name":
    case "word":
      return [];
    case "call":
      return node.args.map(({ value }) => value);
    case "lookback":
      return [node.of, node.bars];
    case "calc":
      return node.args;
    case "compare":
    case "crosses":
      return [node.left, node.right];
    case "between":
      return [node.of, node.low, node.high];
    case "in":
      return [node.of, ...node.values];
    case "for":
    case "within":
      return [node.of, ...("bars" in node.quantity ? [node.quantity.bars] : [])];
    case "then":
      return [node.first, node.second, ...("bars" in node.quantity ? [node.quantity.bars] : [])];
    case "all":
    case "any":
      return node.kids;
    case "not":
      return [node.kid];
    case "temporal":
      return [node.of];
  }
}

/** The text of such an argument: `1d`, `500 ticks`, `BRK.B`, `BTC/USD`, `0700.HK`. */
export function wordAt(text: string, argument: string, at: number): string | undefined {
  // Two words are one size: `500 ticks`.
  const amount = argument === "on" ? matchAt(/-?\d[\d_.]*[kKMbB]?\s+[A-Za-z]+/y, text, at) : undefined;
  return amount ?? matchAt(/[A-Za-z0-9._/-]+/y, text, at);
}

function matchAt(pattern: RegExp, text: string, at: number): string | undefined {
  pattern.lastIndex = at;
  return pattern.exec(text)?.[0];
}

/** Arguments whose value is a word, not an expression: a bar size, a symbol, the name of an output or of a source. */
export const WORD_ARGUMENTS: ReadonlySet<string> = new Set(["on", "symbol", "output", "source", "forming"]);
