/**
 * Every evaluation of a strategy with the values of its named facts.
 *
 * Owns: a strategy out of a few expressions, and watching a core that plays it.
 */
import type { Program } from "../../engine/core/program.ts";
import { inspect } from "../../engine/core/view.ts";
import { compile } from "../../engine/lang/compile.ts";
import { CoreDriver } from "./core-driver.ts";

export function programOf(
  facts: Record<string, string>,
  over: { on?: string; symbols?: string; session?: string; rules?: string } = {},
): Program {
  const text = [
    "barwise: 1",
    "name: case",
    `symbols: [${over.symbols ?? "SPY"}]`,
    `on: ${over.on ?? "5m"}`,
    `session: ${over.session ?? "regular"}`,
    "facts:",
    ...Object.entries(facts).map(([name, expression]) => `  ${name}: ${expression}`),
    "rules:",
    over.rules ?? "  - {name: leave, when: close < 0.5, then: {close: {}}}",
  ].join("\n");
  const { program, diagnostics } = compile({ "case.strategy.yaml": text });
  if (program === null) throw new Error(JSON.stringify(diagnostics, null, 1));
  return program;
}

export interface Seen {
  readonly time: number;
  readonly symbol: string;
  readonly facts: Readonly<Record<string, number>>;
}

/** Every evaluation with the values of the named facts. */
export function watch(program: Program, now: number): { readonly run: CoreDriver; readonly seen: Seen[] } {
  const run = new CoreDriver(program, now);
  const seen: Seen[] = [];
  const counts = new Map<string, number>();
  const feed = run.feed.bind(run);
  run.feed = (body) => {
    const outputs = feed(body);
    for (const { symbol, bars, facts } of inspect(run.core)) {
      if (counts.get(symbol) === bars || bars === 0) continue;
      counts.set(symbol, bars);
      const instance = run.core.signals.instances.find((one) => one.facts.symbol === symbol);
      seen.push({ time: instance?.facts.moment.time ?? Number.NaN, symbol, facts });
    }
    return outputs;
  };
  return { run, seen };
}
