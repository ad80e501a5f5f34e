/**
 * What is kept of an exit while it is in progress.
 *
 * Owns: its shape, as data, and how that is saved. May not: decide what comes next (exits.ts).
 */
import { decimal, text } from "../decimal.ts";
import type { Decimal } from "../decimal.ts";
import type { Firing, OrderRequest, Side } from "../event.ts";
import type { TimeInForce } from "../program.ts";
import { RestoreError } from "../saved.ts";
import type { Protection } from "./books.ts";
import type { FiredRule } from "./entries.ts";
import type { Order, OrderBook, OrderOrigin } from "./orders.ts";
import type { Prices } from "./requests.ts";

export interface ExitOrderForm {
  readonly type: OrderRequest["type"];
  readonly timeInForce: TimeInForce;
  readonly extendedHours: boolean;
  readonly expireAfterMs?: number | undefined;
  /** Limits that are declared to include exits hold for it. */
  readonly limited?: true;
  /** Instead of an order that sells: two that protect, of which one cancels the other. */
  readonly guards?: Protection;
  /** By the side of the order; undefined when they work out to nothing usable. */
  readonly prices: Readonly<Record<Side, Prices | undefined>>;
}

/** `to`: the signed quantity at which the exit stops; a position that is not beyond it stays. */
export type ExitAim =
  | { readonly all: true }
  | { readonly ratio: number }
  | { readonly qty: Decimal }
  | { readonly to: Decimal };

/** What a reversal or a target opens once the way is free. It passes every check of an entry. */
export interface Opening {
  readonly rule: FiredRule;
  readonly firing: Firing;
}

export interface ExitProcedure {
  readonly origin: OrderOrigin;
  readonly aim: ExitAim;
  readonly form: ExitOrderForm;
  opening: Opening | undefined;
  /** Orders whose end is awaited before anything is sent. */
  readonly waiting: Set<string>;
  order: Order | undefined;
  rounds: number;
}

/** The orders that it is about by their ids. */
export interface SavedExit extends Omit<ExitProcedure, "aim" | "waiting" | "order"> {
  readonly aim:
    | { readonly all: true }
    | { readonly ratio: number }
    | { readonly qty: string }
    | { readonly to: string };
  readonly waiting: readonly string[];
  readonly order: string | undefined;
}

export function savedExit({ aim, waiting, order, ...exit }: ExitProcedure): SavedExit {
  const saved = "qty" in aim ? { qty: text(aim.qty) } : "to" in aim ? { to: text(aim.to) } : aim;
  return { ...exit, aim: saved, waiting: [...waiting], order: order?.clientOrderId };
}

export function restoredExit({ aim, waiting, order: id, ...exit }: SavedExit, orders: OrderBook): ExitProcedure {
  const order = id === undefined ? undefined : orders.get(id);
  if (id !== order?.clientOrderId) throw new RestoreError("saved/shape", `the order ${id} of an exit was not saved`);
  const restored = "qty" in aim ? { qty: decimal(aim.qty) } : "to" in aim ? { to: decimal(aim.to) } : aim;
  return { ...exit, opening: exit.opening, aim: restored, waiting: new Set(waiting), order };
}
