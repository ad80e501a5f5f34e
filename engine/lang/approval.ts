/**
 * From `approval:` to the conditions under which a person is asked about an order.
 *
 * Owns: which facts may stand in it, and its thresholds as one condition. May not: judge an order (core/desk/approval.ts does), or
 * read how a request is handled (approval-policy.ts).
 */
import { INDICATORS } from "../catalog/catalog.ts";
import { ORDER_FACTS } from "../catalog/facts.ts";
import { ORIGINS } from "../core/approval.ts";
import type { Approval, IntentOrigin } from "../core/approval.ts";
import type { Condition, FactSpec, Operator, OrderField } from "../core/program.ts";
import { DAY } from "../market/bar-size.ts";
import { readPolicy } from "./approval-policy.ts";
import { Builder, LOWERING } from "./builder.ts";
import { FactTable } from "./fact-table.ts";
import { ConditionReader } from "./object-form.ts";
import type { Context, Scope } from "./scope.ts";
import type { Path, YamlFile } from "./yaml-file.ts";

const PATH = ["approval"];
const ALLOWED: ReadonlySet<FactSpec["kind"]> = new Set(["order", "account", "const", "calc"]);

/** The approval of a strategy, which may use its params; undefined when there is none, or after a finding. */
export function readApproval(file: YamlFile, reader: ConditionReader, context: Context): Approval | undefined {
  if (file.document?.hasIn(PATH) !== true) return undefined;
  const { own } = context.scope.table;
  // Beside the strategy's own facts: what only an approval reads is no fact of the rules.
  const table = new FactTable(own, "regular");
  const scope: Scope = { ...context.scope, table, known: new Map() };
  const builder = new Builder(file, reader, { ...context, scope, series: table.own, orders: true });
  const when = conditionAt(builder, table, "when");
  const second = conditionAt(builder, table, "second");
  const policy = readPolicy(builder, PATH);
  if (when === null || second === null || policy === undefined) return undefined;
  const source = (file.data?.["approval"] ?? {}) as Readonly<Record<string, unknown>>;
  const condition = anyOf([when, ...keysOf(table, source)]);
  const { symbols } = source;
  const listed = Array.isArray(symbols) ? symbols.filter((one): one is string => typeof one === "string") : [];
  if (condition === undefined && second === undefined && listed.length === 0) {
    const help = "Add when: order.notional > 25000, symbols:, first_orders:, outside: regular or origin: [ai].";
    return builder.reportKey("schema/missing-key", PATH, "This approval asks about no order", help);
  }
  return {
    facts: table.facts,
    ...(condition === undefined ? {} : { condition }),
    ...(second === undefined ? {} : { second }),
    ...(listed.length === 0 ? {} : { symbols: listed }),
    ...policy,
  };
}

/** Undefined when it is not written, null after a finding. */
function conditionAt(builder: Builder, table: FactTable, key: string): Condition | undefined | null {
  const path: Path = [...PATH, key];
  if (!builder.has(path)) return undefined;
  const before = table.facts.length;
  const condition = builder.condition(path);
  // The last one is what was written; what it is computed of stands before it.
  const other = table.facts.slice(before).findLast(({ spec }) => !ALLOWED.has(spec.kind));
  if (other === undefined) return condition ?? null;
  const message = `An approval looks at the order and the account, not at ${nameOf(other.ref.fact)}`;
  const help = "Use order.notional, order.qty, order.price, order.side, order.origin and facts of the account.";
  builder.report("facts/not-here", path, message, help);
  return null;
}

/** Thresholds that have a key of their own, as the comparisons that they stand for. */
function keysOf(table: FactTable, source: Readonly<Record<string, unknown>>): Condition[] {
  const { first_orders: first, outside, origin } = source;
  const compared = (field: OrderField, operator: Operator, value: number | readonly number[]): Condition => {
    const { unit = "count", range = [0, 1] } = ORDER_FACTS.get(`order.${field}`) ?? {};
    const right = typeof value === "number" ? { value } : { values: value };
    return { op: "leaf", left: table.order(field, { unit, range }), operator, right };
  };
  const origins = Array.isArray(origin) ? origin.flatMap((one) => ORIGINS[one as IntentOrigin] ?? []) : [];
  return [
    ...(typeof first === "number" && first >= 1 ? [compared("number", "lessThanInclusive", first)] : []),
    ...(outside === "regular" ? [compared("regular_hours", "equal", 0)] : []),
    ...(origins.length > 0 ? [compared("origin", "in", origins)] : []),
  ];
}

function anyOf(conditions: readonly (Condition | undefined)[]): Condition | undefined {
  const kids = conditions.filter((one) => one !== undefined);
  return kids.length < 2 ? kids[0] : { op: "any", kids };
}

/** The approval of a project: there are no params, and no bars. */
export function readProjectApproval(file: YamlFile): Approval | undefined {
  const scope: Scope = {
    findings: file.findings,
    indicators: INDICATORS,
    table: new FactTable({ symbol: null, size: DAY }, "regular"),
    params: new Map(),
    facts: new Map(),
    conditions: new Map(),
    open: [],
    known: new Map(),
    used: new Set(),
    broken: new Set(),
    spent: { steps: 0 },
    universe: 1,
    clock: [0, 1440],
  };
  const { own } = scope.table;
  const context: Context = { scope, series: own, explicit: false, rule: undefined, lower: LOWERING };
  return readApproval(file, new ConditionReader(file), context);
}

function nameOf(fact: string): string {
  return /^(bars|seconds)_|^lag$/.test(fact) ? "what was before" : fact;
}
