/**
 * Stamping: from what happened to what the core takes.
 *
 * Owns: one fixed shape per kind of market data, which is most of what there is; a spread would cost more than the
 * evaluation that follows. May not: read a clock; times come with the call.
 */
import type { BarInput, Input, InputBody, QuoteInput, Stamp, TradeInput } from "./event.ts";

/** An input of its own, for who keeps it. */
export function stamped(body: InputBody, seq: number, marketTime: number, arrivalTime: number): Input {
  return { ...body, seq, marketTime, arrivalTime };
}

const NO_TRADE = {
  kind: "trade",
  symbol: "",
  time: Number.NaN,
  price: Number.NaN,
  size: Number.NaN,
  setsPrice: false,
} as const;
const UNSTAMPED = { seq: 0, marketTime: Number.NaN, arrivalTime: Number.NaN } as const;

type Written<Body> = { -readonly [K in keyof (Body & Stamp)]: (Body & Stamp)[K] };

/**
 * Stamps of a mailbox, which shows each input to the core, the journal and observers, one after the other, before it
 * takes the next: bars, trades and quotes are written into one record per kind, so that nothing is allocated at a tick.
 * Whoever wants to have such an input later copies it; what the core is told it reads within the step.
 */
export class Stamper {
  readonly #bar: Written<BarInput> = {
    kind: "bar",
    symbol: "",
    size: "",
    revised: false,
    start: Number.NaN,
    open: Number.NaN,
    high: Number.NaN,
    low: Number.NaN,
    close: Number.NaN,
    volume: Number.NaN,
    ...UNSTAMPED,
  };
  readonly #quote: Written<QuoteInput> = {
    kind: "quote",
    symbol: "",
    time: Number.NaN,
    bid: Number.NaN,
    bidSize: Number.NaN,
    ask: Number.NaN,
    askSize: Number.NaN,
    ...UNSTAMPED,
  };
  readonly #trade: Written<TradeInput> = { ...NO_TRADE, ...UNSTAMPED };
  readonly #numberedTrade: Written<TradeInput> = { ...NO_TRADE, id: "", ...UNSTAMPED };

  /** The input is good until the next call. */
  stamp(body: InputBody, seq: number, marketTime: number, arrivalTime: number): Input {
    switch (body.kind) {
      case "bar":
        return this.#ofBar(body, seq, marketTime, arrivalTime);
      case "quote":
        return this.#ofQuote(body, seq, marketTime, arrivalTime);
      case "trade":
        return this.#ofTrade(body, seq, marketTime, arrivalTime);
      default:
        return stamped(body, seq, marketTime, arrivalTime);
    }
  }

  #ofBar(body: BarInput, seq: number, marketTime: number, arrivalTime: number): Input {
    const input = this.#bar;
    input.symbol = body.symbol;
    input.size = body.size;
    input.revised = body.revised;
    input.start = body.start;
    input.open = body.open;
    input.high = body.high;
    input.low = body.low;
    input.close = body.close;
    input.volume = body.volume;
    return at(input, seq, marketTime, arrivalTime);
  }

  #ofQuote(body: QuoteInput, seq: number, marketTime: number, arrivalTime: number): Input {
    const input = this.#quote;
    input.symbol = body.symbol;
    input.time = body.time;
    input.bid = body.bid;
    input.bidSize = body.bidSize;
    input.ask = body.ask;
    input.askSize = body.askSize;
    return at(input, seq, marketTime, arrivalTime);
  }

  #ofTrade(body: TradeInput, seq: number, marketTime: number, arrivalTime: number): Input {
    // An id would stay for the next trade that has none, and without one the field is not there: two records.
    const { id } = body;
    const input = id === undefined ? this.#trade : this.#numberedTrade;
    if (id !== undefined) input.id = id;
    input.symbol = body.symbol;
    input.time = body.time;
    input.price = body.price;
    input.size = body.size;
    input.setsPrice = body.setsPrice;
    return at(input, seq, marketTime, arrivalTime);
  }
}

function at<R extends { seq: number; marketTime: number; arrivalTime: number }>(
  input: R,
  seq: number,
  marketTime: number,
  arrivalTime: number,
): R {
  input.seq = seq;
  input.marketTime = marketTime;
  input.arrivalTime = arrivalTime;
  return input;
}
