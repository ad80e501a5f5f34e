/**
 * Files to a program: the one entry that lint, test, plan, backtest, reload and run share.
 *
 * Owns: which files count, the findings of all of them, and the program's digest.
 * May not: read anything itself, or let the findings of one file hide those of another.
 */
import { INDICATORS } from "../catalog/catalog.ts";
import type { Indicator } from "../catalog/kernel.ts";
import type { Program, ProgramSettings, Strategy } from "../core/program.ts";
import type { RiskLimits } from "../core/risk-limits.ts";
import { isOfTime, parseSeriesSize } from "../market/bar-size.ts";
import type { BarSize } from "../market/bar-size.ts";
import { checkAccountLimits } from "./check-limits.ts";
import { checkTemplate, readStrategy } from "./compose.ts";
import { Findings, inReadingOrder, merged } from "./diagnostic.ts";
import type { Diagnostic } from "./diagnostic.ts";
import { programDigest } from "./digest.ts";
import { applyExceptions, exceptIn } from "./ignore.ts";
import { DEFAULT_PROJECT, parseProject } from "./project.ts";
import type { ParsedProject, Project } from "./project.ts";
import { isStrategyFile, isTemplateFile, isWatchlistFile } from "./references.ts";
import { compileStrategy } from "./strategy.ts";
import type { StrategyEnv, StrategyOverride } from "./strategy.ts";
import { didYouMean } from "./suggest.ts";
import { checkWatchlist } from "./watchlist.ts";
import { placeOf, readYaml } from "./yaml-file.ts";

/** Path relative to the project -> text. */
export type FileTexts = Readonly<Record<string, string>>;

export interface CompileEnv {
  /** Default: the catalogue. */
  readonly indicators?: ReadonlyMap<string, Indicator>;
  /** Overrides of params: `name`, or `strategy.name` for one strategy. */
  readonly params?: Readonly<Record<string, number>>;
  /** Bars of history that will be there before the start; undefined: not known. */
  readonly history?: (symbol: string, size: BarSize) => number | undefined;
  /** Replaces what files say, e.g. to play a strategy on other data; the caller must say so aloud. */
  readonly override?: StrategyOverride;
  /** Limits of the account, instead of the project's. */
  readonly risk?: RiskLimits;
  /** Strategies of the project are left out: what the project says of others cannot be judged. */
  readonly isPart?: boolean;
  /** Name of the project file. */
  readonly project?: string;
  /** Strategy files that make the program; others are there to be extended. Default: all. */
  readonly only?: readonly string[];
  /** Told after each strategy, for a person who waits. */
  readonly onStrategy?: (done: number, of: number) => void;
  /** Folder of the project in the paths of the files; watchlists and templates are named relative to it. */
  readonly root?: string;
}

export interface Compiled {
  /** Null exactly when a finding is an error. */
  readonly program: Program | null;
  /** Defaults when there is no project file or it has errors. */
  readonly project: Project;
  readonly diagnostics: readonly Diagnostic[];
}

export { isStrategyFile } from "./references.ts";

export function compile(files: FileTexts, env: CompileEnv = {}): Compiled {
  const projectFile = env.project ?? "barwise.yaml";
  const diagnostics: Diagnostic[] = [];
  let project = DEFAULT_PROJECT;
  let parsed: ParsedProject | undefined;
  const projectText = Object.hasOwn(files, projectFile) ? files[projectFile] : undefined;
  if (projectText !== undefined) {
    parsed = parseProject(projectText, projectFile, files);
    project = parsed.project ?? DEFAULT_PROJECT;
  }
  const usedParams = new Set<string>();
  const strategyEnv: StrategyEnv = {
    indicators: env.indicators ?? INDICATORS,
    params: env.params ?? {},
    history: env.history,
    usedParams,
    declaredParams: new Set(),
    override: env.override ?? {},
    accountRisk: env.risk ?? project.risk,
  };
  const strategies = compileStrategies(files, strategyEnv, env, diagnostics);
  if (parsed !== undefined) diagnostics.push(...projectFindings(parsed, files, env, strategies, diagnostics));
  if (projectText !== undefined) checkGrace(projectText, projectFile, project.graceMs, strategies, diagnostics);
  checkOverrides(strategyEnv, strategies, diagnostics, projectFile);
  const sorted = inReadingOrder(diagnostics);
  if (sorted.some((finding) => finding.severity === "error")) return { program: null, project, diagnostics: sorted };
  const { approval, graceMs, unknownOrders, staleMs } = project;
  const settings = settingsOf(env, strategies);
  const parts = {
    strategies,
    risk: strategyEnv.accountRisk,
    ...(approval === undefined ? {} : { approval }),
    graceMs,
    ...(unknownOrders === "resend" ? { unknownOrders } : {}),
    ...(staleMs === undefined ? {} : { staleMs }),
  };
  const made = settings === undefined ? parts : { ...parts, settings };
  return { program: { digest: programDigest(parts), ...made }, project, diagnostics: sorted };
}

/** Of the project's own files: their limits are judged beside the strategies. */
function projectFindings(
  { project, diagnostics, texts }: ParsedProject,
  files: FileTexts,
  { isPart, only, override }: CompileEnv,
  strategies: readonly Strategy[],
  ofStrategies: readonly Diagnostic[],
): Diagnostic[] {
  const paths = Object.keys(files).filter(isStrategyFile);
  const isChosen = only === undefined || paths.every((path) => only.includes(path));
  const isSound = strategies.length > 0 && !ofStrategies.some(({ severity }) => severity === "error");
  const isWhole = isPart !== true && isChosen && isSound && override?.symbols === undefined;
  const judged = project === null ? [] : checkAccountLimits({ texts, project, strategies, isWhole });
  const found = [...diagnostics, ...judged];
  return Object.entries(texts).flatMap(([file, text]) =>
    applyExceptions(
      file,
      text,
      found.filter((finding) => finding.file === file),
    ),
  );
}

function settingsOf(env: CompileEnv, strategies: readonly Strategy[]): ProgramSettings | undefined {
  const { params = {}, override = {}, only } = env;
  const isPlain = Object.keys(params).length === 0 && override.on === undefined && override.symbols === undefined;
  if (isPlain && only === undefined) return undefined;
  const symbols = Object.fromEntries(strategies.map((strategy) => [strategy.name, strategy.symbols]));
  return {
    params,
    on: override.on?.label ?? null,
    symbols: override.symbols === undefined ? null : symbols,
    ...(only === undefined ? {} : { only }),
  };
}

/** The environment that compiles the same program again from the same files. */
export function envOf({ params, on, symbols, only }: ProgramSettings): CompileEnv {
  const size = on === null ? undefined : parseSeriesSize(on);
  return {
    params,
    ...(only === undefined ? {} : { only }),
    override: {
      ...(size === undefined ? {} : { on: size }),
      ...(symbols === null ? {} : { symbols: (name, declared) => symbols[name] ?? declared }),
    },
  };
}

function compileStrategies(
  files: FileTexts,
  env: StrategyEnv,
  { root = "", only, onStrategy }: CompileEnv,
  diagnostics: Diagnostic[],
): Strategy[] {
  const strategies: Strategy[] = [];
  const found: Diagnostic[] = [];
  const names = new Map<string, string>();
  const composed = new Set<string>();
  // Sorted, so that nothing depends on the order in which a folder was read.
  const chosen = only === undefined ? undefined : new Set(only);
  const isChosen = (path: string): boolean => isStrategyFile(path) && chosen?.has(path) !== false;
  const paths = Object.keys(files).filter(isChosen).sort();
  for (const [index, path] of paths.entries()) {
    onStrategy?.(index, paths.length);
    const file = readStrategy(path, files, root);
    const strategy = compileStrategy(file, env);
    const name = file.data?.["name"];
    const other = typeof name === "string" ? names.get(name) : undefined;
    if (other !== undefined) {
      const message = `${other} is already called "${String(name)}"`;
      file.findings.report("names/duplicate", placeOf(file, ["name"]), message, "Choose another name.");
    } else if (typeof name === "string") names.set(name, path);
    if (strategy !== undefined) strategies.push(strategy);
    found.push(...file.findings.list());
    for (const one of file.findings.sources.files.keys()) composed.add(one);
  }
  found.push(...checkShared(files, env, root, composed));
  const texts = new Map(
    Object.entries(files).filter(([path]) => isChosen(path) || isShared(path) || composed.has(path)),
  );
  diagnostics.push(...exceptIn(texts, merged(found)));
  if (paths.length === 0 && texts.size === 0) {
    const none = new Findings("", "");
    none.report("data/no-strategy", { start: 0, end: 0 }, "There is no strategy file", "Create NAME.strategy.yaml.");
    diagnostics.push(...none.list());
  }
  return strategies;
}

function isShared(path: string): boolean {
  return isTemplateFile(path) || isWatchlistFile(path);
}

/**
 * Templates and watchlists by themselves. Of a template that strategies fill only the errors count here: its judgements
 * are theirs.
 */
function checkShared(
  files: FileTexts,
  env: StrategyEnv,
  root: string,
  composed: ReadonlySet<string>,
): readonly Diagnostic[] {
  const found: Diagnostic[] = [];
  const isWatchlist = (path: string): boolean => isWatchlistFile(path) || (composed.has(path) && !isStrategyFile(path));
  for (const path of Object.keys(files).sort()) {
    if (!isTemplateFile(path)) {
      if (isWatchlist(path)) found.push(...checkWatchlist(path, files[path] as string));
      continue;
    }
    const { findings, filled } = checkTemplate(path, files, root);
    compileStrategy(filled, { ...env, params: {}, override: {}, history: undefined, declaredParams: new Set() });
    const inside = filled.findings.list().filter((finding) => finding.file !== "");
    found.push(...findings, ...inside.filter(({ severity }) => severity === "error" || !composed.has(path)));
  }
  return found;
}

/** An evaluation that waits for another symbol must be over before the next bar of its own. */
function checkGrace(
  text: string,
  file: string,
  graceMs: number,
  strategies: readonly Strategy[],
  diagnostics: Diagnostic[],
): void {
  // Nobody waits at bars of activity.
  const sizes = strategies.map(({ on }) => on).filter((on) => isOfTime(on));
  const shortest = sizes.sort((a, b) => a.ms - b.ms)[0];
  if (shortest === undefined || graceMs < shortest.ms) return;
  const yaml = readYaml(file, text);
  const findings = new Findings(file, text);
  const message = `The grace of ${graceMs / 1_000}s is not shorter than the ${shortest.label} bars of a strategy`;
  const help = `Use a shorter grace, e.g. ${Math.min(2_000, shortest.ms / 2)}ms, or longer bars.`;
  findings.report("time/grace", placeOf(yaml, ["grace"]), message, help);
  diagnostics.push(...applyExceptions(file, text, findings.list()));
}

/** An override that no strategy reads is a typing mistake of the command line. */
function checkOverrides(
  { params, usedParams, declaredParams }: StrategyEnv,
  strategies: readonly Strategy[],
  diagnostics: Diagnostic[],
  file: string,
): void {
  // With errors elsewhere a strategy may be missing, and with it the param.
  if (diagnostics.some((finding) => finding.severity === "error")) return;
  const findings = new Findings(strategies[0]?.file ?? file, "");
  for (const name of Object.keys(params)) {
    if (usedParams.has(name)) continue;
    const help = didYouMean(name, declaredParams, "Declare it under params:.");
    findings.report("names/unknown-param", { start: 0, end: 0 }, `No strategy has the param "${name}"`, help);
  }
  diagnostics.push(...findings.list());
}
