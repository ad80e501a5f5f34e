/**
 * What a control API shows of a running core.
 *
 * Owns: turning the state of the core into the plain views of ports/control.ts. May not: change anything, or keep anything.
 */
import type { ApprovalView } from "../core/approval.ts";
import type { OrderView, TradingState } from "../core/event.ts";
import { usageOf } from "../core/desk/risk/usage.ts";
import { ACCOUNT } from "../core/desk/states.ts";
import { text } from "../core/decimal.ts";
import type { CoreState } from "../core/step.ts";
import { isoTime } from "../core/time.ts";
import { accountOf, approvalOf, booksOf, externalOrders, inspect, openOrders, pendingApprovals } from "../core/view.ts";
import type { LeafView } from "../core/view.ts";
import type {
  AccountStatus,
  HeldPosition,
  LimitUse,
  OverrideView,
  StateView,
  StrategyStatus,
} from "../ports/control.ts";

/** What JSON cannot hold is unknown. */
export function known(value: number): number | null {
  return Number.isFinite(value) ? value : null;
}

export function timeOf(ms: number): string | null {
  return Number.isFinite(ms) ? isoTime(ms) : null;
}

export function accountStatus(core: CoreState, account: string, live: boolean): AccountStatus {
  const { equity, cash, buyingPower, dayPnl } = accountOf(core);
  const { state } = core.desk;
  const values = positionsOf(core).map(({ value }) => value ?? Number.NaN);
  return {
    account,
    live,
    equity: known(equity),
    cash: known(cash),
    buying_power: known(buyingPower),
    day_pnl: known(dayPnl),
    day_loss_ratio: known(state.account.dayLossRatio()),
    gross: known(values.reduce((sum, value) => sum + Math.abs(value), 0)),
    net: known(values.reduce((sum, value) => sum + value, 0)),
  };
}

export function positionsOf({ desk }: CoreState): readonly HeldPosition[] {
  const { portfolio, account } = desk.state;
  return portfolio.open.map(({ strategy, symbol, qty, units, avgPrice, realized, fees }) => {
    const price = account.markOf(symbol);
    return {
      strategy,
      symbol,
      qty: text(qty),
      avg_price: text(avgPrice),
      price: known(price),
      value: known(units * price),
      unrealized: known(units * (price - avgPrice.toNumber())),
      realized: text(realized),
      fees: text(fees),
    };
  });
}

export function ordersOf(core: CoreState, all: boolean): readonly OrderView[] {
  return [...(all ? booksOf(core).orders : openOrders(core)), ...externalOrders(core)];
}

export function approvalsOf(core: CoreState, all: boolean): readonly ApprovalView[] {
  if (!all) return pendingApprovals(core);
  return core.desk.state.approvals.all.flatMap(({ id }) => approvalOf(core, id) ?? []);
}

export function strategiesOf(core: CoreState, wordsOf: (leaf: LeafView) => string): readonly StrategyStatus[] {
  const { states } = core.desk.state;
  return inspect(core).map(({ strategy, symbol, on, price, time, bars, qty, avgPrice, facts, rules }) => ({
    strategy,
    symbol,
    on,
    state: states.of(strategy, symbol).state,
    price: known(price),
    time: timeOf(time),
    bars,
    qty,
    avg_price: qty === 0 ? null : known(avgPrice),
    facts: Object.fromEntries(Object.entries(facts).map(([name, value]) => [name, known(value)])),
    rules: rules.map(({ rule, action, truth, phase, blocking }) => ({
      rule,
      action,
      truth,
      phase,
      blocking: blocking === null ? null : wordsOf(blocking),
    })),
  }));
}

export function limitsOf({ desk }: CoreState): readonly LimitUse[] {
  return usageOf(desk.state).map((usage) => ({
    ...usage,
    used: usage.used === null ? null : known(usage.used),
    ratio: usage.used === null || !(usage.value > 0) ? null : known(usage.used / usage.value),
  }));
}

/** What holds first; then what waits for a second person. */
export function overridesOf({ desk }: CoreState): readonly OverrideView[] {
  const { overrides } = desk.state;
  return [
    ...overrides.holding.map(({ limit, value, scope, by, reason, until }) => ({
      ...{ id: null, state: "holds" as const, limit, value, scope, by, reason, until: isoTime(until), for_ms: null },
    })),
    ...overrides.asked.map(({ id, limit, value, scope, by, reason, until, forMs }) => ({
      ...{ id, state: "asked" as const, limit, value, scope, by: [by], reason, until: isoTime(until), for_ms: forMs },
    })),
  ];
}

/** The account always, other scopes while something holds there. */
export function statesOf({ desk }: CoreState): readonly StateView[] {
  const { states } = desk.state;
  const causes = new Map(states.save());
  const scopes = [ACCOUNT, ...states.scopes.filter((scope) => scope !== ACCOUNT)];
  return scopes.map((scope) => ({
    scope,
    ...states.in(scope),
    causes: (causes.get(scope) ?? []).map(([cause, restriction]) => ({ cause, ...restriction })),
  }));
}

export function stateIn({ desk }: CoreState, scope: string): { readonly state: TradingState; readonly reason: string } {
  return desk.state.states.in(scope);
}

/** Whether something of that name runs or holds something: a halt of a name with a slip in it would hold nothing. */
export function isScope({ desk }: CoreState, scope: string): boolean {
  if (scope === ACCOUNT) return true;
  const { program, books, states } = desk.state;
  const [kind, name] = [scope.slice(0, scope.indexOf(":")), scope.slice(scope.indexOf(":") + 1)];
  if (states.scopes.includes(scope)) return true;
  const all = [...books.all];
  if (kind === "strategy")
    return (
      (program?.strategies.some((one) => one.name === name) ?? false) || all.some((book) => book.strategy === name)
    );
  const isTraded = program?.strategies.some(({ symbols }) => symbols.includes(name)) ?? false;
  return kind === "symbol" && (isTraded || all.some(({ symbol }) => symbol === name));
}
