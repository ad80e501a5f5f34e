/**
 * Trades from the bytes of Alpaca's frames into facts: by the scanner, and by JSON.parse and the mapper.
 *
 * Owns: the frames, and one core for each round: the same trades twice would be late ones. No socket and no journal.
 */
import { FrameScanner } from "../engine/adapters/alpaca/scanner.ts";
import { decodeJson, fieldsOf } from "../engine/adapters/alpaca/frames.ts";
import { MessageMapper } from "../engine/adapters/alpaca/market-messages.ts";
import type { InputBody, MarketInput } from "../engine/core/event.ts";
import { Stamper } from "../engine/core/stamp.ts";
import { createCore, step } from "../engine/core/step.ts";
import { calendarOf } from "../engine/market/instruments.ts";
import { NYSE } from "../engine/market/nyse.ts";
import { TimerQueue } from "../engine/runtime/timers.ts";
import { random, watchers } from "./program.ts";
import { fastest, stopwatch } from "./row.ts";
import type { Row } from "./row.ts";
import { Tape, symbolsOf } from "./ticks.ts";

const PER_FRAME = 100;
/** A core that just began makes what it will use again: as in the bench of ticks, that is not measured. */
const WARM = 200_000;

/** As Alpaca writes them: one line, fields in this order, nanoseconds. */
function framesOf(names: readonly string[], count: number): Buffer[] {
  const tape = new Tape(names.length);
  const next = random(5);
  const frames: Buffer[] = [];
  let id = 52_983_525_000_000;
  for (let made = 0; made < count; made += PER_FRAME) {
    const items = Array.from({ length: PER_FRAME }, (_, i) => {
      const [symbol, size] = [names[(made + i) % names.length], 1 + Math.floor(next() * 300)];
      const time = new Date(tape.time()).toISOString().replace("Z", "123456Z");
      const conditions = size < 100 ? '["@","I"]' : '["@"]';
      return `{"T":"t","S":"${symbol}","i":${id++},"x":"V","p":${tape.price().toFixed(2)},"s":${size},"c":${conditions},"z":"C","t":"${time}"}`;
    });
    frames.push(Buffer.from(`[${items.join(",")}]`));
  }
  return frames;
}

class Facts {
  readonly core = createCore({ account: "bench", journal: "bench", calendarOf });
  readonly #timers = new TimerQueue();
  readonly #stamper = new Stamper();
  #seq = 0;

  constructor(names: readonly string[], time: number) {
    this.#step({ kind: "program.loaded", program: watchers(names), warmup: [] }, time);
    this.#step({ kind: "trading.started" }, time);
  }

  take(input: MarketInput): void {
    if (input.kind !== "trade") return;
    const { time } = input;
    for (let timer = this.#timers.take(time); timer !== undefined; timer = this.#timers.take(time))
      this.#step({ kind: "timer", id: timer.id, clock: "market", at: timer.at }, timer.at);
    this.#step(input, time);
  }

  #step(body: InputBody, time: number): void {
    const outputs = step(this.core, this.#stamper.stamp(body, ++this.#seq, time, time));
    for (const output of outputs) if (output.kind === "timer.set") this.#timers.set(output.id, output.at);
  }
}

export async function wireRows(symbols: number, count: number, rounds: number): Promise<readonly Row[]> {
  const names = symbolsOf(symbols);
  const frames = framesOf(names, WARM + count);
  const warm = frames.splice(0, WARM / PER_FRAME);
  const options = { calendar: NYSE, barSize: "1m", latest: () => Date.now() + 300_000 };
  const scanner = new FrameScanner(options);
  const mapper = new MessageMapper({ ...options, dailyBarsAreFinal: false, now: () => 0, feed: "bench" });
  const scanned = (frame: Buffer, take: (input: MarketInput) => void): void => {
    const inputs = scanner.scan(frame);
    if (inputs === undefined) throw new Error("the scanner left a frame of the usual form to JSON.parse");
    for (const input of inputs) take(input);
  };
  const parsed = (frame: Buffer, take: (input: MarketInput) => void): void => {
    for (const message of decodeJson(frame.toString("utf8")) as readonly unknown[]) {
      const mapped = mapper.map(fieldsOf(message) ?? {});
      if (mapped.kind === "input") take(mapped.input);
    }
  };
  let taken = 0;
  const perSecond = (read: typeof scanned, withFacts: boolean): number => {
    const facts = withFacts ? new Facts(names, new Tape(symbols).time()) : undefined;
    const take = (input: MarketInput): void => {
      taken++;
      facts?.take(input);
    };
    for (const frame of warm) read(frame, take);
    const seconds = stopwatch();
    for (const frame of frames) read(frame, take);
    return -count / seconds();
  };
  const best = await fastest(rounds, {
    facts: () => perSecond(scanned, true),
    factsParsed: () => perSecond(parsed, true),
    alone: () => perSecond(scanned, false),
    aloneParsed: () => perSecond(parsed, false),
  });
  const row = (what: string, measured: number, baseline: number, target: Row["target"]): Row => ({
    what,
    unit: "trades/s",
    target,
    measured: -measured,
    baseline: { what: "JSON.parse", value: -baseline },
    detail: `${PER_FRAME} a frame, ${symbols.toLocaleString("en-US")} symbols; ${taken % (WARM + count) === 0 ? "none" : "SOME"} left out`,
  });
  return [
    row("wire to facts: scanner, mapping, bar, 5 facts, 10 rules", best.facts, best.factsParsed, {
      value: 1_000_000,
      atLeast: true,
    }),
    row("wire to inputs: scanner, mapping", best.alone, best.aloneParsed, null),
  ];
}
