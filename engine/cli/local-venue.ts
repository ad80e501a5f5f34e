/**
 * The embedded default: the local venue with a tape, so that everything works with no account and no network.
 *
 * Owns: which parts make it up. May not: be reachable from outside this machine (the venue listens on loopback only).
 */
import { randomBytes } from "node:crypto";
import { startVenue } from "../adapters/venue/venue.ts";
import type { Fault, FaultLine } from "../adapters/venue/faults.ts";
import type { Pace, Venue, VenueAnswer } from "../adapters/venue/options.ts";
import type { Tape } from "../adapters/tape/tape.ts";
import type { Bar, BarInput, MarketInput } from "../core/event.ts";
import type { SplitInput } from "../core/feed-event.ts";
import { knownAt } from "../core/known-at.ts";
import { createExchange } from "../exchange/exchange.ts";
import { alpacaFees, noFees, percentFees, perShareFees } from "../exchange/fees.ts";
import type { Exchange, FeeModel, Instrument } from "../exchange/types.ts";
import type { BarSize } from "../market/bar-size.ts";
import type { Calendar } from "../market/calendar.ts";
import { barInterval } from "../market/sessions.ts";
import { assetClassOf, calendarOf } from "../market/instruments.ts";
import { CliError } from "./io.ts";

export interface SimOptions {
  readonly symbols: readonly string[];
  readonly cash: string;
  readonly fees: string;
  /** Ratio of price against the taker, on market and stop fills. */
  readonly slippage: number;
  readonly leverage: number;
  readonly seed: string;
  /** Part of the fills that are partial. */
  readonly partialFills?: number;
  /** How long an order that is over is remembered; undefined: for ever. */
  readonly rememberMs?: number;
}

/** A paper account may trade for months: longer than the desk asks for an order nobody does. */
export const PAPER_REMEMBERS_MS = 10 * 86_400_000;

export function createSimExchange(options: SimOptions): Exchange {
  return createExchange({
    cash: options.cash,
    multiplier: options.leverage,
    shorting: options.leverage > 1,
    instruments: instrumentsOf(options.symbols),
    calendarOf,
    fees: feesOf(options.fees),
    slippageRatio: options.slippage,
    seed: options.seed,
    ...(options.partialFills === undefined ? {} : { partialFills: options.partialFills }),
    ...(options.rememberMs === undefined ? {} : { rememberMs: options.rememberMs }),
  });
}

export function instrumentsOf(symbols: readonly string[]): Instrument[] {
  return symbols.map((symbol) => ({
    symbol,
    name: symbol.startsWith("SYN-") ? `${symbol} (SYNTHETIC)` : symbol,
    assetClass: assetClassOf(symbol),
    tradable: true,
    shortable: assetClassOf(symbol) === "us_equity",
    fractionable: true,
  }));
}

/** `none`, `alpaca`, `ib`, or a percentage such as `0.1%`. */
function feesOf(source: string): FeeModel {
  if (source === "none") return noFees;
  if (source === "alpaca") return alpacaFees();
  if (source === "ib") return perShareFees("0.005", "1", "0.005");
  const match = /^(\d+(?:\.\d+)?)%$/.exec(source);
  if (match === null) throw new CliError(`--fees ${source}: expected none, alpaca, ib or a percentage such as 0.1%`);
  return percentFees(String(Number(match[1]) / 100));
}

export interface LocalVenueOptions extends SimOptions {
  readonly tape: Tape;
  readonly pace: Pace;
  readonly port: number;
  /** Items known before this time are history: shown by the data REST, not played. */
  readonly from: number | undefined;
  readonly faults?: readonly Fault[];
  readonly splits?: readonly SplitInput[];
  readonly onFault?: (line: FaultLine) => void;
  readonly onAnswer?: (answer: VenueAnswer) => void;
}

export interface RunningVenue {
  readonly venue: Venue;
  readonly exchange: Exchange;
  readonly credentials: { readonly keyId: string; readonly secret: string };
  readonly startAt: number;
}

export async function startLocalVenue(options: LocalVenueOptions): Promise<RunningVenue> {
  const { tape } = options;
  const exchange = createSimExchange(options);
  // Only for this process and loopback; made anew at every start, so that there is nothing to leak.
  const credentials = {
    keyId: `PK${randomBytes(9).toString("hex").toUpperCase()}`,
    secret: randomBytes(20).toString("hex"),
  };
  const { played, startAt } = playedFrom(tape, options.from);
  const venue = await startVenue({
    port: options.port,
    exchange,
    instruments: instrumentsOf(tape.symbols),
    ...credentials,
    calendar: calendarOf(tape.symbols[0] ?? ""),
    calendarOf,
    tape: played(),
    pace: options.pace,
    startAt,
    streamedBars: tape.size === "ticks" || tape.size.kind === "session" ? "1m" : tape.size.label,
    historyOf: historyOf(tape),
    limits: { requestsPerMinute: 6_000 },
    seed: options.seed,
    faults: options.faults ?? [],
    splits: options.splits ?? [],
    onFault: (line) => options.onFault?.(line),
    onAnswer: (answer) => options.onAnswer?.(answer),
  });
  return { venue, exchange, credentials, startAt };
}

/** Each item with the moment at which a backtest would know it, so that both run on the same clock. */
function playedFrom(
  tape: Tape,
  from: number | undefined,
): { readonly played: () => Iterable<{ at: number; input: MarketInput }>; readonly startAt: number } {
  let first: number | undefined;
  for (const input of tape.items()) {
    const at = knownAt(input, calendarOf);
    if (at === undefined || (from !== undefined && at < from)) continue;
    first = at;
    break;
  }
  if (first === undefined)
    throw new CliError(`the tape ${tape.name} has nothing to play${from === undefined ? "" : " from that time on"}`);
  const begin = first;
  function* played(): Generator<{ at: number; input: MarketInput }> {
    for (const input of tape.items()) {
      const at = knownAt(input, calendarOf);
      if (at !== undefined && at >= begin) yield { at, input };
    }
  }
  return { played, startAt: begin - 1 };
}

/** Bars of the tape's own size, and larger ones made of them. The venue shows of them what its clock allows. */
function historyOf(tape: Tape): (symbol: string, size: BarSize) => readonly Bar[] {
  const known = new Map<string, readonly Bar[]>();
  const own = tape.size;
  return (symbol, size) => {
    if (own === "ticks" || size.ms < own.ms) return [];
    const key = `${symbol}@${size.label}`;
    let bars = known.get(key);
    if (bars === undefined) {
      const items = [...tape.items()].filter((item): item is BarInput => item.kind === "bar" && item.symbol === symbol);
      bars = size.label === own.label ? items : merged(items, size, calendarOf(symbol));
      known.set(key, bars);
    }
    return bars;
  };
}

function merged(bars: readonly Bar[], size: BarSize, calendar: Calendar): Bar[] {
  const result: Bar[] = [];
  for (const bar of bars) {
    const interval = barInterval(calendar, size, bar.start, "regular");
    if (interval === undefined) continue;
    const last = result.at(-1);
    if (last === undefined || last.start !== interval.start) {
      const { open, high, low, close, volume } = bar;
      result.push({ start: interval.start, open, high, low, close, volume });
      continue;
    }
    result[result.length - 1] = {
      ...last,
      high: Math.max(last.high, bar.high),
      low: Math.min(last.low, bar.low),
      close: bar.close,
      volume: last.volume + bar.volume,
    };
  }
  return result;
}
