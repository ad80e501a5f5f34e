/**
 * What a person wrote, as a tree. Kinds (number or condition) are checked when it is lowered.
 */
export interface Place {
  readonly start: number;
  readonly end: number;
}

export type Comparison = "<" | "<=" | ">" | ">=" | "==" | "!=";

export type Span = ({ readonly bars: number } | { readonly ms: number }) & Place;

export interface NamedArgument extends Place {
  readonly name: string;
  /** `on: 1d` and `symbol: SPY` are words, everything else is an expression. */
  readonly word: string;
  readonly value: Node | undefined;
}

export type Node = Place &
  (
    | { readonly kind: "number"; readonly value: number; readonly unit: "none" | "ratio" | "clock" | "seconds" }
    | { readonly kind: "name"; readonly name: string }
    | {
        readonly kind: "call";
        readonly name: string;
        readonly args: readonly Node[];
        readonly named: readonly NamedArgument[];
        readonly nameEnd: number;
      }
    | { readonly kind: "lookback"; readonly of: Node; readonly bars: number }
    | { readonly kind: "negative"; readonly of: Node }
    | {
        readonly kind: "arithmetic";
        readonly operator: "+" | "-" | "*" | "/";
        readonly left: Node;
        readonly right: Node;
      }
    | { readonly kind: "compare"; readonly operator: Comparison; readonly left: Node; readonly right: Node }
    | { readonly kind: "between"; readonly of: Node; readonly low: Node; readonly high: Node }
    | { readonly kind: "in"; readonly of: Node; readonly items: readonly Node[]; readonly negated: boolean }
    | {
        readonly kind: "crosses";
        readonly direction: "above" | "below" | "any";
        readonly left: Node;
        readonly right: Node;
      }
    | { readonly kind: "for" | "within"; readonly of: Node; readonly span: Span }
    | { readonly kind: "then"; readonly first: Node; readonly second: Node; readonly bars: number }
    | { readonly kind: "and" | "or"; readonly items: readonly Node[] }
    | { readonly kind: "not"; readonly of: Node }
  );
