/**
 * Which way a setting moves.
 *
 * Owns: what is looser and what is tighter, for limits of the account, of strategies and of rules, and for sizes.
 */
import { LIMITS } from "../../core/desk/risk/catalogue.ts";
import type { FactRef, Rule, Span } from "../../core/program.ts";
import { fieldsOf } from "../../core/risk-limits.ts";
import type { Moves, PlanValue } from "./types.ts";

/** Limits that hold when the account sets none: setting one of them is no tightening by itself. */
const HAS_DEFAULT: ReadonlySet<string> = new Set(
  LIMITS.flatMap((spec) =>
    spec.default !== undefined || spec.kind === "probation" ? fieldsOf(spec).map(({ key }) => fieldName(key)) : [],
  ),
);
/** Of two the larger one is tighter. */
const LARGER: ReadonlySet<string> = new Set(
  LIMITS.flatMap((spec) => fieldsOf(spec).flatMap(({ key, larger }) => (larger ? [fieldName(key)] : []))),
);

function fieldName(key: string): string {
  return key.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

/** Limits under `risk`, `max_entries`, `approval` and `on_failure`. Null for everything else. */
export function movesOfLimit(name: string, before: PlanValue, after: PlanValue, ofAccount = false): Moves {
  if (name === "on_failure") return after === "flatten" ? "tighter" : "looser";
  if (name === "unknown_orders") return after === "resend" ? "looser" : "tighter";
  // Of two conditions nobody says here which asks a person more often.
  if (name === "approval.when") return before === null ? "tighter" : after === null ? "looser" : null;
  if (name !== "max_entries" && !name.startsWith("risk.")) return null;
  if (after === null) return "looser";
  const field = name.split(".").at(-1) ?? "";
  if (before === null) return ofAccount && HAS_DEFAULT.has(field) ? null : "tighter";
  if (typeof before !== "number" || typeof after !== "number") return null;
  return after > before === LARGER.has(field) ? "tighter" : "looser";
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
  if (before.limit !== undefined && isLooser(before.limit, after.limit)) found.push("a looser limit");
  if (before.oncePer !== undefined && after.oncePer !== before.oncePer && after.oncePer !== "session")
    found.push("a looser once_per");
  if (before.group !== undefined && after.group !== before.group) found.push("it left its group");
  return found;
}

/** Limits over different periods are not compared: that counts as looser. */
function isLooser(before: NonNullable<Rule["limit"]>, after: Rule["limit"]): boolean {
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
