/**
 * The running engine behind the control port.
 *
 * Owns: how a request becomes an input, and when it counts as carried out: the core has taken it and the journal has it on
 * disk. May not: speak HTTP, read files, or decide about trading.
 */
import type { ApprovalView, DecisionInput } from "../core/approval.ts";
import type { CommandInput, OrderView, TradingState } from "../core/event.ts";
import { OVERRIDE_REFUSED } from "../core/desk/overrides.ts";
import { accountOf, approvalOf, openOrders } from "../core/view.ts";
import type { LeafView } from "../core/view.ts";
import { ControlError } from "../ports/control.ts";
import type {
  AccountStatus,
  AlertView,
  CommandResult,
  ControlCommand,
  ControlEvent,
  ControlPort,
  Decision,
  HeldPosition,
  LimitUse,
  OverrideRequest,
  OverrideView,
  ReloadView,
  RuleReport,
  StateView,
  StatusView,
  StrategyStatus,
} from "../ports/control.ts";
import {
  accountStatus,
  approvalsOf,
  isScope,
  known,
  limitsOf,
  ordersOf,
  overridesOf,
  positionsOf,
  stateIn,
  statesOf,
  strategiesOf,
  timeOf,
} from "./control-views.ts";
import type { Engine } from "./engine.ts";
import type { RunLog, Taken } from "./run-log.ts";

export interface RunControlOptions {
  readonly engine: Engine;
  readonly log: RunLog;
  readonly version: string;
  readonly account: string;
  readonly live: boolean;
  readonly banner: string;
  readonly startedAt: number;
  readonly now: () => number;
  /** Resolves when what the core did so far is on disk. */
  readonly sync: () => Promise<void>;
  readonly killSwitch: {
    readonly isSet: boolean;
    set(word: { readonly by: string; readonly reason: string }): void;
    /** Throws when it cannot be taken off. */
    clear(): void;
  };
  readonly reload: () => Promise<void>;
  readonly journal: (count: number) => Promise<readonly unknown[]>;
  readonly metrics: () => Promise<string>;
  /** A comparison as people read it. */
  readonly wordsOf: (leaf: LeafView) => string;
}

/** How long a command may wait for its turn. */
const PATIENCE_MS = 5_000;

export class RunControl implements ControlPort {
  readonly #options: RunControlOptions;
  #lastReload: ReloadView | null = null;

  constructor(options: RunControlOptions) {
    this.#options = options;
  }

  get lastReload(): ReloadView | null {
    return this.#lastReload;
  }

  /** Told by whoever reloads, whatever asked for it. */
  reloaded(result: ReloadView["result"], reason: string | null): void {
    const { log, now } = this.#options;
    this.#lastReload = { at: timeOf(now()) ?? "", result, reason };
    log.reloads.set(result, (log.reloads.get(result) ?? 0) + 1);
    log.tell({ kind: "reload", data: { ...this.#lastReload } });
  }

  health(): { readonly ready: boolean; readonly state: TradingState } {
    const { ready, states } = this.#options.engine.core.desk.state;
    return { ready, state: states.in("account").state };
  }

  status(): StatusView {
    const { engine, version, account, live, banner, startedAt, killSwitch } = this.#options;
    const { core } = engine;
    const { equity, cash, dayPnl, ready } = accountOf(core);
    const { program } = core.desk.state;
    const { lagMs, waiting, conflated, behind } = engine.lag;
    const lag = known(lagMs);
    return {
      version,
      journal: engine.journalId,
      account,
      live,
      banner,
      pid: process.pid,
      started_at: timeOf(startedAt) ?? "",
      market_time: timeOf(engine.marketTime),
      ready,
      ...stateIn(core, "account"),
      kill_switch: killSwitch.isSet,
      lag: { seconds: lag === null ? null : lag / 1_000, waiting, conflated, behind },
      equity: known(equity),
      cash: known(cash),
      day_pnl: known(dayPnl),
      positions: core.desk.state.portfolio.open.length,
      orders: openOrders(core).length,
      approvals: core.desk.state.approvals.pending.length,
      program: program?.digest ?? null,
      strategies: program?.strategies.map(({ name }) => name) ?? [],
      last_reload: this.#lastReload,
    };
  }

  account(): AccountStatus {
    const { engine, account, live } = this.#options;
    return accountStatus(engine.core, account, live);
  }

  positions(): readonly HeldPosition[] {
    return positionsOf(this.#options.engine.core);
  }

  orders(all: boolean): readonly OrderView[] {
    return ordersOf(this.#options.engine.core, all);
  }

  strategies(): readonly StrategyStatus[] {
    return strategiesOf(this.#options.engine.core, this.#options.wordsOf);
  }

  rule(strategy: string, rule: string): RuleReport {
    const symbols = this.strategies().flatMap(({ strategy: own, symbol, time, rules }) => {
      const found = own === strategy ? rules.find((one) => one.rule === rule) : undefined;
      return found === undefined ? [] : [{ symbol, time, ...found }];
    });
    if (symbols.length === 0) throw new ControlError("not_found", `no rule ${strategy}/${rule} runs here`);
    return { strategy, rule, symbols, ...this.#options.log.rules.of(strategy, rule) };
  }

  risk(): readonly LimitUse[] {
    return limitsOf(this.#options.engine.core);
  }

  states(): readonly StateView[] {
    return statesOf(this.#options.engine.core);
  }

  approvals(all: boolean): readonly ApprovalView[] {
    return approvalsOf(this.#options.engine.core, all);
  }

  approval(id: string): ApprovalView {
    const found = approvalOf(this.#options.engine.core, id);
    if (found === undefined) throw new ControlError("not_found", `nobody is asked about ${id}`);
    return found;
  }

  async decide(decision: Decision): Promise<ApprovalView> {
    const { outputs } = await this.#taken({ kind: "decision", ...decision });
    for (const output of outputs)
      if (output.kind === "decision.refused" && output.approval === decision.approval)
        throw new ControlError(output.code === "not_found" ? "not_found" : "refused", output.reason, {
          detail: output.code,
        });
    return this.approval(decision.approval);
  }

  overrides(): readonly OverrideView[] {
    return overridesOf(this.#options.engine.core);
  }

  async askOverride({ scope, ...request }: OverrideRequest): Promise<OverrideView> {
    const where = this.#scoped(scope);
    const { seq } = await this.#agreed({ kind: "command", command: "ask-override", ...request, ...where });
    return this.#override(({ id }) => id === `override-${seq}`);
  }

  async confirmOverride(id: string, by: string, reason: string): Promise<OverrideView> {
    const asked = this.overrides().find((one) => one.id === id);
    if (asked === undefined) throw new ControlError("not_found", `nobody asks for ${id}, or its time is over`);
    await this.#agreed({ kind: "command", command: "confirm-override", override: id, by, reason });
    const { limit, scope } = asked;
    return this.#override((one) => one.state === "holds" && one.limit === limit && one.scope === scope);
  }

  #override(is: (one: OverrideView) => boolean): OverrideView {
    const found = this.overrides().find(is);
    if (found === undefined) throw new ControlError("refused", "it is over already");
    return found;
  }

  /** What the core refuses it tells as an alert. */
  async #agreed(input: CommandInput): Promise<Taken> {
    const taken = await this.#taken(input);
    for (const output of taken.outputs)
      if (output.kind === "alert" && output.code === OVERRIDE_REFUSED)
        throw new ControlError("refused", output.message, { detail: "override_refused" });
    return taken;
  }

  #scoped(scope: string): { readonly scope?: string } {
    if (!isScope(this.#options.engine.core, scope))
      throw new ControlError("unknown_scope", `${scope}: no strategy and no symbol of that name runs here`);
    return scope === "account" ? {} : { scope };
  }

  alerts(count: number): readonly AlertView[] {
    return this.#options.log.alerts(count);
  }

  journal(count: number): Promise<readonly unknown[]> {
    return this.#options.journal(count);
  }

  metrics(): Promise<string> {
    return this.#options.metrics();
  }

  subscribe(listener: (event: ControlEvent) => void): () => void {
    return this.#options.log.subscribe(listener);
  }

  async command({ command, scope, by, reason }: ControlCommand): Promise<CommandResult> {
    const { engine, killSwitch } = this.#options;
    const where = this.#scoped(scope);
    const isWhole = scope === "account";
    // The file first: what is asked for after it must find it, whatever happens in between.
    const unset = command === "kill" ? this.#putOn({ by, reason }) : undefined;
    if (command === "resume" && isWhole) this.#takeOff();
    if (command === "resume" && !isWhole && killSwitch.isSet)
      throw new ControlError("refused", "the kill switch is on: resume the account first");
    const input: CommandInput =
      command === "kill"
        ? { kind: "command", command, by, reason }
        : { kind: "command", command, by, reason, ...where };
    const { seq, outputs } = await this.#taken(input);
    const cancelling = outputs.filter(({ kind }) => kind === "cancel").length;
    if (unset !== undefined) throw unset;
    return { seq, scope, ...stateIn(engine.core, scope), cancelling };
  }

  /** The halt must not depend on the file; that it could not be left is told afterwards. */
  #putOn(word: { readonly by: string; readonly reason: string }): ControlError | undefined {
    try {
      this.#options.killSwitch.set(word);
      return undefined;
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      return new ControlError("failed", `trading is HALTED, but the file that holds others could not be left: ${why}`);
    }
  }

  #takeOff(): void {
    try {
      this.#options.killSwitch.clear();
    } catch (error) {
      throw new ControlError("failed", `not resumed: ${(error as Error).message}`, { cause: error });
    }
  }

  async #taken(input: CommandInput | DecisionInput): Promise<Taken> {
    const { engine, log, sync } = this.#options;
    const taken = log.whenTaken(input);
    engine.post(input);
    const late = Symbol("late");
    let timer: NodeJS.Timeout | undefined;
    const waited = new Promise<typeof late>((resolve) => {
      timer = setTimeout(() => resolve(late), PATIENCE_MS);
    });
    const first = await Promise.race([taken, waited]);
    clearTimeout(timer);
    if (first === late)
      throw new ControlError("late", "the engine has not taken it yet; look at what holds before asking again");
    try {
      await sync();
    } catch (error) {
      throw new ControlError("stopped", `the journal has failed: ${(error as Error).message}`, { cause: error });
    }
    return first;
  }

  async reload(): Promise<ReloadView> {
    await this.#options.reload();
    if (this.#lastReload === null) throw new ControlError("stopped", "the run is ending: nothing was reloaded");
    return this.#lastReload;
  }
}
