/**
 * A core to which everything happens: trades, bars and quotes, late and corrected ones, gaps, halts, fills in parts, orders whose
 * fate nobody knows, reloads, days that pass.
 *
 * Owns: inputs that a seed makes, recorded in the order in which the core took them. May not: judge what comes of them.
 */
import type { Input, Output } from "../../engine/core/event.ts";
import type { Program } from "../../engine/core/program.ts";
import type { Order } from "../../engine/core/desk/orders.ts";
import { calendarOf } from "../../engine/market/instruments.ts";
import { TimerQueue } from "../../engine/runtime/timers.ts";
import { CoreDriver, openOf, reconciled } from "./core-driver.ts";
import { compiled } from "./random-strategies.ts";
import type { Files } from "./random-strategies.ts";
import { one } from "./runs.ts";
import type { Pick } from "./runs.ts";

const MINUTE = 60_000;
const DAY = 86_400_000;
const SYMBOLS = ["SPY", "QQQ"] as const;
/** How often each kind of act comes. */
const WEIGHTS = {
  ...{ minute: 10, hour: 1, day: 1, quote: 2, late: 2, revise: 2, history: 1, feed: 1 },
  ...{ confirm: 5, accept: 5, fill: 3, part: 3, end: 1, doubt: 1, refuse: 1, again: 1, external: 1, account: 1 },
  ...{ command: 1, reload: 1, arrival: 2, halt: 1, load: 1, split: 1, rebuild: 1, splits: 1 },
};
type Act = keyof typeof WEIGHTS | "decide";
const ACTS = (Object.keys(WEIGHTS) as (keyof typeof WEIGHTS)[]).flatMap((act) =>
  Array.from({ length: WEIGHTS[act] }, (): Act => act),
);
/** Where people are asked, they answer often. */
const DECIDING: readonly Act[] = [...ACTS, ...Array.from({ length: 8 }, (): Act => "decide")];

export class Storm {
  readonly run: CoreDriver;
  /** The files of every program that was loaded. */
  readonly filesOf = new Map<Program, Files>();
  readonly #pick: Pick;
  readonly #projects: readonly Files[];
  readonly #arrivals = new TimerQueue();
  readonly #prices = new Map<string, number>(SYMBOLS.map((symbol) => [symbol, 100]));
  /** Where bars come from: most symbols have one source, and some change it. */
  readonly #source: "bars" | "trades" | "both";
  readonly #acts: readonly Act[];
  #minute = openOf("2024-03-05");

  constructor(pick: Pick, projects: readonly [Files, ...Files[]], options: { readonly decides?: boolean } = {}) {
    this.#acts = options.decides === true ? DECIDING : ACTS;
    this.#pick = pick;
    this.#projects = projects;
    this.#source = one(pick, ["bars", "trades", "both"] as const);
    this.run = new CoreDriver(this.#compiled(projects[0]), this.#minute - MINUTE, { live: pick(4) > 0 });
    this.run.autoConfirm = false;
    const feed = this.run.feed.bind(this.run);
    this.run.feed = (body) => {
      const outputs = feed(body);
      this.#note(outputs);
      // Bars close while time passes to the next item: most answers come before it.
      if (body.kind === "timer" && pick(6) > 0) this.run.confirmAll();
      return outputs;
    };
  }

  get inputs(): readonly Input[] {
    return this.run.inputs;
  }

  go(acts: number): this {
    for (let i = 0; i < acts; i++) this.#act(one(this.#pick, this.#acts));
    return this;
  }

  #compiled(files: Files): Program {
    const program = compiled(files);
    this.filesOf.set(program, files);
    return program;
  }

  #note(outputs: readonly Output[]): void {
    for (const output of outputs) {
      if (output.kind === "timer.set" && output.clock === "arrival") this.#arrivals.set(output.id, output.at);
      if (output.kind === "timer.cancel") this.#arrivals.cancel(output.id);
    }
  }

  #act(kind: Act): void {
    const { run } = this;
    const pick = this.#pick;
    switch (kind) {
      case "minute":
        return this.#passMinute();
      case "hour":
        for (let i = 0; i < 60; i++) this.#passMinute();
        return;
      case "confirm":
        return run.confirmAll(pick(12) === 0 ? "disagreed" : "agreed");
      case "quote": {
        const middle = this.#price(one(pick, SYMBOLS));
        const spread = one(pick, [0.02, 0.1]);
        run.quote(one(pick, SYMBOLS), this.run.now, pick(20) === 0 ? 0 : middle - spread, middle + spread);
        return;
      }
      case "late":
        for (let i = pick(3); i >= 0; i--) {
          const symbol = one(pick, SYMBOLS);
          run.trade(symbol, run.now - pick(one(pick, [10, 300])) * 30_000, this.#price(symbol));
        }
        return;
      case "revise":
        return this.#revise();
      case "command":
        return this.#command();
      case "reload":
        run.feed({
          kind: "program.loaded",
          program: this.#compiled(one(pick, this.#projects)),
          warmup: this.#history(),
        });
        return;
      case "feed":
        return this.#feedStatus();
      case "halt": {
        const [symbol, halted] = [one(pick, SYMBOLS), pick(2) === 0];
        run.feed({ kind: "halt", symbol, time: run.now, halted, reason: "news" });
        return;
      }
      case "split":
        if (pick(4) === 0) this.#split(one(pick, SYMBOLS));
        return;
      case "rebuild":
        return this.#rebuild();
      case "splits":
        run.feed({ kind: "splits", known: pick(2) === 0, detail: "no answer" });
        return;
      case "load": {
        const state = one(pick, ["behind", "current", "current", "skewed"] as const);
        run.feed({ kind: "load", state, lagMs: 5_000, waiting: pick(9) });
        return;
      }
      case "history":
        for (const history of this.#history()) run.feed(history);
        return;
      case "arrival":
        return this.#passArrival(one(pick, [300, 1_000, 16_000]));
      case "day":
        return this.#passDay();
      case "decide":
        return this.#decide();
      default:
        return this.#broker(kind);
    }
  }

  #feedStatus(): void {
    const pick = this.#pick;
    const status = one(pick, ["live", "live", "down"] as const);
    const gap = { since: this.run.now - pick(30) * MINUTE, history: this.#history() };
    const isFilled = status === "live" && pick(2) === 0;
    this.run.feed({ kind: "feed", feed: "f", status, detail: "", ...(isFilled ? { gap } : {}) });
  }

  /** Told in time or long after its day has begun; most are followed by a history soon. */
  #split(symbol: string): void {
    const { run } = this;
    const [newShares = "", oldShares = ""] = one(this.#pick, ["2/1", "1/3", "3/2"]).split("/");
    run.feed({ kind: "split", symbol, time: run.now - this.#pick(3) * 10 * MINUTE, newShares, oldShares });
    if (this.#pick(2) === 0) this.#rebuild();
  }

  #rebuild(): void {
    const { program, awaitingHistory } = this.run.core.signals;
    if (program === undefined) return;
    const rebuilds = [...awaitingHistory];
    this.run.feed({ kind: "program.loaded", program, warmup: this.#history(), rebuilds });
  }

  #command(): void {
    const { run } = this;
    const { orders, states } = run.core.desk.state;
    const lost = orders.open().find(({ unresolved }) => unresolved);
    if (lost !== undefined && this.#pick(2) === 0) {
      run.feed({ kind: "command", command: "not-sent", clientOrderId: lost.clientOrderId, by: "op", reason: "x" });
      return;
    }
    const commands = ["halt", "reduce", "cancel-all", "flatten"] as const;
    // What was stopped is resumed before anything else is: a storm goes on.
    const [stopped] = states.scopes;
    const command = stopped === undefined ? one(this.#pick, commands) : "resume";
    const scope = stopped ?? one(this.#pick, ["account", "account", "symbol:SPY", "strategy:a"]);
    run.feed({ kind: "command", command, scope, by: "op", reason: "x" });
  }

  /** Of the right person or of somebody else, on what was shown or on what it was before, once or twice. */
  #decide(): void {
    const { run } = this;
    const pick = this.#pick;
    const all = run.core.desk.state.approvals.all;
    const pending = all.filter(({ state }) => state === "pending");
    const from = pending.length > 0 && pick(8) > 0 ? pending : all;
    if (from.length === 0) return;
    const request = one(pick, from);
    const { id: approval, hash, order } = request;
    const qty = one(pick, ["1", order.qty, String(Number(order.qty) * 3), "-1"]);
    const limitPrice = one(pick, ["99.995", "100.5", "0"]);
    const edit = one(pick, [null, null, null, { qty }, { limitPrice }, { timeInForce: "gtc" as const }]);
    for (let i = pick(3); i >= 0; i--) {
      run.feed({
        kind: "decision",
        approval,
        hash: pick(10) === 0 ? "old" : (run.core.desk.state.approvals.get(approval)?.hash ?? hash),
        by: one(pick, ["ann", "ann", "bob", "carl", "agent:x"]),
        channel: "cli",
        decision: pick(8) === 0 ? "reject" : "approve",
        ...(edit === null ? {} : { edit }),
        reason: "",
      });
    }
  }

  #price(symbol: string): number {
    const price = (this.#prices.get(symbol) ?? 100) + (this.#pick(81) - 40) / 100;
    const bounded = Math.round(Math.min(130, Math.max(70, price)) * 100) / 100;
    this.#prices.set(symbol, bounded);
    return bounded;
  }

  #passMinute(): void {
    const pick = this.#pick;
    const start = this.#minute;
    this.#minute += MINUTE;
    for (const symbol of SYMBOLS) {
      if (pick(8) === 0) continue;
      const isBar = this.#source === "bars" || (this.#source === "both" && pick(3) === 0);
      const trades = isBar ? 0 : 1 + pick(3);
      for (let i = 0; i < trades; i++) {
        const time = Math.max(this.run.now, start + Math.floor(((i + 0.5) / trades) * MINUTE));
        this.run.trade(symbol, time, this.#price(symbol), 1 + pick(200));
        this.#answer();
      }
      if (!isBar) continue;
      this.run.bar(symbol, pick(10) === 0 ? "5m" : "1m", start, this.#price(symbol));
      this.#answer();
    }
  }

  /** Usually at once: what waits for long is refused. */
  #answer(): void {
    const pick = this.#pick;
    if (pick(8) > 0) this.run.confirmAll(pick(60) === 0 ? "disagreed" : "agreed");
    for (const { request, state } of this.run.core.desk.state.orders.open())
      if (request !== null && state === "sent" && pick(4) > 0) this.run.accept(request);
    if (pick(3) === 0) this.#broker("fill");
    if (this.#acts === DECIDING && pick(3) === 0) this.#decide();
  }

  #revise(): void {
    const pick = this.#pick;
    const size = one(pick, ["1m", "1m", "5m"]);
    const ms = size === "1m" ? MINUTE : 5 * MINUTE;
    const start = Math.floor((this.run.now - pick(one(pick, [8, 150])) * ms) / ms) * ms - ms;
    const close = this.#price("SPY");
    const bar = { start, open: close, high: close + 0.5, low: close - 0.5, close, volume: pick(500) };
    this.run.feed({ kind: "bar", symbol: one(pick, SYMBOLS), size, revised: true, ...bar });
  }

  #history() {
    const pick = this.#pick;
    if (pick(3) > 0) return [];
    const start = this.#minute - 20 * MINUTE;
    const bars = Array.from({ length: 15 }, (_, i) => {
      const close = this.#price("SPY");
      return { start: start + i * MINUTE, open: close, high: close, low: close, close, volume: 10 };
    });
    return [{ kind: "history" as const, symbol: one(pick, SYMBOLS), size: "1m", bars }];
  }

  #passArrival(ms: number): void {
    const { run } = this;
    const until = run.arrival + ms;
    for (let timer = this.#arrivals.take(until); timer !== undefined; timer = this.#arrivals.take(until)) {
      run.arrival = Math.max(run.arrival, timer.at);
      run.feed({ kind: "timer", id: timer.id, clock: "arrival", at: timer.at });
    }
    run.arrival = Math.max(run.arrival, until);
  }

  /** To the next open, or past everything that the desk remembers. */
  #passDay(): void {
    const days = this.#pick(4) === 0 ? 12 : 1;
    const next = calendarOf("SPY").sessionAtOrAfter(this.run.now + days * DAY);
    if (next === undefined) throw new Error("the calendar is over");
    this.#minute = next.open;
    this.run.passTo(next.open);
  }

  #broker(kind: Act): void {
    const { run } = this;
    const pick = this.#pick;
    if (kind === "account") {
      const { kind: _, ...account } = { ...reconciled().account, kind: "account" };
      if (pick(3) === 0) run.broker({ kind: "account", ...account, cash: String(90_000 + pick(20_000)) });
      else if (run.core.desk.state.ready) run.broker({ kind: "broker", status: "disconnected", detail: "x" });
      run.broker({ ...reconciled(), positions: this.#held() });
      return;
    }
    if (kind === "again" || kind === "external") return this.#strangeExecution(kind);
    // A broker knows nothing of what waits for a person.
    const orders = run.core.desk.state.orders.open(({ state }) => state !== "intended");
    const order = orders[pick(Math.max(1, orders.length))];
    if (order === undefined) return;
    const id = order.clientOrderId;
    if (kind === "accept" && order.request !== null) run.accept(order.request);
    if (kind === "fill" || kind === "part") this.#fill(order, kind);
    if (kind === "end") {
      const status = one(pick, ["canceled", "canceled", "expired", "rejected"] as const);
      // Brokers may know an order by their own name alone.
      const clientOrderId = pick(3) === 0 ? "" : id;
      run.broker({ kind: "order.update", clientOrderId, brokerOrderId: `B${id}`, status, reason: null });
    }
    if (kind === "doubt") run.broker({ kind: "order.unknown", clientOrderId: id, reason: "?" });
    if (kind !== "refuse") return;
    if (pick(2) === 0) run.broker({ kind: "cancel.rejected", clientOrderId: id, reason: "?" });
    else run.broker({ kind: "order.rejected", clientOrderId: id, code: one(pick, ["no", "not_found"]), reason: "?" });
  }

  /** As the broker sees it; now and then a share is missing. */
  #held() {
    const { portfolio } = this.run.core.desk.state;
    const missing = this.#pick(5) === 0 ? 1 : 0;
    return SYMBOLS.map((symbol) => {
      return { symbol, qty: portfolio.netQty(symbol).minus(missing).toFixed(), avgPrice: "100" };
    });
  }

  #fill(order: Order, kind: "fill" | "part"): void {
    const left = order.qty.minus(order.filledQty).toNumber();
    const qty = kind === "fill" ? left : Math.max(1, Math.floor(left / 2));
    this.run.filled(order, qty, this.#price(order.symbol), order.filledQty.toNumber() + qty);
  }

  /** One that was told before, one for an order that is over, or one of an order that nobody here sent. */
  #strangeExecution(kind: "again" | "external"): void {
    const { run } = this;
    const told = run.inputs.filter((input) => input.kind === "execution");
    const before = told[this.#pick(Math.max(1, told.length))];
    if (kind === "again") {
      if (before !== undefined) run.broker(before);
      return;
    }
    const orders = [...run.core.desk.state.orders.all];
    const order = orders[this.#pick(Math.max(1, orders.length))];
    const foreign = { clientOrderId: "foreign", symbol: one(this.#pick, SYMBOLS), side: "buy" } as const;
    const target = this.#pick(3) === 0 || order === undefined ? foreign : order;
    run.filled(target, 1, this.#price("SPY"), order === undefined ? 1 : order.filledQty.toNumber() + 1);
  }
}
