/**
 * Which way a setting moves.
 *
 * Owns: what is looser and what is tighter, for limits of the account, of strategies and of rules, and for sizes.
 */
import { LIMITS } from "../../core/desk/risk/catalogue.ts";
import { fieldsOf, isLooser } from "../../core/risk-limits.ts";
import type { LimitField, ListSpec } from "../../core/risk-limits.ts";
import { snake } from "./aspects.ts";
import type { FactRef, Rule, Span } from "../../core/program.ts";
import type { Moves, PlanValue } from "./types.ts";

interface Limit extends LimitField {
  readonly default?: number;
}

/** Numbers and lists of the catalogue, by the last part of the name that a change has. */
const NUMBERS: ReadonlyMap<string, Limit> = new Map(
  LIMITS.flatMap((spec) => {
    const fallback = spec.kind !== "symbols" && spec.default !== undefined ? { default: spec.default } : {};
    return fieldsOf(spec).map((field) => [snake(field.key), { ...field, ...fallback }] as const);
  }),
);
const LISTS: ReadonlyMap<string, ListSpec> = new Map(
  LIMITS.flatMap((spec) => (spec.kind === "symbols" ? [[snake(spec.key), spec] as const] : [])),
);

/** Limits under `risk`, `max_entries`, `approval` and `on_failure`. Null for everything else. */
export function movesOfLimit(name: string, before: PlanValue, after: PlanValue, ofAccount = false): Moves {
  if (name === "on_failure") return after === "flatten" ? "tighter" : "looser";
  if (name === "unknown_orders") return after === "resend" ? "looser" : "tighter";
  if (name.startsWith("approval.")) return movesOfApproval(name, before, after);
  if (name === "max_entries") return movesOfNumber({ larger: false }, before, after);
  if (!name.startsWith("risk.")) return null;
  if (name.startsWith("risk.live.")) return before === null ? "looser" : after === null ? "tighter" : null;
  if (name.startsWith("risk.groups.")) return movesOfList("all", before, after);
  const last = name.slice(name.lastIndexOf(".") + 1);
  const list = LISTS.get(last);
  if (list !== undefined) return movesOfList(list.joined, before, after);
  const limit = NUMBERS.get(last);
  if (limit === undefined) return after === null ? "looser" : before === null ? "tighter" : null;
  // Of the account itself the default holds where nothing is written.
  const isWhole = ofAccount && name === `risk.${last}`;
  return movesOfNumber(limit, before ?? (isWhole ? (limit.default ?? null) : null), after);
}

/** A limit that goes is looser, whatever its default. */
function movesOfNumber(field: Pick<LimitField, "larger">, before: PlanValue, after: PlanValue): Moves {
  if (after === null) return "looser";
  if (before === null) return "tighter";
  if (typeof before !== "number" || typeof after !== "number") return null;
  return isLooser(field, after, before) ? "looser" : "tighter";
}

/** `common`: a shorter list is tighter; `all`: a longer one. Null when something comes and something goes. */
function movesOfList(how: ListSpec["joined"], before: PlanValue, after: PlanValue): Moves {
  if (after === null) return "looser";
  if (before === null) return "tighter";
  if (!Array.isArray(before) || !Array.isArray(after)) return null;
  const [comes, goes] = [after.some((one) => !before.includes(one)), before.some((one) => !after.includes(one))];
  if (comes === goes) return comes ? null : "tighter";
  return comes === (how === "all") ? "tighter" : "looser";
}

/** Of two conditions or lists nobody says here which asks a person more often. */
function movesOfApproval(name: string, before: PlanValue, after: PlanValue): Moves {
  if (["approval.when", "approval.second", "approval.symbols"].includes(name) || name.startsWith("approval.approvers."))
    return before === null ? "tighter" : after === null ? "looser" : null;
  if (name !== "approval.max_drift_ratio" || typeof before !== "number" || typeof after !== "number") return null;
  return after > before ? "looser" : "tighter";
}

/** The constant that a value stands for, or undefined. */
export function constantOf(value: PlanValue | undefined): number | undefined {
  if (typeof value === "number") return value;
  if (typeof value !== "object" || value === null || !("fact" in value)) return undefined;
  const { fact, params } = value as FactRef;
  const constant = fact === "const" ? params?.["value"] : undefined;
  return typeof constant === "number" ? constant : undefined;
}

/** In what the newer rule may fire more often, at the same moments of its condition; each as words for a message. */
export function freerFiring(before: Rule, after: Rule): readonly string[] {
  const found: string[] = [];
  if (before.fire === "once" && after.fire === "each") found.push("fire: each instead of once");
  if (before.start === "wait" && after.start === "fire") found.push("start: fire instead of wait");
  const shorter = shorterCooldown(before.cooldown, after.cooldown);
  if (shorter !== undefined) found.push(shorter);
  if (before.limit !== undefined && isOftener(before.limit, after.limit)) found.push("a looser limit");
  if (before.oncePer !== undefined && after.oncePer !== before.oncePer && after.oncePer !== "session")
    found.push("a looser once_per");
  if (before.group !== undefined && after.group !== before.group) found.push("it left its group");
  return found;
}

/** Limits over different periods are not compared: that counts as looser. */
function isOftener(before: NonNullable<Rule["limit"]>, after: Rule["limit"]): boolean {
  return after === undefined || after.per !== before.per || after.count > before.count;
}

/** Bars and time are not compared with each other. */
function shorterCooldown(before: Span | undefined, after: Span | undefined): string | undefined {
  if (before === undefined) return undefined;
  if (after === undefined) return "no cooldown";
  const isShorter =
    "ms" in before && "ms" in after
      ? after.ms < before.ms
      : "bars" in before && "bars" in after
        ? after.bars < before.bars
        : undefined;
  if (isShorter === undefined) return "a cooldown that may be shorter";
  return isShorter ? "a shorter cooldown" : undefined;
}
