/**
 * Asking the broker what it holds: at the start, after every reconnect, when the broker itself is in doubt, after coins were
 * traded, and every few minutes, because an update that was lost on the way is missed by nobody else.
 *
 * Owns: one question at a time, what the broker says of the symbols once a connection, trying again, and throwing away a picture that was taken while the connection was lost.
 * May not: judge a picture; the desk does.
 */
import type { BrokerInput } from "../core/event.ts";
import type { Program } from "../core/program.ts";
import { assetClassOf } from "../market/instruments.ts";
import type { Broker } from "../ports/broker.ts";
import type { Clock } from "../ports/clock.ts";

export const RECONCILE_RETRY_MS = 5_000;
export const RECONCILE_EVERY_MS = 300_000;
/** How long after a trade in coins it is looked what is left of it: a broker may take its fee in coins. */
export const LOOK_SOON_MS = 2_000;
/** A look in between says nothing when it fails; as many in a row do. */
const MOST_FAILED_LOOKS = 3;

export interface ReconciliationOptions {
  readonly broker: Broker;
  readonly clock: Clock;
  readonly post: (input: BrokerInput) => void;
  /** Whether the desk believes that it knows what the broker holds. */
  readonly isReady: () => boolean;
  readonly program: () => Program | undefined;
}

export class Reconciliation {
  readonly #options: ReconciliationOptions;
  #connected = true;
  /** Raised by every disconnect: what was asked before it does not count. */
  #generation = 0;
  /** Nothing is asked by itself before `first` was. */
  #begun = false;
  /** What the broker says of the symbols was not asked since it was connected. */
  #instrumentsDue = true;
  #asking = false;
  #again = false;
  #stopped = false;
  #cancelRetry: (() => void) | undefined;
  #cancelNext: (() => void) | undefined;
  #cancelSoon: (() => void) | undefined;
  #failedLooks = 0;

  constructor(options: ReconciliationOptions) {
    this.#options = options;
  }

  /** The first picture; rejects when the broker refuses it. */
  async first(): Promise<void> {
    this.#begun = true;
    this.#asking = true;
    const generation = this.#generation;
    try {
      const picture = await this.#options.broker.reconcile();
      if (this.#isCurrent(generation)) this.#options.post(picture);
      else this.#again = true;
    } finally {
      this.#asking = false;
    }
    this.#askInstruments();
    this.#lookLater();
    if (this.#again) this.#ask();
  }

  /** What the broker says of the symbols of the program: once a connection, and again for another program. */
  symbolsChanged(): void {
    this.#instrumentsDue = true;
    if (this.#begun) this.#askInstruments();
  }

  #askInstruments(): void {
    const { broker, program } = this.#options;
    const symbols = new Set(program()?.strategies.flatMap((strategy) => strategy.symbols));
    if (!this.#instrumentsDue || this.#stopped || !this.#connected || this.#asking || symbols.size === 0) return;
    this.#instrumentsDue = false;
    broker.instruments?.([...symbols]);
  }

  /** While everything is in order: whether it still is. Orders go on meanwhile, the picture tells all that it shows. */
  #lookLater(): void {
    this.#cancelNext?.();
    this.#cancelNext = undefined;
    if (this.#stopped) return;
    this.#cancelNext = this.#options.clock.after(RECONCILE_EVERY_MS, () => {
      this.#cancelNext = undefined;
      if (this.#options.isReady()) this.#ask();
      else this.#lookLater();
    });
  }

  /** Follows what the broker says of its connection, and what it may not say all of. */
  follow(input: BrokerInput): void {
    if (input.kind === "broker") this.#connection(input.status, input.detail);
    const isOfCoins = input.kind === "execution" && assetClassOf(input.symbol) === "crypto";
    if (isOfCoins && this.#options.broker.feesInCoins) this.#lookSoon();
  }

  #connection(status: "connected" | "disconnected", detail: string): void {
    if (status === "disconnected") {
      this.#connected = false;
      this.#generation++;
      this.#cancelRetry?.();
      this.#cancelRetry = undefined;
      return;
    }
    this.#connected = true;
    this.#instrumentsDue = true;
    if (!this.#begun) return;
    // A broker in doubt says `connected` again: until it has been asked, nothing may leave.
    if (this.#options.isReady()) this.#options.post({ kind: "broker", status: "disconnected", detail });
    this.#ask();
  }

  /** Asks now, without any doubt: something has happened at the broker that it does not tell. */
  look(): void {
    if (this.#begun) this.#ask();
  }

  /** Once, however often this is called meanwhile. */
  #lookSoon(): void {
    if (this.#stopped) return;
    this.#cancelSoon ??= this.#options.clock.after(LOOK_SOON_MS, () => {
      this.#cancelSoon = undefined;
      this.look();
    });
  }

  stop(): void {
    this.#stopped = true;
    this.#cancelSoon?.();
    this.#cancelNext?.();
    this.#cancelRetry?.();
    this.#cancelRetry = undefined;
  }

  #ask(): void {
    this.#again = this.#asking;
    if (this.#asking || this.#stopped || !this.#connected) return;
    this.#cancelRetry?.();
    this.#cancelRetry = undefined;
    void this.#run(this.#generation);
  }

  async #run(generation: number): Promise<void> {
    const { broker, clock, post } = this.#options;
    this.#asking = true;
    try {
      const picture = await broker.reconcile();
      this.#failedLooks = 0;
      if (this.#isCurrent(generation)) post(picture);
    } catch (error) {
      const detail = error instanceof Error ? error.message : String(error);
      if (this.#isCurrent(generation)) {
        const isLook = this.#options.isReady() && ++this.#failedLooks < MOST_FAILED_LOOKS;
        if (!isLook)
          post({ kind: "broker", status: "disconnected", detail: `the broker could not be reconciled: ${detail}` });
        this.#cancelRetry = clock.after(RECONCILE_RETRY_MS, () => this.#ask());
      }
    } finally {
      this.#asking = false;
    }
    this.#askInstruments();
    this.#lookLater();
    if (this.#again) this.#ask();
  }

  #isCurrent(generation: number): boolean {
    return !this.#stopped && this.#connected && generation === this.#generation;
  }
}
