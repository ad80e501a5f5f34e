/**
 * Whoever gives a class of the core something to remember says whether it is saved: each field stands in `save` and in
 * `restore`, or here with the reason why it need not.
 */
import { readFileSync, readdirSync } from "node:fs";
import { describe, expect, it } from "vitest";

const CORE = new URL("../../../engine/core/", import.meta.url);

/** Classes that remember nothing of their own, or whose owner saves what they hold. */
const WITHOUT: Readonly<Record<string, string>> = {
  Builder: "makes a network once",
  ClosedBar: "an output",
  Evaluator: "compiles a condition when first asked",
  Flips: "what conditions say follows from the slots: the first evaluation after a restore looks at every rule",
  GuardNode: "computes from slots",
  CalcNode: "computes from slots",
  KnownAt: "remembers the last look-up in the calendar, for who reads a tape",
  Judge: "Signals saves whether it trades; views and slots are given to it",
  Named: "lives during a restore",
  Outlet: "holds what is announced until a program runs; a saved one runs",
  PeekNode: "scratch",
  Preparation: "outputs do not depend on it: without it the work is done at the swap",
  RestoreError: "an error",
  Stamper: "of the mailbox, which writes each record before the core reads it",
};

/** Fields that follow from others. */
const DERIVED: Readonly<Record<string, string>> = {
  "Account.#valued": "the open positions",
  "Account.#valuedAt": "marks of the open positions",
  "ActivitySeries.#one": "the object of `#open`",
  "ActivitySeries.readers": "of the program",
  "BookTable.#accountRevision": "tells whether a preparation is still good, and none outlives a process",
  "BookTable.#bookRevision": "tells whether a preparation is still good, and none outlives a process",
  "BookTable.#lastOwn": "the last look-up",
  "BookTable.#lastStrategy": "the last look-up",
  "Closing.#alone": "of the program",
  "Closing.#together": "of the program",
  "DeskState.program": "the caller of restoreCore gives it, and its digest is compared",
  "FactGraph.#constants": "of the program",
  "FactGraph.#parts": "methods of its own",
  "FactGraph.#prompt": "of the program",
  "FactGraph.#size": "of the program",
  "FactGraph.instances": "of the program; moments are saved by Instance",
  "IndicatorNode.#ahead": "a copy of the kernel, made again when it is asked for",
  "IndicatorNode.#isForgotten": "from `unsaved`, by FactGraph.restore",
  "IndicatorNode.#out": "scratch",
  "IndicatorNode.#x": "scratch",
  "Instance.#context": "scratch",
  "Instance.#due": "scratch",
  "Instance.#found": "scratch",
  "Instance.#isStale": "every rule is looked at after a restore",
  "Instance.#rearmOf": "of the program",
  "Instance.#restless": "set by looking at every rule",
  "Instance.#ruleOf": "of the program",
  "Instance.#wasTrading": "compared only to find out whether every rule must be looked at",
  "OpenIntervals.firstEnd": "end of the oldest",
  "OrderBook.#open": "orders that are not over",
  "OrderBook.#openByBook": "orders that are not over",
  "OrderBook.#openEntries": "orders that are not over",
  "PairNode.#isForgotten": "from `unsaved`, by FactGraph.restore",
  "PairNode.#out": "scratch",
  "PairNode.#x": "scratch",
  "Past.#free": "spare objects",
  "Portfolio.#bySymbol": "positions by symbol",
  "Portfolio.#cashNumber": "cash as a float",
  "Portfolio.#open": "positions that are not flat",
  "Ranking.#series": "of the program",
  "Ranking.#slots": "of the program",
  "Series.awaitsHistory": "from the splits of Signals",
  "Series.nodes": "FactGraph saves all nodes",
  "Series.windowClose": "the last look-up in the calendar",
  "Series.windowOpen": "the last look-up in the calendar",
  "Signals.#preparation": "outputs do not depend on it",
  "Signals.#bySymbol": "of the program",
  "Signals.#closedCount": "scratch",
  "Signals.#justClosed": "scratch",
  "Signals.#middle": "scratch",
  "Signals.#program": "the caller of restoreCore gives it, and its digest is compared",
  "Signals.usesAccount": "of the program",
  "Ticks.#bySymbol": "of the program",
  "Ticks.#lasting": "of the program",
  "Ticks.#others": "of the program",
};

/** Shapes of plain data, and the functions that write and read each of their fields one by one. Others are copied whole. */
const SHAPES: readonly (readonly [name: string, writes: string, reads: string, derived?: readonly string[]])[] = [
  ["Moment", "Instance.save", "Instance.restore"],
  // What came of a rule is said again at the next evaluation, which looks at every rule.
  ["RuleInstance", "Instance.save", "Instance.restore", ["evaluator", "expressions", "outcome", "lookedAt"]],
  ["LatchState", "savedRule", "restoredRule"],
  ["UsageState", "savedUsage", "restoredUsage"],
  ["Left", "Retired.save", "Retired.restore"],
  ["Origin", "TimeSeries.save", "TimeSeries.restore"],
  ["QuoteState", "Quotes.save", "Quotes.restore"],
  ["Position", "Portfolio.save", "Portfolio.save", ["units", "paid", "won"]],
];

const sources = ["", "signals/", "desk/", "desk/risk/"].flatMap((folder) =>
  readdirSync(new URL(folder, CORE))
    .filter((name) => name.endsWith(".ts"))
    .map((name) => readFileSync(new URL(folder + name, CORE), "utf8")),
);

/** Bodies of what begins with a head, up to the line that closes at its indentation. */
function blocks(text: string, head: RegExp): { readonly name: string; readonly body: string }[] {
  return [...text.matchAll(head)].map((match) => {
    const indent = /^ */.exec(match[0])?.[0] ?? "";
    const end = text.indexOf(`\n${indent}}`, match.index);
    return { name: match[1] as string, body: text.slice(match.index, end) };
  });
}

interface Field {
  readonly name: string;
  readonly remembers: boolean;
}

/** A field that is readonly, given from outside and no container holds nothing that changes. */
function fieldsOf(body: string): Field[] {
  return [...body.matchAll(/^ {2}(?:protected )?(readonly )?(#?\w+)[?!]?(: .*| = .*|;)$/gm)].map((match) => {
    const [, isReadonly, name = "", rest = ""] = match;
    const [type = "", ...value] = rest.split(" = ");
    const isContainer = /(?:Array|\bMap|\bSet)\b/.test(type) && !/Readonly(?:Map|Set)</.test(type);
    return { name, remembers: isReadonly === undefined || value.length > 0 || isContainer };
  });
}

const classes = sources.flatMap((text) => blocks(text, /^(?:export )?(?:abstract )?class (\w+)/gm));

/** A method of a class with all of its own that it calls, setters included. */
function methodOf(body: string, name: string): string {
  const methods = blocks(body, /^ {2}(?:override |protected |get |set )*(#?\w+)\(/gm);
  const found = new Set([name]);
  // A set may grow while it is walked: what is added is visited too.
  for (const one of found)
    for (const method of methods.filter((block) => block.name === one))
      for (const [, called = ""] of method.body.matchAll(/this\.(#?\w+)/g)) found.add(called);
  return methods.flatMap((block) => (found.has(block.name) ? block.body : [])).join("\n");
}

function functionNamed(path: string): string {
  const [of = "", method] = path.split(".");
  if (method === undefined)
    return (
      sources.flatMap((text) => blocks(text, /^export function (\w+)\(/gm)).find(({ name }) => name === of)?.body ?? ""
    );
  return methodOf(classes.find(({ name }) => name === of)?.body ?? "", method);
}

const names = (text: string, field: string): boolean =>
  field.startsWith("#") ? new RegExp(`${field}\\b`).test(text) : new RegExp(`(?<!#)\\b${field}\\b`).test(text);

/** What a class forgets, as sentences. */
function forgotten({ name, body }: { readonly name: string; readonly body: string }): string[] {
  const [saves, restores] = [methodOf(body, "save"), methodOf(body, "restore")];
  return fieldsOf(body).flatMap((field) => {
    if (!field.remembers || DERIVED[`${name}.${field.name}`] !== undefined) return [];
    const missing = [names(saves, field.name) ? [] : ["save"], names(restores, field.name) ? [] : ["restore"]].flat();
    return missing.map((method) => `${name}.${field.name} is not in ${method}()`);
  });
}

describe("what a class of the core remembers", () => {
  it("is saved and restored, or named here with a reason", () => {
    const remembering = classes.filter(({ name }) => WITHOUT[name] === undefined);
    expect(remembering.flatMap(forgotten)).toEqual([]);
  });

  it("is not excused for nothing", () => {
    const known = new Map(classes.map(({ name, body }) => [name, fieldsOf(body)]));
    const idle = Object.keys(DERIVED).filter((key) => {
      const [name = "", field] = key.split(".");
      return known.get(name)?.some((one) => one.name === field && one.remembers) !== true;
    });
    expect([...idle, ...Object.keys(WITHOUT).filter((name) => !known.has(name))]).toEqual([]);
  });

  it("is found where it stands", () => {
    const body =
      "export class A {\n  #count = 0;\n  readonly #all = new Map<string, number>();\n  save(): number {\n    return this.#count;\n  }\n";
    expect(forgotten({ name: "A", body })).toEqual([
      "A.#count is not in restore()",
      "A.#all is not in save()",
      "A.#all is not in restore()",
    ]);
  });

  it("goes through the hands of those who write and read its fields one by one", () => {
    const lost = SHAPES.flatMap(([shape, writes, reads, derived = []]) => {
      const body = sources
        .flatMap((text) => blocks(text, /^(?:export )?interface (\w+)/gm))
        .find(({ name }) => name === shape)?.body;
      expect(body, shape).toBeDefined();
      const fields = [...(body ?? "").matchAll(/^ {2}(?:readonly )?(\w+)\??:/gm)].map(([, name]) => name as string);
      expect(fields.length, shape).toBeGreaterThan(0);
      return fields
        .filter((field) => !derived.includes(field))
        .flatMap((field) =>
          [writes, reads]
            .filter((path) => !names(functionNamed(path), field))
            .map((path) => `${shape}.${field} is not in ${path}`),
        );
    });
    expect(lost).toEqual([]);
  });
});
