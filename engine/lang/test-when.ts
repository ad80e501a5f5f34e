/**
 * The moment that an expectation is about.
 *
 * Owns: `at:` of an expectation, as a bar, a trade, a quote or a time, and the findings about it. May not: judge a run.
 */
import type { Strategy } from "../core/program.ts";
import { calendarOf } from "../market/instruments.ts";
import { listed } from "./suggest.ts";
import { dataAt } from "./test-series.ts";
import { parseClock, parseTestTime } from "./test-time.ts";
import type { TestSeries, TestTicks, When } from "./test-types.ts";
import { placeOf } from "./yaml-file.ts";
import type { Path, YamlFile } from "./yaml-file.ts";

/** What a test plays. */
export interface ExpectFrame {
  readonly file: YamlFile;
  readonly strategies: readonly Strategy[];
  readonly series: readonly TestSeries[];
  readonly ticks: readonly TestTicks[];
  readonly start: number;
}

interface Subject {
  readonly strategy: string | undefined;
  readonly symbol: string | undefined;
}

/** What is wrong with it. */
interface Refusal {
  readonly message: string;
  readonly help: string;
}

export function whenAt(frame: ExpectFrame, path: Path, subject: Subject): When | undefined {
  const { file } = frame;
  const found = whenOf(frame, dataAt(file, path) as string | number, subject);
  if ("kind" in found) return found;
  file.findings.report("time/not-in-test", placeOf(file, path), found.message, found.help);
  return undefined;
}

function whenOf(frame: ExpectFrame, source: string | number, subject: Subject): When | Refusal {
  const [, word, digits] = /^(bar|trade|quote)\s+(\d+)$/.exec(String(source).trim()) ?? [];
  const number = typeof source === "number" ? source : Number(digits ?? Number.NaN);
  if (word === "trade" || word === "quote") return tickAt(frame, word, number, subject);
  if (Number.isInteger(number)) return barAt(frame, number, subject);
  const clock = parseClock(String(source), frame.start);
  const time = clock === undefined ? parseTestTime(String(source)) : { time: clock };
  if (time === undefined) {
    const [kinds, help] =
      frame.ticks.length === 0
        ? ["bar", "bar 12"]
        : ["trade, no quote, no bar", "trade 12, quote 12, bar 12, 09:30:05"];
    return { message: `"${source}" is no ${kinds} and no time`, help: `Write ${help}, or 2024-03-04T10:35.` };
  }
  return "time" in time ? instantAt(frame, time.time, source, subject) : lastOf(frame, time.date, subject);
}

function ownSeries({ series }: ExpectFrame, { symbol }: Subject): TestSeries | undefined {
  return symbol === undefined ? series[0] : series.find((one) => one.symbol === symbol);
}

function barAt(frame: ExpectFrame, number: number, subject: Subject): When | Refusal {
  const own = ownSeries(frame, subject);
  if (own === undefined) return madeBar(frame, number, subject);
  const bar = own.bars[number - 1];
  if (bar !== undefined) return { kind: "bar", end: bar.end };
  return { message: `The test has no bar ${number}`, help: `It has bars 1 to ${own.bars.length}.` };
}

/** Trades and quotes make the bars of strategies on bars; one on ticks is not judged at them. */
function madeBar({ strategies, ticks }: ExpectFrame, number: number, subject: Subject): When | Refusal {
  if (number < 1) return { message: `The test has no bar ${number}`, help: "Bars are counted from 1." };
  const played = ticks.map(({ symbol }) => symbol).filter((one) => one === (subject.symbol ?? one));
  for (const strategy of strategies) {
    if (strategy.ticks === true || strategy.name !== (subject.strategy ?? strategy.name)) continue;
    const symbol = strategy.symbols.find((one) => played.includes(one));
    if (symbol !== undefined) return { kind: "made", strategy: strategy.name, symbol, number };
  }
  const help = "Write trade 12, quote 12 or a time such as 09:30:05.";
  return { message: "Rules on ticks are not judged at the end of a bar", help };
}

function tickAt({ ticks }: ExpectFrame, kind: "trade" | "quote", number: number, { symbol }: Subject): When | Refusal {
  const all = ticks.filter((one) => one.kind === kind && one.symbol === (symbol ?? one.symbol));
  const [own] = all;
  const whose = symbol === undefined ? "" : ` of ${symbol}`;
  if (own === undefined)
    return { message: `The test plays no ${kind}s${whose}`, help: `Add ${kind}s:, or write a time.` };
  if (all.length > 1) {
    const symbols = all.map((one) => one.symbol);
    return { message: `Several symbols have ${kind}s`, help: `Add symbol: ${listed(symbols)}.` };
  }
  const tick = own.ticks[number - 1];
  if (tick === undefined)
    return { message: `The test has no ${kind} ${number}`, help: `It has 1 to ${own.ticks.length}.` };
  if (tick === null) return { message: `${kind} ${number} is left out (_)`, help: "Choose one that is there." };
  return { kind: "tick", tick };
}

/** With bars alone nothing is between two of them; where ticks are played any moment may be one. */
function instantAt(frame: ExpectFrame, time: number, source: string | number, subject: Subject): When | Refusal {
  const own = ownSeries(frame, subject);
  if (own?.bars.some(({ end }) => end === time) === true) return { kind: "bar", end: time };
  if (frame.ticks.length > 0) return { kind: "instant", time };
  const help = "A rule is judged at the end of a bar: count with bar N.";
  return { message: `No bar of the test ends at ${source}`, help };
}

/** The last bar of a day, or its last tick. */
function lastOf(frame: ExpectFrame, date: string, subject: Subject): When | Refusal {
  const isThen = (symbol: string, time: number): boolean => {
    const calendar = calendarOf(symbol);
    const session = calendar.sessionAtOrBefore(time);
    return session !== undefined && calendar.dateOf(session) === date;
  };
  const own = ownSeries(frame, subject);
  if (own !== undefined) {
    const bar = own.bars.findLast(({ start }) => isThen(own.symbol, start));
    if (bar !== undefined) return { kind: "bar", end: bar.end };
    return { message: `The test has no bar on ${date}`, help: `It has bars 1 to ${own.bars.length}.` };
  }
  const tick = frame.ticks
    .filter(({ symbol }) => symbol === (subject.symbol ?? symbol))
    .flatMap(({ ticks }) => ticks.filter((one) => one !== null))
    .filter((one) => isThen(one.symbol, one.time))
    .reduce<number | undefined>((last, { time }) => Math.max(last ?? time, time), undefined);
  if (tick !== undefined) return { kind: "instant", time: tick };
  return { message: `The test has no trade and no quote on ${date}`, help: "Choose a day that it plays." };
}
