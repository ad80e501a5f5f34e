/**
 * Strategies whose rules fire often, with every kind of order and of firing option.
 *
 * Owns: texts of strategies that a seed makes, each of which compiles. May not: run them.
 */
import type { Program } from "../../engine/core/program.ts";
import { compile } from "../../engine/lang/compile.ts";
import { conditionText } from "./random-rules.ts";
import { one } from "./runs.ts";
import type { Pick } from "./runs.ts";

const WHEN = [
  "close > open",
  "close < open",
  "close crosses above sma(3)",
  "close crosses below sma(3)",
  "rsi(3) < 40",
  "close > sma(4) for 2 bars",
  "close > open for 3m",
  "close > open within 3 bars",
  "close < open within 4m",
  "(close < open) then (close > open) within 3 bars",
  "(close > open) then (close < open) within 5m",
  "position.bars_held >= 3",
  "position.age > 120",
  "position.qty > 0 and close > open",
  "position.qty != 0",
  "position.unrealized < 0",
  "account.day_pnl < 0",
  "account.equity > 1 and close > open",
  "mid > 100",
  "spread < 0.05",
  "close[2] > close",
  "highest(high, 3)[1] < close",
  "session.minutes_since_open > 5 and close > open",
  "session.minutes_to_close <= 385",
  "close > opening_range(5m).high",
  "close > prior(close, on: 5m)",
  "close > ema(3, on: 5m)",
  "vwap > close",
  "supertrend(3, 2) < close",
] as const;

/** Of two symbols. */
const ACROSS = [
  "close(symbol: QQQ) > open(symbol: QQQ)",
  "rank(roc(2)) == 1",
  "sma(3, symbol: QQQ) > 100",
  "correlation(3, with: close(symbol: QQQ), on: 5m) > 0",
  "beta(2, with: close(symbol: QQQ), on: 5m) < 1",
] as const;

const THEN = [
  "{buy: {size: {qty: 5}}}",
  "{buy: {size: {equity: 5%}}}",
  "{buy: {size: {qty: 4}, bracket: {stop_loss: close - 1, take_profit: close + 1}}}",
  "{buy: {size: {qty: 4}, type: limit, limit: close - 0.1, expire_after: 3m}}",
  "{sell: {size: {qty: 3}, short: true}}",
  "{sell: {size: {qty: 2}}}",
  "{buy: {size: {qty: 3}, reverse: true}}",
  "{sell: {size: {qty: 3}, short: true, reverse: true}}",
  "{close: {}}",
  "{close: {type: limit, limit: close * 1.001, expire_after: 2m}}",
  "{close: {time_in_force: gtc, oco: {stop_loss: close * 0.98, take_profit: close * 1.02}}}",
  "{reduce: {by: 50%}}",
  "{target: {qty: 6}}",
  "{target: {qty: -4, short: true}}",
  "{target: {weight: 2%}}",
  "{cancel: {}}",
  "{alert: {message: 'at {close}'}}",
] as const;

const MORE = [
  "",
  "",
  "",
  ", fire: each",
  ", start: fire",
  ", cooldown: 2 bars",
  ", cooldown: 3m",
  ", limit: 2/hour",
  ", limit: 3/day",
  ", once_per: bar",
  ", once_per: session",
  ", priority: 1",
  ", group: g",
  ", rearm: close < sma(3)",
  ", start: fire, cooldown: 1 bars",
] as const;

const IGNORED = ["logic/never", "logic/contradiction", "logic/always", "risk/no-stop"];

interface Head {
  readonly name: string;
  readonly on: string;
  readonly more: string;
}

function textOf({ name, on, more }: Head, rules: readonly string[]): string {
  const facts =
    "params: {limit: 30, part: 2%}\nfacts: {trend: sma(20), band: 'bollinger(5, 2)'}\n" +
    "conditions:\n  up: close > trend\n  calm: {all: [atr(5) < close * part, {not: close > 90}]}\n";
  const head = `barwise: 1\nname: ${name}\nsymbols: [SPY, QQQ]\non: ${on}\nmax_entries: 2\n${more}${facts}`;
  return `${head}rules:\n${rules.join("")}`;
}

function ruleText(pick: Pick, name: string): string {
  const easy = (): string => one(pick, pick(4) > 0 ? WHEN : ACROSS);
  const kind = pick(10);
  const when =
    kind < 6 ? easy() : kind < 8 ? `(${easy()}) ${one(pick, ["and", "or"])} (${easy()})` : conditionText(pick, 1);
  const ignored = IGNORED.map((code) => `    # lint-ignore ${code} -- random\n`).join("");
  const [then, more] = [one(pick, THEN), one(pick, MORE)];
  return `  - {name: ${name}, when: ${JSON.stringify(when)}, then: ${then}${more}}\n`.replace(
    "  - {",
    `${ignored}  - {`,
  );
}

export type Files = Readonly<Record<string, string>>;

export function compiled(files: Files): Program {
  const { program, diagnostics } = compile(files);
  if (program === null) throw new Error(diagnostics.map(({ message }) => message).join("\n"));
  return program;
}

/** Rules that compile by themselves, tried until there are enough. */
function rulesOf(pick: Pick, head: Head, count: number): string[] {
  const rules: string[] = [];
  while (rules.length < count) {
    const text = ruleText(pick, `r${rules.length}`);
    if (compile({ "s.strategy.yaml": textOf(head, [text]) }).program !== null) rules.push(text);
  }
  return rules;
}

/** On bars of activity; it sends nothing, so that it changes nothing for the others. */
const COUNTED = `barwise: 1
name: counted
symbols: [SPY, QQQ]
on: 3 ticks
rules:
  - {name: above, when: close > ema(2) for 2 bars, then: {alert: {message: 'above {close}'}}, fire: each}
  - {name: low, when: rsi(3) < 60, then: {alert: {message: 'rsi {rsi(3)}'}}, cooldown: 2 bars}
  - {name: larger, when: "close > ema(2, on: 1_000 volume)", then: {alert: {message: 'at {close}'}}, fire: each}
`;

/** Limits that nothing meets, and such that every storm meets. */
const RISKS = [
  "{max_ack_latency: 1h}",
  "{max_ack_latency: 1h, probation: {orders: 2, max_notional: 500}}",
  "{max_ack_latency: 1h, max_entries_per_rule: 1, max_identical_orders: 1}",
  "{max_ack_latency: 1h, max_daily_loss: 0.1%, max_drawdown: 0.1%, max_loss_streak: 2, loss_cooldown: 1h, " +
    "strategies: {minutes: {max_drawdown: 0.02%}}, symbols: {SPY: {max_loss_streak: 1}}}",
  "{max_ack_latency: 30s, max_rejections: 2, max_reconnects: 2}",
] as const;

/** A strategy on minutes, one on five of them and one on ticks; and what becomes of them when somebody edits the files. */
export function randomProject(pick: Pick): { readonly before: Files; readonly after: Files } {
  const heads: readonly Head[] = [
    { name: "minutes", on: "1m", more: "on_failure: flatten\n" },
    { name: "fives", on: "5m", more: "risk: {max_orders_per_day: 40}\n" },
    { name: "ticks", on: "tick", more: "" },
  ];
  const before: Record<string, string> = { "counted.strategy.yaml": COUNTED };
  before["barwise.yaml"] = `barwise: 1\nrisk: ${one(pick, RISKS)}\n`;
  const after: Record<string, string> = { ...before, "barwise.yaml": `barwise: 1\nrisk: ${one(pick, RISKS)}\n` };
  for (const head of heads) {
    const rules = rulesOf(pick, head, 3 + pick(4));
    before[`${head.name}.strategy.yaml`] = textOf(head, rules);
    const [, ...others] = rules;
    const changed = pick(2) === 0 ? rules : [...others, ...rulesOf(pick, head, 1)];
    if (pick(4) > 0) after[`${head.name}.strategy.yaml`] = textOf(head, changed);
  }
  return { before, after };
}
