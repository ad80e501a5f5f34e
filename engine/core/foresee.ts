/**
 * What would fire at the next evaluation if it saw the bars of now.
 *
 * Owns: that evaluation, on a core that nobody needs any more: latches and counters follow it. What bars make stays as it
 * is; positions, the session and what counts evaluations are those of the next one. May not: be asked of a core that runs.
 */
import { lengthOf } from "../market/bar-size.ts";
import type { Action, Rule } from "./program.ts";
import { viewOfBook } from "./desk/books.ts";
import { isCounted } from "./signals/freshness.ts";
import type { Series } from "./signals/series.ts";
import type { CoreState } from "./step.ts";

export interface Foreseen {
  readonly strategy: string;
  readonly rule: string;
  readonly symbol: string;
  readonly action: Action["kind"];
  /** Why it would come to nothing: another rule goes first, or the desk would refuse. */
  readonly refused: { readonly code: string; readonly reason: string } | null;
}

export function foresee(core: CoreState): readonly Foreseen[] {
  const { signals, desk } = core;
  const { slots } = signals.graph;
  // Nothing is judged before there is a bar.
  const judged = signals.instances
    .filter(({ facts }) => facts.series.lastEnd !== Number.NEGATIVE_INFINITY)
    .map((instance) => ({ instance, ...nextEvaluation(instance.facts.series) }));
  for (const { instance, time } of judged) instance.prepare(slots, time);
  return judged.flatMap(({ instance, day }) => {
    const { strategy, symbol } = instance.facts;
    const book = desk.state.books.find(strategy.name, symbol);
    const { portfolio, orders } = desk.state;
    const view = book === undefined ? undefined : viewOfBook(book, portfolio, orders);
    const { fired, refused } = instance.evaluate(slots, day, view, true);
    const digest = signals.program?.digest ?? "";
    const said = ({ name, action }: Rule, why: Foreseen["refused"]): Foreseen => {
      return { strategy: strategy.name, rule: name, symbol, action: action.kind, refused: why };
    };
    return [
      ...fired.map((ruleInstance) => {
        const firing = instance.freeze(slots, ruleInstance, digest);
        if (!("unknown" in firing)) return said(ruleInstance.rule, desk.foresee(firing, ruleInstance.rule) ?? null);
        const reason = `${firing.unknown} is unknown, so the order has no price or size`;
        return said(ruleInstance.rule, { code: "unknown_value", reason });
      }),
      ...refused.map(({ rule, code, reason }) => said(rule, { code, reason })),
    ];
  });
}

/** End of the next bar of a series and the day it belongs to. */
function nextEvaluation(series: Series): { readonly time: number; readonly day: number } {
  const { calendar, lastEnd } = series;
  // When the next trades will fill a bar nobody knows: it is asked as of the end of the last one.
  if (isCounted(series)) return { time: lastEnd, day: calendar.sessionAtOrBefore(series.bar.start)?.day ?? 0 };
  const first = calendar.sessionAtOrAfter(lastEnd);
  const second = first === undefined ? undefined : calendar.sessionAtOrAfter(first.extendedClose);
  const starts = [
    lastEnd,
    ...[first, second].flatMap((day) => (day === undefined ? [] : [day.extendedOpen, day.open])),
  ];
  const start = starts.find((at) => at >= lastEnd && !Number.isNaN(series.endAt(at))) ?? lastEnd;
  const end = series.endAt(start);
  const time = Number.isNaN(end) ? lastEnd + lengthOf(series.size) : end;
  return { time, day: calendar.sessionAtOrBefore(start)?.day ?? 0 };
}
