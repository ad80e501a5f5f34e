/**
 * What the Alpaca broker is made with.
 *
 * Owns: the options alone.
 */
import type { Credentials } from "./credentials.ts";
import type { AlpacaAccount } from "./endpoints.ts";
import type { Timers } from "./timers.ts";
import type { StreamTimes } from "./trade-stream.ts";

export interface AlpacaBrokerOptions {
  readonly account: AlpacaAccount;
  /** Undefined or empty: `start` fails with a BrokerError that says what to set. */
  readonly credentials: Credentials | undefined;
  readonly timers?: Timers;
  /** Of one request. A submit that takes longer is unknown. */
  readonly timeoutMs?: number;
  /** How long an order may wait for our own rate limit; then it is `not_sent` instead of late. */
  readonly patienceMs?: number;
  readonly requestsPerMinute?: number;
  /** Pauses between attempts to read one order. */
  readonly retryDelaysMs?: readonly number[];
  /** Submits in flight at once; those of one symbol never overtake each other. 1 makes a lockstep run repeatable. */
  readonly submitConcurrency?: number;
  readonly stream?: Partial<StreamTimes>;
  /** Told when the next trade update happened, before anything of it. */
  readonly onTime?: (time: number) => void;
}
