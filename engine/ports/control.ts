/**
 * What people and programs may see of a running engine, and what they may ask it to do.
 *
 * Owns: the shapes between whoever serves a control API and the run, and the reasons for which a request is not carried out.
 * Views are plain data; what is unknown is null; times are ISO texts. A command becomes an input of the core and is in the
 * journal before it acts. May not: reach into the core.
 */
import type { ApprovalView, DecisionInput } from "../core/approval.ts";
import type { OrderView, PositionView, TradingState } from "../core/event.ts";

/** Exact, as text. */
type Amount = PositionView["qty"];

export interface StatusView {
  readonly version: string;
  readonly journal: string;
  readonly account: string;
  /** Real money. */
  readonly live: boolean;
  /** Shown at all times: LIVE, paper, SYNTHETIC. */
  readonly banner: string;
  readonly pid: number;
  readonly started_at: string;
  readonly market_time: string | null;
  /** The broker is connected and what it holds is known. */
  readonly ready: boolean;
  /** Of the account. */
  readonly state: TradingState;
  readonly reason: string;
  /** `.barwise/HALTED` is there. */
  readonly kill_switch: boolean;
  readonly lag: LagView;
  readonly equity: number | null;
  readonly cash: number | null;
  readonly day_pnl: number | null;
  readonly positions: number;
  readonly orders: number;
  readonly approvals: number;
  readonly program: string | null;
  readonly strategies: readonly string[];
  readonly last_reload: ReloadView | null;
}

export interface LagView {
  /** How old the newest data was when it came; null on a tape, or while none has come. */
  readonly seconds: number | null;
  readonly waiting: number;
  readonly conflated: number;
  readonly behind: boolean;
}

export interface AccountStatus {
  readonly account: string;
  readonly live: boolean;
  readonly equity: number | null;
  readonly cash: number | null;
  readonly buying_power: number | null;
  readonly day_pnl: number | null;
  readonly day_loss_ratio: number | null;
  /** Worth of all positions without and with their sign. */
  readonly gross: number | null;
  readonly net: number | null;
}

export interface HeldPosition {
  readonly strategy: string;
  readonly symbol: string;
  readonly qty: Amount;
  readonly avg_price: Amount;
  readonly price: number | null;
  readonly value: number | null;
  readonly unrealized: number | null;
  readonly realized: Amount;
  readonly fees: Amount;
}

export interface RuleStatus {
  readonly rule: string;
  readonly action: string;
  readonly truth: "true" | "false" | "unknown";
  readonly phase: string;
  /** The first comparison that keeps the rule from being true, in words. */
  readonly blocking: string | null;
}

/** Something that a rule did, or that was done to it. */
export interface RuleEvent {
  /** Number of the input that it came from. */
  readonly seq: number;
  readonly time: string | null;
  readonly symbol: string;
  readonly firing: string;
  /** Why it was refused; null for a firing. */
  readonly code: string | null;
  readonly reason: string | null;
}

export interface RuleReport {
  readonly strategy: string;
  readonly rule: string;
  /** As it stands now. */
  readonly symbols: readonly (RuleStatus & { readonly symbol: string; readonly time: string | null })[];
  /** The latest since the start, oldest first. */
  readonly fired: readonly RuleEvent[];
  readonly refused: readonly RuleEvent[];
}

export interface StrategyStatus {
  readonly strategy: string;
  readonly symbol: string;
  readonly on: string;
  readonly state: TradingState;
  readonly price: number | null;
  readonly time: string | null;
  readonly bars: number;
  readonly qty: number;
  readonly avg_price: number | null;
  readonly facts: Readonly<Record<string, number | null>>;
  readonly rules: readonly RuleStatus[];
}

/** One limit in one scope, and what counts against it now. */
export interface LimitUse {
  /** `account`, `strategy:NAME` or `symbol:NAME`. */
  readonly scope: string;
  readonly control: string;
  readonly limit: string;
  readonly unit: string;
  /** How an amount of it is written. */
  readonly kind: "count" | "money" | "shares" | "ratio" | "duration";
  readonly value: number;
  /** Null for a limit on single orders, which nothing uses up, and where nobody knows. */
  readonly used: number | null;
  readonly ratio: number | null;
}

export interface StateView {
  readonly scope: string;
  readonly state: TradingState;
  readonly reason: string;
  readonly causes: readonly { readonly cause: string; readonly state: TradingState; readonly reason: string }[];
}

/** A limit that two people have raised for a while, or that one asks to raise. */
export interface OverrideView {
  /** What a confirmation names; null once it holds. */
  readonly id: string | null;
  /** `asked` waits for a second person. */
  readonly state: "asked" | "holds";
  readonly limit: string;
  /** Ratios as fractions, times in milliseconds. */
  readonly value: number;
  readonly scope: string;
  readonly by: readonly string[];
  readonly reason: string;
  /** End of the override, or of the time in which it can be confirmed. */
  readonly until: string;
  /** How long it is to hold, from the confirmation on; null once it holds. */
  readonly for_ms: number | null;
}

export interface OverrideRequest {
  readonly limit: string;
  readonly value: number;
  readonly forMs: number;
  readonly scope: string;
  readonly by: string;
  readonly reason: string;
}

export interface AlertView {
  /** Number of the input that it came from. */
  readonly seq: number;
  readonly time: string | null;
  readonly level: "info" | "warning" | "critical";
  readonly code: string;
  readonly message: string;
  readonly strategy: string | null;
  readonly symbol: string | null;
}

export interface ReloadView {
  readonly at: string;
  readonly result: "unchanged" | "loaded" | "held" | "rejected";
  readonly reason: string | null;
}

export type CommandName = "halt" | "reduce" | "resume" | "cancel-all" | "flatten" | "kill";

export interface ControlCommand {
  readonly command: CommandName;
  /** `account`, `strategy:NAME` or `symbol:NAME`. */
  readonly scope: string;
  readonly by: string;
  readonly reason: string;
}

/** Answered when the core has taken the command and the journal has it on disk. */
export interface CommandResult {
  /** Number of the input. */
  readonly seq: number;
  readonly scope: string;
  /** What holds in the scope now. */
  readonly state: TradingState;
  readonly reason: string;
  /** Orders that are being cancelled because of it. */
  readonly cancelling: number;
}

/** A person's word on a request; `channel` says where it was spoken. */
export type Decision = Omit<DecisionInput, "kind">;

/** An event of the stream: an output of the core, or an input that people want to see. */
export interface ControlEvent {
  readonly kind: string;
  readonly data: Readonly<Record<string, unknown>>;
}

export interface ControlPort {
  /** Without looking at anything that could be slow or wrong. */
  health(): { readonly ready: boolean; readonly state: TradingState };
  status(): StatusView;
  account(): AccountStatus;
  positions(): readonly HeldPosition[];
  /** Open ones, or all that the desk still remembers. */
  orders(all: boolean): readonly OrderView[];
  strategies(): readonly StrategyStatus[];
  /** Throws a ControlError where there is none. */
  rule(strategy: string, rule: string): RuleReport;
  risk(): readonly LimitUse[];
  states(): readonly StateView[];
  /** Those that wait for a person, or all that are still remembered. */
  approvals(all: boolean): readonly ApprovalView[];
  /** Throws a ControlError where there is none. */
  approval(id: string): ApprovalView;
  /** Answers with what became of the request; rejects with a ControlError when the word does not count. */
  decide(decision: Decision): Promise<ApprovalView>;
  /** Those that hold, and those that wait for a second person. */
  overrides(): readonly OverrideView[];
  /** Nothing holds yet: another person must confirm it. Rejects with a ControlError. */
  askOverride(request: OverrideRequest): Promise<OverrideView>;
  /** From its answer on the limit is raised. Rejects with a ControlError. */
  confirmOverride(id: string, by: string, reason: string): Promise<OverrideView>;
  /** The latest, oldest first. */
  alerts(count: number): readonly AlertView[];
  /** The latest entries of the journal, oldest first, as `barwise journal tail --format json` has them. */
  journal(count: number): Promise<readonly unknown[]>;
  /** Rejects with a ControlError. */
  command(command: ControlCommand): Promise<CommandResult>;
  /** Reads the files again. */
  reload(): Promise<ReloadView>;
  /** In the text format of Prometheus. */
  metrics(): Promise<string>;
  /** Calls for every event from now on; the returned function ends it. */
  subscribe(listener: (event: ControlEvent) => void): () => void;
}

export class ControlError extends Error {
  override readonly name = "ControlError";
  /** `unknown_scope`: nothing of that name runs. `late`: asked, and not taken in time. */
  readonly code: "unknown_scope" | "late" | "stopped" | "failed" | "not_found" | "refused";
  /** Of `refused`: what exactly, for programs. */
  readonly detail: string | undefined;
  constructor(code: ControlError["code"], message: string, options?: ErrorOptions & { readonly detail?: string }) {
    super(message, options);
    this.code = code;
    this.detail = options?.detail;
  }
}
