/**
 * A test file to cases that can be run.
 *
 * Owns: the order of the steps: YAML, schema, strategies, market data, expectations; all findings of the file are collected.
 * May not: read files. What it wants and was not given is listed, so that the caller reads it and asks again.
 */
import type { Program, Strategy } from "../core/program.ts";
import { needsOf } from "./test-needs.ts";
import { compile } from "./compile.ts";
import type { CompileEnv, FileTexts } from "./compile.ts";
import { inReadingOrder } from "./diagnostic.ts";
import type { Diagnostic } from "./diagnostic.ts";
import { applyExceptions } from "./ignore.ts";
import { beside, closureOf, wantedBy } from "./references.ts";
import { readRisk } from "./risk-limits.ts";
import { checkSchema, compileSchema } from "./schema-check.ts";
import { testSchema } from "./schema-test.ts";
import { readDecisions } from "./test-decisions.ts";
import { placeIn, readExpectation, withCondition } from "./test-expect.ts";
import type { Draft } from "./test-expect.ts";
import { compileProbes } from "./test-probe.ts";
import type { Source } from "./test-probe.ts";
import { readMarket } from "./test-market.ts";
import type { CsvTable, CsvWanted, Market, MarketFrame } from "./test-market.ts";
import { dataAt } from "./test-series.ts";
import type { TestApprovals, TestCase, Unit } from "./test-types.ts";
import { comparisonsOf } from "./test-units.ts";
import type { ExpectFrame } from "./test-when.ts";
import { parseRatio } from "./values.ts";
import { keyPlace, placeOf, readYaml } from "./yaml-file.ts";
import type { Path, YamlFile } from "./yaml-file.ts";

export interface TestEnv {
  /** Texts of strategies by path; what is missing here and not in `absent` is wanted. */
  readonly files: FileTexts;
  readonly absent: ReadonlySet<string>;
  /** Bars and ticks of CSV files by `csvKey`. */
  readonly csv: ReadonlyMap<string, CsvTable>;
}

export interface ReadTests {
  readonly cases: readonly TestCase[];
  readonly diagnostics: readonly Diagnostic[];
  readonly strategies: readonly string[];
  readonly wanted: { readonly files: readonly string[]; readonly csv: readonly CsvWanted[] };
}

export { isTestFile } from "./references.ts";

export function csvKey({ path, symbol, size, ticks }: CsvWanted): string {
  return JSON.stringify([path, symbol, size ?? null, ticks ?? null]);
}

let validator: ReturnType<typeof compileSchema> | undefined;

export function readTests(path: string, text: string, env: TestEnv): ReadTests {
  const file = readYaml(path, text);
  const wanted = { files: [] as string[], csv: [] as CsvWanted[] };
  const done = (cases: readonly TestCase[], strategies: readonly string[], more: readonly Diagnostic[]): ReadTests => {
    const own = file.findings.list();
    const isRead = wanted.files.length === 0 && wanted.csv.length === 0;
    const diagnostics = inReadingOrder([...(isRead ? applyExceptions(path, text, own) : own), ...more]);
    const broken = diagnostics.some(({ severity }) => severity === "error");
    return { cases: broken ? [] : cases, diagnostics, strategies, wanted };
  };
  if (file.data === undefined) return done([], [], []);
  validator ??= compileSchema(testSchema());
  if (!checkSchema(validator, file, "plain")) return done([], [], []);
  const strategies = strategiesOf(file);
  for (const { target } of strategies)
    if (!Object.hasOwn(env.files, target) && !env.absent.has(target)) wanted.files.push(target);
  if (wanted.files.length > 0) return done([], [], []);
  const paths = strategies.map(({ target }) => target).filter((target) => Object.hasOwn(env.files, target));
  const texts = closureOf(paths, env.files);
  wanted.files.push(...wantedBy(texts, env.absent));
  if (wanted.files.length > 0) return done([], [], []);
  for (const { target, at } of strategies) {
    if (!Object.hasOwn(env.files, target)) {
      const message = `The file ${target} is not there`;
      file.findings.report("schema/missing-file", placeOf(file, at), message, "", "There would be nothing to test.");
    }
  }
  if (file.findings.hasErrors || paths.length === 0) return done([], paths, []);
  const compiled = compile(texts, { only: paths });
  if (compiled.program === null) return done([], paths, errorsOf(compiled.diagnostics));
  const reader = new Reader(file, texts, compiled.program, env, wanted.csv);
  const cases = (file.data["tests"] as readonly unknown[]).map((_, index) => reader.testCase(index));
  return done(
    cases.filter((one) => one !== undefined),
    paths,
    [],
  );
}

function errorsOf(diagnostics: readonly Diagnostic[]): Diagnostic[] {
  return diagnostics.filter(({ severity }) => severity === "error");
}

function ranks({ strategies }: Program): boolean {
  return strategies.some(({ facts }) => facts.some(({ spec }) => spec.kind === "rank"));
}

function strategiesOf(file: YamlFile): { readonly target: string; readonly at: Path }[] {
  const { strategy, strategies } = file.data as { strategy?: string; strategies?: readonly string[] };
  const found: { readonly target: string; readonly at: Path }[] = [];
  if (strategy !== undefined) found.push({ target: beside(file.findings.file, strategy), at: ["strategy"] });
  for (const [i, name] of (strategies ?? []).entries())
    found.push({ target: beside(file.findings.file, name), at: ["strategies", i] });
  if (found.length === 0) {
    const message = `The file has no "strategy"`;
    file.findings.report("schema/missing-key", { start: 0, end: 0 }, message, "Add strategy: NAME.strategy.yaml.");
  }
  return found;
}

class Reader {
  readonly #file: YamlFile;
  readonly #texts: FileTexts;
  readonly #program: Program;
  readonly #csv: MarketFrame["csv"];

  constructor(file: YamlFile, texts: FileTexts, program: Program, env: TestEnv, wanted: CsvWanted[]) {
    this.#file = file;
    this.#texts = texts;
    this.#program = program;
    this.#csv = (what) => {
      const one = { ...what, path: beside(file.findings.file, what.path) };
      const table = env.csv.get(csvKey(one));
      if (table === undefined) wanted.push(one);
      return table;
    };
  }

  testCase(index: number): TestCase | undefined {
    const file = this.#file;
    const path = ["tests", index];
    const market = readMarket({ file, program: this.#program, csv: this.#csv }, path);
    if (market === undefined) return undefined;
    const env = this.#compileEnv(path, market);
    if (env === undefined) return undefined;
    const compiled = compile(this.#texts, env);
    const problem = errorsOf(compiled.diagnostics)[0];
    if (compiled.program === null) {
      const given = [...path, "given", "params"];
      const names = Object.keys((dataAt(file, given) as object | undefined) ?? {});
      const guilty =
        problem?.code === "names/unknown-param" ? names.find((one) => problem.message.includes(`"${one}"`)) : undefined;
      const place = (guilty === undefined ? undefined : keyPlace(file, [...given, guilty])) ?? placeOf(file, given);
      const message = problem?.message ?? "The strategy does not compile with this";
      file.findings.report(problem?.code ?? "types/value", place, message, problem?.help);
      return undefined;
    }
    return this.#withExpectations(path, { market, env, program: compiled.program });
  }

  #withExpectations(
    path: Path,
    parts: { readonly market: Market; readonly env: CompileEnv; readonly program: Program },
  ): TestCase | undefined {
    const file = this.#file;
    const { market, env, program } = parts;
    const { series, ticks, history, start } = market;
    const frame: ExpectFrame = { file, strategies: program.strategies, series, ticks, start };
    const list = dataAt(file, [...path, "expect"]) as readonly unknown[];
    const drafts = list.map((_, i) => readExpectation(frame, [...path, "expect", i]));
    const { sources, indexes, units } = this.#sources(program, drafts);
    const probed = compileProbes(this.#texts, env, program, sources);
    const expect = drafts.map((draft, i) =>
      draft === undefined
        ? undefined
        : withCondition(frame, draft, strategyOf(program, draft), probed, indexes[i] as number),
    );
    this.#refuseForeign(program, probed.watched, drafts);
    const { name, given } = dataAt(file, path) as { name: string; given?: Given };
    return {
      name,
      place: placeIn(file, path),
      cash: given?.cash ?? 100_000,
      leverage: given?.leverage ?? 1,
      program,
      watched: probed.watched,
      series,
      ticks,
      history,
      approvals: given?.approvals ?? "expire",
      decisions: readDecisions(frame, [...path, "given", "decisions"]),
      expect: expect.filter((one) => one !== undefined),
      units: units.flatMap(({ index, ...unit }): Unit[] => {
        const condition = probed.conditions.get(unit.file)?.[index];
        return condition === undefined ? [] : [{ ...unit, condition }];
      }),
    };
  }

  /** Reading other symbols, or ranking, would change when rules are evaluated: the watched core would be out of step. */
  #refuseForeign(program: Program, watched: Program, drafts: readonly (Draft | undefined)[]): void {
    const known = needsOf(program);
    const foreign = [...needsOf(watched)].filter((symbol) => !known.has(symbol));
    const addsRank = ranks(watched) && !ranks(program);
    for (const draft of drafts) {
      if (draft?.wanted.kind !== "draft") continue;
      const source = JSON.stringify(draft.wanted.source);
      if (addsRank && /\brank\b/.test(source)) {
        const message = "This condition ranks the symbols, and no rule does";
        const help = "Compare the symbols' own facts instead; say symbol: beside fact: which symbol is meant.";
        const why = "A test reads what the strategy reads.";
        this.#file.findings.report("names/unknown", placeOf(this.#file, [...draft.path, "fact"]), message, help, why);
      }
      const symbol = foreign.find((one) => source.includes(one));
      if (symbol === undefined) continue;
      const place = placeOf(this.#file, [...draft.path, "fact"]);
      const message = `This condition reads ${symbol} with symbol:, and no rule does`;
      const help = "Leave symbol: out of the condition; say symbol: beside fact: which symbol is meant.";
      this.#file.findings.report("names/unknown", place, message, help, "A test reads what the strategy reads.");
    }
  }

  /** What is watched beside each strategy: the conditions of expectations first, then its comparisons. */
  #sources(program: Program, drafts: readonly (Draft | undefined)[]) {
    const sources = new Map<string, Source[]>(program.strategies.map(({ file }) => [file, []]));
    const indexes = drafts.map((draft) => {
      if (draft === undefined || draft.wanted.kind !== "draft") return -1;
      const own = sources.get(strategyOf(program, draft)?.file ?? "");
      return own === undefined ? -1 : own.push(draft.wanted.source) - 1;
    });
    const units = program.strategies.flatMap((strategy) => {
      const own = sources.get(strategy.file) as Source[];
      return comparisonsOf(strategy.file, this.#texts).map(({ source, text, place }) => {
        return { strategy: strategy.name, file: strategy.file, place, text, index: own.push(source) - 1 };
      });
    });
    return { sources, indexes, units };
  }

  /** Params and limits of the test, and only the symbols that it plays. */
  #compileEnv(path: Path, { series, ticks }: Market): CompileEnv | undefined {
    const file = this.#file;
    const params: Record<string, number> = {};
    const at = [...path, "given", "params"];
    for (const [name, value] of Object.entries((dataAt(file, at) as object | undefined) ?? {})) {
      const number = parseRatio(value) ?? (typeof value === "number" ? value : undefined);
      if (number === undefined) {
        const message = `"${String(value)}" is no number`;
        file.findings.report("types/value", placeOf(file, [...at, name]), message, "Write 30 or 2%.");
        return undefined;
      }
      params[name] = number;
    }
    const played = new Set([...series, ...ticks].map(({ symbol }) => symbol));
    const symbols = (_: string, declared: readonly string[]): string[] => declared.filter((one) => played.has(one));
    const limits = [...path, "given", "risk"];
    const risk = readRisk(file, limits, dataAt(file, limits));
    const only = this.#program.strategies.map(({ file: strategy }) => strategy);
    return { params, override: { symbols }, only, risk };
  }
}

interface Given {
  readonly cash?: number;
  readonly leverage?: number;
  readonly approvals?: TestApprovals;
}

function strategyOf(program: Program, draft: Draft): Strategy | undefined {
  const { strategies } = program;
  return draft.strategy === undefined ? strategies[0] : strategies.find(({ name }) => name === draft.strategy);
}
