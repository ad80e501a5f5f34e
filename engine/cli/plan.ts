/**
 * `barwise plan`: what the files would change of what runs, or of a git revision.
 *
 * Owns: options, printing, exit codes (0 clean, 1 a guard speaks or a saved plan is stale, 2 could not run; with
 * --detailed-exitcode 0 no change, 1 error, 2 changes). May not: change what runs.
 */
import type { Command } from "commander";
import { isoTime } from "../core/time.ts";
import type { Foreseen } from "../core/foresee.ts";
import type { FactRef, Program, Strategy } from "../core/program.ts";
import { isEmpty, planBetween } from "../lang/plan/plan.ts";
import type { NowOf, Plan, PlanState, PlanValue } from "../lang/plan/types.ts";
import { calendarOf } from "../market/instruments.ts";
import { planLines, planSummary } from "../report/plan.ts";
import type { PlanLine } from "../report/plan.ts";
import { planJson } from "../report/plan-json.ts";
import type { PlanAgainst, SavedPlan } from "../report/plan-json.ts";
import { factValuesOf } from "../runtime/fact-values.ts";
import type { FactValues } from "../runtime/fact-values.ts";
import { foresight } from "../runtime/foresight.ts";
import { planStateOf } from "../runtime/plan-state.ts";
import { needsOf } from "../runtime/warmup.ts";
import { CliError, painter, print, say } from "./io.ts";
import { movedSince, readPlan, savePlan } from "./plan-file.ts";
import { RUNNING, placeOf, programOf, sideOf } from "./plan-sides.ts";
import type { Place, Side } from "./plan-sides.ts";
import { PROJECT_FILE } from "./program.ts";
import { VERSION } from "./version.ts";

interface Flags {
  readonly against?: string;
  readonly format: string;
  readonly detailedExitcode: boolean;
  readonly out?: string;
  readonly verify?: string;
}

export function addPlan(program: Command): void {
  program
    .command("plan")
    .description("say what the files would change of what is running, or of a git revision; nothing is changed")
    .argument("[paths...]", "a project, or the strategy files and folders to look at (default: this project)")
    .option(
      "--against <what>",
      "running (the newest run of this project), the folder of a journal, or a git revision (default: running)",
    )
    .option("--format <format>", "pretty or json", "pretty")
    .option("--detailed-exitcode", "exit code 0: no changes, 1: error, 2: changes", false)
    .option("--out <file>", "keep the plan there")
    .option("--verify <file>", "exit code 1 when a kept plan does not hold any more, and say what moved")
    .action(async (paths: string[], flags: Flags) => {
      try {
        await (flags.verify === undefined ? runPlan(paths, flags) : runVerify(paths, flags, flags.verify));
      } catch (error) {
        // 2 means changes here: whatever went wrong is 1.
        if (flags.detailedExitcode && error instanceof CliError) throw new CliError(error.message, 1, { cause: error });
        throw error;
      }
    });
}

async function runPlan(paths: readonly string[], flags: Flags): Promise<void> {
  mustBeFormat(flags.format);
  const made = await makePlan(paths, flags.against ?? RUNNING);
  if (flags.out !== undefined) await savePlan(flags.out, made.saved);
  if (flags.format === "json") print(JSON.stringify(made.saved, undefined, 2));
  else printPlan(made);
  if (flags.detailedExitcode) process.exitCode = made.saved.has_changes ? 2 : 0;
  else if (made.plan.findings.some(({ severity }) => severity === "error")) process.exitCode = 1;
}

async function runVerify(paths: readonly string[], flags: Flags, file: string): Promise<void> {
  mustBeFormat(flags.format);
  if (paths.length > 0 || flags.against !== undefined || flags.out !== undefined || flags.detailedExitcode)
    throw new CliError("--verify takes paths and --against from the kept plan; it goes with --format only");
  const saved = await readPlan(file);
  const { saved: now } = await makePlan(saved.paths, saved.against.given);
  const moved = movedSince(saved, now);
  if (flags.format === "json")
    print(JSON.stringify({ format_version: 1, holds: moved.length === 0, moved }, undefined, 2));
  else if (moved.length === 0) print(`${file} still holds`);
  else print([`${file} is stale:`, ...moved.map(({ text }) => `  ${text}`)].join("\n"));
  if (moved.length > 0) process.exitCode = 1;
}

function mustBeFormat(format: string): void {
  if (format !== "pretty" && format !== "json") throw new CliError(`--format ${format}: expected pretty or json`);
}

// ---------------------------------------------------------------------------------------------- making one

export interface Made {
  readonly plan: Plan;
  readonly side: Side;
  readonly fires: readonly Foreseen[];
  readonly now: NowOf;
  readonly saved: SavedPlan;
}

/** The plan of the files below `paths` against a run or a revision. */
export async function makePlan(paths: readonly string[], against: string): Promise<Made> {
  const place = await placeOf(paths);
  const side = await sideOf(against, place);
  const next = programOf(filesFor(place, side), side.override, "the files have errors", 1);
  const names = namesIn(place, side.program, next);
  const state: PlanState | null = side.kind === "git" ? null : planStateOf(side.rebuilt.core);
  const plan = only(planBetween(side.program, next, state), names);
  const before = side.kind === "git" ? undefined : factValuesOf(side.rebuilt.core);
  const fires = await firesOf(side, next, names);
  const now = side.kind === "git" ? () => [] : nowOf(before, factValuesOf(side.rebuilt.core));
  const saved = planJson(plan, fires, { barwise: VERSION, against: describe(side, against), paths }, now);
  return { plan, side, fires, now, saved };
}

/** More symbols than this would hide the change that they stand behind; those that are held come first. */
const MOST_SYMBOLS = 3;

/** An expression that became another one, at the values of now. */
function nowOf(before: FactValues | undefined, after: FactValues): NowOf {
  return (strategy, change) => {
    if (before === undefined || change.kind !== "value" || !isFact(change.before) || !isFact(change.after)) return [];
    const [old, current] = [change.before, change.after];
    if (old.fact === "const" && current.fact === "const") return [];
    const { name } = strategy;
    const isHeld = (symbol: string): boolean => strategy.positions.some((position) => position.symbol === symbol);
    const symbols = (strategy.after?.symbols ?? []).filter(
      (symbol) => strategy.before?.symbols.includes(symbol) === true,
    );
    return [...symbols.filter(isHeld), ...symbols.filter((symbol) => !isHeld(symbol))]
      .slice(0, MOST_SYMBOLS)
      .map((symbol) => ({ symbol, before: before(name, symbol, old), after: after(name, symbol, current) }));
  };
}

function isFact(value: PlanValue): value is FactRef {
  return typeof value === "object" && value !== null && !Array.isArray(value) && "fact" in value;
}

/** A backtest runs strategies without the project around them: they are compared without it. */
function filesFor({ files }: Place, side: Side): Place["files"] {
  if (side.kind === "git" || side.rebuilt.header.account !== "backtest") return files;
  if (Object.hasOwn(side.rebuilt.files, PROJECT_FILE)) return files;
  return Object.fromEntries(Object.entries(files).filter(([path]) => path !== PROJECT_FILE));
}

/** Names of the strategies in the files that are asked about, on either side; null for all. */
function namesIn({ only: paths }: Place, ...programs: readonly Program[]): ReadonlySet<string> | null {
  if (paths.length === 0) return null;
  const isIn = (file: string): boolean => paths.some((path) => file === path || file.startsWith(`${path}/`));
  const strategies = programs.flatMap((program) => program.strategies);
  // Rules that a template gives stand in its file.
  const isAsked = ({ file, rules }: Strategy): boolean => isIn(file) || rules.some(({ source }) => isIn(source.file));
  const names = strategies.filter(isAsked).map(({ name }) => name);
  if (names.length === 0) throw new CliError(`${paths.join(", ")}: no strategy in there, now or before`);
  return new Set(names);
}

/** The part of a plan that is asked about; what it is compared with stays whole. */
function only(plan: Plan, names: ReadonlySet<string> | null): Plan {
  if (names === null) return plan;
  const strategies = plan.strategies.filter(({ name }) => names.has(name));
  return {
    ...plan,
    strategies,
    findings: plan.findings.filter(({ strategy }) => strategy === null || names.has(strategy)),
  };
}

async function firesOf(side: Side, next: Program, names: ReadonlySet<string> | null): Promise<readonly Foreseen[]> {
  if (side.kind === "git") return [];
  const { fires, missing } = await foresight(side.rebuilt, next, () => side.again(), calendarOf);
  const asked = next.strategies.filter(({ name }) => names === null || names.has(name));
  const needed = new Set(needsOf({ ...next, strategies: asked }).map(({ symbol, size }) => `${symbol} ${size.label}`));
  for (const { need, found } of missing.filter(({ need: { symbol, size } }) => needed.has(`${symbol} ${size.label}`)))
    say(
      `${need.symbol} ${need.size.label}: the journal knows ${found} bars, ${need.bars} wanted; facts that need more are unknown here`,
    );
  return fires.filter(({ strategy }) => names === null || names.has(strategy));
}

function describe(side: Side, given: string): PlanAgainst {
  if (side.kind === "git") return { kind: "git", given, commit: side.commit };
  const { header, seq, marketTime } = side.rebuilt;
  const time = Number.isFinite(marketTime) ? isoTime(marketTime) : null;
  return {
    kind: "journal",
    given,
    folder: side.folder,
    journal: header.id,
    account: header.account,
    seq,
    market_time: time,
    is_running: side.writer !== null,
  };
}

// ---------------------------------------------------------------------------------------------- printing

export function printPlan({ plan, side, fires, now, saved }: Made): void {
  const paint = painter(process.stdout);
  say(sideText(side, saved.against));
  for (const line of planLines(plan, { unchanged: true, now })) print(paint(styleOf(line), line.text));
  if (plan.state !== null && !isEmpty(plan)) for (const text of fireLines(fires)) print(text);
  print(paint("bold", planSummary(plan)));
}

function styleOf({ mark, severity }: PlanLine): Parameters<ReturnType<typeof painter>>[0] {
  if (severity !== null) return severity === "error" ? "red" : "yellow";
  const styles = { add: "green", change: "yellow", remove: "red", keep: "dim" } as const;
  return mark === null ? [] : styles[mark];
}

function sideText(side: Side, against: PlanAgainst): string {
  if (against.kind === "git" || side.kind === "git") {
    const commit = against.kind === "git" ? against.commit.slice(0, 12) : "";
    return `against ${against.given} (${commit}); positions and what would fire are known against a run only`;
  }
  const who = side.writer === null ? "the last run; nothing is running now" : `process ${side.writer}`;
  return `against ${against.folder}: account ${against.account}, ${who}, market time ${against.market_time ?? "not begun"}`;
}

function fireLines(fires: readonly Foreseen[]): string[] {
  if (fires.length === 0) return ["Nothing would fire at once."];
  return [
    "Would fire at once, at the next evaluation with the values of now:",
    ...fires.map(({ strategy, rule, symbol, action, refused }) => {
      const why = refused === null ? "" : `, but would be refused: ${refused.reason}`;
      return `  ${strategy}/${rule}  ${action} ${symbol}${why}`;
    }),
  ];
}
