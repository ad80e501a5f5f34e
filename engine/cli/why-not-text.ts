/**
 * Why a rule did not fire, as text for people and as JSON for programs. Owns: words, layout and the documented shape only.
 */
import { toCanonical } from "../core/canonical.ts";
import { blockingLeaf } from "../core/judged-tree.ts";
import type { CheckResult } from "../core/event.ts";
import { isoTime } from "../core/time.ts";
import { firingWords } from "../report/explain.ts";
import { conditionWords, factWords } from "../report/words.ts";
import { stageOf } from "../runtime/fates.ts";
import type { Fate } from "../runtime/fates.ts";
import type { Evaluated, Idle, SymbolReport, WhyNot } from "../runtime/why-not.ts";
import { conditionJson, conditionText, factJson, known, leafWords, valuesText } from "./condition-text.ts";
import { percent, printable, table } from "./io.ts";
import type { Painter } from "./io.ts";
import { timeText } from "./replay-text.ts";
import { checksText } from "./verdict-text.ts";
import { VERSION } from "./version.ts";

export function whyNotText(shown: string, found: WhyNot, paint: Painter): string {
  const { strategy, rule, reports } = found;
  const lines = [
    paint("bold", `${strategy.name}/${rule.name}`),
    `  when  ${conditionWords(toCanonical(strategy.facts, rule.condition))}`,
    `  fires ${firingWords(strategy.facts, rule)}`,
    `  from  ${shown}, program ${found.digest.slice(0, 12)}`,
  ];
  if (found.after !== null)
    lines.push(`        evaluations are those after input ${found.after}, where the snapshot lies`);
  const [only] = reports;
  if (only !== undefined && reports.length === 1) return [...lines, "", reportText(found, only, paint)].join("\n");
  const rows = reports.map((report) => ["", report.symbol, ...lineOf(report.last.at(-1), report.symbol, found)]);
  return [...lines, "", table(rows), "", "--symbol SYMBOL tells more about one of them."].join("\n");
}

function reportText(found: WhyNot, report: SymbolReport, paint: Painter): string {
  const { symbol, last, near, counts } = report;
  const newest = last.at(-1);
  const lines: string[] = [];
  if (newest === undefined) lines.push(`${symbol} was not judged: ${idleWords(report, found)}.`);
  else {
    const [time = "", words = ""] = lineOf(newest, symbol, found);
    lines.push(`${paint("bold", `${symbol} ${time}`)}   input ${newest.seq}`, `  ${words}`);
    lines.push("", conditionText(newest.tree, paint), ...unknownLines(newest), ...fateLines(newest.fate, paint));
    if (found.at !== null && newest.time < found.at)
      lines.push("", `Not judged between then and ${timeText(found.at, symbol)}: ${idleWords(report, found)}.`);
  }
  const counted = Object.entries(counts).map(([outcome, count]) => `${outcome.replaceAll("_", " ")} ${count}`);
  if (counted.length > 0) lines.push("", `${paint("bold", "Evaluations")}  ${counted.join(", ")}`);
  if (last.length > 1) lines.push(table(last.map((one) => ["", ...lineOf(one, symbol, found)])));
  if (near.length > 0) {
    const rows = near.map((one) => ["", percent(one.miss.distance), ...lineOf(one, symbol, found)]);
    lines.push("", paint("bold", "Near misses, closest first"), table(rows, [1]));
  }
  return lines.join("\n");
}

/** Time and what came of it. */
function lineOf(one: Evaluated | undefined, symbol: string, found: WhyNot): string[] {
  return one === undefined ? ["", "never judged"] : [timeText(one.time, symbol), outcomeWords(one, symbol, found)];
}

function outcomeWords(one: Evaluated, symbol: string, { rule }: WhyNot): string {
  switch (one.outcome) {
    case "false": {
      const { distance } = one.miss;
      const leaf = Number.isFinite(distance) ? one.miss.leaf : blockingLeaf(one.tree);
      const away = Number.isFinite(distance) ? `, ${percent(distance)} away` : "";
      return leaf === null ? "false" : `false: ${leafWords(leaf)}: ${valuesText(leaf)}${away}`;
    }
    case "unknown":
      return `unknown: ${one.unknown.map(({ fact }) => factWords(fact)).join(", ")}`;
    case "split":
      return "not judged: its facts are of the shares before a split";
    case "not_trading":
      return "true, and nothing may fire: history, a start or a split";
    case "latched":
      return `true, and it was true before: it fires once${rule.rearm === undefined ? ", when it turns true" : " until it is armed again"}`;
    case "useless":
      return rule.action.kind === "close" || rule.action.kind === "reduce"
        ? "true, and nothing to close, or an exit is under way"
        : "true, and nothing would change";
    case "cooldown":
      return `true, and cooling down${one.cooldownUntil === null ? "" : ` until ${timeText(one.cooldownUntil, symbol)}`}`;
    case "limit":
      return `true, and its limit of ${rule.limit?.count ?? ""} a ${rule.limit?.per ?? ""} is used up`;
    case "once_per":
      return `true, and it has fired in this ${rule.oncePer ?? ""}`;
    case "fires":
      return one.fate === null ? "fired" : fateWords(one.fate, symbol);
  }
}

export function fateWords(fate: Fate, symbol: string): string {
  const { refused, approval, orders } = fate;
  switch (stageOf(fate)) {
    case "told":
      return "fired: an alert";
    case "confirming":
      return "fired: json-rules-engine has not answered";
    case "asked":
      return `fired: waits for a person${approval === null ? "" : ` until ${timeText(approval.expiresAt, symbol)}`}`;
    case "refused":
      return printable(`fired, refused: ${refused?.code}: ${refused?.reason}`);
    case "ordered":
      return `fired: ${orders.map(({ side, qty, type, state }) => `${side} ${qty} ${type}, ${state}`).join("; ")}`;
    case "done":
      return "fired: no order came of it";
  }
}

function unknownLines({ unknown }: Evaluated): string[] {
  if (unknown.length === 0) return [];
  const rows = unknown.map((fact) => ["", factWords(fact.fact), unknownWords(fact)]);
  return ["", "Unknown by themselves:", table(rows)];
}

function unknownWords({ kind, symbol, on, warmup, bars, horizon }: Evaluated["unknown"][number]): string {
  switch (kind) {
    case "quote":
      return `no quote or trade of ${symbol} that may be believed: none yet, too old, or halted`;
    case "position":
      return "nothing is held";
    case "account":
      return "the broker has not told";
    case "session":
      return "the session is closed";
    case "rank":
      return "a symbol to compare with is unknown";
    case "calc":
      return "gives no number, e.g. a division by zero";
    case "opening_range":
      return `not over yet, or a bar of ${on} of ${symbol} is missing`;
    case "bars_since":
      return `has not seen ${horizon} evaluations yet`;
    case "seconds_since":
      return `has not seen ${horizon} s yet`;
    default:
      if (bars === null) return `no value: it needs ${warmup} bars of ${on} of ${symbol}`;
      return bars < warmup
        ? `warming up: ${bars} of ${warmup} bars of ${on} of ${symbol}`
        : `no value from the bars of ${on} of ${symbol} that ended then`;
  }
}

function fateLines(fate: Fate | null, paint: Painter): string[] {
  if (fate === null) return [];
  const refusing = fate.verdict?.checks.filter(isAgainst) ?? [];
  const lines = refusing.length === 0 ? [] : ["", checksText(refusing, paint)];
  for (const { clientOrderId } of fate.orders) lines.push(`  barwise explain --why ${clientOrderId}`);
  if (fate.orders.length === 0 && fate.firing !== null) lines.push(`  barwise explain --why '${fate.id}'`);
  return lines;
}

function isAgainst({ outcome }: CheckResult): boolean {
  return outcome !== "pass" && outcome !== "skip";
}

function idleWords({ symbol, idle }: SymbolReport, { strategy }: WhyNot): string {
  const words: Readonly<Record<Idle, string>> = {
    not_trading: "trading had not started",
    halted: `trading in ${symbol} was halted`,
    feed_down: "the feed was down",
    waiting: "it waits for bars of other symbols that end at the same time",
    session_closed: "its session was closed",
    no_data:
      strategy.ticks === true
        ? `no trade or quote of ${symbol} came`
        : `no bar of ${strategy.on.label} of ${symbol} closed`,
  };
  return words[idle];
}

// ------------------------------------------------------------------------------------------------ json

export function whyNotJson(shown: string, found: WhyNot): object {
  const { header, digest, strategy, rule, at, after, until, reports } = found;
  return {
    format_version: 1,
    barwise: VERSION,
    journal: { folder: shown, id: header.id, account: header.account },
    program: digest,
    strategy: strategy.name,
    rule: rule.name,
    conditions: toCanonical(strategy.facts, rule.condition),
    at: at === null ? null : isoTime(at),
    after_input: after,
    until: timeOrNull(until),
    symbols: reports.map(({ symbol, last, near, counts, idle }) => ({
      symbol,
      idle,
      counts,
      last: last.map((one) => evaluationJson(one, symbol, found)),
      near: near.map((one) => evaluationJson(one, symbol, found)),
    })),
  };
}

function evaluationJson(one: Evaluated, symbol: string, found: WhyNot): object {
  const { seq, time, truth, outcome, tree, miss, unknown, cooldownUntil, fate } = one;
  return {
    ...{
      seq,
      time: timeOrNull(time),
      truth,
      outcome,
      text: outcomeWords(one, symbol, found),
      distance: known(miss.distance),
    },
    conditions: conditionJson(tree),
    unknown: unknown.map(({ fact, ...rest }) => ({ ...factJson(fact), ...rest, why: unknownWords({ fact, ...rest }) })),
    cooldown_until: cooldownUntil === null ? null : isoTime(cooldownUntil),
    firing: fate === null ? null : fateJson(fate),
  };
}

function fateJson(fate: Fate): object {
  const { id, confirmation, refused, verdict, approval, orders } = fate;
  return {
    ...{ id, stage: stageOf(fate), confirmation, refused },
    verdict: verdict === null ? null : { outcome: verdict.outcome, against: verdict.checks.filter(isAgainst) },
    approval: approval === null ? null : { id: approval.id, state: approval.state },
    orders: orders.map(({ clientOrderId, state }) => ({ id: clientOrderId, state })),
  };
}

export function timeOrNull(ms: number): string | null {
  return Number.isFinite(ms) ? isoTime(ms) : null;
}
