/**
 * A replay as text for people and as JSON for programs. Owns: layout and the documented shape only.
 */
import { exchangeTime, isoTime } from "../core/time.ts";
import type { Program } from "../core/program.ts";
import { calendarOf } from "../market/instruments.ts";
import type { RecordedMarket } from "../runtime/recorded-market.ts";
import type { Difference } from "../runtime/recompute.ts";
import type { Replayed } from "../runtime/replay.ts";
import type { Deed, DeedChange, WhatIf, WhatIfSide } from "../runtime/what-if.ts";
import { money, printable, table } from "./io.ts";
import type { Painter, Style } from "./io.ts";
import { VERSION } from "./version.ts";

/** Market time before the first data is no time. */
export function timeText(ms: number, symbol: string | null = null): string {
  return Number.isFinite(ms) ? exchangeTime(ms, calendarOf(symbol ?? "")) : "before the first data";
}

const isoOrNull = (ms: number): string | null => (Number.isFinite(ms) ? isoTime(ms) : null);
const count = (value: number, what: string): string =>
  `${value.toLocaleString("en-US")} ${what}${value === 1 ? "" : "s"}`;

export function replayText(shown: string, result: Replayed, tookMs: number, paint: Painter): string {
  const { header, after, inputs, outputs, snapshots, unwritten, marketTime, difference } = result;
  if (difference !== null) {
    const lines = [
      paint("red", `${shown}: differs after input ${difference.seq} (${about(difference)})`),
      `  at ${timeText(difference.marketTime, difference.symbol)}`,
      `  ${difference.path}: recorded ${printable(difference.recorded)}, now ${printable(difference.now)}`,
      `${count(outputs, "output")} of ${count(inputs - 1, "input")} before it are the same.`,
    ];
    if (header.barwise !== VERSION)
      lines.push(`The journal was written by version ${header.barwise}; this is version ${VERSION}.`);
    return lines.join("\n");
  }
  const seconds = (tookMs / 1_000).toFixed(1);
  const last = timeText(marketTime);
  const lines = [
    paint("green", `${shown}: the same to the byte`),
    `${count(inputs, "input")} up to ${last} gave ${count(outputs, "output")} again (${seconds} s).`,
  ];
  if (snapshots > 0)
    lines.push(`${count(snapshots, "snapshot")} on the way ${snapshots === 1 ? "holds" : "hold"} just that state.`);
  if (after !== null)
    lines.push(`They are those after input ${after}: what was before was removed, and its snapshot was gone on from.`);
  if (unwritten > 0)
    lines.push(
      `The last input gives ${count(unwritten, "output")} that the journal does not hold: it ends before them.`,
    );
  return lines.join("\n");
}

function about({ kind, symbol }: Difference): string {
  return symbol === null ? kind : `${kind} ${symbol}`;
}

export function replayJson(shown: string, result: Replayed): object {
  const { header, after, inputs, outputs, snapshots, unwritten, marketTime, difference } = result;
  return {
    format_version: 1,
    barwise: VERSION,
    journal: { folder: shown, id: header.id, account: header.account, barwise: header.barwise, node: header.node },
    same: difference === null,
    after_input: after,
    inputs,
    outputs,
    snapshots,
    unwritten_outputs: unwritten,
    market_time: isoOrNull(marketTime),
    difference:
      difference === null
        ? null
        : {
            seq: difference.seq,
            market_time: isoOrNull(difference.marketTime),
            kind: difference.kind,
            symbol: difference.symbol,
            path: difference.path,
            recorded: difference.recorded,
            now: difference.now,
          },
  };
}

// ---------------------------------------------------------------------------------------------- other rules

const ROWS = 100;
const MARKS = { added: ["+", "green"], missing: ["-", "red"], changed: ["~", "yellow"] } as const;

export function whatIfText(shown: string, { before, after, changes }: WhatIf, paint: Painter): string {
  const rows = changes.slice(0, ROWS).map((change) => rowOf(change, paint));
  const lines = [paint("bold", `${shown}: what the new rules would have done otherwise`)];
  if (rows.length === 0) lines.push("Nothing: every firing, order and alert is the same.");
  else lines.push(table([["", "Time", "Strategy", "Rule", "Symbol", "Recorded rules", "New rules"], ...rows]));
  if (changes.length > ROWS) lines.push(`… and ${count(changes.length - ROWS, "change")} more (--format json has all)`);
  const sum = (what: DeedChange["what"]): number => changes.filter((change) => change.what === what).length;
  lines.push(
    "",
    `${sum("added")} added, ${sum("missing")} missing, ${sum("changed")} changed, ${before.deeds.length - sum("missing") - sum("changed")} the same.`,
    "",
    table(
      [
        ["", "Firings", "Orders", "Fills", "Trades", "Equity at end"],
        ["Recorded rules", ...totals(before)],
        ["New rules", ...totals(after)],
      ],
      [1, 2, 3, 4, 5],
    ),
  );
  return lines.join("\n");
}

function rowOf({ what, before, after }: DeedChange, paint: Painter): string[] {
  const deed = (before ?? after) as Deed;
  const [mark, style]: readonly [string, Style] = MARKS[what];
  const { time, strategy, rule, symbol } = deed;
  const words = [before, after].map((side) => (side === null ? "" : deedWords(side)));
  return [paint(style, mark), timeText(time, symbol), strategy, printable(rule), symbol, ...words];
}

/** E.g. `buy 10 market, filled 10 at 111`; a leg is told when something came of it. */
function deedWords({ kind, refused, orders }: Deed): string {
  if (kind === "alert") return "alert";
  const words = orders
    .filter(({ role, avgPrice }) => avgPrice !== null || (role !== "take_profit" && role !== "stop_loss"))
    .map(({ side, role, qty, type, limitPrice, stopPrice, state, filledQty, avgPrice }) => {
      const leg = role === "take_profit" || role === "stop_loss" ? `${role} ` : "";
      const prices = [stopPrice, limitPrice].filter((price) => price !== null).map((price) => ` ${price}`);
      const end = avgPrice === null ? state : `filled ${filledQty} at ${Number(avgPrice)}`;
      return `${leg}${side} ${qty} ${type}${prices.join(" limit")}, ${end}`;
    });
  if (refused !== null) words.push(`refused (${refused})`);
  return words.length === 0 ? "no order" : printable(words.join("; "));
}

function totals({ deeds, statement }: WhatIfSide): string[] {
  const firings = deeds.filter(({ kind }) => kind === "firing").length;
  const { orders, fills, trades, endEquity } = statement;
  return [...[firings, orders, fills, trades].map((value) => value.toLocaleString("en-US")), money(Number(endEquity))];
}

export function whatIfJson(shown: string, program: Program, market: RecordedMarket, result: WhatIf): object {
  const side = ({ deeds, statement, missing }: WhatIfSide, digest: string): object => ({
    program: digest,
    firings: deeds.filter(({ kind }) => kind === "firing").length,
    alerts: deeds.filter(({ kind }) => kind === "alert").length,
    missing_history: missing,
    statement,
  });
  return {
    format_version: 1,
    barwise: VERSION,
    journal: { folder: shown, symbols: market.symbols, from: isoTime(market.from) },
    recorded: side(result.before, market.loaded.program.digest),
    new: side(result.after, program.digest),
    changes: result.changes.map(({ what, before, after }) => ({
      what,
      recorded: deedJson(before),
      new: deedJson(after),
    })),
  };
}

function deedJson(deed: Deed | null): object | null {
  return deed === null ? null : { ...deed, time: isoTime(deed.time) };
}
