/**
 * Stamping: from what happened to what the core takes.
 *
 * Owns: one fixed shape per kind of market data, which is most of what there is; a spread would cost more than the
 * evaluation that follows. May not: read a clock; times come with the call.
 */
import type { Input, InputBody } from "./event.ts";

export function stamped(body: InputBody, seq: number, marketTime: number, arrivalTime: number): Input {
  switch (body.kind) {
    case "bar": {
      const { symbol, size, revised, start, open, high, low, close, volume } = body;
      return {
        kind: "bar",
        symbol,
        size,
        revised,
        start,
        open,
        high,
        low,
        close,
        volume,
        seq,
        marketTime,
        arrivalTime,
      };
    }
    case "quote": {
      const { symbol, time, bid, bidSize, ask, askSize } = body;
      return { kind: "quote", symbol, time, bid, bidSize, ask, askSize, seq, marketTime, arrivalTime };
    }
    case "trade":
      if (body.id === undefined) {
        const { symbol, time, price, size, setsPrice } = body;
        return { kind: "trade", symbol, time, price, size, setsPrice, seq, marketTime, arrivalTime };
      }
      return { ...body, seq, marketTime, arrivalTime };
    default:
      return { ...body, seq, marketTime, arrivalTime };
  }
}
