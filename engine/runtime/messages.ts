/**
 * What people are told of a run: its inputs and outputs in their words.
 *
 * Owns: which of them are worth a message, how urgent it is, which messages are alike, and that nothing in one can be taken
 * for markup or steer a terminal: texts of strategies, brokers and strangers are data. May not: send one, or wait.
 */
import type { ApprovalView, RefusedDecision } from "../core/approval.ts";
import type { Input, Output } from "../core/event.ts";
import { isoTime } from "../core/time.ts";
import type { Message } from "../ports/notifier.ts";

/** Longer than any service takes; what a strategy writes must not fill the memory of the outbox. */
const LONGEST_TEXT = 4_000;
const LONGEST_TITLE = 200;

export interface Teller {
  /** Shown in every title: whether money is real. */
  readonly tag: string;
  /** Identity of the run, for ids. */
  readonly run: string;
}

const LATE: ReadonlySet<RefusedDecision> = new Set(["already_decided", "expired", "not_found"]);

type Draft = Pick<Message, "kind" | "level" | "title" | "text" | "alike"> & Partial<Message>;

export class Messages {
  readonly #teller: Teller;
  #brokerDown = false;
  readonly #feedsDown = new Set<string>();

  constructor(teller: Teller) {
    this.#teller = teller;
  }

  /** Of one step. */
  of(input: Input, outputs: readonly Output[], time: number, seq: number): Message[] {
    const drafts = [...this.#ofInput(input, outputs.length > 0)];
    for (const output of outputs) {
      const draft = ofOutput(output);
      if (draft !== undefined) drafts.push(draft);
    }
    return drafts.map((draft, i) => this.message(draft, time, `${seq}-${i}`));
  }

  /** Something that is no event of the core, such as the end of the process. */
  message(draft: Draft, time: number, id: string): Message {
    const { tag, run } = this.#teller;
    return {
      id: `${run}-${id}`,
      time,
      count: 1,
      ...draft,
      title: plainLine(`[${tag}] ${draft.title}`, LONGEST_TITLE),
      text: plainText(draft.text, LONGEST_TEXT),
    };
  }

  #ofInput(input: Input, changed: boolean): Draft[] {
    switch (input.kind) {
      case "execution": {
        // One that was told twice changes nothing.
        if (!changed) return [];
        const { side, qty, symbol, price, clientOrderId } = input;
        const title = `filled ${side} ${qty} ${symbol} at ${price}`;
        return [
          { kind: "fill", level: "info", title, text: `order ${clientOrderId}`, alike: `fill ${symbol} ${side}` },
        ];
      }
      case "feed":
        return this.#feed(input);
      case "broker":
        if (input.status !== "disconnected" || this.#brokerDown) return [];
        this.#brokerDown = true;
        return [run("warning", "the broker is not connected", input.detail, "broker")];
      case "reconciled":
        if (!this.#brokerDown) return [];
        this.#brokerDown = false;
        return [run("info", "the broker is connected and reconciled again", "", "broker")];
      default:
        return [];
    }
  }

  #feed({ feed, status, detail }: Extract<Input, { kind: "feed" }>): Draft[] {
    const was = this.#feedsDown.has(feed);
    if (status === "live") {
      // What `all feeds` says at a start ends with the first that is live.
      const all = this.#feedsDown.delete("all feeds");
      return this.#feedsDown.delete(feed) || all
        ? [run("info", `feed ${feed} is live again`, detail, `feed ${feed}`)]
        : [];
    }
    if (was && status === "down") return [];
    if (status === "down") this.#feedsDown.add(feed);
    else this.#feedsDown.delete(feed);
    return [run(status === "down" ? "warning" : "info", `feed ${feed} is ${status}`, detail, `feed ${feed}`)];
  }

  /** What should be connected and is not. */
  get trouble(): string | undefined {
    if (this.#brokerDown) return "the broker is not connected";
    return this.#feedsDown.size === 0 ? undefined : `no data of ${[...this.#feedsDown].join(", ")}`;
  }
}

export function run(level: Message["level"], title: string, text: string, alike: string): Draft {
  return { kind: "run", level, title, text, alike: `run ${alike}` };
}

function ofOutput(output: Output): Draft | undefined {
  switch (output.kind) {
    case "alert": {
      const { level, code, message, strategy, symbol } = output;
      const where = [strategy, symbol].filter((part) => part !== null).join(" ");
      const title = `${level} ${code}${where === "" ? "" : `: ${where}`}`;
      const alike = `alert ${level} ${code} ${where} ${shapeOf(message)}`;
      return { kind: "alert", level, title, text: message, alike };
    }
    case "state": {
      const { scope, state, reason } = output;
      const level = state === "HALTED" ? "critical" : state === "REDUCING" ? "warning" : "info";
      return { kind: "state", level, title: `${scope} is ${state}`, text: reason, alike: `state ${scope}` };
    }
    case "approval":
      return ofApproval(output.approval);
    case "decision.refused": {
      // The person who is late is told at once, on their own channel.
      if (LATE.has(output.code)) return undefined;
      const { approval, by, channel, code, reason } = output;
      const title = `a decision of ${by} via ${channel} does not count`;
      const text = `${reason} (${code})\nrequest ${approval}`;
      return { kind: "approval", level: "warning", title, text, alike: `refused ${channel} ${by} ${approval} ${code}` };
    }
    default:
      return undefined;
  }
}

/** Numbers are what differs between messages of one rule; two rules say different things. */
function shapeOf(text: string): string {
  return text.slice(0, 200).replaceAll(/\d+/g, "#");
}

/** About a request; the newest word on it is the one that counts, so an older one that still waits gives way to it. */
export function ofApproval(view: ApprovalView): Draft {
  const { id, hash, state, decisions } = view;
  const alike = `approval ${id}`;
  const unique = { id: `${id}-${hash.slice(0, 8)}-${state}-${decisions.length}` };
  const level = state === "pending" || state === "expired" || state === "blocked" ? "warning" : "info";
  const title = state === "pending" ? `approve? ${orderWords(view)}` : `${state}: ${orderWords(view)}`;
  return { kind: "approval", level, title, text: approvalText(view), alike, approval: view, ...unique };
}

function orderWords({ order }: ApprovalView): string {
  const { side, qty, symbol, type, limitPrice, stopPrice, orderClass } = order;
  const at = [
    limitPrice === undefined ? "" : ` limit ${limitPrice}`,
    stopPrice === undefined ? "" : ` stop ${stopPrice}`,
  ];
  const price = at.join("") === "" ? ` ${type}` : at.join("");
  return `${side} ${qty} ${symbol}${price}${orderClass === "simple" ? "" : ` ${orderClass}`}`;
}

function approvalText(view: ApprovalView): string {
  const { id, hash, state, strategy, rule, notional, reference, why, needed, decisions, reason, expiresAt } = view;
  const said = decisions.map(
    ({ decision, by, channel, reason: words }) =>
      `${decision === "approve" ? "approved" : "rejected"} by ${by} via ${channel}${words === "" ? "" : `: ${words}`}`,
  );
  const open =
    state === "pending"
      ? [
          `answer before ${isoTime(expiresAt)}${needed === 2 ? `; two people must approve, ${decisions.length} did` : ""}`,
          `barwise approve ${id} --hash ${hash.slice(0, 8)}`,
          `barwise reject ${id} --hash ${hash.slice(0, 8)}`,
        ]
      : [];
  return [
    `strategy ${strategy}, rule ${rule}`,
    `worth ${notional}, price ${reference}`,
    `asked because ${why}`,
    ...said,
    // Of these it repeats who said what.
    ...(reason === null || state === "approved" || state === "rejected" ? [] : [reason]),
    ...open,
  ].join("\n");
}

// oxlint-disable-next-line no-control-regex -- they are what is replaced
const STEERING = /[\u0000-\u0009\u000B-\u001F\u007F-\u009F\u2028\u2029\u202A-\u202E\u2066-\u2069]/g;

/** Control characters, and those that turn the direction of a line, become dots. Lines stay. */
function plainText(text: string, longest: number): string {
  const plain = text.replaceAll(STEERING, "·");
  return plain.length > longest ? `${plain.slice(0, longest - 1)}…` : plain;
}

function plainLine(text: string, longest: number): string {
  return plainText(text.replaceAll("\n", " "), longest);
}
