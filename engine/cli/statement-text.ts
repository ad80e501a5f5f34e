/**
 * A statement as text for people. Owns: layout only.
 */
import { isoTime } from "../core/time.ts";
import type { FillLine, Statement, TradeLine } from "../runtime/statement.ts";
import { money, percent, table } from "./io.ts";
import type { Painter } from "./io.ts";

export function statementText(statement: Statement, paint: Painter): string {
  const amount = (text: string): string => money(Number(text));
  const rows: string[][] = [
    [statement.since === null ? "Cash at start" : "Equity at start", amount(statement.startCash)],
    ["Realised P&L", amount(statement.realized)],
    ["Unrealised P&L", amount(statement.unrealized)],
    ["Fees", amount(String(-Number(statement.fees)))],
    ["Equity at end", amount(statement.endEquity)],
    ["  of it cash", amount(statement.endCash)],
    ["  of it positions", amount(statement.marketValue)],
    [
      "Difference",
      `${amount(statement.difference)}${Number(statement.difference) === 0 ? "" : "  THE BOOKS DO NOT ADD UP"}`,
    ],
  ];
  const since =
    statement.since === null
      ? ""
      : ` since ${isoTime(statement.since)}, the moment of the snapshot that it went on from`;
  const lines = [`${paint("bold", "Statement")}${since}`, table(rows, [1]), ""];
  const won =
    statement.trades === 0 ? "" : `, ${statement.wins} won (${percent(statement.wins / statement.trades, 0)})`;
  lines.push(
    `Return ${percent(statement.returnRatio)}, largest drawdown ${percent(statement.maxDrawdownRatio)}`,
    `${statement.orders} orders, ${statement.fills} fills, ${statement.trades} closed trades${won}`,
  );
  const refused = Object.entries(statement.refused);
  if (refused.length > 0) lines.push(`Refused: ${refused.map(([code, count]) => `${code} ${count}`).join(", ")}`);
  if (statement.byStrategy.length > 0) {
    const body = statement.byStrategy.map((row) => [
      row.strategy,
      amount(row.realized),
      amount(row.unrealized),
      amount(row.fees),
      String(row.trades),
    ]);
    lines.push("", table([["Strategy", "Realised", "Unrealised", "Fees", "Trades"], ...body], [1, 2, 3, 4]));
  }
  return lines.join("\n");
}

export function fillsText(fills: readonly FillLine[]): string {
  const rows = fills.map((fill) => [
    isoTime(fill.time),
    fill.strategy,
    fill.rule,
    fill.side,
    fill.qty,
    fill.symbol,
    fill.price,
    fill.role,
  ]);
  return table([["Time", "Strategy", "Rule", "Side", "Qty", "Symbol", "Price", "Role"], ...rows], [4, 6]);
}

export function tradesText(trades: readonly TradeLine[]): string {
  const rows = trades.map((trade) => [
    isoTime(trade.openedAt),
    isoTime(trade.closedAt),
    trade.strategy,
    trade.symbol,
    trade.side,
    money(Number(trade.pnl)),
  ]);
  return table([["Opened", "Closed", "Strategy", "Symbol", "Side", "P&L"], ...rows], [5]);
}
