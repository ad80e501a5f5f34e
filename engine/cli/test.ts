/**
 * `barwise test`: the tests beside the strategies, on the real engine and the real simulated exchange.
 *
 * Owns: which files are read, options, exit codes (0 all pass, 1 a test failed, 2 a file is broken).
 * May not: judge a test itself.
 */
import { readFile, readdir, stat, writeFile } from "node:fs/promises";
import { basename, dirname, join, relative, resolve } from "node:path";
import type { Command } from "commander";
import { projectFiles } from "../adapters/files/project-files.ts";
import { createSimBroker } from "../adapters/sim/broker.ts";
import { compile, isStrategyFile } from "../lang/compile.ts";
import type { Diagnostic } from "../lang/diagnostic.ts";
import { closureOf } from "../lang/references.ts";
import { strategiesFolderOf } from "../lang/project.ts";
import { isTestFile, readTests } from "../lang/test-file.ts";
import type { CaseResult, Coverage, TestCase } from "../lang/test-types.ts";
import { comparisonsOf } from "../lang/test-units.ts";
import { calendarOf } from "../market/instruments.ts";
import { renderDiagnostics } from "../report/diagnostics.ts";
import { coverageAsText, summaryOfTests, testsAsJson, testsAsJunit, testsAsText } from "../report/test-report.ts";
import { coverageOf } from "../runtime/test-coverage.ts";
import { judge } from "../runtime/test-judge.ts";
import { runTest } from "../runtime/test-run.ts";
import type { TestVenue } from "../runtime/test-run.ts";
import type { Recording } from "../runtime/test-watch.ts";
import { withNamed } from "./named-files.ts";
import { CliError, painter, print, printable, progressLine, say, wantsColour } from "./io.ts";
import { createSimExchange } from "./local-venue.ts";
import { readText, testEnvOf } from "./test-files.ts";

interface Flags {
  readonly run?: string;
  readonly coverage: boolean;
  readonly minCoverage?: string;
  readonly junit?: string;
  readonly format: string;
  readonly watch: boolean;
}

export function addTest(program: Command): void {
  program
    .command("test")
    .description("run the tests beside the strategies; exit code 1 when one fails, 2 when a file is broken")
    .argument("[paths...]", "test files, strategy files or folders (default: the strategies of this project)")
    .option("--run <regex>", "only tests whose name matches")
    .option("--coverage", "list rules that never fired and comparisons that were never true or never false", false)
    .option("--min-coverage <percent>", "fail when the tests cover less than this")
    .option("--junit <file>", "write the results there as JUnit XML")
    .option("--format <format>", "pretty or json", "pretty")
    .option("--watch", "run again whenever a file changes", false)
    .action(async (paths: string[], flags: Flags) => {
      const wanted = wantedOf(flags);
      if (flags.watch) await watch(paths, wanted);
      else process.exitCode = await runAll(paths, wanted);
    });
}

interface Options {
  readonly run: RegExp | undefined;
  readonly coverage: boolean;
  readonly minCoverage: number | undefined;
  readonly junit: string | undefined;
  readonly format: string;
}

function wantedOf(flags: Flags): Options {
  if (flags.format !== "pretty" && flags.format !== "json")
    throw new CliError(`--format ${flags.format}: expected pretty or json`);
  const minCoverage = flags.minCoverage === undefined ? undefined : Number(flags.minCoverage);
  if (minCoverage !== undefined && !(minCoverage >= 0 && minCoverage <= 100 && flags.minCoverage?.trim() !== ""))
    throw new CliError(`--min-coverage ${flags.minCoverage}: expected a percentage from 0 to 100`);
  let run: RegExp | undefined;
  try {
    run = flags.run === undefined ? undefined : new RegExp(flags.run);
  } catch (error) {
    throw new CliError(`--run ${flags.run}: not a regular expression`, 2, { cause: error });
  }
  const coverage = flags.coverage || minCoverage !== undefined;
  return { run, coverage, minCoverage, junit: flags.junit, format: flags.format };
}

// ---------------------------------------------------------------------------------------------- running

/** The exit code. */
async function runAll(paths: readonly string[], options: Options): Promise<number> {
  const { cases, diagnostics, texts, strategies } = await readAll(paths);
  const broken = diagnostics.some(({ severity }) => severity === "error");
  if (diagnostics.length > 0)
    say(renderDiagnostics(diagnostics, { format: "pretty", color: wantsColour(process.stderr), texts }));
  const chosen = cases.filter(({ name }) => options.run === undefined || options.run.test(name));
  if (chosen.length === 0 && !broken) throw new CliError(nothingToRun(options, cases.length), 2);
  const results: CaseResult[] = [];
  const runs: { test: TestCase; recording: Recording }[] = [];
  const line = progressLine("test");
  try {
    for (const test of chosen) {
      line.update(results.length, `of ${chosen.length} tests`);
      const began = performance.now();
      const recording = await runTest(test, VENUE);
      const { name, place } = test;
      const failures = judge(test, recording);
      results.push({ file: place.file, name, place, failures, milliseconds: performance.now() - began });
      runs.push({ test, recording });
    }
  } finally {
    line.end();
  }
  const coverage = options.coverage ? withUntested(coverageOf(runs), strategies, texts) : undefined;
  await tell(results, coverage, options);
  if (broken) return 2;
  if (results.some(({ failures }) => failures.length > 0)) return 1;
  if (coverage !== undefined && options.minCoverage !== undefined && coverage.percent < options.minCoverage) {
    say(`coverage is ${coverage.percent.toFixed(1)} %, --min-coverage is ${options.minCoverage} %`);
    return 1;
  }
  return 0;
}

function nothingToRun({ run }: Options, all: number): string {
  return run === undefined || all === 0 ? "there is no test" : `--run ${run.source}: no test has such a name`;
}

async function tell(results: readonly CaseResult[], coverage: Coverage | undefined, options: Options): Promise<void> {
  const paint = painter(process.stdout);
  if (options.junit !== undefined) {
    try {
      await writeFile(options.junit, testsAsJunit(results));
    } catch (error) {
      throw new CliError(`--junit ${options.junit}: ${(error as Error).message}`, 2, { cause: error });
    }
  }
  if (options.format === "json") return print(testsAsJson(results, coverage));
  if (results.length === 0) return;
  print(testsAsText(results.map(harmless), paint));
  if (coverage !== undefined) print(coverageAsText(coverage, paint));
  print(paint(results.some(({ failures }) => failures.length > 0) ? "red" : "green", summaryOfTests(results)));
}

/** Names and messages come from files of others. */
function harmless(result: CaseResult): CaseResult {
  const failures = result.failures.map(({ place, expected, got }) => ({
    place,
    expected: printable(expected),
    got: got.map(printable),
  }));
  return { ...result, name: printable(result.name), failures };
}

const VENUE: TestVenue = {
  calendarOf,
  broker: ({ symbols, cash, leverage }) =>
    createSimBroker(createSimExchange({ symbols, cash, leverage, fees: "none", slippage: 0, seed: "test" })),
};

/** Strategies that were named and have no test count with all they have. */
function withUntested(coverage: Coverage, named: readonly string[], texts: Texts): Coverage {
  const rules = [...coverage.rules];
  const comparisons = [...coverage.comparisons];
  const tested = new Set(rules.map((one) => one.file));
  for (const file of named) {
    if (tested.has(file)) continue;
    const own = closureOf([file], texts);
    for (const { name: strategy, rules: declared } of compile(own, { only: [file] }).program?.strategies ?? []) {
      for (const { name, source } of declared) rules.push({ strategy, file, rule: name, place: source, fired: 0 });
      for (const { text, place } of comparisonsOf(file, own))
        comparisons.push({ strategy, file, text, place, wasTrue: false, wasFalse: false });
    }
  }
  const before = coverage.rules.length + 2 * coverage.comparisons.length;
  const now = rules.length + 2 * comparisons.length;
  return { rules, comparisons, percent: now === 0 ? 100 : (coverage.percent * before) / now };
}

// ---------------------------------------------------------------------------------------------- files

type Texts = Readonly<Record<string, string>>;

interface AllTests {
  readonly cases: readonly TestCase[];
  readonly diagnostics: readonly Diagnostic[];
  readonly texts: Texts;
  /** Strategy files below the paths, tested or not. */
  readonly strategies: readonly string[];
}

async function readAll(paths: readonly string[]): Promise<AllTests> {
  const found = await filesOf(paths.length === 0 ? [await defaultFolder()] : paths);
  if (found.tests.length === 0) throw new CliError(`${paths.join(", ") || "here"}: no *.test.yaml`);
  const texts: Record<string, string> = {};
  const cases: TestCase[] = [];
  const diagnostics = new Map<string, Diagnostic>();
  for (const path of found.strategies) texts[path] = await readText(path);
  Object.assign(texts, await withNamed(texts));
  for (const path of found.tests) {
    const text = await readText(path);
    texts[path] = text;
    const read = readTests(path, text, await testEnvOf(path, text, texts));
    cases.push(...read.cases);
    // A strategy that several files test has its findings once.
    for (const one of read.diagnostics) diagnostics.set(JSON.stringify([one.file, one.code, one.start]), one);
  }
  return { cases, diagnostics: [...diagnostics.values()], texts, strategies: found.strategies };
}

async function filesOf(
  paths: readonly string[],
): Promise<{ readonly tests: readonly string[]; readonly strategies: readonly string[] }> {
  const tests = new Set<string>();
  const strategies = new Set<string>();
  const add = (path: string): void => {
    const short = relative(process.cwd(), resolve(path)) || path;
    if (isTestFile(path)) tests.add(short);
    else if (isStrategyFile(path)) strategies.add(short);
  };
  for (const path of paths) {
    if (await isFolder(path)) {
      const names = await readdir(path, { recursive: true });
      for (const name of names.sort()) if (!name.includes("node_modules")) add(join(path, name));
    } else if (isStrategyFile(path)) {
      add(path);
      add(path.replace(/\.strategy\.(ya?ml)$/, ".test.$1"));
    } else if (isTestFile(path)) add(path);
    else throw new CliError(`${path}: expected a folder, NAME.test.yaml or NAME.strategy.yaml`);
  }
  return { tests: [...tests], strategies: [...strategies] };
}

async function isFolder(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isDirectory();
  } catch (error) {
    throw new CliError(`${path}: no such file or folder`, 2, { cause: error });
  }
}

async function defaultFolder(): Promise<string> {
  try {
    return strategiesFolderOf(await readFile("barwise.yaml", "utf8"));
  } catch {
    return "strategies";
  }
}

// ---------------------------------------------------------------------------------------------- watching

/** Runs until somebody interrupts. A broken file is told and waited out. */
async function watch(paths: readonly string[], options: Options): Promise<void> {
  const folders = new Set<string>();
  for (const path of paths.length === 0 ? [await defaultFolder()] : paths)
    folders.add(relative(process.cwd(), resolve((await isFolder(path)) ? path : dirname(path))) || ".");
  const files = [...folders].map((folder) =>
    projectFiles(dirname(resolve(folder)), { folders: [basename(resolve(folder))] }),
  );
  let again = true;
  let wake = (): void => {};
  const changed = (): void => {
    again = true;
    wake();
  };
  for (const one of files) {
    await one.read();
    await one.watch(changed, (error) => say(error.message));
  }
  for (;;) {
    again = false;
    try {
      await runAll(paths, options);
    } catch (error) {
      if (!(error instanceof CliError)) throw error;
      say(error.message);
    }
    say("waiting for a change");
    while (!again) await new Promise<void>((done) => (wake = done));
  }
}
