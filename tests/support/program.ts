/**
 * Programs made by hand: facts, conditions, rules and sizes without the language.
 *
 * Owns: a small typed builder for tests and benchmarks of the core. May not: parse anything.
 */
import { isEntry } from "../../engine/core/actions.ts";
import { refKey } from "../../engine/core/canonical.ts";
import type {
  Action,
  BarField,
  BracketSpec,
  CalcOperator,
  Condition,
  Fact,
  FactRef,
  FactSpec,
  LeafCondition,
  Operator,
  OrderSpec,
  Program,
  Rule,
  SeriesRef,
  Size,
  Strategy,
  TargetAction,
} from "../../engine/core/program.ts";
import type { RiskLimits } from "../../engine/core/risk-limits.ts";
import { indicator } from "../../engine/catalog/catalog.ts";
import { parseBarSize } from "../../engine/market/bar-size.ts";
import type { BarSize } from "../../engine/market/bar-size.ts";

export const MARKET: OrderSpec = { type: "market", timeInForce: "day", extendedHours: false };

const OPERATORS: Readonly<Record<string, Operator>> = {
  "<": "lessThan",
  "<=": "lessThanInclusive",
  ">": "greaterThan",
  ">=": "greaterThanInclusive",
  "==": "equal",
  "!=": "notEqual",
};

export const all = (...kids: Condition[]): Condition => ({ op: "all", kids });
export const any = (...kids: Condition[]): Condition => ({ op: "any", kids });
export const not = (kid: Condition): Condition => ({ op: "not", kid });

export function sizeOf(label: string): BarSize {
  const size = parseBarSize(label);
  if (size === undefined) throw new Error(`not a bar size: ${label}`);
  return size;
}

/** Facts by index, rules by name; `build` gives the strategy. */
export class StrategyBuilder {
  readonly name: string;
  readonly on: BarSize;
  readonly facts: Fact[] = [];
  readonly rules: Rule[] = [];
  readonly #over: Partial<Strategy>;
  readonly #keys = new Map<string, number>();

  constructor(name: string, on: string, over: Partial<Strategy> = {}) {
    this.name = name;
    this.on = sizeOf(on);
    this.#over = over;
  }

  #ref(on?: string, symbol?: string): SeriesRef {
    return { symbol: symbol ?? null, size: on === undefined ? this.on : sizeOf(on) };
  }

  fact(spec: FactSpec, name: string, params: Record<string, unknown> = {}): number {
    const { series } = spec;
    const full = { ...params, on: series.size.label, ...(series.symbol === null ? {} : { symbol: series.symbol }) };
    const ref: FactRef = { fact: name, params: full };
    const key = refKey(ref);
    const known = this.#keys.get(key);
    if (known !== undefined) return known;
    const index = this.facts.push({ key, ref, spec, warmup: 1 }) - 1;
    this.#keys.set(key, index);
    return index;
  }

  number(value: number): number {
    return this.fact({ kind: "const", series: this.#ref(), value }, "const", { value });
  }

  field(field: BarField, on?: string, symbol?: string): number {
    return this.fact({ kind: "field", series: this.#ref(on, symbol), field }, field);
  }

  close(on?: string, symbol?: string): number {
    return this.field("close", on, symbol);
  }

  indicator(
    name: string,
    params: readonly number[],
    options: { on?: string; symbol?: string; output?: number } = {},
  ): number {
    const entry = indicator(name);
    if (entry === undefined) throw new Error(`no indicator ${name}`);
    const { on, symbol, output = 0 } = options;
    const inputs = entry.inputs.map((input) =>
      this.field(input === "value" || input === "other" ? "close" : input, on, symbol),
    );
    return this.fact({ kind: "indicator", series: this.#ref(on, symbol), name, inputs, params, output }, name, {
      params: [...params],
      output,
    });
  }

  lag(of: number, bars: number): number {
    return this.fact({ kind: "lag", series: this.#ref(), of, bars }, "lag", { of: this.keyOf(of), bars });
  }

  calc(operator: CalcOperator, ...args: number[]): number {
    return this.fact({ kind: "calc", series: this.#ref(), operator, args }, `calc${operator}`, {
      args: args.map((arg) => this.keyOf(arg)),
    });
  }

  session(field: Extract<FactSpec, { kind: "session" }>["field"]): number {
    return this.fact({ kind: "session", series: this.#ref(), field }, `session.${field}`);
  }

  position(field: Extract<FactSpec, { kind: "position" }>["field"]): number {
    return this.fact({ kind: "position", series: this.#ref(), field }, `position.${field}`);
  }

  account(field: Extract<FactSpec, { kind: "account" }>["field"]): number {
    return this.fact({ kind: "account", series: this.#ref(), field }, `account.${field}`);
  }

  quote(field: Extract<FactSpec, { kind: "quote" }>["field"], symbol?: string): number {
    return this.fact({ kind: "quote", series: this.#ref(undefined, symbol), field }, field);
  }

  barsTrue(condition: Condition): number {
    return this.fact({ kind: "bars_true", series: this.#ref(), condition }, "bars_true", {
      of: JSON.stringify(condition),
    });
  }

  secondsTrue(condition: Condition): number {
    return this.fact({ kind: "seconds_true", series: this.#ref(), condition }, "seconds_true", {
      of: JSON.stringify(condition),
    });
  }

  barsSince(condition: Condition, horizon: number, before?: { rule: string }): number {
    return this.fact(
      {
        kind: "bars_since",
        series: this.#ref(),
        condition,
        horizon,
        before: before !== undefined,
        ...(before === undefined ? {} : { rule: before.rule }),
      },
      "bars_since",
      { of: JSON.stringify(condition), horizon, rule: before?.rule ?? "" },
    );
  }

  keyOf(index: number): string {
    return this.facts[index]?.key ?? "?";
  }

  /** `when(fact, "<", 30)`; the right side is a number, or a fact with `{fact}`. */
  when(left: number, operator: string, right: number | { readonly fact: number }): LeafCondition {
    const name = OPERATORS[operator];
    if (name === undefined) throw new Error(`no operator ${operator}`);
    return { op: "leaf", left, operator: name, right: typeof right === "number" ? { value: right } : right };
  }

  crossesAbove(a: number, b: number): Condition {
    return all(this.when(this.lag(a, 1), "<=", { fact: this.lag(b, 1) }), this.when(a, ">", { fact: b }));
  }

  crossesBelow(a: number, b: number): Condition {
    return all(this.when(this.lag(a, 1), ">=", { fact: this.lag(b, 1) }), this.when(a, "<", { fact: b }));
  }

  rule(name: string, condition: Condition, action: Action, over: Partial<Rule> = {}): this {
    const adds = isEntry(action) || action.kind === "reduce" || action.kind === "alert";
    const rule: Rule = {
      name,
      index: this.rules.length,
      condition,
      action,
      fire: adds ? "once" : "each",
      start: "wait",
      priority: 0,
      digest: "",
      source: { file: `${this.name}.strategy.yaml`, line: 1, column: 1 },
      ...over,
    };
    this.rules.push({ ...rule, digest: over.digest ?? JSON.stringify({ ...rule, source: null, index: null }) });
    return this;
  }

  build(): Strategy {
    return {
      name: this.name,
      description: "",
      file: `${this.name}.strategy.yaml`,
      symbols: ["SPY"],
      on: this.on,
      session: "regular",
      facts: this.facts,
      named: {},
      rules: this.rules,
      risk: {},
      maxEntries: 1,
      onFailure: "hold",
      digest: JSON.stringify([this.facts, this.rules]),
      ...this.#over,
    };
  }
}

export interface TradeOptions {
  readonly size?: Size;
  readonly order?: Partial<OrderSpec>;
  readonly bracket?: BracketSpec;
  readonly short?: boolean;
  readonly fractional?: boolean;
  readonly reverse?: true;
}

function trade(kind: "buy" | "sell", builder: StrategyBuilder, qty: number, options: TradeOptions): Action {
  return {
    kind,
    size: options.size ?? { by: "qty", qty: builder.number(qty) },
    order: { ...MARKET, ...options.order },
    short: options.short ?? false,
    fractional: options.fractional ?? false,
    ...(options.bracket === undefined ? {} : { bracket: options.bracket }),
    ...(options.reverse === true ? { reverse: true } : {}),
  };
}

/** `amount` is the index of a fact. */
export function target(
  builder: StrategyBuilder,
  by: TargetAction["by"],
  amount: number,
  over: Partial<TargetAction> = {},
): Action {
  return {
    kind: "target",
    by,
    amount,
    ...(by === "weight" ? { equity: builder.account("equity") } : {}),
    order: MARKET,
    short: false,
    fractional: false,
    ...over,
  };
}

export function buy(builder: StrategyBuilder, qty: number, options: TradeOptions = {}): Action {
  return trade("buy", builder, qty, options);
}

export function sell(builder: StrategyBuilder, qty: number, options: TradeOptions = {}): Action {
  return trade("sell", builder, qty, options);
}

export function close(order: Partial<OrderSpec> = {}, oco?: BracketSpec): Action {
  return { kind: "close", order: { ...MARKET, ...order }, ...(oco === undefined ? {} : { oco }) };
}

export function reduce(
  builder: StrategyBuilder,
  ratio: number,
  order: Partial<OrderSpec> = {},
  oco?: BracketSpec,
): Action {
  const spec = { ...MARKET, ...order };
  return { kind: "reduce", ratio: builder.number(ratio), order: spec, ...(oco === undefined ? {} : { oco }) };
}

export function alert(...message: Extract<Action, { kind: "alert" }>["message"]): Action {
  return { kind: "alert", message, level: "info" };
}

export function program(strategies: readonly Strategy[], risk: RiskLimits = {}, graceMs = 2_000): Program {
  return { digest: JSON.stringify([strategies.map(({ digest }) => digest), risk]), strategies, risk, graceMs };
}
