/**
 * What happened in a test, bar by bar or tick by tick.
 *
 * Owns: following a backtest with a second core that gets the same inputs and the watched program: the one that trades
 * stays exactly the strategy, and conditions of tests are read from a core in the same state.
 * May not: send anything. The second core's outputs go nowhere.
 */
import { invariant } from "../core/assert.ts";
import { Evaluator } from "../core/signals/conditions.ts";
import type { Truth } from "../core/signals/conditions.ts";
import type { Instance } from "../core/signals/instance.ts";
import { createCore, step } from "../core/step.ts";
import type { CoreState } from "../core/step.ts";
import type { ApprovalView, DecisionInput } from "../core/approval.ts";
import type { BrokerInput, Input, MarketInput, OrderRequest, Output } from "../core/event.ts";
import { accountOf } from "../core/view.ts";
import type { TestCase, TestDecision, Unit } from "../lang/test-types.ts";
import type { Calendar } from "../market/calendar.ts";

/** When something happened, and the bar, trade or quote that it followed. */
export interface At {
  readonly time: number;
  readonly item: MarketInput | undefined;
}

export type Happening =
  | (At & Fired & { readonly kind: "order"; readonly order: OrderRequest })
  /** A person is asked about it. */
  | (At & Fired & { readonly kind: "asked"; readonly order: OrderRequest })
  | (At & Fired & { readonly kind: "fired" })
  | (At &
      Fired & {
        readonly kind: "refused";
        readonly code: string;
        readonly reason: string;
        /** A decision of the test that did not count. */
        readonly isDecision?: true;
      })
  /** A control cut an order down. */
  | (At & Fired & { readonly kind: "clamped"; readonly code: string; readonly reason: string })
  | (At & {
      readonly kind: "alert";
      readonly strategy: string | null;
      readonly symbol: string | null;
      readonly level: "info" | "warning" | "critical";
      readonly code: string;
      readonly message: string;
    });

interface Fired {
  readonly strategy: string;
  readonly rule: string;
  readonly symbol: string;
}

/** The state after an item of market data and what followed from it. */
export interface Snapshot extends At {
  readonly equity: number;
  readonly cash: number;
  readonly positions: readonly {
    readonly strategy: string;
    readonly symbol: string;
    readonly qty: number;
    readonly avg_price: number;
  }[];
}

export interface Judged extends At {
  readonly strategy: string;
  readonly symbol: string;
  readonly truth: Truth;
  /** Both sides of its comparisons at that moment, as text. */
  readonly values: string;
}

export interface Recording {
  readonly happenings: readonly Happening[];
  readonly snapshots: readonly Snapshot[];
  /** Per expectation that is a condition, by its index: its truth at every evaluation. */
  readonly facts: ReadonlyMap<number, readonly Judged[]>;
  readonly units: readonly { readonly unit: Unit; readonly wasTrue: boolean; readonly wasFalse: boolean }[];
  readonly fired: ReadonlyMap<string, number>;
  /** Per strategy and symbol (`evaluationsKey`): the times at which its rules were judged. */
  readonly evaluations: ReadonlyMap<string, readonly number[]>;
  /** Decisions at whose moment nobody was asked. */
  readonly idle: readonly TestDecision[];
}

export function evaluationsKey(strategy: string, symbol: string): string {
  return JSON.stringify([strategy, symbol]);
}

interface Probe {
  readonly expectation: number;
  readonly evaluator: Evaluator;
  readonly show: () => string;
}

interface Follower {
  readonly instance: Instance;
  index: number;
  readonly probes: readonly Probe[];
  readonly units: readonly { readonly evaluator: Evaluator; readonly seen: { wasTrue: boolean; wasFalse: boolean } }[];
}

const BROKER: ReadonlySet<string> = new Set<BrokerInput["kind"]>([
  "order.accepted",
  "order.rejected",
  "order.unknown",
  "order.update",
  "execution",
  "cancel.rejected",
  "account",
]);

export class TestWatch {
  readonly #test: TestCase;
  readonly #core: CoreState;
  readonly #happenings: Happening[] = [];
  readonly #snapshots: Snapshot[] = [];
  readonly #facts = new Map<number, Judged[]>();
  readonly #seen = new Map<Unit, { wasTrue: boolean; wasFalse: boolean }>();
  readonly #fired = new Map<string, number>();
  readonly #origins = new Map<string, { readonly strategy: string; readonly rule: string }>();
  #followers: Follower[] = [];
  readonly #evaluations = new Map<string, number[]>();
  #itemTime = Number.NEGATIVE_INFINITY;
  #item: MarketInput | undefined;
  #itemBefore: MarketInput | undefined;
  /** The exchange answers to an item before the core is told of it. */
  #exchangeFirst = false;
  #trading = false;

  constructor(test: TestCase, calendarOf: (symbol: string) => Calendar) {
    this.#test = test;
    this.#core = createCore({ account: "test", journal: "test", calendarOf });
    for (const unit of test.units) this.#seen.set(unit, { wasTrue: false, wasFalse: false });
  }

  /** The next item of market data comes; everything before it is over. */
  item(time: number, item: MarketInput): void {
    this.#snapshot({ time: this.#itemTime, item: this.#item });
    this.#itemTime = time;
    this.#itemBefore = this.#item;
    this.#item = item;
    this.#exchangeFirst = true;
  }

  observe(input: Input, outputs: readonly Output[]): void {
    if (input.kind === "trading.started") this.#trading = true;
    if (!BROKER.has(input.kind)) this.#exchangeFirst = false;
    const at = this.#at(input);
    for (const output of outputs) this.#output(output, at);
    const same = step(this.#core, input.kind === "program.loaded" ? { ...input, program: this.#test.watched } : input);
    invariant(decisions(same) === decisions(outputs), "the core that watches a test is out of step");
    if (input.kind === "program.loaded") this.#follow();
    else this.#judge(at);
    // Between two items timers ring: what they lead to is there before the next item.
    if (at.time !== this.#itemTime) this.#snapshot(at);
  }

  #at({ marketTime }: Input): At {
    if (this.#exchangeFirst) return { time: this.#itemTime, item: this.#item };
    return { time: marketTime, item: marketTime < this.#itemTime ? this.#itemBefore : this.#item };
  }

  end(): Recording {
    this.#snapshot({ time: this.#itemTime, item: this.#item });
    return {
      happenings: this.#happenings,
      snapshots: this.#snapshots,
      facts: this.#facts,
      units: [...this.#seen].map(([unit, seen]) => ({ unit, ...seen })),
      fired: this.#fired,
      evaluations: this.#evaluations,
      idle: this.#idle,
    };
  }

  #output(output: Output, at: At): void {
    switch (output.kind) {
      case "order": {
        const { clientOrderId, strategy, rule } = output.order;
        this.#origins.set(clientOrderId, { strategy, rule });
        const early = this.#unnamed.get(clientOrderId);
        if (early === undefined) return;
        this.#unnamed.delete(clientOrderId);
        this.#happenings.splice(early.at, 0, { ...early.happening, strategy, rule });
        return;
      }
      case "submit": {
        const { order } = output;
        const origin = this.#origins.get(order.clientOrderId);
        const happening = { kind: "order", ...at, symbol: order.symbol, order } as const;
        if (origin !== undefined) this.#happenings.push({ ...happening, ...origin });
        else this.#unnamed.set(order.clientOrderId, { at: this.#happenings.length, happening });
        return;
      }
      case "approval": {
        const { approval } = output;
        const { id, state, strategy, rule, symbol, order } = approval;
        if (!this.#requests.has(id)) this.#happenings.push({ kind: "asked", ...at, strategy, rule, symbol, order });
        this.#requests.set(id, approval);
        if (state === "approved") this.#origins.set(id, { strategy, rule });
        return;
      }
      case "decision.refused": {
        const { code, reason } = output;
        const { strategy = "", rule = "", symbol = "" } = this.#requests.get(output.approval) ?? {};
        this.#happenings.push({ kind: "refused", ...at, strategy, rule, symbol, code, reason, isDecision: true });
        return;
      }
      case "confirm": {
        const { id, strategy, rule, symbol } = output.firing;
        this.#firings.set(id, { strategy, rule, symbol });
        this.#hasFired(output.firing, at);
        return;
      }
      case "verdict": {
        const { firing, outcome, checks } = output.verdict;
        const origin = this.#firings.get(firing);
        if (origin === undefined || outcome === "refused") return;
        for (const { check, outcome: said, reason } of checks)
          if (said === "clamp") this.#happenings.push({ kind: "clamped", ...at, ...origin, code: check, reason });
        return;
      }
      case "refused": {
        const { strategy, rule, symbol, code, reason } = output;
        this.#happenings.push({ kind: "refused", ...at, strategy, rule, symbol, code, reason });
        return;
      }
      case "alert": {
        const { strategy, symbol, level, code, message } = output;
        this.#happenings.push({ kind: "alert", ...at, strategy, symbol, level, code, message });
        return;
      }
      default:
        return;
    }
  }

  /** Orders whose view comes after them. */
  readonly #unnamed = new Map<
    string,
    { readonly at: number; readonly happening: Omit<Extract<Happening, { kind: "order" }>, "strategy" | "rule"> }
  >();

  readonly #requests = new Map<string, ApprovalView>();
  readonly #firings = new Map<string, Fired>();
  readonly #idle: TestDecision[] = [];

  /** What a person of the test says to the oldest request that it is about; undefined when there is none. */
  decide(said: TestDecision): DecisionInput | undefined {
    const request = [...this.#requests.values()].find(
      ({ state, strategy, rule, symbol }) =>
        state === "pending" &&
        strategy === (said.strategy ?? strategy) &&
        rule === (said.rule ?? rule) &&
        symbol === (said.symbol ?? symbol),
    );
    if (request === undefined) {
      this.#idle.push(said);
      return undefined;
    }
    const { id: approval, hash } = request;
    const { by, channel, decision, edit, reason } = said;
    return { kind: "decision", approval, hash, by, channel, decision, ...(edit === undefined ? {} : { edit }), reason };
  }

  #follow(): void {
    this.#followers = this.#core.signals.instances.map((instance) => {
      const { strategy, slotOf } = instance.facts;
      const toSlot = (fact: number): number => slotOf[fact] as number;
      return {
        instance,
        index: instance.facts.moment.index,
        probes: this.#test.expect.flatMap(({ wanted, symbol }, expectation): Probe[] => {
          if (wanted.kind !== "fact" || wanted.strategy !== strategy.name) return [];
          if (symbol !== undefined && symbol !== instance.facts.symbol) return [];
          const evaluator = new Evaluator(wanted.condition, toSlot);
          return [{ expectation, evaluator, show: () => shown(this.#core, instance, wanted.condition) }];
        }),
        units: this.#test.units.flatMap((unit) => {
          const seen = this.#seen.get(unit);
          if (unit.strategy !== strategy.name || seen === undefined) return [];
          return [{ evaluator: new Evaluator(unit.condition, toSlot), seen }];
        }),
      };
    });
  }

  /** Conditions are judged where rules are: at each evaluation, on its frozen facts. */
  #judge(at: At): void {
    if (!this.#trading) return;
    const { slots } = this.#core.signals.graph;
    for (const follower of this.#followers) {
      const { moment, strategy, symbol } = follower.instance.facts;
      if (moment.index === follower.index) continue;
      follower.index = moment.index;
      const when = { ...at, time: moment.time };
      const key = evaluationsKey(strategy.name, symbol);
      const times = this.#evaluations.get(key) ?? [];
      times.push(moment.time);
      this.#evaluations.set(key, times);
      this.#alertsFired(follower.instance, when);
      for (const { evaluator, seen } of follower.units) {
        const truth = evaluator.evaluate(slots);
        if (truth === 1) seen.wasTrue = true;
        if (truth === 0) seen.wasFalse = true;
      }
      for (const { expectation, evaluator, show } of follower.probes) {
        const truth = evaluator.evaluate(slots);
        const list = this.#facts.get(expectation) ?? [];
        list.push({ ...when, strategy: strategy.name, symbol, truth, values: show() });
        this.#facts.set(expectation, list);
      }
    }
  }

  /** An alert needs no confirmation: that its rule fired shows in the rule's state alone. */
  #alertsFired({ facts: { moment, strategy, symbol }, rules }: Instance, at: At): void {
    for (const { rule, state } of rules)
      if (rule.action.kind === "alert" && state.usage.lastFiredIndex === moment.index)
        this.#hasFired({ strategy: strategy.name, rule: rule.name, symbol }, at);
  }

  #hasFired({ strategy, rule, symbol }: Fired, at: At): void {
    this.#happenings.push({ kind: "fired", ...at, strategy, rule, symbol });
    const key = JSON.stringify([strategy, rule]);
    this.#fired.set(key, (this.#fired.get(key) ?? 0) + 1);
  }

  #snapshot(at: At): void {
    if (!Number.isFinite(at.time)) return;
    const { equity, cash } = accountOf(this.#core);
    const positions = this.#core.signals.instances.map(({ facts: { strategy, symbol } }) => {
      const { qty, avgPrice } = this.#core.desk.state.portfolio.position(strategy.name, symbol);
      return { strategy: strategy.name, symbol, qty: qty.toNumber(), avg_price: avgPrice.toNumber() };
    });
    this.#snapshots.push({ ...at, equity, cash, positions });
  }
}

/** What must be the same in both cores; extra facts may only add bars and their timers. */
function decisions(outputs: readonly Output[]): string {
  let found = "";
  for (const output of outputs) {
    if (output.kind === "submit" || output.kind === "cancel") found += output.kind;
    else if (output.kind === "confirm") found += output.firing.id;
    else if (output.kind === "refused") found += output.code;
  }
  return found;
}

/** `rsi{"period":14} = 28.4` for every fact of a condition. */
function shown(core: CoreState, instance: Instance, condition: Unit["condition"]): string {
  const { strategy, slotOf } = instance.facts;
  const found: string[] = [];
  const value = (index: number): void => {
    const fact = strategy.facts[index];
    if (fact === undefined || fact.spec.kind === "const") return;
    const number = core.signals.graph.slots[slotOf[index] as number] as number;
    const params = Object.values(fact.ref.params ?? {}).filter((one) => typeof one !== "object");
    const name = params.length === 0 ? fact.ref.fact : `${fact.ref.fact}(${params.join(", ")})`;
    const text = `${name} = ${Number.isFinite(number) ? Number(number.toFixed(6)) : "unknown"}`;
    if (!found.includes(text)) found.push(text);
  };
  const walk = (part: Unit["condition"]): void => {
    if (part.op === "not") return walk(part.kid);
    if (part.op !== "leaf") return part.kids.forEach(walk);
    value(part.left);
    if ("fact" in part.right) value(part.right.fact);
  };
  walk(condition);
  return found.join(", ");
}
