/**
 * Why there is an order, or none: everything that the records of a run say of it.
 *
 * Owns: finding an order by its id or a part of it, and putting its story together. May not: compute anything again, read files.
 */
import type { ApprovalView } from "../core/approval.ts";
import type { ConfirmationInput, Firing, Input, OrderRequest, OrderView, Output, Verdict } from "../core/event.ts";
import type { JudgedNode } from "../core/judged-tree.ts";
import type { Program, Rule, Strategy } from "../core/program.ts";
import type { JournalRecord, JournaledInput, ProgramSources } from "../ports/journal.ts";
import { Fates } from "./fates.ts";
import type { Fate } from "./fates.ts";
import { RebuildError, programFrom } from "./recompute.ts";
import { ruleResultTree } from "./rule-result.ts";
import type { SavedRun } from "./saved-run.ts";
import { WhyError } from "./why-not.ts";

/** When something was, and which input it came with. */
export interface Moment {
  readonly seq: number;
  readonly marketTime: number;
  readonly arrivalTime: number;
}

type BrokerWord = Extract<
  Input,
  { kind: `order.${string}` | "execution" | "cancel.rejected" | "decision" | "command" }
>;

/** What happened to an order: a word of the broker or a person, what left for the broker, or a new state. */
export type OrderEvent = Moment &
  (
    | { readonly kind: "input"; readonly input: BrokerWord }
    | { readonly kind: "submit"; readonly order: OrderRequest }
    | { readonly kind: "cancel" | "lookup" }
    | { readonly kind: "state"; readonly order: OrderView }
    | { readonly kind: "approval"; readonly approval: ApprovalView }
    | { readonly kind: "decision.refused"; readonly code: string; readonly by: string; readonly reason: string }
    | { readonly kind: "refused"; readonly code: string; readonly reason: string }
  );

export interface OrderStory {
  readonly clientOrderId: string;
  /** Its last state; null: it was refused, or waits for a person. */
  readonly order: OrderView | null;
  readonly strategy: string;
  readonly rule: string;
  readonly symbol: string;
  /** Null where no rule fired: an operator closed what is held. */
  readonly fired: (Moment & { readonly firing: Firing }) | null;
  /** That ran when it fired. `rule`: null where its sources mean something else in this version. */
  readonly program: { readonly digest: string; readonly strategy: Strategy | null; readonly rule: Rule | null } | null;
  readonly confirmation: (Moment & Omit<ConfirmationInput, "kind" | "firing">) | null;
  /** The condition as json-rules-engine judged it. */
  readonly judged: JudgedNode | null;
  /** Of this order, oldest first: a person's yes is checked again. */
  readonly verdicts: readonly (Moment & { readonly verdict: Verdict })[];
  readonly approval: ApprovalView | null;
  readonly refused: Fate["refused"];
  readonly events: readonly OrderEvent[];
  /** Other orders of the same firing. */
  readonly others: readonly OrderView[];
}

/** `records` is asked for twice: once to find the order, once to follow it. Rejects with a WhyError when there is not exactly one. */
export async function whyOrder(records: () => AsyncIterable<JournalRecord>, given: string): Promise<OrderStory> {
  const { id, firing } = await find(records(), given);
  const story = new Story(id, firing);
  for await (const record of records()) story.take(record);
  return story.told();
}

interface Found {
  readonly id: string;
  readonly firing: string;
}

async function find(records: AsyncIterable<JournalRecord>, given: string): Promise<Found> {
  const exact = new Map<string, string>();
  const partly = new Map<string, string>();
  const offer = (id: string, firing: string, ...names: readonly (string | null)[]): void => {
    // The first order of a firing is what one means by it; legs and what follows come later.
    if (names.includes(given) || id === given || (firing === given && exact.size === 0)) exact.set(id, firing);
    if ([id, ...names].some((name) => name?.startsWith(given) === true || name?.startsWith(`bw-${given}`) === true))
      partly.set(id, firing);
  };
  for await (const record of records) {
    if (record.kind !== "out") continue;
    for (const output of record.outputs) {
      if (output.kind === "verdict") offer(output.verdict.clientOrderId, output.verdict.firing);
      if (output.kind === "order") offer(output.order.clientOrderId, output.order.firing, output.order.brokerOrderId);
      if (output.kind === "refused" && output.firing === given && exact.size === 0) exact.set("", given);
    }
  }
  const found = exact.size > 0 ? exact : partly;
  const [first] = found;
  if (first !== undefined && found.size === 1) return { id: first[0], firing: first[1] };
  if (first === undefined)
    throw new WhyError(
      `no order has the id ${given}, or one that begins with it; \`barwise journal orders\` lists them`,
    );
  const some = [...found.keys()].slice(0, 5).join(", ");
  throw new WhyError(`${found.size} orders have ids that begin with ${given}: ${some}${found.size > 5 ? ", …" : ""}`);
}

class Story {
  readonly #id: string;
  readonly #firing: string;
  readonly #fates: Fates;
  readonly #events: OrderEvent[] = [];
  readonly #verdicts: (Moment & { readonly verdict: Verdict })[] = [];
  #now: Moment = { seq: 0, marketTime: Number.NaN, arrivalTime: Number.NaN };
  #sources: ProgramSources | undefined;
  #firedWith: ProgramSources | undefined;
  #fired: OrderStory["fired"] = null;
  #confirmation: OrderStory["confirmation"] = null;
  #brokerId: string | null = null;
  #origin: Pick<Firing, "strategy" | "rule" | "symbol"> | undefined;

  constructor(id: string, firing: string) {
    this.#id = id;
    this.#firing = firing;
    this.#fates = new Fates((other) => other === firing);
  }

  take(record: JournalRecord): void {
    if (record.kind === "snapshot") this.#sources ??= (record.state as Partial<SavedRun>).sources;
    if (record.kind === "in") this.#input(record.input);
    if (record.kind !== "out") return;
    for (const output of record.outputs) {
      this.#fates.output(output);
      this.#output(output);
    }
  }

  #input(input: JournaledInput): void {
    const { seq, marketTime, arrivalTime } = input;
    this.#now = { seq, marketTime, arrivalTime };
    this.#fates.input(input);
    switch (input.kind) {
      case "program.loaded":
        this.#sources = input.sources;
        return;
      case "confirmation": {
        if (input.firing !== this.#firing) return;
        const { verdict, explanation, error } = input;
        this.#confirmation = { ...this.#now, verdict, explanation, error };
        return;
      }
      case "decision":
        if (input.approval === this.#id) this.#events.push({ ...this.#now, kind: "input", input });
        return;
      case "order.accepted":
      case "order.rejected":
      case "order.unknown":
      case "order.update":
      case "execution":
      case "cancel.rejected":
        // A leg that the broker names later may be told of by the broker's id alone.
        if (input.clientOrderId === this.#id || ("brokerOrderId" in input && input.brokerOrderId === this.#brokerId))
          this.#events.push({ ...this.#now, kind: "input", input });
        return;
      case "command":
        if (input.command === "not-sent" && input.clientOrderId === this.#id)
          this.#events.push({ ...this.#now, kind: "input", input });
        return;
      default:
    }
  }

  #output(output: Output): void {
    const now = this.#now;
    const id = this.#id;
    switch (output.kind) {
      case "confirm":
        if (output.firing.id !== this.#firing) return;
        this.#fired = { ...now, firing: output.firing };
        this.#firedWith = this.#sources;
        return;
      case "verdict":
        if (output.verdict.clientOrderId === id) this.#verdicts.push({ ...now, verdict: output.verdict });
        return;
      case "submit":
        if (output.order.clientOrderId === id) this.#events.push({ ...now, kind: "submit", order: output.order });
        return;
      case "cancel":
      case "lookup":
        if (output.clientOrderId === id) this.#events.push({ ...now, kind: output.kind });
        return;
      case "order":
        if (output.order.clientOrderId !== id) return;
        this.#brokerId = output.order.brokerOrderId ?? this.#brokerId;
        this.#events.push({ ...now, kind: "state", order: output.order });
        return;
      case "approval":
        if (output.approval.id === id) this.#events.push({ ...now, kind: "approval", approval: output.approval });
        return;
      case "decision.refused": {
        const { kind, code, by, reason } = output;
        if (output.approval === id) this.#events.push({ ...now, kind, code, by, reason });
        return;
      }
      case "refused": {
        const { kind, code, reason, strategy, rule, symbol } = output;
        if (output.firing !== this.#firing) return;
        this.#origin ??= { strategy, rule, symbol };
        this.#events.push({ ...now, kind, code, reason });
        return;
      }
      default:
    }
  }

  told(): OrderStory {
    const { orders, approval, refused } = this.#fates.of(this.#firing);
    const order = orders.find(({ clientOrderId }) => clientOrderId === this.#id) ?? null;
    const { strategy = "", rule = "", symbol = "" } = this.#fired?.firing ?? order ?? this.#origin ?? {};
    return {
      clientOrderId: this.#id,
      order,
      ...{ strategy, rule, symbol },
      fired: this.#fired,
      program: this.#program(),
      confirmation: this.#confirmation,
      judged: ruleResultTree(this.#confirmation?.explanation ?? null),
      verdicts: this.#verdicts,
      approval: approval?.id === this.#id ? approval : null,
      refused: order === null ? refused : null,
      events: this.#events,
      others: orders.filter((other) => other !== order),
    };
  }

  #program(): OrderStory["program"] {
    const firing = this.#fired?.firing;
    if (firing === undefined) return null;
    const strategy = this.#compiled()?.strategies.find(({ name }) => name === firing.strategy) ?? null;
    const rule = strategy?.rules.find(({ name }) => name === firing.rule) ?? null;
    return { digest: firing.program, strategy, rule };
  }

  /** Null where this version understands the sources otherwise: the story is told without the words of the rule. */
  #compiled(): Program | null {
    if (this.#firedWith?.digest !== this.#fired?.firing.program || this.#firedWith === undefined) return null;
    try {
      return programFrom(this.#firedWith).program;
    } catch (error) {
      if (error instanceof RebuildError) return null;
      throw error;
    }
  }
}
