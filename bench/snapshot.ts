/**
 * What it takes to save 1,000 symbols with 20 facts each, and to begin from that.
 *
 * Owns: how long evaluation would stand still while a core is saved. Writing the text out can happen elsewhere.
 */
import { decode, encode } from "../engine/adapters/journal/encode.ts";
import { restoreCore, saveCore } from "../engine/core/save.ts";
import type { SavedCore } from "../engine/core/save.ts";
import { calendarOf } from "../engine/market/instruments.ts";
import { crowd } from "./program.ts";
import { fastest, stopwatch } from "./row.ts";
import type { Row } from "./row.ts";
import { EngineTicks } from "./ticks.ts";

const SYMBOLS = 1_000;
const FACTS = 20;
/** Past the longest warm-up and past the bars that may still be corrected, so that everything is as large as it becomes. */
const MINUTES = 150;
const MB = 1_024 * 1_024;

export async function snapshotRow(rounds: number): Promise<Row> {
  const engine = new EngineTicks(SYMBOLS, (names) => crowd(names, FACTS));
  engine.run(SYMBOLS * 5 * MINUTES);
  const { core } = engine;
  const { program } = core.signals;
  if (program === undefined) throw new Error("the engine runs a program");
  let saved = saveCore(core);
  let text = encode(saved);
  const timed = (work: () => void): number => {
    const seconds = stopwatch();
    work();
    return seconds() * 1_000;
  };
  const options = { account: saved.account, journal: saved.journal, calendarOf };
  const { save, write, read, minute } = await fastest(rounds, {
    save: () => timed(() => (saved = saveCore(core))),
    write: () => timed(() => (text = encode(saved))),
    read: () => timed(() => restoreCore(options, decode(text) as SavedCore, program)),
    minute: () => timed(() => engine.run(SYMBOLS * 5)),
  });
  return {
    what: "saving a core, 1,000 symbols x 20 facts",
    unit: "ms",
    target: null,
    measured: save,
    baseline: { what: "for a minute of its trades", value: minute },
    detail: `${(text.length / MB).toFixed(0)} MB as text; ${write.toFixed(0)} ms to write it, ${read.toFixed(0)} ms to begin from it`,
  };
}
