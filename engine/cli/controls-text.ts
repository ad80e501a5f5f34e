/**
 * The controls of the risk layer in words, for the terminal, for programs and for the docs page.
 *
 * Owns: the three forms of what the catalogue of controls says. May not hold a word about a single control.
 */
import { CONTROLS } from "../core/desk/risk/catalogue.ts";
import type { Control } from "../core/desk/risk/control.ts";
import type { LimitSpec } from "../core/risk-limits.ts";
import { durationText } from "../lang/values.ts";
import { row, wrapped } from "./catalog-text.ts";

const EXITS = "Exits: holds for exits too";
const NO_EXITS = "Exits: never refused by it";
const DECLARED = "Exits: refused by it only where include_exits names its limit";

/** One control, for the terminal. */
export function controlText(control: Control): string {
  const { id, name, unit, why, answers, limits } = control;
  const lines = [`${name}  ${id}, in ${unit}`, "", ...wrapped(why, 2), ...wrapped(`Answers: ${answers}`, 2)];
  lines.push(...wrapped(exitsOf(control), 2));
  for (const limit of limits) {
    lines.push("", `  ${limit.name}  ${kindOf(limit)}`, ...wrapped(limit.doc, 6));
    lines.push(...wrapped(`Unset: ${paper(limit)} on paper, ${live(limit)} with real money.`, 6));
    lines.push(...wrapped(`Where: ${SCOPES}.${tighterOf(limit)}`, 6));
  }
  return `${lines.join("\n")}\n`;
}

/** All on a line each, in the order in which they run. */
export function controlsText(): string {
  const width = Math.max(...CONTROLS.map(({ name }) => name.length));
  const lines = CONTROLS.map(({ id, name, why }) => `  ${id.padEnd(4)} ${name.padEnd(width)}  ${why}`);
  return `Controls, in the order in which every order passes them\n${lines.join("\n")}\n\nbarwise controls NAME says more about one.\n`;
}

/** For programs. */
export function controlJson(control: Control): object {
  const { id, name, unit, why, answers, exits, limits } = control;
  return {
    ...{ id, name, unit, why, answers, exits },
    limits: limits.map((limit) => ({
      ...{ name: limit.name, kind: limit.kind, doc: limit.doc },
      ...{ default_paper: fallbackOf(limit), default_live: limit.live === "required" ? null : fallbackOf(limit) },
      required_live: limit.live === "required",
      scopes: ["account", "strategy", "symbol"],
      may_include_exits: limit.exits === true,
    })),
  };
}

/** The docs page. */
export function controlsPage(): string {
  const lines = [
    "# Controls",
    "",
    "What every order passes, in this order. Made from the catalogue, like `barwise controls`; `UPDATE_DOCS=1 npx vitest run tests/cli/controls.test.ts` writes it anew.",
    "",
    "Each verdict in the [journal](journal.md) has the answer of every control with its value, its limit and what is left of it. A control that cannot know what it needs refuses. Limits are written in the [project](project.md#risk-limits) and in strategies; each may be set for the account, a strategy and a symbol, and the tightest holds. Names such as C5 follow the list of controls that brokers and their rules use.",
    "",
    "| Control | Id | Limits | Exits |",
    "| --- | --- | --- | --- |",
    ...CONTROLS.map((control) =>
      row([
        `[${control.name}](#${control.name})`,
        control.id,
        control.limits.map(({ name }) => `\`${name}\``).join(", "),
        control.exits ? "held" : control.limits.some(({ exits }) => exits === true) ? "declared" : "pass",
      ]),
    ),
  ];
  for (const control of CONTROLS) lines.push(...section(control));
  return `${lines.join("\n")}\n`;
}

function section(control: Control): string[] {
  const { id, name, unit, why, answers, limits } = control;
  const lines = [
    "",
    `## ${name}`,
    "",
    why,
    "",
    `- ${id}, in ${unit}`,
    `- Answers: ${answers}`,
    `- ${exitsOf(control)}`,
  ];
  if (limits.length === 0) return lines;
  lines.push(
    "",
    "| Limit | Values | Unset on paper | Unset with real money | Means |",
    "| --- | --- | --- | --- | --- |",
  );
  for (const limit of limits)
    lines.push(row([`\`${limit.name}\``, kindOf(limit), paper(limit), live(limit), `${limit.doc}${tighterOf(limit)}`]));
  return lines;
}

// ------------------------------------------------------------------------------------------------ words

const SCOPES = "account, strategy, symbol";

function exitsOf({ exits, limits }: Control): string {
  if (exits) return EXITS;
  return limits.some((limit) => limit.exits === true) ? DECLARED : NO_EXITS;
}

const KINDS: Readonly<Record<LimitSpec["kind"], string>> = {
  count: "whole number",
  money: "account currency",
  shares: "shares",
  ratio: "percentage",
  duration: "duration",
  probation: "orders and dollars",
  position: "percentage, account currency, or {equity, notional, qty}",
  symbols: "list of symbols",
};

function kindOf({ kind }: LimitSpec): string {
  return KINDS[kind];
}

function tighterOf(limit: LimitSpec): string {
  if (limit.kind === "symbols" || limit.tighter !== "larger") return "";
  return " The larger one is tighter.";
}

/** What holds when nobody wrote it, as YAML has it. */
function fallbackOf(limit: LimitSpec): string | number | null {
  if (limit.kind === "symbols" || limit.default === undefined) return null;
  if (limit.kind === "ratio") return `${Number((limit.default * 100).toPrecision(12))}%`;
  return limit.kind === "duration" ? durationText(limit.default) : limit.default;
}

function paper(limit: LimitSpec): string {
  const fallback = fallbackOf(limit);
  return fallback === null ? "no limit" : String(fallback);
}

function live(limit: LimitSpec): string {
  return limit.live === "required" ? "refuses" : paper(limit);
}
