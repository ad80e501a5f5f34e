/**
 * Facts that are no indicators: fields of bars and quotes, the session's clock, the strategy's book, the account.
 *
 * Owns: from their documentation to a fact on the right series.
 */
import type { FactDoc } from "../catalog/facts.ts";
import type {
  AccountField,
  BarField,
  OrderField,
  PositionField,
  QuoteField,
  SeriesRef,
  SessionField,
} from "../core/program.ts";
import type { Operand } from "./fact-refs.ts";
import type { Context } from "./scope.ts";
import type { Quality } from "./units.ts";

/** A fact that is no indicator, on the given bars. */
export function lowerField(context: Context, doc: FactDoc, series: SeriesRef): Operand {
  const { table } = context.scope;
  const quality: Quality = { unit: doc.unit, range: doc.name === "time" ? context.scope.clock : doc.range };
  const field = doc.name.slice(doc.name.indexOf(".") + 1);
  // Quotes and books are read at the moment of evaluation: only the symbol matters.
  const moment: SeriesRef = { symbol: series.symbol, size: table.own.size };
  switch (doc.group) {
    case "bar":
      return fact(table.field(series, doc.name as BarField, quality, seesForming(context, series)), quality);
    case "quote":
      return fact(table.quote(moment, doc.name as QuoteField, quality), quality);
    case "session":
      return fact(table.session(doc.name, field as SessionField, quality), quality);
    case "position":
      return fact(table.position(moment, field as PositionField, quality), quality);
    case "account":
      return fact(table.account(field as AccountField, quality), quality);
    case "order":
      return fact(table.order(field as OrderField, quality), quality);
  }
}

/** What was said around it, otherwise what the strategy's own bars do. */
export function seesForming({ forming, scope }: Context, series: SeriesRef): boolean {
  return forming ?? scope.table.seesForming(series);
}

function fact(index: number, quality: Quality): Operand {
  return { kind: "fact", index, quality };
}
