/**
 * What people may see of a running core: facts, truth, what blocks a rule, books.
 *
 * Owns: read-only snapshots as plain data. May not: change anything or be needed by a decision.
 */
import type { ApprovalView } from "./approval.ts";
import { text } from "./decimal.ts";
import type { DecimalText } from "./decimal.ts";
import type { AccountView, OrderView, PositionView } from "./event.ts";
import type { FactRef, Operator } from "./program.ts";
import { viewOfRequest } from "./desk/asking.ts";
import { isAsked, viewOf } from "./desk/orders.ts";
import { EXTERNAL } from "./desk/portfolio.ts";
import { blockingLeaf, judgedTree, wordOf } from "./judged-tree.ts";
import type { JudgedLeaf, JudgedNode, TruthWord } from "./judged-tree.ts";
import { TRUE, UNKNOWN } from "./signals/conditions.ts";
import { phaseOf } from "./signals/firing.ts";
import type { RulePhase } from "./signals/firing.ts";
import type { Instance } from "./signals/instance.ts";
import type { CoreState } from "./step.ts";

export interface InstanceView {
  readonly strategy: string;
  readonly symbol: string;
  readonly on: string;
  /** Close of the last bar, or NaN. */
  readonly price: number;
  readonly time: number;
  readonly bars: number;
  readonly facts: Readonly<Record<string, number>>;
  readonly rules: readonly RuleView[];
  readonly qty: number;
  readonly avgPrice: number;
}

export interface RuleView {
  readonly rule: string;
  readonly action: string;
  readonly truth: TruthWord;
  /** `pending`: everything holds, only not yet for as long as a `for` asks. */
  readonly phase: RulePhase | "pending";
  /** The first comparison that keeps the rule from being true. */
  readonly blocking: LeafView | null;
}

export interface LeafView {
  readonly left: FactRef;
  readonly leftValue: number;
  readonly operator: Operator;
  readonly right: FactRef | number | readonly number[];
  readonly rightValue: number;
}

export function inspect(core: CoreState): readonly InstanceView[] {
  return core.signals.instances.map((instance) => inspectInstance(core, instance));
}

export function accountOf(
  core: CoreState,
): AccountView & { readonly state: string; readonly reason: string; readonly ready: boolean } {
  const { state } = core.desk;
  const trading = state.states.in("account");
  return {
    ...state.account.view(state.reserved()),
    state: trading.state,
    reason: trading.reason,
    ready: state.ready,
  };
}

/** Orders that a broker has or may have; what waits for a person is not among them. */
export function openOrders(core: CoreState): readonly OrderView[] {
  return core.desk.state.orders.open((order) => !isAsked(order)).map(viewOf);
}

/** Shares of the account that belong to no strategy. */
export function externalPositions(core: CoreState): readonly { readonly symbol: string; readonly qty: DecimalText }[] {
  const open = core.desk.state.portfolio.open.filter(({ strategy }) => strategy === EXTERNAL);
  return open.map(({ symbol, qty }) => ({ symbol, qty: text(qty) }));
}

/** What the broker showed to be open and nobody here sent. */
export function externalOrders(core: CoreState): readonly OrderView[] {
  return core.desk.state.externals.open;
}

/**
 * What a broker must be asked about when it is connected anew: open orders, and those that count as rejected though nobody
 * ever knew what became of a request of them. It may still have been on its way when the process ended.
 */
export function ordersToFollow(core: CoreState): readonly OrderView[] {
  const doubtful = [...core.desk.state.orders.all].filter(
    (order) =>
      order.state === "rejected" &&
      order.request !== null &&
      order.brokerOrderId === null &&
      (order.resends > 0 || order.lookups > 0),
  );
  return [...openOrders(core), ...doubtful.map(viewOf)];
}

/** Requests that wait for a person, oldest first. */
export function pendingApprovals(core: CoreState): readonly ApprovalView[] {
  const { state } = core.desk;
  return state.approvals.pending.map((request) => viewOfRequest(state, request));
}

/** One request, also when it is over, as long as it is remembered. */
export function approvalOf(core: CoreState, id: string): ApprovalView | undefined {
  const { state } = core.desk;
  const request = state.approvals.get(id);
  return request === undefined ? undefined : viewOfRequest(state, request);
}

/** What is held and may still be filled, with what it earned so far. */
export function booksOf(core: CoreState): {
  readonly cash: DecimalText;
  readonly positions: readonly Omit<PositionView, "cash">[];
  readonly orders: readonly OrderView[];
} {
  const { portfolio, orders } = core.desk.state;
  const positions = [...portfolio.positions].map(({ strategy, symbol, qty, avgPrice, realized, fees }) => ({
    ...{ strategy, symbol, qty: text(qty), avgPrice: text(avgPrice), realized: text(realized), fees: text(fees) },
  }));
  return {
    cash: text(portfolio.cash),
    positions,
    orders: [...orders.all].filter((order) => !isAsked(order)).map(viewOf),
  };
}

function inspectInstance(core: CoreState, instance: Instance): InstanceView {
  const { facts, rules } = instance;
  const { strategy, symbol, series, moment, slotOf } = facts;
  const { slots } = core.signals.graph;
  const position = core.desk.state.portfolio.position(strategy.name, symbol);
  const day = series.calendar.sessionAtOrBefore(series.bar.start)?.day ?? 0;
  const valueOf = (index: number): number => slots[slotOf[index] as number] as number;
  return {
    strategy: strategy.name,
    symbol,
    on: strategy.ticks === true ? "tick" : strategy.on.label,
    price: strategy.ticks === true ? series.price : series.bar.close,
    time: strategy.ticks === true ? moment.time : series.lastEnd,
    bars: moment.index,
    facts: Object.fromEntries(Object.entries(strategy.named).map(([name, index]) => [name, valueOf(index)])),
    rules: rules.map(({ rule, evaluator, state }) => {
      const truth = evaluator.evaluate(slots);
      const phase = phaseOf(rule, state, { ...moment, day });
      const isPending =
        phase === "idle" && truth !== TRUE && truth !== UNKNOWN && lasts(judgedTree(instance, rule.condition, slots));
      return {
        rule: rule.name,
        action: rule.action.kind,
        truth: wordOf(truth),
        phase: isPending ? "pending" : phase,
        blocking: truth === TRUE ? null : leafView(blockingLeaf(judgedTree(instance, rule.condition, slots))),
      };
    }),
    qty: position.qty.toNumber(),
    avgPrice: position.avgPrice.toNumber(),
  };
}

function leafView(leaf: JudgedLeaf | null): LeafView | null {
  if (leaf === null) return null;
  const { left, leftValue, operator, right, rightValue } = leaf;
  return { left, leftValue, operator, right, rightValue };
}

/** Only time is missing: with every `for` that is under way taken for over, the condition holds. */
function lasts(tree: JudgedNode): boolean {
  return blockingLeaf(tree, { passes: ({ underWay }) => underWay }) === null;
}
