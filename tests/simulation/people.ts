/**
 * People who are asked about orders and who stop trading and let it go on, by a channel that outlives every process.
 *
 * Owns: what they do and when, drawn from the world's seed: words in time, late, twice, by the wrong one, on what was shown before, to
 * the next process; and the kill file of the machine. May not: judge what becomes of it.
 */
import type { ApprovalState, ApprovalView, DecisionInput } from "../../engine/core/approval.ts";
import type { Input, InputBody, Output } from "../../engine/core/event.ts";
import type { CoreState } from "../../engine/core/step.ts";
import { pendingApprovals } from "../../engine/core/view.ts";
import { one } from "../support/runs.ts";
import type { Pick } from "../support/runs.ts";
import type { WorldClock } from "./time.ts";

/** How soon a running engine notices the file. */
const NOTICED_MS = 100;
const LOOK_MS = 4_000;

export interface Reached {
  readonly core: CoreState;
  post(body: InputBody): void;
  /** Resolves when what the core did so far is on disk. */
  sync(): Promise<void>;
}

export interface PeopleOptions {
  readonly pick: Pick;
  readonly clock: WorldClock;
  /** The process that trades, if one does. */
  readonly running: () => Reached | undefined;
  readonly onKill: (isKilled: boolean) => void;
  readonly log: (line: string) => void;
}

export class People {
  /** The file is there. */
  isKilled = false;
  /** What somebody was told, once it was on disk. */
  readonly told = new Map<string, ApprovalState>();
  words = 0;
  readonly #options: PeopleOptions;
  readonly #shown = new Map<string, string>();
  #areGone = false;

  constructor(options: PeopleOptions) {
    this.#options = options;
  }

  begin(): void {
    this.#look();
  }

  leave(): void {
    this.#areGone = true;
  }

  /** What the engine hears before it is connected, as a real one does. */
  get first(): readonly InputBody[] {
    return this.isKilled ? [KILL] : [];
  }

  /** Told of everything that a process has done. */
  follow(process: Reached, input: Input, outputs: readonly Output[]): void {
    if (input.kind !== "decision") return;
    for (const output of outputs) {
      if (output.kind !== "approval" || output.approval.state === "pending") continue;
      const { id, state } = output.approval;
      void process.sync().then(
        () => this.told.set(id, state),
        () => undefined,
      );
    }
  }

  #look(): void {
    if (this.#areGone) return;
    const { pick, clock, running } = this.#options;
    const core = running()?.core;
    for (const view of core === undefined ? [] : pendingApprovals(core)) {
      if (this.#shown.get(view.id) === view.hash) continue;
      this.#shown.set(view.id, view.hash);
      for (let i = pick(5); i > 0; i--) clock.after(this.#hesitation(), () => this.#say(view));
    }
    clock.after(LOOK_MS, () => this.#look());
  }

  #hesitation(): number {
    const { pick } = this.#options;
    return pick(4) === 0 ? pick(240_000) : pick(12_000);
  }

  /** To whichever process is there by then. */
  #say(view: ApprovalView): void {
    const { pick, running, log } = this.#options;
    const process = running();
    if (process === undefined || this.#areGone) return;
    const { id, order } = view;
    const now = process.core.desk.state.approvals.get(id)?.hash ?? view.hash;
    const qty = one(pick, ["1", String(Math.ceil(Number(order.qty) / 2)), String(Number(order.qty) + 1 + pick(20))]);
    const limitPrice = String(Number(order.limitPrice ?? 100) + pick(5) - 2);
    const edit = one(pick, [null, null, { qty }, { limitPrice }, { qty, limitPrice }]);
    const word: DecisionInput = {
      kind: "decision",
      approval: id,
      hash: pick(5) === 0 ? view.hash : now,
      by: one(pick, ["ann", "bob", "carl", "agent:x"]),
      channel: "cli",
      decision: pick(7) === 0 ? "reject" : "approve",
      ...(edit === null ? {} : { edit }),
      reason: "",
    };
    this.words++;
    log(`${word.by} says ${word.decision} to ${id} ${JSON.stringify(edit)}`);
    process.post(word);
    if (pick(6) === 0) process.post({ ...word, by: "dora" });
    if (pick(6) === 0) process.post(word);
  }

  // ---------------------------------------------------------------------------------------------- the kill switch

  kill(): void {
    this.#options.log("the kill file is there");
    this.isKilled = true;
    this.#options.onKill(true);
    this.#options.clock.after(NOTICED_MS, () => this.notice());
  }

  /** A running engine looks at the file; one that has just started does so at once. */
  notice(): void {
    if (this.isKilled) this.#options.running()?.post(KILL);
  }

  /** The file goes first, as `barwise resume` has it. */
  resume(): void {
    this.#options.log("ann resumes");
    this.isKilled = false;
    this.#options.onKill(false);
    this.#options.running()?.post({ kind: "command", command: "resume", by: "ann", reason: "looked" });
  }
}

const KILL: InputBody = { kind: "command", command: "kill", by: "ann", reason: "the file" };
