/**
 * One evaluation: a frozen instant of one strategy in one symbol, and what follows from it.
 *
 * Owns: turning an evaluation into firings and announcements. May not: decide when, or build bars.
 */
import { DAY } from "../../market/bar-size.ts";
import { onlyReduces } from "../actions.ts";
import type { Firing, Output } from "../event.ts";
import type { Program, Rule } from "../program.ts";
import { blockedExit, refusal } from "./announcements.ts";
import type { Slots } from "./conditions.ts";
import { NOTHING } from "./instance.ts";
import type { Instance } from "./instance.ts";
import { NO_HOLDS } from "./splits.ts";
import type { Hold } from "./splits.ts";
import type { Views } from "./view-nodes.ts";

export interface SignalsSink {
  output(output: Output): void;
  firing(firing: Firing, rule: Rule): void;
  /** Told of every evaluation while its facts are still those that were judged. */
  readonly judged?: Judged | undefined;
}

/** Watches evaluations and changes nothing. `hold`: a split is dealt with; while it is `unknown` nothing is judged. */
export type Judged = (instance: Instance, slots: Slots, trading: boolean, hold: Hold | undefined) => void;

export class Judge {
  readonly #views: Views;
  readonly #sink: SignalsSink;
  readonly #program: Program;
  readonly #slots: Slots;
  /** While false facts and latches follow, and nothing fires. */
  trading = false;
  /** Who waits for a split to be dealt with. */
  held: ReadonlyMap<Instance, Hold> = NO_HOLDS;

  constructor(views: Views, sink: SignalsSink, program: Program, slots: Slots) {
    this.#views = views;
    this.#sink = sink;
    this.#program = program;
    this.#slots = slots;
  }

  /** After `prepare`: what is refused, what fires, which exits are blocked. */
  evaluate(instance: Instance): void {
    const hold = this.held.size === 0 ? undefined : this.held.get(instance);
    const trading = this.trading && hold === undefined;
    const slots = this.#slots;
    if (hold === "unknown") return this.#sink.judged?.(instance, slots, trading, hold);
    const { strategy, symbol, series, moment } = instance.facts;
    const book = this.#views.book(strategy.name, symbol);
    const day = series.calendar.sessionAtOrBefore(moment.start)?.day ?? Math.floor(moment.time / DAY.ms);
    const evaluation = instance.evaluate(slots, day, book, trading);
    this.#sink.judged?.(instance, slots, trading, hold);
    if (evaluation === NOTHING) return;
    const { fired, refused, blockedExits } = evaluation;
    for (const { rule, code, reason } of refused) this.#sink.output(refusal(instance, rule, code, reason));
    if (trading) for (const rule of blockedExits) this.#sink.output(blockedExit(instance, rule));
    for (const ruleInstance of fired) {
      const firing = instance.freeze(slots, ruleInstance, this.#program.digest);
      if ("unknown" in firing) {
        const { rule } = ruleInstance;
        const reason = `${firing.unknown} is unknown, so the order has no price or size`;
        this.#sink.output(refusal(instance, rule, "unknown_value", reason));
        if (onlyReduces(rule.action)) this.#sink.output(blockedExit(instance, rule));
        continue;
      }
      instance.consume(ruleInstance.rule);
      this.#sink.firing(firing, ruleInstance.rule);
    }
  }
}
