/**
 * Telling people about a run, and hearing them.
 *
 * Owns: wiring channels, outbox, decisions and the dead man's switch around an engine, from before it is connected until
 * after it ended. May not: decide about trading. A run whose channels are all dead trades on.
 */
import { JournalError } from "../adapters/journal/segments.ts";
import { Settings } from "../adapters/notify/settings.ts";
import { WALL_CLOCK } from "../adapters/wall-clock.ts";
import type { Input, Output } from "../core/event.ts";
import { pendingApprovals } from "../core/view.ts";
import type { Diagnostic } from "../lang/diagnostic.ts";
import type { Project } from "../lang/project.ts";
import type { Journal } from "../ports/journal.ts";
import type { Decision, DecisionOutcome, Message } from "../ports/notifier.ts";
import { planLines } from "../report/plan.ts";
import { DeadMan } from "../runtime/dead-man.ts";
import { Decisions } from "../runtime/decisions.ts";
import type { Engine } from "../runtime/engine.ts";
import { isMarket } from "../runtime/mailbox.ts";
import { Messages, ofApproval, run } from "../runtime/messages.ts";
import { Outbox } from "../runtime/outbox.ts";
import type { ReloadResult } from "../runtime/reload.ts";
import { openChannels, openCheckIn } from "./channels.ts";
import type { OpenChannel } from "./channels.ts";

/** How long the last messages of a run may take: nobody waits for a dead service. */
const LAST_WORDS_MS = 5_000;

export interface NotificationsOptions {
  readonly project: Pick<Project, "notify" | "deadMan">;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** `LIVE`, `paper`. */
  readonly tag: string;
  readonly account: string;
  /** Of the journal. */
  readonly run: string;
  readonly journal: Pick<Journal, "sync">;
  readonly note: (line: string) => void;
}

export class Notifications {
  readonly #options: NotificationsOptions;
  readonly #channels: readonly OpenChannel[];
  readonly #messages: Messages;
  readonly #outbox: Outbox;
  readonly #deadMan: DeadMan | undefined;
  readonly #durable: () => Promise<void>;
  #decisions: Decisions | undefined;
  #begun = false;
  #count = 0;

  /** Throws when a secret is missing: a run that cannot tell what it was asked to tell does not start. */
  constructor(options: NotificationsOptions) {
    const { project, environment, tag, journal, note } = options;
    this.#durable = () => written(journal);
    const durable = this.#durable;
    const settings = new Settings(environment);
    this.#options = options;
    this.#messages = new Messages({ tag, run: options.run });
    this.#channels = openChannels(project.notify, settings);
    this.#outbox = new Outbox({
      channels: this.#channels,
      clock: WALL_CLOCK,
      random: Math.random,
      durable,
      note,
      dead: (name, reason) => this.#tell("warning", `${name} is not reached`, reason, `channel ${name}`),
    });
    if (project.deadMan === undefined) return;
    const checkIn = openCheckIn(project.deadMan, settings);
    this.#deadMan = new DeadMan({
      everyMs: project.deadMan.everyMs,
      clock: WALL_CLOCK,
      call: (ping, detail) => checkIn.call(ping, detail),
      durable,
      trouble: () => this.#messages.trouble,
      note,
    });
  }

  observe(input: Input, outputs: readonly Output[]): void {
    if (outputs.length === 0 && isMarket(input)) return;
    this.#decisions?.observe(input, outputs);
    // What connects at a start is no news; the start itself is.
    for (const message of this.#messages.of(input, outputs, input.arrivalTime, input.seq))
      if (this.#begun || message.kind !== "run") this.#outbox.tell(message);
  }

  /** The engine trades. */
  begin(engine: Engine): void {
    const { account, note } = this.#options;
    this.#begun = true;
    const decisions = new Decisions({ post: (input) => engine.post(input), durable: this.#durable, clock: WALL_CLOCK });
    this.#decisions = decisions;
    this.#tell("info", "the run has started", `account ${account}`, "started");
    const pending = pendingApprovals(engine.core);
    for (const view of pending) {
      // A process before this one may have ended before it told; who knows it already is told nothing new.
      this.#outbox.tell(this.#messages.message(ofApproval(view), WALL_CLOCK.now(), view.id));
      for (const { remember } of this.#channels) remember?.(view);
    }
    for (const { approver } of this.#channels)
      approver?.start({
        decide: (decision: Decision): Promise<DecisionOutcome> => decisions.decide(decision),
        told: (level, text) => {
          note(text);
          this.#tell(level, text, "", text);
        },
      });
    this.#deadMan?.start();
  }

  /** A change that waits for a person, or that is not taken, is news for somebody who does not sit at the screen. */
  reloaded(result: ReloadResult<Diagnostic>): void {
    if (result.kind === "held") {
      const findings = result.held.map(({ code, message }) => `${code}: ${message}`);
      this.#tell("warning", "a change is held back", [...findings, "barwise accept"].join("\n"), "reload");
    } else if (result.kind === "rejected") {
      const [error] = result.diagnostics.filter(({ severity }) => severity === "error");
      const found = error === undefined ? "" : `${error.file}:${error.line}: ${error.message}`;
      this.#tell("warning", "not reloaded, the old rules keep running", result.reason ?? found, "reload");
    } else if (result.kind === "loaded") {
      const lines = planLines(result.plan, { unchanged: false }).map(({ text }) => text);
      this.#tell("info", "the rules were changed", lines.join("\n"), "reload");
    }
  }

  /** `died`: why the engine did, when it was not asked to stop. */
  async stop(died: Error | undefined): Promise<void> {
    this.#decisions?.end("the engine has ended");
    await Promise.all(this.#channels.map(async ({ approver }) => approver?.stop()));
    if (this.#begun && died === undefined) this.#tell("info", "the run was stopped", "", "stopped");
    const what = this.#begun ? "TRADING STOPPED" : "the run did not start";
    if (died !== undefined) this.#tell("critical", what, died.message, "died");
    await Promise.all([this.#outbox.stop(LAST_WORDS_MS), this.#deadMan?.stop(died?.message)]);
  }

  #tell(level: Message["level"], title: string, text: string, alike: string): void {
    const now = WALL_CLOCK.now();
    this.#outbox.tell(this.#messages.message(run(level, title, text, alike), now, `run-${now}-${++this.#count}`));
  }
}

/** A journal that ended well has everything. */
async function written(journal: NotificationsOptions["journal"]): Promise<void> {
  try {
    await journal.sync();
  } catch (error) {
    if (!(error instanceof JournalError) || error.code !== "closed") throw error;
  }
}
