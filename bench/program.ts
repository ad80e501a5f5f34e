/**
 * What the benchmarks run: programs, and bars that a seed makes.
 *
 * Owns: the subjects of `main.ts`. May not: measure.
 */
import { indicator } from "../engine/catalog/catalog.ts";
import type { BarInput } from "../engine/core/event.ts";
import type { Action, Condition, Fact, FactSpec, Program, Rule, SeriesRef, Strategy } from "../engine/core/program.ts";
import { parseBarSize } from "../engine/market/bar-size.ts";
import type { BarSize } from "../engine/market/bar-size.ts";
import { NYSE } from "../engine/market/nyse.ts";

const MINUTE_MS = 60_000;

export function minute(): BarSize {
  const size = parseBarSize("1m");
  if (size === undefined) throw new Error("1m is a bar size");
  return size;
}

class Builder {
  readonly facts: Fact[] = [];
  readonly rules: Rule[] = [];
  readonly #series: SeriesRef = { symbol: null, size: minute() };

  fact(name: string, make: (series: SeriesRef) => FactSpec): number {
    const known = this.facts.findIndex(({ key }) => key === name);
    if (known >= 0) return known;
    return this.facts.push({ key: name, ref: { fact: name }, spec: make(this.#series), warmup: 1 }) - 1;
  }

  close(): number {
    return this.fact("close", (series) => ({ kind: "field", series, field: "close" }));
  }

  number(value: number): number {
    return this.fact(`number ${value}`, (series) => ({ kind: "const", series, value }));
  }

  indicator(name: string, period: number): number {
    if (indicator(name) === undefined) throw new Error(`no indicator ${name}`);
    const inputs = [this.close()];
    return this.fact(`${name} ${period}`, (series) => ({
      kind: "indicator",
      series,
      name,
      inputs,
      params: [period],
      output: 0,
    }));
  }

  rule(name: string, condition: Condition, action: Action, over: Partial<Rule>): void {
    this.rules.push({
      name,
      index: this.rules.length,
      condition,
      action,
      fire: "once",
      start: "wait",
      priority: 0,
      digest: name,
      source: { file: "bench", line: 1, column: 1 },
      ...over,
    });
  }

  program(symbols: readonly string[]): Program {
    const strategy: Strategy = {
      name: "bench",
      description: "",
      file: "bench",
      symbols,
      on: minute(),
      session: "regular",
      facts: this.facts,
      named: {},
      rules: this.rules,
      risk: { maxPositionRatio: 0.5 },
      maxEntries: 1,
      onFailure: "hold",
      digest: "bench",
    };
    return { digest: "bench", strategies: [strategy], risk: { maxDailyLossRatio: 0.5 }, graceMs: 2_000 };
  }
}

const ORDER = { type: "market", timeInForce: "day", extendedHours: false } as const;

/** RSI dips in an uptrend: two SMAs, an RSI, orders both ways. */
export function dips(symbol: string): Program {
  const builder = new Builder();
  const [fast, slow, rsi] = [builder.indicator("sma", 20), builder.indicator("sma", 50), builder.indicator("rsi", 14)];
  const enter: Condition = {
    op: "all",
    kids: [
      { op: "leaf", left: rsi, operator: "lessThan", right: { value: 30 } },
      { op: "leaf", left: fast, operator: "greaterThan", right: { fact: slow } },
    ],
  };
  const buy: Action = {
    kind: "buy",
    size: { by: "qty", qty: builder.number(100) },
    order: ORDER,
    short: false,
    fractional: false,
  };
  builder.rule("enter", enter, buy, {});
  builder.rule(
    "leave",
    { op: "leaf", left: rsi, operator: "greaterThan", right: { value: 60 } },
    { kind: "close", order: ORDER },
    { fire: "each" },
  );
  return builder.program([symbol]);
}

/** Five facts and ten rules that never fire: the price of looking. */
export function watchers(symbols: readonly string[]): Program {
  const builder = new Builder();
  const facts = [
    builder.close(),
    builder.indicator("sma", 20),
    builder.indicator("ema", 12),
    builder.indicator("rsi", 14),
    builder.indicator("roc", 10),
  ];
  watch(builder, facts);
  return builder.program(symbols);
}

/** The same rules over the close and as many indicators as make `count` facts. */
export function crowd(symbols: readonly string[], count: number): Program {
  const builder = new Builder();
  const names = ["sma", "ema", "rsi", "roc"];
  const facts = [builder.close()];
  for (let i = 0; facts.length < count; i++) facts.push(builder.indicator(names[i % 4] as string, 10 + 3 * i));
  watch(builder, facts);
  return builder.program(symbols);
}

function watch(builder: Builder, facts: readonly number[]): void {
  const at = (i: number): number => facts[i % facts.length] as number;
  for (let i = 0; i < 10; i++) {
    const condition: Condition = {
      op: "all",
      kids: [
        { op: "leaf", left: at(i), operator: "lessThan", right: { value: -1_000 - i } },
        { op: "leaf", left: at(i + 1), operator: "greaterThan", right: { fact: at(i + 2) } },
      ],
    };
    builder.rule(`r${i}`, condition, { kind: "cancel" }, { fire: "each" });
  }
}

/** A generator with 32 bits of state; plain integer arithmetic. */
export function random(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 4_294_967_296;
  };
}

/** Minutes of regular sessions from 2004 on, one symbol, prices by a bounded random walk. */
export function minutes(symbol: string, count: number, seed: number): BarInput[] {
  const next = random(seed);
  const bars: BarInput[] = [];
  let price = 100;
  let session = NYSE.sessionOn("2004-01-05");
  while (session !== undefined && bars.length < count) {
    for (let start = session.open; start < session.close && bars.length < count; start += MINUTE_MS) {
      const open = price;
      price = Math.min(200, Math.max(50, price + Math.round((next() - 0.5) * 30) / 100));
      const high = Math.max(open, price) + 0.02;
      const low = Math.min(open, price) - 0.02;
      bars.push({
        kind: "bar",
        symbol,
        size: "1m",
        revised: false,
        start,
        open,
        high,
        low,
        close: price,
        volume: 1_000,
      });
    }
    session = NYSE.sessionAtOrAfter(session.extendedClose);
  }
  return bars;
}
