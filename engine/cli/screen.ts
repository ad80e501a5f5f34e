/**
 * The live view in a terminal: prices, facts, which rules are true and what blocks the others, orders, positions.
 *
 * Owns: layout and redrawing of one screen. May not: change anything; it reads snapshots.
 */
import { accountOf, externalOrders, externalPositions, inspect, openOrders } from "../core/view.ts";
import type { InstanceView, LeafView, RuleView } from "../core/view.ts";
import type { CoreState } from "../core/step.ts";
import { isoTime } from "../core/time.ts";
import { factWords, signOf } from "../report/words.ts";
import { money, percent, table, visibleLength } from "./io.ts";
import type { Painter } from "./io.ts";
import type { Load } from "../runtime/load.ts";

export interface ScreenModel {
  readonly title: string;
  /** Shown at all times: LIVE, paper, SYNTHETIC data. */
  readonly banner: string;
  readonly core: CoreState;
  readonly marketTime: number;
  readonly startEquity: number;
  readonly orders: number;
  readonly fills: number;
  readonly messages: readonly string[];
  readonly refusedMessages: number;
  readonly lag: Load;
  readonly width: number;
  readonly height: number;
}

/** Rows that messages get before strategies do: an error must be seen on a small terminal too. */
const MESSAGE_ROWS = 5;
const HINT = "Save a strategy file to change it while it runs. Ctrl-C stops and prints a summary.";

export function renderScreen(model: ScreenModel, paint: Painter): string {
  const top = header(model, paint);
  const bottom = ["", ...externalLines(model, paint), ...orderLines(model, paint), "", paint("bold", "Latest")];
  const hint = paint("dim", HINT);
  const messages = model.messages.length === 0 ? [paint("dim", "nothing yet")] : model.messages;
  const fixed = top.length + bottom.length + 1;
  const forMessages = Math.min(messages.length, MESSAGE_ROWS);
  const body = fit(bodyLines(model, paint), Math.max(0, model.height - fixed - forMessages), paint);
  const room = Math.max(forMessages, model.height - fixed - body.length);
  const lines = [...top, ...body, ...bottom, ...messages.slice(-room).map((message) => `  ${message}`), hint];
  return keep(lines, top.length, model.height)
    .map((line) => cut(line, model.width))
    .join("\n");
}

function bodyLines(model: ScreenModel, paint: Painter): string[] {
  return inspect(model.core).flatMap((instance) => ["", ...instanceLines(instance, paint)]);
}

/** The strategies that there is room for, and how many lines there is none for. */
function fit(lines: readonly string[], room: number, paint: Painter): readonly string[] {
  if (lines.length <= room) return lines;
  if (room < 2) return [];
  return [
    ...lines.slice(0, room - 1),
    paint("dim", `… ${lines.length - room + 1} more lines: a larger terminal shows them`),
  ];
}

/** On the smallest terminals: the header, then the end. */
function keep(lines: readonly string[], top: number, height: number): readonly string[] {
  if (lines.length <= height) return lines;
  return height <= top ? lines.slice(0, height) : [...lines.slice(0, top), ...lines.slice(top - height)];
}

function header(model: ScreenModel, paint: Painter): string[] {
  const account = accountOf(model.core);
  const change = account.equity - model.startEquity;
  const state =
    account.state === "ACTIVE" ? paint("green", "ACTIVE") : paint("red", `${account.state} ${account.reason}`);
  const banner = paint(["bold", "yellow"], model.banner);
  // What kind of money it is is said first where there is no room for both.
  const hasRoom = model.title.length + model.banner.length + 3 <= model.width;
  return [
    hasRoom ? `${paint("bold", model.title)}   ${banner}` : banner,
    `${time(model.marketTime)}   trading ${account.ready ? state : paint("yellow", "waiting for the broker")}`,
    `equity ${paint("bold", money(account.equity))} (${paint(change < 0 ? "red" : "green", `${change < 0 ? "" : "+"}${money(change)}, ${percent(change / model.startEquity)}`)})` +
      `   cash ${money(account.cash)}   day ${money(account.dayPnl)}   orders ${model.orders}   fills ${model.fills}` +
      (model.refusedMessages > 0 ? paint("yellow", `   refused messages ${model.refusedMessages}`) : "") +
      lagWords(model.lag, paint),
  ];
}

/** Nothing on a tape, which has no lag. */
function lagWords({ lagMs, waiting, conflated, behind }: Load, paint: Painter): string {
  if (Number.isNaN(lagMs) && waiting === 0) return "";
  const lag = Number.isNaN(lagMs) ? "" : `   data ${(lagMs / 1_000).toFixed(lagMs < 0 ? 1 : 2)} s old`;
  const queue = waiting > 0 || conflated > 0 ? `, ${waiting} waiting, ${conflated} quotes conflated` : "";
  return behind ? paint("red", `${lag}${queue}: entries pause`) : `${lag}${queue}`;
}

function instanceLines(view: InstanceView, paint: Painter): string[] {
  const held = view.qty === 0 ? paint("dim", "flat") : paint("cyan", `${view.qty} @ ${price(view.avgPrice)}`);
  const facts = Object.entries(view.facts)
    .map(([name, value]) => `${name} ${number(value)}`)
    .join("  ");
  const head = `${paint("bold", view.strategy)} ${view.symbol} ${paint("dim", view.on)}  close ${price(view.price)}  ${held}  ${paint("dim", facts)}`;
  const rows = view.rules.map((rule) => [
    `  ${mark(rule, paint)}`,
    rule.rule,
    paint("dim", rule.action),
    rule.phase,
    rule.blocking === null ? "" : blocking(rule.blocking, paint),
  ]);
  return [head, ...table(rows).split("\n")];
}

function mark(rule: RuleView, paint: Painter): string {
  if (rule.truth === "true") return paint("green", "true   ");
  return rule.truth === "unknown" ? paint("yellow", "unknown") : paint("dim", "false  ");
}

function blocking(leaf: LeafView, paint: Painter): string {
  return `${paint("dim", "blocked by")} ${blockedBy(leaf, (text) => paint("bold", text))}`;
}

/** The comparison that keeps a rule from being true, in words. */
export function blockedBy(leaf: LeafView, strong: (text: string) => string = (text) => text): string {
  const right =
    typeof leaf.right === "number"
      ? String(leaf.right)
      : "fact" in leaf.right
        ? `${factWords(leaf.right)} ${number(leaf.rightValue)}`
        : `[${leaf.right.join(", ")}]`;
  return `${factWords(leaf.left)} ${strong(number(leaf.leftValue))} ${signOf(leaf.operator)} ${right}`;
}

function externalLines({ core }: ScreenModel, paint: Painter): string[] {
  const held = externalPositions(core).map(({ symbol, qty }) => `${qty} ${symbol}`);
  return held.length === 0 ? [] : [`${paint("bold", "Held by no strategy")}  ${paint("yellow", held.join(", "))}`];
}

function orderLines(model: ScreenModel, paint: Painter): string[] {
  const orders = [...openOrders(model.core), ...externalOrders(model.core)];
  if (orders.length === 0) return [`${paint("bold", "Working orders")}  ${paint("dim", "none")}`];
  const rows = orders.map((order) => [
    `  ${order.strategy}`,
    order.role,
    `${order.side} ${order.qty} ${order.symbol}`,
    order.type,
    order.limitPrice === null ? "" : `limit ${order.limitPrice}`,
    order.stopPrice === null ? "" : `stop ${order.stopPrice}`,
    order.state,
  ]);
  return [paint("bold", "Working orders"), ...table(rows).split("\n")];
}

function time(ms: number): string {
  return Number.isFinite(ms) ? isoTime(ms) : "waiting for the first bar";
}

function price(value: number): string {
  return Number.isFinite(value) ? value.toFixed(2) : "–";
}

function number(value: number): string {
  if (!Number.isFinite(value)) return "?";
  return String(Number(value.toPrecision(6)));
}

/** Cuts at a visible width; colour that was opened is closed again. */
function cut(line: string, width: number): string {
  if (visibleLength(line) <= width) return line;
  let visible = 0;
  let result = "";
  for (let i = 0; i < line.length;) {
    // oxlint-disable-next-line no-control-regex -- escape sequences have no width
    const escape = /^\u001B\[[0-9;]*m/.exec(line.slice(i));
    if (escape !== null) {
      result += escape[0];
      i += escape[0].length;
      continue;
    }
    if (visible >= width - 1) break;
    result += line[i];
    visible++;
    i++;
  }
  return `${result}…\u001B[0m`;
}
