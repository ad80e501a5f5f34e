/**
 * What a monitor reads of a run.
 *
 * Owns: the shape. Counts run from the start of the process; what is unknown is NaN. May not: name metrics; the adapter does.
 */
import type { TradingState } from "../core/event.ts";

type Counts = ReadonlyMap<string, number>;

export interface Measures {
  readonly version: string;
  readonly account: string;
  readonly live: boolean;
  /** Epoch milliseconds. */
  readonly marketTime: number;
  readonly inputs: Counts;
  readonly lagMs: number;
  readonly waiting: number;
  readonly conflated: number;
  readonly behind: boolean;
  /** Orders that the desk remembers, by state. */
  readonly orders: Counts;
  readonly ordersSent: number;
  readonly fills: number;
  readonly positions: number;
  readonly refusals: Counts;
  readonly verdicts: Counts;
  /** By state. */
  readonly approvals: Counts;
  readonly alertLevels: Counts;
  readonly alertCodes: Counts;
  readonly states: readonly { readonly scope: string; readonly state: TradingState }[];
  readonly killSwitch: boolean;
  readonly equity: number;
  readonly cash: number;
  readonly buyingPower: number;
  readonly dayPnl: number;
  readonly gross: number;
  readonly net: number;
  readonly limits: readonly { readonly scope: string; readonly limit: string; readonly ratio: number }[];
  readonly connected: boolean;
  readonly ready: boolean;
  readonly disconnects: number;
  readonly feedLive: boolean;
  readonly feedDisconnects: number;
  readonly refusedMessages: number;
  readonly reloads: Counts;
  readonly snapshots: Counts;
  readonly eventClients: number;
  readonly eventClientsDropped: number;
}

/** Where durations are told as they are measured. */
export interface Stopwatch {
  /** From the arrival of what led to an order until the order left. */
  orderLeft(seconds: number): void;
  /** From asking for the disk until everything was on it. */
  journalSynced(seconds: number): void;
  /** An answer of the control API. */
  answered(kind: string, status: number): void;
}
