/**
 * When a true condition fires: fire, start, rearm, cooldown, limit, once_per, priority, group.
 *
 * Owns: their defaults and spellings.
 */
import type { Action, Rule } from "../core/program.ts";
import { lengthOf } from "../market/bar-size.ts";
import type { Builder } from "./builder.ts";
import { advice, becomes } from "./fix.ts";
import { without } from "./fix-yaml.ts";
import type { Trigger } from "./trigger.ts";
import { parseLimit, parseSpan } from "./values.ts";
import { nodeAt } from "./yaml-file.ts";
import type { Path } from "./yaml-file.ts";
import { isScalar } from "yaml";
import { spelt, speltLimit } from "./fix-spelling.ts";

type FiringPart = Pick<Rule, "fire" | "start" | "rearm" | "cooldown" | "limit" | "oncePer" | "priority" | "group">;

/** Undefined after a finding. */
export function readFiring(
  builder: Builder,
  path: Path,
  action: Action | undefined,
  trigger: Trigger,
): FiringPart | undefined {
  const rearm = builder.condition([...path, "rearm"]);
  const cooldown = readCooldown(builder, [...path, "cooldown"], trigger);
  const limit = readLimit(builder, [...path, "limit"]);
  const oncePer = builder.text([...path, "once_per"]) as "bar" | "session" | undefined;
  const group = builder.text([...path, "group"]);
  if ((rearm === undefined && builder.has([...path, "rearm"])) || cooldown === null || limit === null) return undefined;
  const isRepeated = action?.kind === "cancel" || (action?.kind === "close" && action.oco === undefined);
  const usual = isRepeated ? "each" : "once";
  const fire = (builder.text([...path, "fire"]) ?? usual) as "once" | "each";
  if (rearm !== undefined && fire === "each") {
    const words = "Remove rearm, or write fire: once.";
    const help = advice(words, without(builder.file, [...path, "rearm"], "Remove rearm"));
    return builder.reportKey(
      "schema/value",
      [...path, "rearm"],
      "rearm has no meaning for a rule that fires each time",
      help,
    );
  }
  return {
    fire,
    start: builder.text([...path, "start"]) === "fire" ? "fire" : "wait",
    priority: readNumber(builder, [...path, "priority"]) ?? 0,
    ...(rearm === undefined ? {} : { rearm }),
    ...usualCooldown(cooldown, fire === "each" && trigger.ticks),
    ...(limit === undefined ? {} : { limit }),
    ...(oncePer === undefined ? {} : { oncePer }),
    ...(group === undefined ? {} : { group }),
  };
}

/** A rule that fires each time would do so at every tick, also when each attempt is refused: once a second is enough. */
function usualCooldown(given: Rule["cooldown"], isEachTick: boolean): Pick<Rule, "cooldown"> {
  const cooldown = given ?? (isEachTick ? { ms: 1_000 } : undefined);
  return cooldown === undefined ? {} : { cooldown };
}

function readNumber(builder: Builder, path: Path): number | undefined {
  const node = nodeAt(builder.file, path);
  return isScalar(node) && typeof node.value === "number" ? node.value : undefined;
}

/** Null after a finding, undefined when there is none. */
function readCooldown(builder: Builder, path: Path, { on, ticks }: Trigger): Rule["cooldown"] | null {
  const source = builder.text(path);
  if (source === undefined) return undefined;
  const span = parseSpan(source);
  if (span === undefined) {
    builder.report(
      "types/value",
      path,
      `"${source}" is no cooldown`,
      spelt("Write 30m or 5 bars.", (text) => parseSpan(text) !== undefined),
    );
    return null;
  }
  if ("ms" in span && span.ms < lengthOf(on) && !ticks) {
    const fixes = [on.label, "1 bar"].map((text) => becomes(text, { safe: false }));
    const message = `A cooldown of ${source} is shorter than the ${on.label} bar`;
    builder.report(
      "time/cooldown-shorter-than-bar",
      path,
      message,
      advice(`Write at least ${on.label}, or 1 bar.`, ...fixes),
    );
  }
  return span;
}

function readLimit(builder: Builder, path: Path): Rule["limit"] | null {
  const source = builder.text(path);
  if (source === undefined) return undefined;
  const limit = parseLimit(source);
  if (limit !== undefined) return limit;
  const help = speltLimit("Write a number per bar, hour, day (or session) or week: 3/day.");
  builder.report("types/value", path, `"${source}" is no limit`, help);
  return null;
}
