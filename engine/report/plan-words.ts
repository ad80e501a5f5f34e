/**
 * Changes of a plan in words.
 *
 * Owns: how one change reads: keys as YAML has them, percentages, durations, conditions as expressions.
 */
import type { CanonicalCondition, FactRef } from "../core/program.ts";
import { listed } from "../lang/suggest.ts";
import type { Change, KeptState, NowValue, PlanValue } from "../lang/plan/types.ts";
import { durationText } from "../lang/values.ts";
import { conditionWords, factWords } from "./words.ts";

type ValueChange = Extract<Change, { kind: "value" }>;

/** One line, e.g. `bracket.stop_loss close * 0.97 -> close * 0.95 (now SPY 181.58 -> 177.84)`. */
export function changeWords(change: Change, now: readonly NowValue[] = []): string {
  const values = now.map(({ symbol, before, after }) => `${symbol} ${shortNumber(before)} -> ${shortNumber(after)}`);
  return values.length === 0 ? wordsOf(change) : `${wordsOf(change)} (now ${values.join(", ")})`;
}

function shortNumber(value: number): string {
  return Number.isFinite(value) ? String(Number(value.toPrecision(6))) : "unknown";
}

/** E.g. `rsi(14) > 70 -> rsi(14) > 65 (threshold 70 -> 65)`. */
function wordsOf(change: Change): string {
  switch (change.kind) {
    case "value":
      return valueChangeWords(change);
    case "comparison":
      return `${prefixOf(change.of)}${comparisonWords(change)}`;
    case "condition": {
      const [before, after] = [change.before, change.after].map((side) =>
        side === null ? "none" : conditionWords(side),
      );
      return `${change.of} ${before} -> ${after}`;
    }
  }
}

function comparisonWords({ before, after, joined, threshold }: Extract<Change, { kind: "comparison" }>): string {
  if (before === null) return `adds ${joined} ${after === null ? "" : conditionWords(after)}`;
  if (after === null) return `drops ${joined} ${conditionWords(before)}`;
  const note = threshold === null ? "" : ` (threshold ${threshold.before} -> ${threshold.after})`;
  return `${conditionWords(before)} -> ${conditionWords(after)}${note}`;
}

function prefixOf(of: "when" | "rearm"): string {
  return of === "when" ? "" : "rearm: ";
}

function valueChangeWords({ name, before, after, moves }: ValueChange): string {
  const label = labelOf(name);
  if (isNames(before) && isNames(after) && name !== "order of rules") return listWords(label, before, after);
  const direction = moves === null ? "" : ` (${moves})`;
  if (before === null) return `${label}: adds ${valueWords(name, after)}${direction}`;
  if (after === null) return `${label}: drops ${valueWords(name, before)}${direction}`;
  return `${label} ${valueWords(name, before)} -> ${valueWords(name, after)}${direction}`;
}

function isNames(value: PlanValue): value is readonly string[] {
  return Array.isArray(value) && value.every((item) => typeof item === "string");
}

function listWords(label: string, before: readonly string[], after: readonly string[]): string {
  const added = after.filter((item) => !before.includes(item));
  const removed = before.filter((item) => !after.includes(item));
  const parts = [
    ...(added.length > 0 ? [`adds ${listed(added, "and")}`] : []),
    ...(removed.length > 0 ? [`drops ${listed(removed, "and")}`] : []),
  ];
  return parts.length === 0 ? `${label} in another order` : `${label}: ${parts.join(", ")}`;
}

const LABELS: Readonly<Record<string, string>> = {
  grace_ms: "grace",
  trail_price: "trail",
  trail_ratio: "trail",
  ratio: "by",
};

function labelOf(name: string): string {
  return (
    LABELS[name] ??
    name
      .replace(/^params\./, "param ")
      .replace(/^facts\./, "fact ")
      .replace(/_(?:ratio|ms)$/, "")
  );
}

/** Values that are written as percentages. */
function isRatio(name: string): boolean {
  return /(?:^|[._])ratio$/.test(name) || ["size.risk", "size.equity", "target.weight", "tolerance"].includes(name);
}

function valueWords(name: string, value: PlanValue): string {
  if (value !== null && (name === "approval.when" || name === "approval.second"))
    return conditionWords(value as unknown as CanonicalCondition);
  if (typeof value === "number") return numberWords(name, value);
  if (value === null || typeof value === "boolean") return String(value);
  if (typeof value === "string") return value;
  if (isList(value)) return messageWords(name, value);
  if ("fact" in value) return refWords(name, value as FactRef);
  const { ms, bars, count, per, expression } = value;
  if (typeof ms === "number") return durationText(ms);
  if (typeof bars === "number") return `${bars} bars`;
  if (typeof count === "number" && typeof per === "string") return `${count}/${per}`;
  return expression === undefined ? JSON.stringify(value) : `{${valueWords(name, expression)}}`;
}

function isList(value: PlanValue): value is readonly PlanValue[] {
  return Array.isArray(value);
}

function messageWords(name: string, parts: readonly PlanValue[]): string {
  const words = parts.map((part) => valueWords(name, part));
  return name === "message" ? JSON.stringify(words.join("")) : words.join(", ");
}

function refWords(name: string, ref: FactRef): string {
  const constant = ref.fact === "const" ? ref.params?.["value"] : undefined;
  return typeof constant === "number" ? numberWords(name, constant) : factWords(ref);
}

function numberWords(name: string, value: number): string {
  if (isRatio(name)) return `${Number((value * 100).toPrecision(12))}%`;
  return name.endsWith("_ms") ? durationText(value) : String(value);
}

/** What a changed rule remembers, e.g. `latch starts anew, cooldown kept`. */
export function stateWords({ latch, counters, timers }: KeptState): string {
  const parts = [
    ["latch", latch],
    ["cooldown and limits", counters],
    ["timers", timers],
  ] as const;
  const of = (kind: "kept" | "anew"): string =>
    listed(
      parts.flatMap(([name, state]) => (state === kind ? [name] : [])),
      "and",
    );
  const [kept, anew] = [of("kept"), of("anew")];
  return [...(anew === "" ? [] : [`anew: ${anew}`]), ...(kept === "" ? [] : [`kept: ${kept}`])].join("; ");
}
