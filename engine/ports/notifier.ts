/**
 * People who are told, and people who decide.
 *
 * Owns: the interfaces. A notifier carries a message to one place and says whether it arrived; an approver brings a
 * person's word back. Neither decides anything about trading.
 */
import type { ApprovalOutput, ApprovalView, DecisionInput } from "../core/approval.ts";

export interface Message {
  /** The same when the same thing is told again. */
  readonly id: string;
  readonly kind: "alert" | "approval" | "state" | "run" | "fill" | "test";
  readonly level: "info" | "warning" | "critical";
  /** One line. Title and text are plain: no markup, no control characters. */
  readonly title: string;
  readonly text: string;
  /** Epoch milliseconds. */
  readonly time: number;
  /** Messages that say the same of the same thing are alike: a flood of them is told as one. */
  readonly alike: string;
  /** How many it stands for. */
  readonly count: number;
  /** The request that it is about. */
  readonly approval?: ApprovalView;
}

export type Delivery =
  /** What the other side answered, for people. */
  | { readonly ok: true; readonly answer: string }
  /** `retry`: it may work later, not before `afterMs`. The reason holds no secret. */
  | { readonly ok: false; readonly reason: string; readonly retry: boolean; readonly afterMs?: number };

export interface Notifier {
  /** As `barwise.yaml` has it: `telegram`, `slack-2`. */
  readonly name: string;
  /** At most `burst` messages at once, and one every `everyMs` on average. */
  readonly pace: { readonly burst: number; readonly everyMs: number };
  /** Always resolves, after some seconds at most. */
  notify(message: Message): Promise<Delivery>;
  /** Idempotent; nothing leaves after it. */
  stop(): Promise<void>;
}

export type Decision = Omit<DecisionInput, "kind">;

/** What became of a decision, when the journal has it. */
export type DecisionOutcome =
  | { readonly kind: "counted"; readonly approval: ApprovalView }
  | (Omit<Extract<ApprovalOutput, { kind: "decision.refused" }>, "kind"> & { readonly kind: "refused" })
  /** The engine has ended, or did not answer. */
  | { readonly kind: "lost"; readonly reason: string };

export interface ApproverSink {
  decide(decision: Decision): Promise<DecisionOutcome>;
  /** Somebody who may not decide tried, or the channel does not listen. */
  told(level: "info" | "warning", text: string): void;
}

/** A channel that brings decisions. */
export interface Approver {
  start(sink: ApproverSink): void;
  /** Idempotent; no decision comes after it resolves. */
  stop(): Promise<void>;
}
