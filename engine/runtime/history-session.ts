/**
 * Of which session bars of the past are.
 *
 * Owns: when that has to be said: in a program with sessions of several kinds bars of one size count from several places.
 * May not: fetch anything.
 */
import type { HistoryInput } from "../core/event.ts";
import type { SessionKind } from "../core/program.ts";
import type { SeriesSize } from "../market/bar-size.ts";

interface Of {
  readonly symbol: string;
  readonly size: SeriesSize;
  readonly session: SessionKind;
}

/** By symbol, then by session: what ended together is told in one order. */
export function bySymbolAndSession(a: Of, b: Of): number {
  const [one, other] = [`${a.symbol} ${a.session}`, `${b.symbol} ${b.session}`];
  return one < other ? -1 : one > other ? 1 : 0;
}

/** What the history of one of them says beside its bars; days are the same in every session. */
export function sessionTold(all: Iterable<Of>): (one: Of) => Pick<HistoryInput, "session"> {
  const kinds = new Map<string, Set<SessionKind>>();
  const key = ({ symbol, size }: Of): string => `${symbol}@${size.label}`;
  for (const one of all) kinds.set(key(one), (kinds.get(key(one)) ?? new Set()).add(one.session));
  return (one) => {
    if (one.size.kind !== "intraday") return {};
    return one.session === "regular" && kinds.get(key(one))?.size === 1 ? {} : { session: one.session };
  };
}
