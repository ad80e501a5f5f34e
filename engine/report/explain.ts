/**
 * A strategy in plain words.
 *
 * Owns: the text of `barwise explain FILE`: what each rule waits for and does, the canonical conditions that both
 * evaluators judge, and the facts with the bars they need. Defaults are spelled out.
 */
import { toCanonical } from "../core/canonical.ts";
import type { Approval } from "../core/approval.ts";
import type {
  Action,
  BracketSpec,
  Fact,
  MessagePart,
  OrderSpec,
  Program,
  Rule,
  Size,
  Strategy,
  TargetAction,
} from "../core/program.ts";
import type { RiskLimits } from "../core/risk-limits.ts";
import { barWords } from "../lang/bar-sizes.ts";
import { historyOf } from "../lang/plan/warmup.ts";
import { durationText } from "../lang/values.ts";
import { conditionWords, factWords } from "./words.ts";

/** Unit and range of a fact, as the catalogue has them; empty where it says nothing. */
export type ValuesOf = (facts: readonly Fact[], index: number) => string;

export function explain(program: Program, valuesOf: ValuesOf): string {
  const account = approvalLines("the project: ", program.approval).join("\n");
  const strategies = program.strategies.map((strategy) => explainStrategy(strategy, valuesOf)).join("\n");
  return `${account === "" ? "" : `${account}\n\n`}${strategies}`;
}

function explainStrategy(strategy: Strategy, valuesOf: ValuesOf): string {
  const { name, description, symbols, on, ticks, session, rules, facts, maxEntries, onFailure, params = {} } = strategy;
  const shown = [...facts.keys()].filter((index) => facts[index]?.spec.kind !== "const");
  const width = Math.max(0, ...shown.map((index) => factText(strategy, index).length));
  const named = Object.entries(params).map(([param, value]) => `${param} ${value}`);
  const judged =
    ticks === true
      ? `at every trade and quote; facts see the forming ${on.label} bar`
      : `when a ${barWords(on.label)} closes`;
  const lines = [
    name,
    ...(description === "" ? [] : [`  ${description}`]),
    `  trades ${symbols.join(", ")}; rules are judged ${judged} (${session} session)`,
    ...(on.kind === "session" && ticks !== true ? ["  orders are sent at the close and fill at the next open"] : []),
    `  at most ${maxEntries === 1 ? "1 entry" : `${maxEntries} entries`} open per symbol; when an exit rule cannot be trusted: ${onFailure}`,
    ...historyLines(strategy),
    ...(named.length === 0 ? [] : [`  params: ${named.join(", ")}`]),
    ...riskLines(strategy.risk),
    ...approvalLines("  ", strategy.approval),
    `  digest ${strategy.digest.slice(0, 12)}`,
    "",
    ...rules.flatMap((rule) => [...ruleLines(strategy, rule), ""]),
    "facts",
    ...shown.map((index) =>
      `  ${barsText(facts[index]).padEnd(20)} ${factText(strategy, index).padEnd(width)}  ${valuesOf(facts, index)}`.trimEnd(),
    ),
  ];
  return `${lines.join("\n")}\n`;
}

/** `needs 202 bars of 1d (SPX)`: what must be there before every fact is known. */
function historyLines(strategy: Strategy): string[] {
  const bySize = new Map<string, string[]>();
  for (const { symbol, size, bars, counted } of historyOf(strategy)) {
    const from = counted === true ? ", counted from trades" : "";
    const key = `${bars} ${bars === 1 ? "bar" : "bars"} of ${size}${from}`;
    bySize.set(key, [...(bySize.get(key) ?? []), symbol]);
  }
  const parts = [...bySize].map(([key, symbols]) => `${key} (${symbols.join(", ")})`);
  return parts.length === 0 ? [] : [`  history until every fact is known: ${parts.join(", ")}`];
}

function ruleLines(strategy: Strategy, rule: Rule): string[] {
  const canonical = toCanonical(strategy.facts, rule.condition);
  const json = JSON.stringify(canonical, null, 2)
    .split("\n")
    .map((line) => `      ${line}`);
  const { file, line, column } = rule.source;
  return [
    `rule ${rule.name}   ${file}:${line}:${column}`,
    `    when  ${conditionWords(canonical)}`,
    `    then  ${actionWords(strategy.facts, rule.action)}`,
    `    fires ${firingWords(strategy.facts, rule)}`,
    "    json-rules-engine:",
    ...json,
  ];
}

/** When a true condition fires, with what counts when the file says nothing. */
export function firingWords(facts: readonly Fact[], rule: Rule): string {
  const parts =
    rule.fire === "once" ? onceWords(facts, rule) : ["at every evaluation where it is true and would change something"];
  if (rule.cooldown !== undefined) {
    parts.push(
      `not within ${"ms" in rule.cooldown ? durationText(rule.cooldown.ms) : `${rule.cooldown.bars} bars`} of the last time`,
    );
  }
  if (rule.limit !== undefined)
    parts.push(`at most ${rule.limit.count} times ${rule.limit.per === "hour" ? "an" : "a"} ${rule.limit.per}`);
  if (rule.oncePer !== undefined) parts.push(`at most once per ${rule.oncePer}`);
  if (rule.priority !== 0) parts.push(`priority ${rule.priority}`);
  if (rule.group !== undefined) parts.push(`at most one rule of the group "${rule.group}" at a time`);
  return parts.join("; ");
}

function onceWords(facts: readonly Fact[], { start, rearm, action }: Rule): string[] {
  const again = rearm === undefined ? "it was false" : conditionWords(toCanonical(facts, rearm));
  return [
    "once, when it turns true",
    `again after ${again}${action.kind === "reduce" ? ", or with a new position" : ""}`,
    start === "fire" ? "at once when it is true at the start" : "true at the start, it waits until it was false",
  ];
}

// ---------------------------------------------------------------------------------------------- actions

type Words = (index: number | undefined) => string;

export function actionWords(facts: readonly Fact[], action: Action): string {
  const words: Words = (index) => (index === undefined ? "?" : factWords(facts[index]?.ref ?? { fact: "?" }));
  const ratio: Words = (index) => percentWords(facts, index, words);
  switch (action.kind) {
    case "buy":
    case "sell": {
      const { kind, size, short, reverse, order, bracket } = action;
      const clamp = kind === "sell" && !short ? ", at most what is held" : "";
      const first = reverse === true ? `close ${kind === "buy" ? "a short" : "a long"} position first, then ` : "";
      const parts = action.fractional ? ", in parts of shares" : "";
      return `${first}${kind} ${sizeWords(size, words, ratio)}${parts}${clamp}, ${orderWords(order, words, ratio)}${guardWords(bracket, words)}`;
    }
    case "target": {
      const { order, bracket, short, tolerance } = action;
      const margin = tolerance === undefined ? "" : `, changes up to ${ratio(tolerance)} of it left alone`;
      const side = `${action.fractional ? ", in parts of shares" : ""}${short ? "" : ", never short"}`;
      return `bring the position to ${targetWords(action, words, ratio)}${side}${margin}, ${orderWords(order, words, ratio)}${guardWords(bracket, words)}`;
    }
    case "close":
    case "reduce": {
      const { order, oco } = action;
      const part = action.kind === "close" ? "the position" : `${ratio(action.ratio)} of the position`;
      if (oco === undefined) return `close ${part}, ${orderWords(order, words, ratio)}`;
      return `protect ${part} by two orders of which one cancels the other (${order.timeInForce})${guardWords(oco, words)}`;
    }
    case "cancel":
      return "cancel working entries";
    case "alert":
      return `tell (${action.level}): ${action.message.map((part) => messageWords(part, words)).join("")}`;
  }
}

function guardWords(bracket: BracketSpec | undefined, words: Words): string {
  if (bracket === undefined) return "";
  const { stopLoss, stopLossLimit, takeProfit } = bracket;
  const limit = stopLossLimit === undefined ? "" : ` (limit ${words(stopLossLimit)})`;
  const parts = [
    ...(stopLoss === undefined ? [] : [`stop loss at ${words(stopLoss)}${limit}`]),
    ...(takeProfit === undefined ? [] : [`take profit at ${words(takeProfit)}`]),
  ];
  return `, ${parts.join(", ")}`;
}

function targetWords({ by, amount }: TargetAction, words: Words, ratio: Words): string {
  if (by === "weight") return `${ratio(amount)} of equity`;
  return by === "qty" ? `${words(amount)} shares` : `${words(amount)} dollars`;
}

function messageWords(part: MessagePart, words: Words): string {
  return typeof part === "string" ? part : `{${words(part.expression)}}`;
}

function percentWords(facts: readonly Fact[], index: number | undefined, words: Words): string {
  const spec = index === undefined ? undefined : facts[index]?.spec;
  return spec?.kind === "const" ? `${Number((spec.value * 100).toPrecision(12))}%` : words(index);
}

function sizeWords(size: Size, words: Words, ratio: Words): string {
  switch (size.by) {
    case "qty":
      return `${words(size.qty)} shares`;
    case "notional":
      return `for ${words(size.notional)} dollars`;
    case "equity":
      return `for ${ratio(size.ratio)} of equity`;
    case "risk":
      return `so that ${ratio(size.ratio)} of equity is lost at the stop${size.stop === undefined ? "" : `, ${words(size.stop)} away`}`;
  }
}

function orderWords(order: OrderSpec, words: Words, ratio: Words): string {
  const prices = [
    ...(order.stop === undefined ? [] : [`stop ${words(order.stop)}`]),
    ...(order.limit === undefined ? [] : [`limit ${words(order.limit)}`]),
    ...(order.trailRatio === undefined ? [] : [`trailing by ${ratio(order.trailRatio)}`]),
    ...(order.trailPrice === undefined ? [] : [`trailing by ${words(order.trailPrice)}`]),
  ];
  const form = prices.length === 0 ? "at the market" : prices.join(", ");
  const expiry = order.expireAfterMs === undefined ? "" : `, cancelled after ${durationText(order.expireAfterMs)}`;
  return `${form} (${order.timeInForce}${order.extendedHours ? ", extended hours" : ""})${expiry}`;
}

// ---------------------------------------------------------------------------------------------- facts and limits

function barsText(fact: Fact | undefined): string {
  const { warmup = 0, spec } = fact ?? {};
  return warmup === 0 ? "known at once" : `${warmup} bar${warmup === 1 ? "" : "s"} of ${spec?.series.size.label ?? ""}`;
}

function factText({ facts, named }: Strategy, index: number): string {
  const name = Object.entries(named).find(([, other]) => other === index)?.[0];
  const words = factWords(facts[index]?.ref ?? { fact: "?" });
  return name === undefined ? words : `${name} = ${words}`;
}

function riskLines(risk: RiskLimits): string[] {
  const parts = Object.entries(risk).map(([key, value]) => {
    if (key === "includeExits") return `for exits too: ${String(value).replaceAll(",", ", ").replaceAll("_", " ")}`;
    if (key === "reduceOnly") return `only to be closed: ${String(value).replaceAll(",", ", ")}`;
    const words = key.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`).replace(/ (?:ratio|ms)$/, "");
    return `${words} ${key.endsWith("Ratio") ? `${Number((Number(value) * 100).toPrecision(12))}%` : key.endsWith("Ms") ? durationText(Number(value)) : String(value)}`;
  });
  return parts.length === 0 ? [] : [`  limits: ${parts.join(", ")}`];
}

function approvalLines(before: string, approval: Approval | undefined): string[] {
  if (approval === undefined) return [];
  const { facts, condition, second, symbols, expiresMs } = approval;
  const which = [
    ...(condition === undefined ? [] : [`orders with ${conditionWords(toCanonical(facts, condition))}`]),
    ...(symbols === undefined ? [] : [`every order in ${symbols.join(", ")}`]),
  ];
  const within = `within ${durationText(expiresMs)}`;
  const twice =
    second === undefined
      ? []
      : [`${before}two people must approve orders with ${conditionWords(toCanonical(facts, second))}, ${within}`];
  return which.length === 0 ? twice : [`${before}a person must approve ${which.join(", and ")}, ${within}`, ...twice];
}
