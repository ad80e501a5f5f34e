/**
 * What json-rules-engine said of a firing, in the shape in which conditions are shown.
 *
 * Owns: reading the `ruleResult` that a confirmation keeps. May not: judge: every value and result is the one that was told then.
 */
import type { JudgedNode, TruthWord } from "../core/judged-tree.ts";
import type { FactRef, Operator } from "../core/program.ts";

interface Told {
  readonly all?: readonly Told[];
  readonly any?: readonly Told[];
  readonly not?: Told;
  readonly fact?: string;
  readonly params?: FactRef["params"];
  readonly operator?: Operator;
  readonly value?: number | readonly number[] | FactRef;
  readonly factResult?: number;
  readonly valueResult?: number | readonly number[];
  readonly result?: boolean;
}

/** Null where there is none, as in a firing that no sample confirmed. */
export function ruleResultTree(explanation: string | null): JudgedNode | null {
  if (explanation === null) return null;
  const { conditions } = JSON.parse(explanation) as { readonly conditions?: Told };
  return conditions === undefined ? null : nodeOf(conditions);
}

/** A part that json-rules-engine did not need has no result. */
function wordFor(result: boolean | undefined): TruthWord {
  return result === undefined ? "unknown" : result ? "true" : "false";
}

function nodeOf(told: Told): JudgedNode {
  const { all, any, not, fact, params, operator = "equal", value = Number.NaN, factResult = Number.NaN } = told;
  if (fact === undefined) {
    const kids = (all ?? any ?? (not === undefined ? [] : [not])).map(nodeOf);
    const op = all !== undefined ? "all" : any !== undefined ? "any" : "not";
    return { op, truth: told.result === undefined ? truthOf(op, kids) : wordFor(told.result), kids };
  }
  return {
    op: "leaf",
    truth: wordFor(told.result),
    left: params === undefined ? { fact } : { fact, params },
    leftValue: factResult,
    operator,
    right: value,
    rightValue:
      typeof value === "number" ? value : typeof told.valueResult === "number" ? told.valueResult : Number.NaN,
    underWay: false,
  };
}

/** Groups are told without a result of their own. */
function truthOf(op: "all" | "any" | "not", kids: readonly JudgedNode[]): TruthWord {
  const truths = kids.map(({ truth }) => truth);
  const [decides, otherwise] = op === "all" ? (["false", "true"] as const) : (["true", "false"] as const);
  if (op === "not") return truths[0] === "unknown" ? "unknown" : wordFor(truths[0] === "false");
  if (truths.includes(decides)) return decides;
  return truths.includes("unknown") ? "unknown" : otherwise;
}
