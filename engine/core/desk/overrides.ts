/**
 * Limits that two people have raised for a while.
 *
 * Owns: who raised which one to what, until when, and that it is over then. May not: tighten a limit, or set one that
 * nobody set.
 */
import { isoTime } from "../time.ts";
import type { OverrideInput } from "../event.ts";
import { fieldsOf, isLooser } from "../risk-limits.ts";
import type { LimitField, LimitKey, RiskLimits } from "../risk-limits.ts";
import { isMachine } from "./approvers.ts";
import { LIMITS } from "./risk/catalogue.ts";
import type { EffectiveLimits } from "./risk/limits.ts";
import type { DeskState } from "./state.ts";
import { ACCOUNT, covers } from "./states.ts";
import type { ScopeName } from "./states.ts";

export interface Override {
  /** As YAML has it; of `max_position` with its field, such as `max_position.qty`. */
  readonly limit: string;
  readonly field: LimitField;
  readonly scope: ScopeName;
  readonly value: number;
  /** Arrival time. */
  readonly until: number;
  readonly by: readonly string[];
  readonly reason: string;
}

/** Numbers that may be raised, by the name they are raised by. */
export const RAISABLE: ReadonlyMap<string, LimitField> = new Map(
  LIMITS.flatMap((spec) =>
    spec.kind === "symbols" || spec.latched === true
      ? []
      : fieldsOf(spec).map((field) => [field.part === undefined ? spec.name : `${spec.name}.${field.part}`, field]),
  ),
);

export const OVERRIDE_REFUSED = "risk/override-refused";

/** What is to hold for longer belongs into the risk file. */
const LONGEST_MS = 86_400_000;

/** What one person asks for and a second one has not confirmed yet. */
export interface AskedOverride extends Pick<Override, "limit" | "scope" | "value" | "reason"> {
  readonly id: string;
  readonly forMs: number;
  readonly by: string;
  /** Arrival time until which it can be confirmed. */
  readonly until: number;
}

interface SavedOverrides {
  readonly holding: readonly Override[];
  readonly asked: readonly AskedOverride[];
}

export class Overrides {
  readonly #all = new Map<string, Override>();
  readonly #asked = new Map<string, AskedOverride>();

  get holding(): readonly Override[] {
    return [...this.#all.values()];
  }

  get asked(): readonly AskedOverride[] {
    return [...this.#asked.values()];
  }

  ask(asked: AskedOverride): void {
    this.#asked.set(asked.id, asked);
  }

  askedAs(id: string): AskedOverride | undefined {
    return this.#asked.get(id);
  }

  /** It is confirmed, or nobody did in time. */
  forgetAsked(id: string): boolean {
    return this.#asked.delete(id);
  }

  set(override: Override): void {
    this.#all.set(nameOf(override), override);
  }

  /** Ends one. Undefined when it is not there, or was given a later end meanwhile. */
  end(name: string, now: number): Override | undefined {
    const override = this.#all.get(name);
    if (override === undefined || override.until > now) return undefined;
    this.#all.delete(name);
    return override;
  }

  /** Those that hold for an order. */
  for(strategy: string, symbol: string, now: number): readonly Override[] {
    if (this.#all.size === 0) return [];
    return [...this.#all.values()].filter(({ scope, until }) => now < until && covers(scope, { strategy, symbol }));
  }

  save(): SavedOverrides {
    return { holding: this.holding, asked: this.asked };
  }

  restore({ holding, asked }: SavedOverrides): void {
    for (const override of holding) this.set(override);
    for (const one of asked) this.ask(one);
  }
}

function nameOf({ limit, scope }: Pick<Override, "limit" | "scope">): string {
  return `${limit}@${scope}`;
}

/** `max_orders_per_day is raised to 20 by ann and bob until 2026-11-01T10:00:00Z: late data`. */
export function overrideText({ limit, value, by, until, reason }: Override): string {
  return `${limit} is raised to ${value} by ${by.join(" and ")} until ${isoTime(until)}: ${reason}`;
}

/** The command of two people. What does not fit changes nothing and is told. */
export function onOverride(desk: DeskState, input: OverrideInput): void {
  const { limit, value, untilMs: until, reason, scope = ACCOUNT } = input;
  const by = [...new Map(input.by.map((name) => [personOf(name), name.trim()])).values()].filter((name) => name !== "");
  const problem =
    (by.length < 2 ? "it takes two people" : undefined) ??
    machineAmong(by) ??
    unfit(limit, value, until - desk.now.arrivalTime);
  const field = RAISABLE.get(limit);
  if (field === undefined || problem !== undefined) return refused(desk, limit, problem ?? "");
  hold(desk, { limit, field, scope, value, until, by, reason });
}

export function hold(desk: DeskState, override: Override): void {
  const { scope, until } = override;
  desk.overrides.set(override);
  desk.alert("warning", "risk/override", `${overrideText(override)}${inScope(scope)}`);
  desk.output({ kind: "timer.set", id: `override:${nameOf(override)}`, clock: "arrival", at: until });
}

export function refused(desk: DeskState, limit: string, why: string): void {
  desk.alert("warning", OVERRIDE_REFUSED, `${limit} is not raised: ${why}`);
}

export function inScope(scope: ScopeName): string {
  return scope === ACCOUNT ? "" : ` (${scope})`;
}

/** Two spellings of one name are one person. */
export function personOf(name: string): string {
  return name.trim().toLowerCase();
}

export function machineAmong(names: readonly string[]): string | undefined {
  const machine = names.find(isMachine);
  return machine === undefined ? undefined : `${machine} is a program: only people raise a limit`;
}

export function unfit(limit: string, value: number, forMs: number): string | undefined {
  if (!RAISABLE.has(limit))
    return `"${limit}" is no limit that can be raised; those are ${[...RAISABLE.keys()].join(", ")}`;
  if (!(value > 0 && Number.isFinite(value))) return `${value} is no value of a limit`;
  if (!(forMs > 0)) return "its end is over already";
  return forMs > LONGEST_MS
    ? "it lasts longer than a day: what is to hold for longer belongs into the risk file"
    : undefined;
}

export function onOverrideTimer(desk: DeskState, name: string): void {
  const over = desk.overrides.end(name, desk.now.arrivalTime);
  if (over === undefined) return;
  const message = `${over.limit} is what it was before ${over.by.join(" and ")} raised it`;
  desk.alert("info", "risk/override-over", message);
}

/** The same limits with what was raised. */
export function raised(limits: EffectiveLimits, overrides: readonly Override[]): EffectiveLimits {
  if (overrides.length === 0) return limits;
  const raise = (own: RiskLimits): RiskLimits => {
    const changed: Partial<Record<LimitKey, number>> = {};
    for (const { field, value } of overrides) {
      const before = changed[field.key] ?? own[field.key];
      if (before !== undefined && isLooser(field, value, before)) changed[field.key] = value;
    }
    return { ...own, ...changed };
  };
  return {
    ...limits,
    tightest: raise(limits.tightest),
    together: raise(limits.together),
    scopes: limits.scopes.map((scope) => ({ ...scope, limits: raise(scope.limits) })),
  };
}
