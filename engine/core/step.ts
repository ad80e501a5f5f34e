/**
 * The core: one pure, synchronous function over one event at a time.
 *
 * Owns: the order of the stages. The same inputs give the same outputs, byte for byte: no clock, no randomness, no
 * promise, no I/O. May not: keep anything that did not come with an event.
 */
import { barSizeOf } from "../market/bar-size.ts";
import type { Calendar } from "../market/calendar.ts";
import { unreachable } from "./assert.ts";
import { onDecision } from "./desk/deciding.ts";
import { Desk } from "./desk/desk.ts";
import type { Input, Output, ProgramLoadedInput } from "./event.ts";
import { giveBack } from "./signals/groups.ts";
import type { Judged } from "./signals/judge.ts";
import { Signals } from "./signals/signals.ts";

export interface CoreOptions {
  /** Name of the account; part of every client order id. */
  readonly account: string;
  /** Identity of the journal; part of every client order id. */
  readonly journal: string;
  readonly calendarOf: (symbol: string) => Calendar;
  /** Who explains a run looks over its shoulder; what the core does never depends on it. */
  readonly judged?: Judged;
}

/** Everything the core remembers. Opaque to callers but for `view.ts`. */
export interface CoreState {
  readonly signals: Signals;
  readonly desk: Desk;
  /** Where the stages write while a step runs. */
  outputs: Output[];
}

const NO_OUTPUTS: readonly Output[] = [];

export function createCore(options: CoreOptions): CoreState {
  const output = (item: Output): void => {
    state.outputs.push(item);
  };
  const desk = new Desk(options, {
    output,
    book: (view) => signals.setBook(view),
    settled: (symbol) => signals.settled(symbol),
    rearm: (firing) => giveBack(signals.instances, firing),
  });
  const signals = new Signals(options.calendarOf, {
    output,
    firing: (firing, rule) => desk.firing(firing, rule),
    judged: options.judged,
  });
  const state: CoreState = { signals, desk, outputs: [] };
  return state;
}

/** Takes one input, changes the state, returns what follows from it, in order. */
export function step(state: CoreState, input: Input): readonly Output[] {
  state.desk.at(input);
  apply(state, input);
  if (state.outputs.length === 0) return NO_OUTPUTS;
  const outputs = state.outputs;
  state.outputs = [];
  return outputs;
}

function apply(state: CoreState, input: Input): void {
  const { signals, desk } = state;
  switch (input.kind) {
    case "bar":
      // A correction of an old bar says nothing about the price of now.
      if (!input.revised) desk.mark(input.symbol, input.close, input.marketTime, barSizeOf(input.size));
      refreshAccount(state);
      return signals.bar(input);
    case "trade":
      if (input.setsPrice) {
        desk.mark(input.symbol, input.price, input.time);
        if (desk.tradesAgain(input.symbol, input.time)) signals.halt(input.symbol, false);
      }
      refreshAccount(state);
      return signals.trade(input);
    case "quote":
      desk.markQuote(input.symbol, input.bid, input.ask, input.time);
      refreshAccount(state);
      return signals.quote(input);
    case "history":
      return signals.history(input);
    case "feed":
      desk.feed(input);
      return signals.feed(input, input.marketTime);
    case "halt":
      desk.halt(input);
      return signals.halt(input.symbol, input.halted);
    case "split":
      if (desk.split(input)) signals.split(input);
      return;
    case "splits":
      return desk.knowsSplits(input);
    case "notice":
      return;
    case "timer":
      refreshAccount(state);
      if (input.clock === "market") signals.timer(input.id, input.marketTime);
      return desk.timer(input.id);
    case "program.loaded":
      return load(state, input);
    case "trading.started":
      return signals.startTrading();
    case "command":
      return desk.command(input);
    case "load":
      return desk.keepsUp(input);
    case "confirmation":
      return desk.confirmation(input);
    case "decision":
      return onDecision(desk.state, input);
    case "order.accepted":
    case "order.rejected":
    case "order.unknown":
    case "order.update":
    case "execution":
    case "cancel.rejected":
    case "account":
    case "reconciled":
    case "instrument":
    case "broker":
      return desk.broker(input);
    default:
      return unreachable(input, "input");
  }
}

function load({ signals, desk, outputs }: CoreState, input: ProgramLoadedInput): void {
  const { digest, strategies } = input.program;
  desk.load(input.program);
  signals.load(input);
  outputs.push({ kind: "loaded", digest, strategies: strategies.map(({ name }) => name) });
}

function refreshAccount({ signals, desk }: CoreState): void {
  if (signals.usesAccount) signals.setAccount(desk.state.account.view(desk.state.reserved()));
}
