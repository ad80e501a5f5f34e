/**
 * A plan as lines for people.
 *
 * Owns: the text of `barwise plan`, and the lines that a running engine shows when a save is loaded. May not print.
 */
import { toCanonical } from "../core/canonical.ts";
import type { Rule, Strategy } from "../core/program.ts";
import { listed } from "../lang/suggest.ts";
import type { Mark, NowOf, Plan, PlanFinding, RulePlan, StrategyPlan, WarmupPlan } from "../lang/plan/types.ts";
import { actionWords } from "./explain.ts";
import { changeWords, stateWords } from "./plan-words.ts";
import { conditionWords } from "./words.ts";

export type PlanLine = {
  readonly mark: Mark | null;
  /** Of the finding on this line, if there is one. */
  readonly severity: PlanFinding["severity"] | null;
  readonly text: string;
};

const SIGNS: Readonly<Record<Mark, string>> = { add: "+", change: "~", remove: "-", keep: "=" };
/** Where what is said of a strategy or rule begins. */
const COLUMN = 31;
const SHORT_DIGEST = 6;

export interface LineOptions {
  /** Strategies that stay as they are get a line too. */
  readonly unchanged: boolean;
  readonly now?: NowOf;
}

const NOT_KNOWN: NowOf = () => [];

/** What changes, strategy by strategy. */
export function planLines(plan: Plan, { unchanged, now = NOT_KNOWN }: LineOptions): PlanLine[] {
  const shown = plan.strategies.filter(({ mark }) => unchanged || mark !== "keep");
  return [...accountLines(plan), ...shown.flatMap((strategy) => strategyLines(plan, strategy, now))];
}

/** `Plan: 1 to add, 1 to change, 0 to remove. digest 3f9c1a -> 77ab02` */
export function planSummary({ from, to, account, strategies }: Plan): string {
  const count = (mark: Mark): number => strategies.filter((strategy) => strategy.mark === mark).length;
  const changed = count("change") + (account.length > 0 ? 1 : 0);
  const digests = from === to ? `digest ${shortDigest(to)}` : `digest ${shortDigest(from)} -> ${shortDigest(to)}`;
  return `Plan: ${count("add")} to add, ${changed} to change, ${count("remove")} to remove. ${digests}`;
}

export function shortDigest(digest: string): string {
  return digest.slice(0, SHORT_DIGEST);
}

function accountLines({ account, findings }: Plan): PlanLine[] {
  if (account.length === 0) return [];
  const own = findings.filter(({ strategy }) => strategy === null);
  return headed("~", "change", "account", [...account.map((change) => said(changeWords(change))), ...own.map(told)]);
}

function strategyLines(plan: Plan, strategy: StrategyPlan, now: NowOf): PlanLine[] {
  const { name, mark, changes, rules, warmup } = strategy;
  const own = plan.findings.filter((finding) => finding.strategy === name && finding.rule === null);
  const words = ({ symbol, size, bars }: WarmupPlan): string => `${bars} x ${size} ${symbol}`;
  const warms = warmup.filter(({ counted }) => counted !== true).map(words);
  const counts = warmup.filter(({ counted }) => counted === true).map(words);
  const parts = [
    ...bookWords(strategy).map(said),
    ...(mark === "keep" ? [said("unchanged, state kept")] : []),
    ...(warms.length > 0 ? [said(`warms ${listed(warms, "and")}`)] : []),
    ...(counts.length > 0 ? [said(`counts ${listed(counts, "and")} from trades before all is known`)] : []),
    ...changes.map((change) => said(changeWords(change, now(strategy, change)))),
    ...own.map(told),
  ];
  const isKept = (rule: RulePlan): boolean => mark === "change" && rule.mark === "keep";
  return [
    ...headed(SIGNS[mark], mark, name, parts),
    ...rules.filter((rule) => !isKept(rule)).flatMap((rule) => ruleLines(plan, strategy, rule, now)),
  ];
}

/** What it holds and what is working. */
function bookWords({ positions, orders }: StrategyPlan): string[] {
  const count = (many: readonly unknown[], what: string): string =>
    `${many.length} ${what}${many.length === 1 ? "" : "s"}`;
  const held = positions.map(({ symbol, qty, avgPrice }) => `${symbol} ${qty} @ ${priceWords(avgPrice)}`);
  const working = orders.map(({ symbol, side, qty, type, role }) => `${role} ${side} ${qty} ${symbol} ${type}`);
  return [
    ...(held.length > 0 ? [`${count(held, "open position")}: ${held.join(", ")}`] : []),
    ...(working.length > 0 ? [`${count(working, "working order")}: ${working.join(", ")}`] : []),
  ];
}

function priceWords(price: string): string {
  return Number(price).toFixed(2);
}

function ruleLines(plan: Plan, strategy: StrategyPlan, rule: RulePlan, now: NowOf): PlanLine[] {
  const own = plan.findings.filter((finding) => finding.strategy === strategy.name && finding.rule === rule.name);
  const parts = [
    ...(rule.renamedFrom === null ? [] : [said(`was "${rule.renamedFrom}"`)]),
    ...rule.changes.map((change) => said(changeWords(change, now(strategy, change)))),
    ...(rule.mark === "change" && rule.state !== null ? [said(stateWords(rule.state))] : []),
    ...(rule.mark === "add" && strategy.after !== null && rule.after !== null
      ? [said(ruleWords(strategy.after, rule.after))]
      : []),
    ...own.map(told),
  ];
  return headed(`  ${SIGNS[rule.mark]}`, rule.mark, rule.name, parts);
}

function ruleWords(strategy: Strategy, rule: Rule): string {
  const condition = conditionWords(toCanonical(strategy.facts, rule.condition));
  return `${condition}: ${actionWords(strategy.facts, rule.action)}`;
}

// ---------------------------------------------------------------------------------------------- layout

interface Said {
  readonly text: string;
  readonly severity: PlanFinding["severity"] | null;
}

function said(text: string): Said {
  return { text, severity: null };
}

function told({ code, message, severity }: PlanFinding): Said {
  return { text: `! ${code}: ${message}`, severity };
}

/** The first part beside the name, the others below it. */
function headed(sign: string, mark: Mark, name: string, parts: readonly Said[]): PlanLine[] {
  const head = `${sign} ${name}`;
  const [first, ...rest] = parts;
  if (first === undefined) return [{ mark, severity: null, text: head }];
  const gap = " ".repeat(Math.max(2, COLUMN - head.length));
  return [
    { mark, severity: first.severity, text: `${head}${gap}${first.text}` },
    ...rest.map(({ text, severity }) => ({ mark: null, severity, text: `${" ".repeat(COLUMN)}${text}` })),
  ];
}
