/**
 * `barwise status` and `barwise risk`: what a running engine says of itself.
 *
 * Owns: layout. May not: change anything.
 */
import type { Command } from "commander";
import type { ApprovalView } from "../core/approval.ts";
import type { OrderView } from "../core/event.ts";
import type { AlertView, HeldPosition, LimitUse, OverrideView, StateView, StatusView } from "../ports/control.ts";
import { approvalRow } from "./approvals.ts";
import { PROJECT_ARGUMENT, withEngine } from "./control-place.ts";
import { overrideRow } from "./override.ts";
import { CliError, money, painter, percent, print, printable, table, usageBar } from "./io.ts";
import type { Painter } from "./io.ts";

interface Flags {
  readonly format: string;
}

interface Whole {
  readonly status: StatusView;
  readonly states: readonly StateView[];
  readonly positions: readonly HeldPosition[];
  readonly orders: readonly OrderView[];
  readonly approvals: readonly ApprovalView[];
  readonly overrides: readonly OverrideView[];
  readonly alerts: readonly AlertView[];
}

const ALERTS = 5;

export function addStatus(program: Command): void {
  program
    .command("status")
    .description("what a running engine does: account, state, positions, orders, latest alerts; 1 unless it trades")
    .argument(...PROJECT_ARGUMENT)
    .option("--format <format>", "pretty or json", "pretty")
    .action(runStatus);
  program
    .command("risk")
    .description("every limit that is set, and how much of it is used")
    .argument(...PROJECT_ARGUMENT)
    .option("--format <format>", "pretty or json", "pretty")
    .action(runRisk);
}

function isJson({ format }: Flags): boolean {
  if (format !== "pretty" && format !== "json") throw new CliError(`--format ${format}: expected pretty or json`);
  return format === "json";
}

async function runStatus(folder: string, flags: Flags): Promise<void> {
  const asJson = isJson(flags);
  const whole = await withEngine(folder, async (client): Promise<Whole> => {
    const [status, states, positions, orders, approvals, overrides, alerts] = await Promise.all([
      client.get<StatusView>("/v1/status"),
      client.get<readonly StateView[]>("/v1/states"),
      client.get<readonly HeldPosition[]>("/v1/positions"),
      client.get<readonly OrderView[]>("/v1/orders"),
      client.get<readonly ApprovalView[]>("/v1/approvals"),
      client.get<readonly OverrideView[]>("/v1/overrides"),
      client.get<readonly AlertView[]>(`/v1/alerts?count=${ALERTS}`),
    ]);
    return { status, states, positions, orders, approvals, overrides, alerts };
  });
  print(asJson ? JSON.stringify(whole, undefined, 2) : statusText(whole, painter(process.stdout)));
  // Scripts ask whether it trades.
  const { status } = whole;
  if (!status.ready || status.state !== "ACTIVE") process.exitCode = 1;
}

export function statusText(
  { status, states, positions, orders, approvals, overrides, alerts }: Whole,
  paint: Painter,
): string {
  const banner = paint(status.live ? ["bold", "red"] : ["bold", "yellow"], printable(status.banner));
  const lines = [`${paint("bold", `barwise ${status.version}`)}   ${banner}`, table(headRows(status, paint))];
  for (const { scope, state, causes } of states)
    for (const { cause, reason } of causes)
      lines.push(`${paint("red", `${printable(scope)} ${state}`)} ${printable(cause)}: ${printable(reason)}`);
  lines.push("", section("Positions", positions.map(positionRow), paint, [2, 3, 4, 5]));
  lines.push("", section("Working orders", orders.map(orderRow), paint));
  if (approvals.length > 0) lines.push("", section("Waiting for a person", approvals.map(approvalRow), paint));
  if (overrides.length > 0) lines.push("", section("Raised limits", overrides.map(overrideRow), paint));
  lines.push("", section("Latest alerts", alerts.map(alertRow), paint));
  return lines.join("\n");
}

function headRows(status: StatusView, paint: Painter): string[][] {
  const { state, reason, ready, lag, last_reload: reload } = status;
  const isWell = ready && state === "ACTIVE";
  const trading = ready ? `${state}${reason === "" ? "" : `: ${printable(reason)}`}` : "waiting for the broker";
  const age = lag.seconds === null ? "no live data yet, or a tape" : `${lag.seconds.toFixed(2)} s old`;
  const behind = lag.behind ? paint("red", ", behind: entries pause") : "";
  const waiting = lag.waiting > 0 ? `, ${lag.waiting} inputs wait` : "";
  return [
    ["account", `${printable(status.account)}, journal ${status.journal}, process ${status.pid}`],
    ["trading", paint(isWell ? "green" : "red", trading)],
    ["time", status.market_time ?? "waiting for the first data"],
    ["equity", `${cash(status.equity)}   cash ${cash(status.cash)}   day ${cash(status.day_pnl)}`],
    ["data", `${age}${waiting}${behind}`],
    ["strategies", status.strategies.map(printable).join(", ")],
    ...(reload === null ? [] : [["reload", `${reload.result} ${reload.at} ${printable(reload.reason ?? "")}`.trim()]]),
  ];
}

function section(title: string, rows: readonly string[][], paint: Painter, right: readonly number[] = []): string {
  if (rows.length === 0) return `${paint("bold", title)}  ${paint("dim", "none")}`;
  return `${paint("bold", title)}\n${table(
    rows.map((row) => ["", ...row]),
    right.map((column) => column + 1),
  )}`;
}

function positionRow({ strategy, symbol, qty, avg_price: avgPrice, price, unrealized }: HeldPosition): string[] {
  return [printable(strategy), printable(symbol), qty, `at ${avgPrice}`, cash(price), cash(unrealized)];
}

function orderRow({ strategy, role, side, qty, symbol, type, limitPrice, stopPrice, state }: OrderView): string[] {
  return [
    ...[printable(strategy), role, `${side} ${qty} ${printable(symbol)}`, type],
    ...[limitPrice === null ? "" : `limit ${limitPrice}`, stopPrice === null ? "" : `stop ${stopPrice}`, state],
  ];
}

function alertRow({ time, level, code, message }: AlertView): string[] {
  return [time ?? "start", level, code, printable(message)];
}

function cash(value: number | null): string {
  return value === null ? "unknown" : money(value);
}

// ------------------------------------------------------------------------------------------------ risk

async function runRisk(folder: string, flags: Flags): Promise<void> {
  const asJson = isJson(flags);
  const { limits, overrides } = await withEngine(folder, async (client) => ({
    limits: await client.get<readonly LimitUse[]>("/v1/risk"),
    overrides: await client.get<readonly OverrideView[]>("/v1/overrides"),
  }));
  if (asJson) return print(JSON.stringify(limits, undefined, 2));
  const paint = painter(process.stdout);
  print(riskText(limits, paint));
  if (overrides.length > 0) print(`\n${section("Raised limits", overrides.map(overrideRow), paint)}`);
}

export function riskText(limits: readonly LimitUse[], paint: Painter): string {
  if (limits.length === 0) return "No limit is set.";
  const scopes = [...new Set(limits.map(({ scope }) => scope))];
  return scopes
    .map((scope) => {
      const rows = limits.filter((limit) => limit.scope === scope).map((limit) => limitRow(limit, paint));
      return `${paint("bold", printable(scope))}\n${table(rows, [3])}`;
    })
    .join("\n\n");
}

function limitRow({ limit, unit, kind, value, used, ratio }: LimitUse, paint: Painter): string[] {
  const shown = amountIn(kind);
  if (used === null) return ["", limit, "", paint("dim", "each order"), `${shown(value)} ${unit}`];
  return ["", limit, ratio === null ? "" : usageBar(ratio, paint), `${shown(used)} of ${shown(value)}`, unit];
}

function amountIn(kind: LimitUse["kind"]): (amount: number) => string {
  switch (kind) {
    case "ratio":
      return (amount) => percent(amount);
    case "money":
      return money;
    case "duration":
      return (amount) => `${plain(amount / 1_000)} s`;
    default:
      return plain;
  }
}

function plain(value: number): string {
  return value.toLocaleString("en-US", { maximumFractionDigits: 4 });
}
