/**
 * Every operation of the control API.
 *
 * Owns: the table: path, method, what it takes, what it answers, which rate limit counts it. The server serves exactly this,
 * and the OpenAPI document says exactly this. May not: touch sockets.
 */
import type { CommandName, ControlPort, Decision } from "../../ports/control.ts";
import {
  DECISION,
  LOOSEN,
  NOTHING,
  OVERRIDE,
  SIGNED_DECISION,
  TIGHTEN,
  TIGHTEN_ACCOUNT,
  listOf,
  ref,
} from "./schemas.ts";
import type { Schema } from "./schemas.ts";

/** Which budget of requests a minute counts it. */
export type RateClass = "read" | "write" | "stream";

export interface Asked {
  /** Of the path's `{names}`. */
  readonly path: Readonly<Record<string, string>>;
  readonly query: Readonly<Record<string, unknown>>;
  readonly body: Readonly<Record<string, unknown>>;
}

interface Described {
  readonly id: string;
  readonly path: `/v1/${string}`;
  readonly summary: string;
  readonly rate: RateClass;
  /** Parameters of the address, none of them required. */
  readonly query?: Readonly<Record<string, Schema>>;
  /** Answered without a token too. */
  readonly open?: true;
  /** Instead of the token, the body may be signed with the secret of a webhook. */
  readonly signed?: true;
}

export interface Read extends Described {
  readonly method: "GET";
  /** Of a JSON answer; else the type of the text. */
  readonly answer: Schema | "text/plain" | "text/event-stream" | "openapi";
  run(control: ControlPort, asked: Asked): unknown;
}

export interface Write extends Described {
  readonly method: "POST";
  readonly body: Schema;
  readonly answer: Schema;
  run(control: ControlPort, asked: Asked): Promise<unknown>;
}

export type Operation = Read | Write;

function countOf(most: number, usual: number, what: string): Schema {
  return { type: "integer", minimum: 1, maximum: most, default: usual, description: what };
}

function command(name: CommandName, summary: string, body: Schema): Write {
  return {
    id: name,
    method: "POST",
    path: `/v1/${name}`,
    summary,
    rate: "write",
    body,
    answer: ref("CommandResult"),
    run: (control, { body: { by, reason = "", scope = "account" } }) =>
      control.command({ command: name, scope: String(scope), by: String(by), reason: String(reason) }),
  };
}

const READS: readonly Read[] = [
  {
    id: "health",
    method: "GET",
    path: "/v1/health",
    summary: "Whether the process answers. With a token: whether it is ready, and the account's state.",
    rate: "read",
    open: true,
    answer: ref("Health"),
    run: (control) => ({ ok: true, ...control.health() }),
  },
  {
    id: "status",
    method: "GET",
    path: "/v1/status",
    summary: "The run at a glance.",
    rate: "read",
    answer: ref("Status"),
    run: (control) => control.status(),
  },
  {
    id: "account",
    method: "GET",
    path: "/v1/account",
    summary: "The account's money and exposure.",
    rate: "read",
    answer: ref("Account"),
    run: (control) => control.account(),
  },
  {
    id: "positions",
    method: "GET",
    path: "/v1/positions",
    summary: "What each strategy holds.",
    rate: "read",
    answer: listOf("Position"),
    run: (control) => control.positions(),
  },
  {
    id: "orders",
    method: "GET",
    path: "/v1/orders",
    summary: "Orders that work; with `all=true` also those that are over and still remembered.",
    rate: "read",
    query: { all: { type: "boolean", default: false, description: "Also orders that are over." } },
    answer: listOf("Order"),
    run: (control, { query }) => control.orders(query["all"] === true),
  },
  {
    id: "strategies",
    method: "GET",
    path: "/v1/strategies",
    summary: "Each strategy in each symbol: facts, rules, and what blocks a rule.",
    rate: "read",
    answer: listOf("Strategy"),
    run: (control) => control.strategies(),
  },
  {
    id: "rule",
    method: "GET",
    path: "/v1/rules/{strategy}/{rule}",
    summary: "One rule in each symbol, with its latest firings and refusals since the start.",
    rate: "read",
    answer: ref("RuleReport"),
    run: (control, { path }) => control.rule(path["strategy"] ?? "", path["rule"] ?? ""),
  },
  {
    id: "risk",
    method: "GET",
    path: "/v1/risk",
    summary: "Every limit that is set, and what counts against it.",
    rate: "read",
    answer: listOf("Limit"),
    run: (control) => control.risk(),
  },
  {
    id: "states",
    method: "GET",
    path: "/v1/states",
    summary: "Trading states with all their causes: of the account, and of every scope in which something holds.",
    rate: "read",
    answer: listOf("State"),
    run: (control) => control.states(),
  },
  {
    id: "approvals",
    method: "GET",
    path: "/v1/approvals",
    summary: "Orders that wait for a person; with `all=true` also those that were decided and are still remembered.",
    rate: "read",
    query: { all: { type: "boolean", default: false, description: "Also those that were decided." } },
    answer: listOf("Approval"),
    run: (control, { query }) => control.approvals(query["all"] === true),
  },
  {
    id: "approval",
    method: "GET",
    path: "/v1/approvals/{id}",
    summary: "One request, as long as it is remembered.",
    rate: "read",
    answer: ref("Approval"),
    run: (control, { path }) => control.approval(path["id"] ?? ""),
  },
  {
    id: "overrides",
    method: "GET",
    path: "/v1/overrides",
    summary: "Limits that two people have raised for a while, and those that wait for the second one.",
    rate: "read",
    answer: listOf("Override"),
    run: (control) => control.overrides(),
  },
  {
    id: "alerts",
    method: "GET",
    path: "/v1/alerts",
    summary: "The latest alerts, oldest first.",
    rate: "read",
    query: { count: countOf(500, 50, "How many.") },
    answer: listOf("Alert"),
    run: (control, { query }) => control.alerts(Number(query["count"] ?? 50)),
  },
  {
    id: "journal",
    method: "GET",
    path: "/v1/journal",
    summary: "The latest entries of the journal, oldest first.",
    rate: "read",
    query: { count: countOf(1_000, 20, "How many records.") },
    answer: listOf("Entry"),
    run: (control, { query }) => control.journal(Number(query["count"] ?? 20)),
  },
  {
    id: "events",
    method: "GET",
    path: "/v1/events",
    summary:
      "Orders, positions, verdicts, refusals, alerts, states, fills and reloads as they happen, as server-sent events. `Last-Event-ID` goes on after that event; an event `gap` says that some are lost.",
    rate: "stream",
    answer: "text/event-stream",
    run: () => undefined,
  },
  {
    id: "metrics",
    method: "GET",
    path: "/v1/metrics",
    summary: "For Prometheus.",
    rate: "read",
    answer: "text/plain",
    run: (control) => control.metrics(),
  },
  {
    id: "openapi",
    method: "GET",
    path: "/v1/openapi.json",
    summary: "This document.",
    rate: "read",
    answer: "openapi",
    run: () => undefined,
  },
];

const WRITES: readonly Write[] = [
  command("halt", "Nothing is sent any more in the scope, and its entries are cancelled. Protection stays.", TIGHTEN),
  command("reduce", "Only what reduces exposure is sent in the scope, and its entries are cancelled.", TIGHTEN),
  command("cancel-all", "Every working order of the scope is cancelled.", TIGHTEN),
  command("flatten", "The scope only reduces, and everything it holds is closed.", TIGHTEN),
  command(
    "kill",
    "The kill switch: the account is HALTED and every working order is cancelled, protection included. `.barwise/HALTED` is left, so that it holds over restarts until resumed.",
    TIGHTEN_ACCOUNT,
  ),
  command("resume", "Lifts everything that stopped trading in the scope; of the account the kill switch too.", LOOSEN),
  {
    id: "decide",
    method: "POST",
    path: "/v1/approvals/{id}/decision",
    summary:
      "A person's word. It counts with the hash of exactly the order that they were shown; everything is checked again before the order leaves.",
    rate: "write",
    body: DECISION,
    answer: ref("Approval"),
    run: (control, { path, body }) =>
      control.decide({
        channel: "api",
        reason: "",
        ...(body as Omit<Decision, "approval" | "channel" | "reason">),
        approval: path["id"] ?? "",
      }),
  },
  {
    id: "decide-signed",
    method: "POST",
    path: "/v1/decisions",
    summary:
      "A person's word from a service that has the secret of a webhook: signed like the webhooks that it gets, taken once, and for five minutes.",
    rate: "write",
    signed: true,
    body: SIGNED_DECISION,
    answer: ref("Approval"),
    run: (control, { body }) =>
      control.decide({ reason: "", ...(body as Omit<Decision, "channel" | "reason">), channel: "webhook" }),
  },
  {
    id: "ask-override",
    method: "POST",
    path: "/v1/overrides",
    summary:
      "Asks to raise a limit for a while. Nothing holds before another person has confirmed it within 15 minutes.",
    rate: "write",
    body: OVERRIDE,
    answer: ref("Override"),
    run: (control, { body: { limit, value, for_ms: forMs, by, reason, scope = "account" } }) =>
      control.askOverride({
        ...{ limit: String(limit), value: Number(value), forMs: Number(forMs) },
        ...{ scope: String(scope), by: String(by), reason: String(reason) },
      }),
  },
  {
    id: "confirm-override",
    method: "POST",
    path: "/v1/overrides/{id}/confirm",
    summary: "The word of a second person. From its answer on the limit is raised.",
    rate: "write",
    body: TIGHTEN_ACCOUNT,
    answer: ref("Override"),
    run: (control, { path, body: { by, reason = "" } }) =>
      control.confirmOverride(path["id"] ?? "", String(by), String(reason)),
  },
  {
    id: "reload",
    method: "POST",
    path: "/v1/reload",
    summary: "Reads the files again. A change that needs a person's word is held back as ever.",
    rate: "write",
    body: NOTHING,
    answer: ref("Reload"),
    run: (control) => control.reload(),
  },
];

export const OPERATIONS: readonly Operation[] = [...READS, ...WRITES];
