/**
 * Entries that can only match when their session is over.
 *
 * Owns: time/after-close. May not: judge strategies on daily bars (their orders go to the next open) or exits, which
 * are sent at any time.
 */
import { isEntry, onlyReduces } from "../../core/actions.ts";
import type { Condition, Operator, SessionField, Strategy } from "../../core/program.ts";
import { assetClassOf } from "../../market/instruments.ts";
import type { Builder } from "../builder.ts";
import type { Logic } from "./logic.ts";

/** The regular session of the exchange ends at this minute of the day; on half days earlier. */
const CLOSE_MINUTE = 16 * 60;

export function checkClose(builder: Builder, strategy: Omit<Strategy, "digest">, logic: Logic): void {
  // Pairs trade around the clock.
  const isAround = strategy.symbols.some((symbol) => assetClassOf(symbol) === "crypto");
  const isDaily = strategy.on.kind === "session" && strategy.ticks !== true;
  if (isDaily || strategy.session !== "regular" || isAround) return;
  const inside = [
    ...leafOf(strategy, "minutes_to_close", "greaterThan", 0),
    ...leafOf(strategy, "time", "lessThan", CLOSE_MINUTE),
  ];
  for (const { action, condition, name, index } of strategy.rules) {
    if (!isEntry(action) || onlyReduces(action) || logic.satisfiable(condition) !== true) continue;
    if (!inside.some((leaf) => logic.satisfiable({ op: "all", kids: [condition, leaf] }) === false)) continue;
    const message = `Rule "${name}" can only match at the end of the session, when no entry is sent any more`;
    const help = "Let it match earlier, e.g. session.minutes_to_close <= 5 and above 0, or use on: 1d.";
    builder.report("time/after-close", ["rules", index, "name"], message, help);
  }
}

/** The comparison that holds inside the session, when the strategy knows such a fact at all. */
function leafOf(
  { facts }: Omit<Strategy, "digest">,
  field: SessionField,
  operator: Operator,
  value: number,
): Condition[] {
  const left = facts.findIndex(({ spec }) => spec.kind === "session" && spec.field === field);
  return left < 0 ? [] : [{ op: "leaf", left, operator, right: { value } }];
}
