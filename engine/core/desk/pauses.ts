/**
 * Why no entry may be sent though the account trades: the market data cannot be trusted right now.
 *
 * Owns: those reasons, for all symbols or for one. May not: hold back an exit, or forget an operator's halt; that is the
 * trading state.
 */
import type { FeedInput, HaltInput, LoadInput, SplitsInput } from "../feed-event.ts";

export interface DataAlert {
  readonly level: "info" | "warning";
  readonly code: string;
  readonly message: string;
}

interface Halt {
  readonly time: number;
  readonly reason: string;
  /** The feed was down since: that it trades again may have been missed. */
  unsure: boolean;
}

export interface SavedPauses {
  readonly load: string;
  readonly down: string;
  readonly splits: string;
  readonly halts: readonly (readonly [symbol: string, halt: Readonly<Halt>])[];
}

export class Pauses {
  /** Why the engine is behind, or "". */
  #load = "";
  /** Who said that data is missing, or "": to the core all feeds are one. */
  #down = "";
  /** Why nobody can say what splits today, or "". */
  #splits = "";
  readonly #halts = new Map<string, Halt>();

  save(): SavedPauses {
    const halts = [...this.#halts].map(([symbol, halt]) => [symbol, { ...halt }] as const);
    return { load: this.#load, down: this.#down, splits: this.#splits, halts };
  }

  restore({ load, down, splits, halts }: SavedPauses): void {
    this.#load = load;
    this.#down = down;
    this.#splits = splits;
    for (const [symbol, halt] of halts) this.#halts.set(symbol, { ...halt });
  }

  load(input: LoadInput): DataAlert {
    const { state, lagMs, waiting } = input;
    switch (state) {
      case "behind": {
        const queue = waiting > 0 ? `, ${waiting} inputs wait` : "";
        this.#load = `market data is ${seconds(lagMs)} behind${queue}`;
        return { level: "warning", code: "data/behind", message: `entries pause, exits go on: ${this.#load}` };
      }
      case "current":
        this.#load = "";
        return { level: "info", code: "data/current", message: "market data is up to date: entries go on" };
      case "skewed": {
        const message = `market data is dated ${seconds(-lagMs)} in the future: the clock of this machine or of the feed is wrong`;
        return { level: "warning", code: "data/clock", message };
      }
    }
  }

  /** Whether it breaks off now: another reason why it is still down is no other break. */
  feed({ feed, status }: FeedInput): boolean {
    if (status === "live") this.#down = "";
    if (status !== "down") return false;
    const breaks = this.#down === "";
    this.#down = feed;
    for (const halt of this.#halts.values()) halt.unsure = true;
    return breaks;
  }

  /** Undefined when it says nothing new. */
  splits({ known, detail }: SplitsInput): DataAlert | undefined {
    const wasKnown = this.#splits === "";
    this.#splits = known ? "" : `nobody could say what splits today: ${detail}`;
    if (known === wasKnown) return undefined;
    if (known)
      return { level: "info", code: "data/splits-known", message: `what splits today is known: entries go on` };
    return { level: "warning", code: "data/splits-unknown", message: `entries pause, exits go on: ${this.#splits}` };
  }

  /** Undefined when it says nothing new. */
  halt({ symbol, time, halted, reason }: HaltInput): DataAlert | undefined {
    const known = this.#halts.has(symbol);
    if (halted) this.#halts.set(symbol, { time, reason, unsure: false });
    else this.#halts.delete(symbol);
    if (known === halted) return undefined;
    if (!halted) return { level: "info", code: "data/resumed", message: `${symbol} trades again: ${reason}` };
    const message = `${symbol} is halted: ${reason}; its entries are refused and its quotes unknown`;
    return { level: "warning", code: "data/halted", message };
  }

  /** After the feed was down a trade that is later than the halt ends it: nobody tells what was missed. */
  tradesAgain(symbol: string, time: number): boolean {
    if (this.#halts.size === 0) return false;
    const halt = this.#halts.get(symbol);
    return halt !== undefined && halt.unsure && time > halt.time && this.#halts.delete(symbol);
  }

  /** Why an entry in this symbol must wait, or "". */
  reasonFor(symbol: string): string {
    const halt = this.#halts.get(symbol);
    if (halt !== undefined) return `${symbol} is halted: ${halt.reason}`;
    if (this.#down !== "") return `the feed ${this.#down} is down`;
    return this.#splits === "" ? this.#load : this.#splits;
  }
}

function seconds(ms: number): string {
  return `${(Math.round(ms / 100) / 10).toFixed(1)} s`;
}
