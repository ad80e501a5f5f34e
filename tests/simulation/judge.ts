/**
 * What must hold, with the exchange's ledger as the oracle.
 *
 * Owns: the invariants while a world runs and at its end. It knows what every process decided (its outputs) and what the
 * exchange did, and nothing of what went wrong between them.
 */
import { differencesOfMoney, differencesOfOrder, isOpen } from "../../bench/soak/ledger.ts";
import type { ApprovalState } from "../../engine/core/approval.ts";
import { Decimal, ZERO, text } from "../../engine/core/decimal.ts";
import type { Input, OrderRequest, OrderView, Output } from "../../engine/core/event.ts";
import type { CoreState } from "../../engine/core/step.ts";
import type { Exchange, ExchangeEvent, ExchangeOrder, ExchangeRefusal } from "../../engine/exchange/types.ts";
import { Hands } from "./hands.ts";
import { askedAbove } from "./programs.ts";
import type { Disk } from "./crash-journal.ts";
import type { Witness } from "./wire.ts";

export interface Limits {
  /** Shares that one symbol may hold, over all strategies. */
  readonly maxPosition: number;
  readonly maxEntries: number;
  /** Strategies that may be short. */
  readonly shorting: readonly string[];
  /** Strategies of targets, which add to what they hold: only what is open counts. */
  readonly adding: readonly string[];
  /** Dollars of one entry. */
  readonly maxNotional: number;
}

interface JudgeOptions {
  readonly exchange: Exchange;
  readonly disk: Disk;
  readonly limits: Limits;
  /** Of the market now. */
  readonly priceOf: (symbol: string) => number;
  readonly log: (line: string) => void;
}

type Owner = Pick<OrderView, "strategy" | "symbol" | "role">;

interface Book {
  qty: Decimal;
  /** What entries brought and is still held, the first to be sold first: a process may hear of fills in another order. */
  lots: readonly { readonly entry: string; readonly qty: Decimal }[];
}

export class Judge implements Witness {
  readonly violations: string[] = [];
  readonly #exchange: Exchange;
  readonly #disk: Disk;
  readonly #limits: Limits;
  /** What the order views of any process said. */
  readonly #owners = new Map<string, Owner>();
  readonly #contents = new Map<string, string>();
  readonly #books = new Map<string, Book>();
  readonly #net = new Map<string, Decimal>();
  executions = 0;
  /** Requests that a person said yes to. */
  approved = 0;
  /** The kill file of the machine is there. */
  isKilled = false;
  /** A person trades beside the engine: whose shares are left is for the books to say, the account must still be right. */
  isShared = false;

  readonly #log: JudgeOptions["log"];
  readonly #priceOf: JudgeOptions["priceOf"];

  constructor({ exchange, disk, limits, priceOf, log }: JudgeOptions) {
    this.#log = log;
    this.#exchange = exchange;
    this.#disk = disk;
    this.#limits = limits;
    this.#priceOf = priceOf;
  }

  #fault(what: string): void {
    this.violations.push(what);
    this.#log(`WRONG: ${what}`);
  }

  get orders(): number {
    return this.#contents.size;
  }

  // ------------------------------------------------------------------------------------------ what a process decides

  decided(core: CoreState, input: Input, outputs: readonly Output[], isConnected: boolean): void {
    const { state } = core.desk;
    for (const output of outputs) {
      if (output.kind === "order") this.#owners.set(output.order.clientOrderId, output.order);
      if (output.kind !== "alert") continue;
      const isOthers = output.code === "reconcile/position" || output.code === "execution/external";
      if ((isOthers && !this.isShared) || output.code === "reconcile/order")
        this.#fault(`input ${input.seq}: ${output.code}: ${output.message}`);
    }
    for (const output of outputs) {
      if (output.kind !== "submit") continue;
      const { clientOrderId } = output.order;
      const owner = this.#owners.get(clientOrderId);
      if (owner === undefined) this.#fault(`${clientOrderId} is sent and was never told of`);
      if (!isConnected) this.#fault(`${clientOrderId} is sent while no updates come`);
      if (!state.ready) this.#fault(`${clientOrderId} is sent while nobody knows what the broker holds`);
      const trading = state.states.in("account").state;
      if (trading === "HALTED") this.#fault(`${clientOrderId} is sent while trading is halted`);
      if (trading === "REDUCING" && owner?.role === "entry")
        this.#fault(`entry ${clientOrderId} is sent while REDUCING`);
      const needsWord = owner?.role === "entry" && Number(output.order.qty) > askedAbove(core.signals.program);
      if (needsWord && state.approvals.get(clientOrderId)?.state !== "approved")
        this.#fault(`entry ${clientOrderId} of ${output.order.qty} is sent and nobody was asked`);
    }
  }

  // ------------------------------------------------------------------------------------------ what the exchange sees

  sending({ clientOrderId: id }: OrderRequest): void {
    if (this.isKilled) this.#fault(`${id} leaves while the kill file is there`);
  }

  submitted(request: OrderRequest): void {
    const { clientOrderId: id, qty, limitPrice, stopPrice, symbol } = request;
    this.#checkWord(request);
    const price = Number(limitPrice ?? stopPrice ?? this.#priceOf(symbol));
    if (this.#owners.get(id)?.role === "entry" && Number(qty) * price > this.#limits.maxNotional)
      this.#fault(`entry ${id} of ${qty} at ${price} is worth more than ${this.#limits.maxNotional}`);
    if (!this.#disk.submitted.has(id)) this.#fault(`${id} reached the exchange before a journal had it`);
    const content = JSON.stringify(request);
    const before = this.#contents.get(id);
    if (before !== undefined && before !== content) this.#fault(`${id} came twice and differs: ${before} ${content}`);
    this.#contents.set(id, content);
  }

  /** An exit clears its way first: an exchange finds nothing that it would trade with. */
  refused({ clientOrderId: id }: OrderRequest, { message }: ExchangeRefusal): void {
    if (!this.isShared && this.#owners.get(id)?.role === "exit" && /wash trade/.test(message))
      this.#fault(`exit ${id}: ${message}`);
  }

  /** What a person was asked about left on words that are on disk, as they approved it. */
  #checkWord({ clientOrderId: id, qty, limitPrice, type, timeInForce }: OrderRequest): void {
    const asked = this.#disk.approvals.get(id);
    if (asked === undefined) return;
    if (asked.state !== "approved") return this.#fault(`${id} is sent and its request is ${asked.state}`);
    const said = this.#disk.words.filter(({ approval, decision }) => approval === id && decision === "approve");
    const people = new Set(said.map(({ by }) => by));
    if (people.size < asked.needed) this.#fault(`${id} needs ${asked.needed} people and has ${[...people].join(", ")}`);
    const { order } = asked;
    const isSame = [
      order.qty === qty,
      order.limitPrice === limitPrice,
      order.type === type,
      order.timeInForce === timeInForce,
    ];
    if (isSame.includes(false)) this.#fault(`${id} differs from what was approved: ${JSON.stringify(order)}`);
  }

  happened(event: ExchangeEvent): void {
    if (this.isShared && Hands.isForeign(event.order)) return;
    const owner = this.#ownerOf(event.order);
    if (owner === undefined) return this.#fault(`${event.order.clientOrderId} of the exchange belongs to nobody`);
    const key = `${owner.strategy}/${owner.symbol}`;
    const book = this.#books.get(key) ?? { qty: ZERO, lots: [] };
    this.#books.set(key, book);
    if ("execution" in event) {
      this.executions++;
      const { qty } = event.execution;
      const signed = event.order.side === "buy" ? qty : qty.negated();
      book.qty = book.qty.plus(signed);
      if (owner.role === "entry") book.lots = [...book.lots, { entry: event.order.id, qty }];
      else book.lots = without(book.lots, qty);
      this.#checkSize(owner, book, event.execution.positionQty, signed);
      this.#net.set(owner.symbol, event.execution.positionQty);
    } else if (event.kind === "new" && owner.role === "entry") this.#checkRoom(event.order);
    this.#checkEntries(key, owner, book);
  }

  #ownerOf(order: ExchangeOrder): Owner | undefined {
    const own = this.#owners.get(order.clientOrderId);
    if (own !== undefined || order.parentId === null) return own;
    const parent = this.#exchange.order(order.parentId);
    const owner = parent === undefined ? undefined : this.#owners.get(parent.clientOrderId);
    if (owner === undefined || (order.role !== "take_profit" && order.role !== "stop_loss")) return undefined;
    return { ...owner, role: order.role };
  }

  #checkSize({ strategy, symbol }: Owner, { qty }: Book, net: Decimal, change: Decimal): void {
    if (this.isShared) return;
    const { maxPosition, shorting } = this.#limits;
    const grows = net.isNegative() === change.isNegative();
    if (grows && net.abs().isGreaterThan(maxPosition))
      this.#fault(`the account holds ${text(net)} ${symbol}, more than ${maxPosition}`);
    if (qty.isNegative() && !shorting.includes(strategy))
      this.#fault(`${strategy} is short ${text(qty)} ${symbol} and never may be`);
  }

  /** What is held and what may still be added, should all of it fill. */
  #checkRoom({ symbol, side }: ExchangeOrder): void {
    if (this.isShared) return;
    const sign = side === "buy" ? 1 : -1;
    let total = (this.#net.get(symbol) ?? ZERO).times(sign);
    for (const order of this.#exchange.orders()) {
      const isEntry = order.symbol === symbol && order.side === side && this.#ownerOf(order)?.role === "entry";
      if (isEntry && isOpen(order)) total = total.plus(order.qty ?? ZERO).minus(order.filledQty);
    }
    if (total.isGreaterThan(this.#limits.maxPosition)) this.#fault(`${text(total)} ${symbol} may be held in the end`);
  }

  #checkEntries(key: string, { strategy, symbol }: Owner, { lots }: Book): void {
    const filled = new Set(lots.map(({ entry }) => entry));
    const open = this.#exchange.orders().filter((order) => {
      if (!isOpen(order) || order.parentId !== null || order.symbol !== symbol || filled.has(order.id)) return false;
      const owner = this.#owners.get(order.clientOrderId);
      return owner?.role === "entry" && owner.strategy === strategy;
    });
    const held = this.isShared || this.#limits.adding.includes(strategy) ? 0 : filled.size;
    if (open.length + held > this.#limits.maxEntries)
      this.#fault(`${key} has ${open.length} open and ${held} filled entries`);
  }

  // ------------------------------------------------------------------------------------------ the end

  /** What was to be cancelled and works for longer than any request takes. */
  lingering({ desk }: CoreState): readonly string[] {
    const open = desk.state.orders.open(({ cancels }) => cancels > 0);
    const works = (id: string): boolean =>
      this.#exchange.orders().some((order) => order.clientOrderId === id && isOpen(order));
    return open.map(({ clientOrderId }) => clientOrderId).filter(works);
  }

  linger(core: CoreState, before: readonly string[]): void {
    const now = new Set(this.lingering(core));
    for (const id of before) if (now.has(id)) this.#fault(`${id} was to be cancelled and works`);
  }

  /** All is said that could be said: both sides know the same, and the halt that was commanded has left no entry. */
  end(core: CoreState): void {
    const { state } = core.desk;
    for (const order of this.#exchange.orders())
      if (isOpen(order) && this.#ownerOf(order)?.role === "entry")
        this.#fault(`entry ${order.clientOrderId} is ${order.status} after a halt`);
    for (const [key, { qty }] of this.isShared ? [] : this.#books) {
      const [strategy = "", symbol = ""] = key.split("/");
      const ours = state.portfolio.position(strategy, symbol).qty;
      if (!ours.eq(qty)) this.#fault(`${key} is ${text(ours)} here and ${text(qty)} by the exchange's fills`);
    }
    for (const difference of differencesOfMoney(core, this.#exchange)) this.#fault(difference);
    for (const order of this.#exchange.orders())
      if (!this.isShared || !Hands.isForeign(order)) this.#compare(core, order);
    this.#checkReducing();
    for (const order of state.orders.open()) {
      const theirs = this.#exchange.orderByClientId(order.clientOrderId);
      if (theirs === undefined) this.#fault(`${order.clientOrderId} is ${order.state} here and not at the exchange`);
    }
    for (const [id] of this.#contents) if (!this.#owners.has(id)) this.#fault(`${id} was sent and no journal says so`);
    for (const { id, state: now } of state.approvals.all) this.#checkRequest(core, id, now);
  }

  /** One order for each yes, none for anything else. */
  #checkRequest({ desk }: CoreState, id: string, now: ApprovalState): void {
    const order = desk.state.orders.get(id);
    if (now === "approved") this.approved++;
    if (now === "approved" && (order === undefined || order.state === "intended"))
      this.#fault(`${id} is approved and has no order`);
    if (now !== "approved" && this.#contents.has(id)) this.#fault(`${id} is ${now} and was sent`);
    if (now !== "approved" && now !== "pending" && order !== undefined) this.#fault(`${id} is ${now} and has an order`);
  }

  /** What a person was told became of a request is so for good. */
  told(core: CoreState, id: string, then: ApprovalState): void {
    const now = core.desk.state.approvals.get(id)?.state;
    if (now !== then) this.#fault(`${id} was said to be ${then} and is ${now ?? "unknown"}`);
  }

  /** Orders that should reduce positions, of whichever strategy, cannot take more than the account holds. */
  #checkReducing(): void {
    const families = new Map<string, { readonly symbol: string; readonly sign: number; qty: Decimal }>();
    for (const order of this.#exchange.orders()) {
      const owner = Hands.isForeign(order) ? undefined : this.#ownerOf(order);
      if (!isOpen(order) || order.status === "held" || owner === undefined || owner.role === "entry") continue;
      const left = (order.qty ?? ZERO).minus(order.filledQty);
      const key = order.parentId ?? order.id;
      const { symbol } = order;
      const family = families.get(key) ?? { symbol, sign: order.side === "sell" ? 1 : -1, qty: ZERO };
      family.qty = Decimal.max(family.qty, left);
      families.set(key, family);
    }
    for (const { symbol, sign } of families.values()) {
      const net = this.#exchange.positions().find((position) => position.symbol === symbol)?.qty ?? ZERO;
      const same = [...families.values()].filter((other) => other.symbol === symbol && other.sign === sign);
      const taken = same.reduce((sum, { qty }) => sum.plus(qty), ZERO);
      if (taken.isGreaterThan(Decimal.max(net.times(sign), ZERO)))
        this.#fault(`orders would take ${text(taken)} of the ${text(net)} ${symbol} that the account holds`);
    }
  }

  #compare(core: CoreState, theirs: ExchangeOrder): void {
    const id = theirs.clientOrderId;
    const ours = core.desk.state.orders.get(id);
    if (theirs.status === "replaced") {
      if (ours?.state === "canceled" && ours.filledQty.eq(theirs.filledQty)) return;
      // A leg that somebody changed before its name had come: asked for its order, the broker names the new one.
      if (ours === undefined && theirs.parentId !== null && theirs.filledQty.isZero()) return;
    }
    if (ours === undefined) return this.#fault(`${id} is ${theirs.status} at the exchange and unknown here`);
    for (const difference of differencesOfOrder(ours, theirs)) this.#fault(difference);
  }
}

function without(lots: Book["lots"], qty: Decimal): Book["lots"] {
  let left = qty;
  return lots.flatMap((lot) => {
    const taken = Decimal.min(left, lot.qty);
    left = left.minus(taken);
    return taken.eq(lot.qty) ? [] : [{ ...lot, qty: lot.qty.minus(taken) }];
  });
}
