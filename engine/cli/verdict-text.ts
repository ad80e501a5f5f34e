/**
 * What the risk checks said of an order, as a table. Owns: layout only.
 */
import type { CheckResult } from "../core/event.ts";
import { numberText } from "./condition-text.ts";
import { printable, table, usageBar } from "./io.ts";
import type { Painter, Style } from "./io.ts";

const STYLES: Readonly<Record<CheckResult["outcome"], Style>> = {
  pass: "green",
  clamp: "yellow",
  ask: "yellow",
  refuse: "red",
  skip: "dim",
};

/** Checks that said something as rows with how much of the limit is used, then those that were not asked, by their reason. */
export function checksText(checks: readonly CheckResult[], paint: Painter): string {
  const asked = checks.filter(({ outcome }) => outcome !== "skip");
  const rows = asked.map((check) => {
    const { check: name, outcome, value, limit, headroom, reason } = check;
    const of = limit === null || value === null ? "" : `${numberText(value)} of ${numberText(limit)}`;
    const left = headroom === null ? "" : `${numberText(headroom)} left`;
    return ["", name, paint(STYLES[outcome], outcome), barOf(check, paint), of, left, printable(reason)];
  });
  const skipped = new Map<string, string[]>();
  for (const { check, outcome, reason } of checks)
    if (outcome === "skip") skipped.set(reason, [...(skipped.get(reason) ?? []), check]);
  const lines = [...skipped].map(([reason, names]) =>
    paint("dim", `  skipped ${names.join(", ")}: ${printable(reason)}`),
  );
  return [...(rows.length === 0 ? [] : [table(rows)]), ...lines].join("\n");
}

function barOf({ value, limit }: CheckResult, paint: Painter): string {
  return value === null || limit === null || !(limit > 0) ? "" : usageBar(value / limit, paint);
}
