/**
 * A new program beside a rebuilt core: what would fire at once.
 *
 * Owns: loading the program into that private copy as a reload would, with the bars that the journal knows.
 * May not: touch anything that runs.
 */
import { foresee } from "../core/foresee.ts";
import type { Foreseen } from "../core/foresee.ts";
import type { Input, InputBody } from "../core/event.ts";
import type { Program } from "../core/program.ts";
import { stamped } from "../core/stamp.ts";
import { createCore, step } from "../core/step.ts";
import type { Calendar } from "../market/calendar.ts";
import type { JournalRecord } from "../ports/journal.ts";
import type { KnownBars, Rebuilt } from "./rebuild.ts";
import { TimerQueue } from "./timers.ts";
import { warmupOf } from "./warmup.ts";
import type { Need } from "./warmup.ts";

export interface Foresight {
  readonly fires: readonly Foreseen[];
  /** Series with fewer bars than the facts need: they are unknown at first. */
  readonly missing: readonly { readonly need: Need; readonly found: number }[];
}

/**
 * Changes the rebuilt core. `again` reads the same journal once more; asked for only when the program needs bars of a size
 * that the running one did not build.
 */
export async function foresight(
  rebuilt: Rebuilt,
  program: Program,
  again: () => AsyncIterable<JournalRecord>,
  calendarOf: (symbol: string) => Calendar,
): Promise<Foresight> {
  const { core, bars, marketTime, arrivalTime, seq } = rebuilt;
  let warm = await warmupOf(program, bars, marketTime, calendarOf);
  if (warm.missing.length > 0) {
    await learnBars(bars, program, again(), seq, calendarOf);
    warm = await warmupOf(program, bars, marketTime, calendarOf);
  }
  step(core, stamped({ kind: "program.loaded", program, warmup: warm.warmup }, seq + 1, marketTime, arrivalTime));
  return { fires: foresee(core), missing: warm.missing };
}

/** Bars that the new program would have built from the same data, had it been there from the beginning. */
async function learnBars(
  bars: KnownBars,
  program: Program,
  records: AsyncIterable<JournalRecord>,
  until: number,
  calendarOf: (symbol: string) => Calendar,
): Promise<void> {
  const core = createCore({ account: "", journal: "", calendarOf });
  const timers = new TimerQueue();
  const feed = (body: InputBody, time: number): void => {
    const input: Input = stamped(body, 0, time, time);
    const outputs = step(core, input);
    for (const output of outputs) {
      if (output.kind === "timer.set" && output.clock === "market") timers.set(output.id, output.at);
      else if (output.kind === "timer.cancel") timers.cancel(output.id);
    }
    bars.learn(input, outputs);
  };
  feed({ kind: "program.loaded", program, warmup: [] }, Number.NEGATIVE_INFINITY);
  // Only a core that trades tells of its bars; this one has no broker, so nothing leaves it.
  feed({ kind: "trading.started" }, Number.NEGATIVE_INFINITY);
  for await (const record of records) {
    if (record.kind !== "in") continue;
    const { input } = record;
    if (input.seq > until) break;
    for (let due = timers.take(input.marketTime); due !== undefined; due = timers.take(input.marketTime))
      feed({ kind: "timer", id: due.id, clock: "market", at: due.at }, due.at);
    if (isOfTheMarket(input)) feed(input, input.marketTime);
  }
}

function isOfTheMarket(
  input: Extract<JournalRecord, { kind: "in" }>["input"],
): input is Extract<typeof input, { kind: "trade" | "quote" | "bar" | "history" | "feed" }> {
  return ["trade", "quote", "bar", "history", "feed"].includes(input.kind);
}
