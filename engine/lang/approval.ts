/**
 * From `approval:` to the condition under which a person is asked about an order.
 *
 * Owns: which facts may stand in it, its default of time, and saying that nobody can be asked yet.
 * May not: judge an order (core/desk/approval.ts does).
 */
import { INDICATORS } from "../catalog/catalog.ts";
import type { Approval, FactSpec } from "../core/program.ts";
import { DAY } from "../market/bar-size.ts";
import { Builder, LOWERING } from "./builder.ts";
import { FactTable } from "./fact-table.ts";
import { ConditionReader } from "./object-form.ts";
import type { Context, Scope } from "./scope.ts";
import { isDuration, parseDuration } from "./values.ts";
import type { YamlFile } from "./yaml-file.ts";
import { spelt } from "./fix-spelling.ts";

const PATH = ["approval"];
const DEFAULT_EXPIRY_MS = 300_000;

const ALLOWED: ReadonlySet<FactSpec["kind"]> = new Set(["order", "account", "const", "calc"]);

/** The approval of a strategy, which may use its params; undefined when there is none, or after a finding. */
export function readApproval(file: YamlFile, reader: ConditionReader, context: Context): Approval | undefined {
  if (file.document?.hasIn(PATH) !== true) return undefined;
  const { own } = context.scope.table;
  // Beside the strategy's own facts: what only an approval reads is no fact of the rules.
  const table = new FactTable(own, "regular");
  const scope: Scope = { ...context.scope, table, known: new Map() };
  const builder = new Builder(file, reader, { ...context, scope, series: table.own, orders: true });
  const condition = builder.condition([...PATH, "when"]);
  const expiresMs = expiryOf(builder);
  // The last one is what was written; what it is computed of stands before it.
  const other = table.facts.findLast(({ spec }) => !ALLOWED.has(spec.kind));
  if (other !== undefined) {
    const message = `An approval looks at the order and the account, not at ${nameOf(other.ref.fact)}`;
    const help = "Use order.notional, order.qty, order.price, order.side and facts of the account.";
    return builder.report("facts/not-here", [...PATH, "when"], message, help);
  }
  if (condition === undefined || expiresMs === undefined) return undefined;
  const message = "Orders for which this holds are refused: asking a person is not built yet";
  builder.reportKey(
    "risk/approval",
    PATH,
    message,
    "Raise the bound until then, or accept that such orders are not sent.",
  );
  return { facts: table.facts, condition, expiresMs };
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

function expiryOf(builder: Builder): number | undefined {
  const path = [...PATH, "expires"];
  if (!builder.has(path)) return DEFAULT_EXPIRY_MS;
  const source = builder.text(path);
  const ms = parseDuration(source);
  if (ms !== undefined && ms > 0) return ms;
  // Another type has a finding of the schema.
  if (source !== undefined)
    builder.report("types/value", path, `"${source}" is no duration`, spelt("Write e.g. 5m.", isDuration));
  return undefined;
}
