/**
 * What signals tells people: refusals and alarms as outputs.
 *
 * Owns: their codes and words. May not: decide when.
 */
import type { Bar, Output } from "../event.ts";
import type { Rule } from "../program.ts";
import { isoTime } from "../time.ts";
import { firingId } from "./instance.ts";
import type { Instance } from "./instance.ts";
import type { Series } from "./series.ts";

export function refusal(instance: Instance, rule: Rule, code: string, reason: string): Output {
  const { strategy, symbol } = instance.facts;
  const firing = firingId(instance.facts, rule);
  return { kind: "refused", firing, strategy: strategy.name, rule: rule.name, symbol, code, reason };
}

export function blockedExit({ facts }: Instance, rule: Rule): Output {
  const message = `exit rule "${rule.name}" cannot be judged: one of its facts is unknown while a position is open`;
  return alarm("critical", "exit/unknown", message, facts.strategy.name, facts.symbol);
}

export function lateTrade(series: Series): Output {
  const message = `${series.key}: a trade came after its bar was closed and is left out; later ones are not told`;
  return alarm("warning", "data/late-trade", message, null, series.symbol);
}

/** Facts follow corrections of the bars that are kept; this one is older, or a kernel cannot be set back. */
export function lateCorrection(series: Series, start: number): Output {
  const message = `${series.key}: a correction of the time from ${isoTime(start)} on cannot be followed, what it would take is not kept any more: facts stay as they are; later ones are not told`;
  return alarm("warning", "data/late-correction", message, null, series.symbol);
}

/** Rules that are judged at ticks stay silent where only bars come. */
export function noTicks(strategy: string, symbol: string): Output {
  const message = `${strategy} is judged at trades and quotes of ${symbol}, and only bars come: its rules are not judged`;
  return alarm("critical", "data/no-ticks", message, strategy, symbol);
}

/** Bars of activity are counted from trades: where only other bars come, there is nothing to count. */
export function noTrades({ key, symbol }: Series): Output {
  const message = `${key}: such bars are counted from trades of ${symbol}, and only bars of time come: facts on them stay unknown, and rules on them are not judged`;
  return alarm("critical", "data/no-ticks", message, null, symbol);
}

/** A gap lies in it: how much was traded meanwhile is not known. */
export function cutBar({ key, symbol }: Series, start: number): Output {
  const message = `${key}: the bar begun ${isoTime(start)} misses data and is left out`;
  return alarm("warning", "data/incomplete-bar", message, null, symbol);
}

export function closedBar({ symbol, size, bar }: Series): Output {
  return new ClosedBar(symbol, size.label, bar);
}

/**
 * A class and not a literal: of the bars that a thousand symbols close at one instant many live through a collection, and
 * what comes from such a literal V8 then puts among the old objects from the first, where it stays until a full collection.
 */
class ClosedBar {
  readonly kind = "bar";
  readonly symbol: string;
  readonly size: string;
  readonly bar: Bar;

  constructor(symbol: string, size: string, bar: Bar) {
    this.symbol = symbol;
    this.size = size;
    this.bar = { ...bar };
  }
}

export function incompleteBar(series: Series): Output {
  const message = `${series.key}: the bar ending ${isoTime(series.openEnd)} misses data and is left out`;
  return alarm("warning", "data/incomplete-bar", message, null, series.symbol);
}

function alarm(
  level: "warning" | "critical",
  code: string,
  message: string,
  strategy: string | null,
  symbol: string,
): Output {
  return { kind: "alert", level, code, message, strategy, symbol };
}
