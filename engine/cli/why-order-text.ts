/**
 * The story of an order, as text for people and as JSON for programs. Owns: words, layout and the documented shape only.
 */
import { expressionsOf } from "../core/actions.ts";
import type { ApprovalView } from "../core/approval.ts";
import { decimal, text } from "../core/decimal.ts";
import type { Firing } from "../core/event.ts";
import { actionWords } from "../report/explain.ts";
import { conditionWords, factWords } from "../report/words.ts";
import type { Moment, OrderEvent, OrderStory } from "../runtime/why-order.ts";
import { conditionJson, conditionText, numberText } from "./condition-text.ts";
import { printable, table } from "./io.ts";
import type { Painter } from "./io.ts";
import { timeText } from "./replay-text.ts";
import { VERSION } from "./version.ts";
import { checksText } from "./verdict-text.ts";
import { timeOrNull } from "./why-not-text.ts";

export function whyOrderText(shown: string, story: OrderStory, paint: Painter): string {
  const { clientOrderId, order, strategy, rule, symbol, approval, others, refused } = story;
  const lines = [paint("bold", headWords(story)), `  from  ${shown}`];
  if (clientOrderId !== "") lines.push(`  id    ${clientOrderId}${brokerWords(story)}`);
  lines.push("", ...firedLines(story, paint));
  for (const { verdict, ...at } of story.verdicts) {
    const again = at.seq === story.verdicts[0]?.seq ? "" : ", asked again";
    lines.push("", paint("bold", `Risk: ${verdict.outcome}${again}`), checksText(verdict.checks, paint));
  }
  if (approval !== null) lines.push("", ...approvalLines(approval, symbol, paint));
  if (order === null && refused !== null) lines.push("", printable(`Refused: ${refused.code}: ${refused.reason}`));
  const events = eventRows(story);
  if (events.length > 0) lines.push("", paint("bold", "What happened"), table(events, [2]));
  if (others.length > 0) {
    const rows = others.map((other) => {
      const { role, side, qty, type, state, clientOrderId: id } = other;
      return ["", role, `${side} ${qty} ${type}`, state, id];
    });
    lines.push("", paint("bold", `Other orders of this firing of ${strategy}/${printable(rule)}`), table(rows));
  }
  return lines.join("\n");
}

function headWords({ order, strategy, rule, symbol, approval, refused }: OrderStory): string {
  const by = `${strategy}/${printable(rule)}`;
  const form = order ?? approval?.order;
  if (form === undefined || form === null)
    return `${by}: no order in ${symbol}${refused === null ? "" : `: ${refused.code}`}`;
  const { side, qty, type, limitPrice, stopPrice } = form;
  const prices = [
    ...(typeof stopPrice === "string" ? [`stop ${stopPrice}`] : []),
    ...(typeof limitPrice === "string" ? [`limit ${limitPrice}`] : []),
  ];
  const end = order === null ? (approval?.state ?? "") : endWords(order);
  const kind = prices.some((price) => price.startsWith(`${type} `)) ? [] : [type];
  return `${[side, qty, symbol, ...kind, ...prices].join(" ")} by ${by}: ${end}`;
}

function endWords({ state, filledQty, avgPrice, reason, role }: NonNullable<OrderStory["order"]>): string {
  const filled = avgPrice === null ? "" : `, ${filledQty} at ${Number(avgPrice)}`;
  return printable(
    `${state.replace("_", " ")}${filled}${reason === null ? "" : ` (${reason})`}, ${role.replace("_", " ")}`,
  );
}

function brokerWords({ order }: OrderStory): string {
  return order === null || order.brokerOrderId === null ? "" : `, at the broker ${printable(order.brokerOrderId)}`;
}

function firedLines(story: OrderStory, paint: Painter): string[] {
  const { fired, program, confirmation, judged, symbol } = story;
  if (fired === null) return ["No rule fired: an operator or the engine itself sent it."];
  const { firing, seq } = fired;
  const took = confirmation === null ? "" : ` in ${confirmation.arrivalTime - fired.arrivalTime} ms`;
  const said = confirmation === null ? "has not answered" : `${confirmation.verdict}${took}`;
  const error = typeof confirmation?.error === "string" ? printable(`: ${confirmation.error}`) : "";
  const lines = [
    `${paint("bold", `Fired ${timeText(firing.time, symbol)}`)} at a price of ${firing.price}, input ${seq}, program ${firing.program.slice(0, 12)}`,
    `  when  ${conditionWords(firing.condition)}`,
  ];
  const { rule = null, strategy = null } = program ?? {};
  if (rule !== null && strategy !== null) lines.push(`  then  ${actionWords(strategy.facts, rule.action)}`);
  lines.push(...sizingLines(story), "", `${paint("bold", "json-rules-engine")} ${said}${error}`);
  if (judged !== null) lines.push(conditionText(judged, paint, "not needed"));
  else lines.push(table(Object.entries(firing.facts).map(([key, value]) => ["", key, numberText(value)])));
  return lines;
}

/** The values of the expressions of the action, and what quantity came of them. */
function sizingLines({ program, fired, order, approval, verdicts }: OrderStory): string[] {
  const parts = expressionValues(program, fired?.firing).map(({ words, value }) => `${words} = ${numberText(value)}`);
  const qty = order?.qty ?? approval?.order.qty;
  const clamp = verdicts[0]?.verdict.checks.find(({ outcome }) => outcome === "clamp");
  if (qty !== undefined) parts.push(`quantity ${qty}`);
  if (clamp !== undefined) parts.push(printable(`clamped by ${clamp.check}: ${clamp.reason}`));
  return parts.length === 0 ? [] : [`  size  ${parts.join(", ")}`];
}

interface ExpressionValue {
  readonly words: string;
  readonly value: number;
}

function expressionValues(program: OrderStory["program"], firing: Firing | undefined): readonly ExpressionValue[] {
  const { rule = null, strategy = null } = program ?? {};
  if (rule === null || strategy === null || firing === undefined) return [];
  return expressionsOf(rule.action).flatMap((index) => {
    const fact = strategy.facts[index];
    const value = firing.values[index];
    if (fact === undefined || value === undefined || fact.spec.kind === "const") return [];
    return [{ words: factWords(fact.ref), value }];
  });
}

function approvalLines(approval: ApprovalView, symbol: string, paint: Painter): string[] {
  const { state, why, requestedAt, expiresAt, needed, decisions, reason, notional, reference } = approval;
  const people = needed === 2 ? ", two people" : "";
  const rows = decisions.map(({ at, by, channel, decision, edit, reason: said }) => [
    ...["", timeText(at, symbol), printable(by), printable(channel), decision],
    printable([edit === undefined ? "" : editWords(edit), said].filter((part) => part !== "").join("; ")),
  ]);
  return [
    `${paint("bold", `Approval: ${state}`)}${reason === null ? "" : printable(` (${reason})`)}`,
    printable(`  asked ${timeText(requestedAt, symbol)} until ${timeText(expiresAt, symbol)}${people}: ${why}`),
    `  shown: worth ${notional} at ${reference}`,
    ...(rows.length === 0 ? [] : [table(rows)]),
  ];
}

function editWords(edit: NonNullable<ApprovalView["decisions"][number]["edit"]>): string {
  return `changed ${Object.entries(edit)
    .map(([key, value]) => `${key} to ${value}`)
    .join(", ")}`;
}

/** Time at the exchange, time since the firing, what happened. */
function eventRows({ events, fired, symbol }: OrderStory): string[][] {
  const since = fired?.arrivalTime ?? events[0]?.arrivalTime ?? 0;
  return events.flatMap((event) => {
    const words = eventWords(event);
    if (words === "") return [];
    const { marketTime, arrivalTime, seq } = event;
    return [
      [
        "",
        timeText(marketTime, symbol),
        `+${((arrivalTime - since) / 1_000).toFixed(3)} s`,
        printable(words),
        `input ${seq}`,
      ],
    ];
  });
}

/** Empty for what another event of the same input says. */
function eventWords(event: OrderEvent): string {
  switch (event.kind) {
    case "input":
      return inputWords(event.input);
    case "submit":
      return `sent to the broker: ${event.order.side} ${event.order.qty} ${event.order.type}`;
    case "cancel":
      return "cancel sent";
    case "lookup":
      return "asked the broker for it";
    case "state":
      return `${event.order.state.replace("_", " ")}${event.order.reason === null ? "" : `: ${event.order.reason}`}`;
    case "approval":
      return `request ${event.approval.state}`;
    case "decision.refused":
      return `the word of ${event.by} did not count: ${event.code}: ${event.reason}`;
    case "refused":
      return `refused: ${event.code}: ${event.reason}`;
  }
}

function inputWords(input: Extract<OrderEvent, { kind: "input" }>["input"]): string {
  switch (input.kind) {
    case "order.accepted":
      return "the broker took it";
    case "order.rejected":
      return `the broker refused it: ${input.code}: ${input.reason}`;
    case "order.unknown":
      return `nobody knows whether the broker has it: ${input.reason}`;
    case "order.update":
      return `the broker says ${input.status}${input.reason === null ? "" : `: ${input.reason}`}`;
    case "execution": {
      const fee = decimal(input.fee).isZero() ? "" : `, fee ${text(decimal(input.fee))}`;
      return `filled ${input.qty} at ${Number(input.price)} (${input.cumulativeQty} so far)${fee}`;
    }
    case "cancel.rejected":
      return `the broker did not cancel it: ${input.reason}`;
    case "decision":
      return `${input.by} said ${input.decision} (${input.channel})`;
    case "command":
      return `${String(input.by)}: it never reached the broker: ${input.reason}`;
  }
}

// ------------------------------------------------------------------------------------------------ json

export function whyOrderJson(shown: string, story: OrderStory): object {
  const { clientOrderId, order, strategy, rule, symbol, fired, confirmation, judged, verdicts, approval, refused } =
    story;
  const said = confirmation === null ? null : { verdict: confirmation.verdict, error: confirmation.error };
  return {
    format_version: 1,
    barwise: VERSION,
    journal: { folder: shown },
    order: clientOrderId === "" ? null : { id: clientOrderId, ...order },
    ...{ strategy, rule, symbol },
    firing:
      fired === null
        ? null
        : {
            ...momentJson(fired),
            id: fired.firing.id,
            time: timeOrNull(fired.firing.time),
            program: fired.firing.program,
            price: fired.firing.price,
            conditions: fired.firing.condition,
            facts: fired.firing.facts,
            values: expressionValues(story.program, fired.firing),
          },
    confirmation: confirmation === null ? null : { ...momentJson(confirmation), ...said },
    judged: judged === null ? null : conditionJson(judged),
    verdicts: verdicts.map(({ verdict, ...at }) => ({ ...momentJson(at), ...verdict })),
    approval,
    refused,
    events: story.events.map((event) => {
      const { seq: _, marketTime: __, arrivalTime: ___, ...rest } = event;
      return { ...momentJson(event), text: eventWords(event), ...rest };
    }),
    others: story.others,
  };
}

function momentJson({ seq, marketTime, arrivalTime }: Moment): object {
  return { seq, market_time: timeOrNull(marketTime), arrival_time: timeOrNull(arrivalTime) };
}
