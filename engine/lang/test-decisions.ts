/**
 * The decisions of people that a test gives.
 *
 * Owns: `decisions:` under `given:`, and the findings about it. May not: judge a run.
 */
import type { OrderEdit } from "../core/approval.ts";
import { listed } from "./suggest.ts";
import { dataAt } from "./test-series.ts";
import type { TestDecision } from "./test-types.ts";
import { names, oneOf, placeIn, textAt } from "./test-expect.ts";
import { whenAt } from "./test-when.ts";
import type { ExpectFrame } from "./test-when.ts";
import { placeOf } from "./yaml-file.ts";
import type { Path } from "./yaml-file.ts";

interface Item {
  readonly approve?: string;
  readonly reject?: string;
  readonly channel?: string;
  readonly reason?: string;
  readonly edit?: { readonly qty?: number; readonly limit?: number; readonly time_in_force?: OrderEdit["timeInForce"] };
}

export function readDecisions(frame: ExpectFrame, path: Path): TestDecision[] {
  const list = dataAt(frame.file, path);
  if (!Array.isArray(list)) return [];
  return list.map((_, i) => readDecision(frame, [...path, i])).filter((one) => one !== undefined);
}

function readDecision(frame: ExpectFrame, path: Path): TestDecision | undefined {
  const { file } = frame;
  const item = dataAt(file, path) as Item;
  const { approve, reject, channel = "cli", reason = "", edit } = item;
  const by = approve ?? reject;
  if (by === undefined || (approve !== undefined && reject !== undefined)) {
    const message = by === undefined ? "This decides nothing" : "This says yes and no";
    file.findings.report("schema/missing-key", placeOf(file, path), message, "Add approve: NAME, or reject: NAME.");
    return undefined;
  }
  const strategy = oneOf(frame, path, "strategy", names(frame.strategies));
  const symbol = oneOf(frame, path, "symbol", [...new Set([...frame.series, ...frame.ticks].map((one) => one.symbol))]);
  if (strategy === null || symbol === null) return undefined;
  const own = frame.strategies.filter(({ name }) => strategy === undefined || name === strategy);
  const rule = oneOf(
    frame,
    path,
    "rule",
    own.flatMap((one) => names(one.rules)),
  );
  const when = whenAt(frame, [...path, "at"], { strategy, symbol });
  if (rule === null || when === undefined) return undefined;
  if (when.kind !== "bar" && when.kind !== "tick") {
    const message = "A decision comes right after a bar, a trade or a quote that is played";
    const help = `Write ${listed(["bar 12", "trade 12", "quote 12"])}.`;
    file.findings.report("time/not-in-test", placeOf(file, [...path, "at"]), message, help);
    return undefined;
  }
  return {
    place: placeIn(file, path),
    text: textAt(file, path),
    ...{ when, strategy, symbol, rule, by, channel, reason },
    decision: approve === undefined ? "reject" : "approve",
    ...(edit === undefined ? {} : { edit: editOf(edit) }),
  };
}

function editOf({ qty, limit, time_in_force: timeInForce }: NonNullable<Item["edit"]>): OrderEdit {
  return {
    ...(qty === undefined ? {} : { qty: String(qty) }),
    ...(limit === undefined ? {} : { limitPrice: String(limit) }),
    ...(timeInForce === undefined ? {} : { timeInForce }),
  };
}
