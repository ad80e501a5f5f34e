/**
 * Asking for an override, and confirming it: two people, one after the other.
 *
 * Owns: that nothing holds before a second person has confirmed it in time, and that it would let something through at all. May
 * not: raise a limit by itself (overrides.ts).
 */
import type { CommandInput, OverrideAskInput, OverrideConfirmInput, OverrideInput } from "../event.ts";
import { isLooser } from "../risk-limits.ts";
import {
  RAISABLE,
  hold,
  inScope,
  machineAmong,
  onOverride,
  onOverrideTimer,
  personOf,
  refused,
  unfit,
} from "./overrides.ts";
import type { DeskState } from "./state.ts";
import { ACCOUNT } from "./states.ts";
import type { ScopeName } from "./states.ts";
import { watchedIn } from "./watch.ts";

/** How long a second person may think about it. */
const ASKED_MS = 900_000;
const MOST_ASKED = 20;

type AnyOverride = OverrideInput | OverrideAskInput | OverrideConfirmInput;

export function isOfOverrides(input: CommandInput): input is AnyOverride {
  return input.command.endsWith("override");
}

export function onOverrideCommand(desk: DeskState, input: AnyOverride): void {
  if (input.command === "override") onOverride(desk, input);
  else if (input.command === "ask-override") onAsked(desk, input);
  else onConfirmed(desk, input);
}

/** `override:LIMIT@SCOPE` or `override-asked:ID`. */
export function onOverridesTimer(desk: DeskState, kind: string, name: string): void {
  if (kind === "override") onOverrideTimer(desk, name);
  else onAskedTimer(desk, name);
}

/** Asked by one person. Nothing holds yet. */
function onAsked(desk: DeskState, input: OverrideAskInput): void {
  const { limit, value, forMs, reason, scope = ACCOUNT } = input;
  const by = input.by.trim();
  const problem =
    (by === "" ? "nobody asks for it" : undefined) ??
    machineAmong([by]) ??
    unfit(limit, value, forMs) ??
    loosensNothing(desk, limit, value, scope) ??
    (desk.overrides.asked.length < MOST_ASKED ? undefined : `${MOST_ASKED} others wait to be confirmed already`);
  if (problem !== undefined) return refused(desk, limit, problem);
  const { seq, arrivalTime } = desk.now;
  const asked = { id: `override-${seq}`, limit, scope, value, forMs, by, reason, until: arrivalTime + ASKED_MS };
  desk.overrides.ask(asked);
  const what = `${by} asks to raise ${limit} to ${value}${inScope(scope)}: ${reason}; somebody else must confirm ${asked.id}`;
  desk.alert("warning", "risk/override-asked", what);
  desk.output({ kind: "timer.set", id: `override-asked:${asked.id}`, clock: "arrival", at: asked.until });
}

/** The word of a second person: from now on it holds. */
function onConfirmed(desk: DeskState, input: OverrideConfirmInput): void {
  const asked = desk.overrides.askedAs(input.override);
  const now = desk.now.arrivalTime;
  if (asked === undefined || asked.until <= now)
    return refused(desk, input.override, "nobody asks for it, or its time to be confirmed is over");
  const { id, limit, scope, value, forMs, reason } = asked;
  const by = input.by.trim();
  const problem =
    (by === "" ? "a confirmation needs the name of a person" : undefined) ??
    (personOf(by) === personOf(asked.by) ? `${by} asks for it; somebody else must confirm it` : undefined) ??
    machineAmong([by]) ??
    loosensNothing(desk, limit, value, scope);
  const field = RAISABLE.get(limit);
  if (field === undefined || problem !== undefined) return refused(desk, limit, problem ?? "");
  desk.overrides.forgetAsked(id);
  desk.output({ kind: "timer.cancel", id: `override-asked:${id}` });
  hold(desk, { limit, field, scope, value, until: now + forMs, by: [asked.by, by], reason });
}

function onAskedTimer(desk: DeskState, id: string): void {
  const asked = desk.overrides.askedAs(id);
  if (asked === undefined || asked.until > desk.now.arrivalTime || !desk.overrides.forgetAsked(id)) return;
  desk.alert(
    "info",
    "risk/override-over",
    `${asked.limit} is not raised: nobody confirmed ${id} of ${asked.by} in time`,
  );
}

/** What is not looser than what holds would be a promise without an effect. */
function loosensNothing(desk: DeskState, limit: string, value: number, scope: ScopeName): string | undefined {
  const field = RAISABLE.get(limit);
  if (field === undefined) return `"${limit}" is no limit that can be raised`;
  const held = watchedIn(desk).flatMap((one) => {
    const isMet = scope === ACCOUNT || one.scope === ACCOUNT || one.scope === scope;
    const own = one.limits[field.key];
    return isMet && own !== undefined ? [own] : [];
  });
  if (held.some((own) => isLooser(field, value, own))) return undefined;
  return held.length === 0
    ? "nobody has set it there"
    : `${value} is not looser than ${held.join(" and ")}, which holds; a tighter limit needs one person: save it in the risk file`;
}
