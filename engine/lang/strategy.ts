/**
 * One strategy file to one strategy.
 *
 * Owns: the order of the steps: YAML, schema, names, rules, digest. All findings of the file are collected; a strategy
 * comes out only when none is an error.
 */
import { isMap, isScalar } from "yaml";
import type { Indicator } from "../catalog/kernel.ts";
import type { Rule, SessionKind, Strategy } from "../core/program.ts";
import type { RiskLimits } from "../core/risk-limits.ts";
import type { BarSize, SeriesSize } from "../market/bar-size.ts";
import { readAction } from "./actions.ts";
import { readApproval } from "./approval.ts";
import { Builder, LOWERING } from "./builder.ts";
import { checkStrategy } from "./checks.ts";
import { exceptIn } from "./ignore.ts";
import { ruleDigest, strategyDigest } from "./digest.ts";
import { FactTable } from "./fact-table.ts";
import type { Operand } from "./fact-refs.ts";
import { lowerCondition } from "./lower-condition.ts";
import { lowerNamedFact, lowerNumber, outputsOf } from "./lower-number.ts";
import { ConditionReader } from "./object-form.ts";
import { readRisk } from "./risk-limits.ts";
import { clockRange } from "./clock.ts";
import { readFiring } from "./rule-firing.ts";
import { checkSchema, compileSchema } from "./schema-check.ts";
import { strategySchema } from "./schema-strategy.ts";
import { isReserved } from "./scope.ts";
import type { Context, Definition, Scope } from "./scope.ts";
import { checkRepaints, readTrigger } from "./trigger.ts";
import type { Trigger } from "./trigger.ts";
import { keyPlace, nodeAt, placeOf } from "./yaml-file.ts";
import type { YamlFile } from "./yaml-file.ts";

export interface StrategyOverride {
  /** Evaluates on bars of this size instead of the file's. */
  readonly on?: SeriesSize;
  readonly symbols?: (strategy: string, declared: readonly string[]) => readonly string[];
}

export interface StrategyEnv {
  readonly indicators: ReadonlyMap<string, Indicator>;
  /** Overrides of params: `name` or `strategy.name`. */
  readonly params: Readonly<Record<string, number>>;
  /** Bars of history that will be there for a symbol; undefined: not known. */
  readonly history?: ((symbol: string, size: BarSize) => number | undefined) | undefined;
  /** Collects the overrides that some strategy used. */
  readonly usedParams: Set<string>;
  readonly declaredParams: Set<string>;
  readonly override: StrategyOverride;
  /** Limits of the whole account. */
  readonly accountRisk: RiskLimits;
}

let validator: ReturnType<typeof compileSchema> | undefined;

export function compileStrategy(file: YamlFile, env: StrategyEnv): Strategy | undefined {
  // After a cut expression every further finding would be about its halves.
  if (file.data === undefined || file.findings.hasErrors) return undefined;
  validator ??= compileSchema(strategySchema(false));
  checkSchema(validator, file, "strategy");
  const { on, ticks } = readTrigger(file, env.override.on);
  const session = (textOf(file, "session") ?? "regular") as SessionKind;
  const table = new FactTable({ symbol: null, size: on }, session, ticks);
  const reader = new ConditionReader(file);
  const scope = readNames(file, env, table, reader);
  const context: Context = { scope, series: table.own, explicit: false, rule: undefined, lower: LOWERING };
  const builder = new Builder(file, reader, context);
  const named = readNamedFacts(context);
  const rules = readRules(builder, { on, session, ticks });
  const unused = [...scope.conditions.keys()].filter((name) => !scope.used.has(name));
  checkUnused(context, unused);
  checkRepaints(file, table, table.facts);
  const { name, description, symbols, max_entries: maxEntries, on_failure: onFailure, risk } = file.data;
  const limits = readRisk(file, ["risk"], risk);
  const approval = readApproval(file, reader, context);
  if (hasErrors(file)) return undefined;
  const strategy: Omit<Strategy, "digest"> = {
    name: name as string,
    description: typeof description === "string" ? description : "",
    file: file.findings.file,
    symbols: env.override.symbols?.(name as string, symbols as string[]) ?? [...new Set(symbols as string[])],
    on,
    ...(ticks ? { ticks } : {}),
    session,
    facts: table.facts,
    named,
    params: Object.fromEntries([...scope.params].map(([name, { value }]) => [name, value])),
    rules,
    risk: limits,
    maxEntries: typeof maxEntries === "number" ? maxEntries : 1,
    onFailure: onFailure === "flatten" ? "flatten" : "hold",
    ...(approval === undefined ? {} : { approval }),
  };
  checkStrategy(builder, strategy, { history: env.history, accountRisk: env.accountRisk });
  return { ...strategy, digest: strategyDigest(strategy) };
}

/** What a person has overruled does not count. */
function hasErrors(file: YamlFile): boolean {
  const { findings } = file;
  return exceptIn(findings.sources.files, findings.list()).some((one) => one.severity === "error");
}

function textOf(file: YamlFile, key: string): string | undefined {
  const value = file.data?.[key];
  return typeof value === "string" ? value : undefined;
}

// ---------------------------------------------------------------------------------------------- names

function readNames(file: YamlFile, env: StrategyEnv, table: FactTable, reader: ConditionReader): Scope {
  const taken = new Map<string, string>();
  const definitions = (section: "facts" | "conditions"): Map<string, Definition> => {
    const result = new Map<string, Definition>();
    for (const name of namesOf(file, section, taken)) {
      const value = nodeAt(file, [section, name]);
      const isValue = isMap(value) || (isScalar(value) && ["string", "number"].includes(typeof value.value));
      const node = !isValue ? undefined : section === "facts" ? reader.number(value) : reader.condition(value);
      result.set(name, { node, span: placeOf(file, [section, name]) });
    }
    return result;
  };
  const all = symbolsOf(file, env);
  const session = (textOf(file, "session") ?? "regular") as SessionKind;
  const scope: Scope = {
    findings: file.findings,
    indicators: env.indicators,
    table,
    params: new Map(),
    facts: new Map(),
    conditions: new Map(),
    open: [],
    known: new Map(),
    used: new Set(),
    broken: new Set(),
    spent: { steps: 0 },
    universe: universeOf(file, env),
    clock: clockRange(
      all === undefined ? undefined : [...all.declared, ...all.chosen],
      table.own.size,
      session,
      table.ticks,
    ),
  };
  const params = readParams(file, env, taken, reader, scope);
  return { ...scope, params, facts: definitions("facts"), conditions: definitions("conditions") };
}

/** How many symbols there are at most, also when another choice replaces the file's. */
function universeOf(file: YamlFile, env: StrategyEnv): number {
  const all = symbolsOf(file, env);
  return all === undefined ? Infinity : Math.max(new Set(all.declared).size, all.chosen.length);
}

interface Symbols {
  readonly declared: readonly string[];
  /** What replaces them, or nothing. */
  readonly chosen: readonly string[];
}

/** Undefined: not known. */
function symbolsOf(file: YamlFile, env: StrategyEnv): Symbols | undefined {
  const declared = file.data?.["symbols"];
  // A template that is checked by itself does not know which symbols it will have; it belongs to no file.
  if (!Array.isArray(declared) || file.findings.file === "") return undefined;
  const symbols = declared.map(String);
  return { declared: symbols, chosen: env.override.symbols?.(textOf(file, "name") ?? "", symbols) ?? [] };
}

/** Names of a section that may be used: not reserved, not taken. */
function namesOf(file: YamlFile, section: string, taken: Map<string, string>): string[] {
  const values = file.data?.[section];
  if (typeof values !== "object" || values === null || Array.isArray(values)) return [];
  const names: string[] = [];
  for (const name of Object.keys(values)) {
    const place = keyPlace(file, [section, name]) ?? placeOf(file, [section]);
    const other = taken.get(name);
    if (isReserved(name)) {
      const message = `"${name}" is a word of the language`;
      file.findings.report("names/reserved", place, message, `Choose another name, e.g. my_${name}.`);
    } else if (other !== undefined) {
      file.findings.report("names/duplicate", place, `"${name}" is already defined under ${other}`, "Rename one.");
    } else {
      taken.set(name, section);
      names.push(name);
    }
  }
  return names;
}

type Constant = Operand & { readonly kind: "const" };

function readParams(
  file: YamlFile,
  env: StrategyEnv,
  taken: Map<string, string>,
  reader: ConditionReader,
  scope: Scope,
): Map<string, Constant> {
  const params = new Map<string, Constant>();
  const own: Context = {
    scope: { ...scope, params },
    series: scope.table.own,
    explicit: false,
    rule: undefined,
    lower: LOWERING,
  };
  for (const name of namesOf(file, "params", taken)) {
    env.declaredParams.add(name);
    scope.broken.add(name);
    const value = nodeAt(file, ["params", name]);
    if (!isScalar(value) || !["string", "number"].includes(typeof value.value)) continue;
    const node = reader.number(value);
    const operand = node === undefined ? undefined : lowerNumber(own, node);
    if (operand === undefined) continue;
    if (operand.kind !== "const") {
      const help = "Move it to facts:.";
      file.findings.report(
        "types/value",
        placeOf(file, ["params", name]),
        `The param "${name}" is not a constant`,
        help,
      );
      continue;
    }
    const over = overrideOf(env, textOf(file, "name") ?? "", name);
    const chosen = over ?? operand.value;
    scope.broken.delete(name);
    params.set(name, { ...operand, value: chosen, quality: { ...operand.quality, range: [chosen, chosen] } });
  }
  return params;
}

function overrideOf(env: StrategyEnv, strategy: string, name: string): number | undefined {
  const found = [`${strategy}.${name}`, name].filter((key) => Object.hasOwn(env.params, key));
  for (const key of found) env.usedParams.add(key);
  return found[0] === undefined ? undefined : env.params[found[0]];
}

/** Named facts are computed even when no rule uses them: people watch them. */
function readNamedFacts(context: Context): Record<string, number> {
  const named: Record<string, number> = {};
  const { scope } = context;
  for (const [name, { node, span }] of scope.facts) {
    if (node === undefined) continue;
    const outputs = outputsOf(context, node);
    const several = outputs.length > 1;
    for (const output of several ? outputs : [undefined]) {
      const operand = lowerNamedFact(context, name, output, { span });
      if (operand === undefined) break;
      const index = operand.kind === "fact" ? operand.index : scope.table.constant(operand.value, operand.quality);
      named[output === undefined ? name : `${name}.${output}`] = index;
    }
  }
  return named;
}

/** Conditions that no rule uses are still checked, beside the program's facts. */
function checkUnused(context: Context, names: readonly string[]): void {
  const { scope } = context;
  if (names.length === 0) return;
  const { symbol, size } = scope.table.own;
  const aside: Scope = {
    ...scope,
    table: new FactTable({ symbol, size }, "regular", scope.table.ticks),
    known: new Map(),
  };
  for (const name of names) {
    const node = scope.conditions.get(name)?.node;
    if (node !== undefined) lowerCondition({ ...context, scope: aside }, { kind: "name", name, span: node.span });
  }
}

// ---------------------------------------------------------------------------------------------- rules

function readRules(builder: Builder, frame: Trigger & { readonly session: SessionKind }): Rule[] {
  const { file } = builder;
  const sources = Array.isArray(file.data?.["rules"]) ? (file.data["rules"] as unknown[]) : [];
  const names = new Map<string, number>();
  const rules: Rule[] = [];
  for (const [index, source] of sources.entries()) {
    if (typeof source !== "object" || source === null) continue;
    const path = ["rules", index];
    const name = (source as { name?: unknown }).name;
    const known = typeof name === "string" ? names.get(name) : undefined;
    if (known !== undefined) {
      const help = "Limits, cooldowns and history follow the name.";
      builder.report(
        "names/duplicate",
        [...path, "name"],
        `Rule ${known + 1} is already called "${String(name)}"`,
        help,
      );
    }
    if (typeof name === "string") names.set(name, index);
    const rule = readRule(builder.forRule(typeof name === "string" ? name : String(index)), index, frame);
    if (rule !== undefined) rules.push(rule);
    // Fail closed: a rule must never go missing without a word.
    else if (!hasErrors(file)) builder.report("schema/value", path, "This rule cannot be read");
  }
  // Digests are taken when all facts are known: their canonical form does not depend on the order.
  return rules;
}

function readRule(
  builder: Builder,
  index: number,
  frame: Trigger & { readonly session: SessionKind },
): Rule | undefined {
  const path = ["rules", index];
  const condition = builder.condition([...path, "when"]);
  const action = readAction(builder, [...path, "then"]);
  const firing = readFiring(builder, path, action, frame);
  if (condition === undefined || action === undefined || firing === undefined) return undefined;
  const place = keyPlace(builder.file, [...path, "name"]) ?? placeOf(builder.file, path);
  const rule: Omit<Rule, "digest"> = {
    name: builder.text([...path, "name"]) ?? String(index),
    index,
    condition,
    action,
    ...firing,
    source: builder.file.findings.position(place.start),
  };
  const { facts } = builder.context.scope.table;
  return { ...rule, digest: ruleDigest(facts, rule, { ...frame, on: frame.on.label }) };
}
