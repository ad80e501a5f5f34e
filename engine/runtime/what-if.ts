/**
 * What other rules would have done with the market of a journal.
 *
 * Owns: playing both programs through the same simulation, so that only the rules differ, and comparing what they did. May
 * not: know the exchange, decide which program is better.
 */
import type { Input, Output, OrderView } from "../core/event.ts";
import type { Program } from "../core/program.ts";
import type { Calendar } from "../market/calendar.ts";
import type { SimBroker } from "../ports/sim-broker.ts";
import { backtest } from "./backtest.ts";
import type { BacktestItem } from "./backtest.ts";
import type { RecordedMarket } from "./recorded-market.ts";
import { StatementWriter } from "./statement.ts";
import type { Statement } from "./statement.ts";
import { warmupOf } from "./warmup.ts";

/** An order as far as it is the same in two runs: without ids. */
export type DoneOrder = Pick<
  OrderView,
  "side" | "role" | "qty" | "type" | "limitPrice" | "stopPrice" | "state" | "filledQty" | "avgPrice" | "reason"
>;

/** A firing or an alert, and what became of it. */
export interface Deed {
  readonly kind: "firing" | "alert";
  readonly time: number;
  readonly strategy: string;
  /** Of an alert its message. */
  readonly rule: string;
  readonly symbol: string;
  readonly refused: string | null;
  readonly orders: readonly DoneOrder[];
}

export interface DeedChange {
  readonly what: "added" | "missing" | "changed";
  readonly before: Deed | null;
  readonly after: Deed | null;
}

export interface WhatIfSide {
  readonly deeds: readonly Deed[];
  readonly statement: Statement;
  /** Series with fewer bars than the facts need: they are unknown at first. */
  readonly missing: readonly string[];
}

export interface WhatIf {
  readonly before: WhatIfSide;
  readonly after: WhatIfSide;
  readonly changes: readonly DeedChange[];
}

export interface WhatIfOptions {
  readonly market: RecordedMarket;
  readonly program: Program;
  readonly calendarOf: (symbol: string) => Calendar;
  /** A new exchange for each side. */
  readonly broker: () => SimBroker;
  readonly progress: (items: number, time: number) => void;
}

export async function whatIf(options: WhatIfOptions): Promise<WhatIf> {
  const { market, program } = options;
  const before = await play(options, market.loaded.program, market.items);
  // Its own programs follow one another; the other rules hold from beginning to end.
  const items = market.items.filter(({ kind }) => kind !== "program.loaded");
  const after = await play(options, program, items);
  return { before, after, changes: changesBetween(before.deeds, after.deeds) };
}

async function play(
  { market, calendarOf, broker, progress }: WhatIfOptions,
  program: Program,
  items: readonly BacktestItem[],
): Promise<WhatIfSide> {
  const { warmup, missing } = await warmupOf(program, market.bars, market.from, calendarOf);
  const deeds = new Deeds();
  const writer = new StatementWriter();
  await backtest({
    program,
    sources: {},
    items,
    warmup,
    broker: broker(),
    calendarOf,
    account: "what-if",
    journalId: "what-if",
    confirm: { mode: "full" },
    observe: (input, outputs) => {
      deeds.observe(input, outputs);
      writer.observe(input, outputs);
    },
    progress,
  });
  const short = missing.map(({ need, found }) => `${need.symbol} ${need.size.label}: ${found} of ${need.bars} bars`);
  return { deeds: deeds.all(), statement: writer.statement(), missing: short };
}

/** Collects what a run did. */
class Deeds {
  readonly #deeds = new Map<string, Omit<Deed, "orders"> & { readonly orders: Map<string, DoneOrder> }>();

  observe({ marketTime }: Input, outputs: readonly Output[]): void {
    for (const output of outputs) {
      if (output.kind === "confirm") {
        const { id, time, strategy, rule, symbol } = output.firing;
        this.#add(id, { kind: "firing", time, strategy, rule, symbol, refused: null });
      } else if (output.kind === "refused") {
        const { firing, strategy, rule, symbol, code } = output;
        const known = this.#deeds.get(firing);
        if (known === undefined)
          this.#add(firing, { kind: "firing", time: marketTime, strategy, rule, symbol, refused: code });
        else this.#deeds.set(firing, { ...known, refused: code });
      } else if (output.kind === "order") this.#order(output.order);
      else if (output.kind === "alert" && output.code === "rule/alert") {
        const [strategy, symbol] = [output.strategy ?? "", output.symbol ?? ""];
        const alert = { time: marketTime, strategy, rule: output.message, symbol, refused: null };
        this.#add(`alert ${this.#deeds.size}`, { kind: "alert", ...alert });
      }
    }
  }

  all(): Deed[] {
    return [...this.#deeds.values()].map((deed) => ({ ...deed, orders: [...deed.orders.values()] }));
  }

  #add(id: string, deed: Omit<Deed, "orders">): void {
    this.#deeds.set(id, { ...deed, orders: new Map() });
  }

  #order(order: OrderView): void {
    const { side, role, qty, type, limitPrice, stopPrice, state, filledQty, avgPrice, reason } = order;
    const done = { side, role, qty, type, limitPrice, stopPrice, state, filledQty, avgPrice, reason };
    this.#deeds.get(order.firing)?.orders.set(order.clientOrderId, done);
  }
}

/** The same rule at the same moment is the same deed; several of them are told apart by their order. */
function changesBetween(before: readonly Deed[], after: readonly Deed[]): DeedChange[] {
  const [old, young] = [byKey(before), byKey(after)];
  const changes: DeedChange[] = [];
  for (const [key, deed] of old) {
    const other = young.get(key);
    if (other === undefined) changes.push({ what: "missing", before: deed, after: null });
    else if (JSON.stringify(deed) !== JSON.stringify(other))
      changes.push({ what: "changed", before: deed, after: other });
  }
  for (const [key, deed] of young) if (!old.has(key)) changes.push({ what: "added", before: null, after: deed });
  return changes.sort((a, b) => timeOf(a) - timeOf(b));
}

function byKey(deeds: readonly Deed[]): Map<string, Deed> {
  const keyed = new Map<string, Deed>();
  for (const deed of deeds) {
    const { kind, time, strategy, rule, symbol } = deed;
    let key = JSON.stringify([kind, time, strategy, rule, symbol]);
    while (keyed.has(key)) key += "+";
    keyed.set(key, deed);
  }
  return keyed;
}

function timeOf({ before, after }: DeedChange): number {
  return (before ?? after)?.time ?? 0;
}
