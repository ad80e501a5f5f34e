/**
 * `barwise explain --why` and `--why-not`: why there is an order, and why a rule did not fire.
 *
 * Owns: options, which records are read, exit codes (0 told, 1 no such order or rule there, 2 cannot be read or computed), printing.
 * May not: write a journal. It may be that of a running engine.
 */
import { calendarOf } from "../market/instruments.ts";
import { WhyError, whyNot } from "../runtime/why-not.ts";
import { whyOrder } from "../runtime/why-order.ts";
import { CliError, painter, print, progressLine } from "./io.ts";
import { findJournal, reading, recordsOf } from "./journal-folder.ts";
import type { FoundJournal } from "./journal-folder.ts";
import { timeText } from "./replay-text.ts";
import { whyNotJson, whyNotText } from "./why-not-text.ts";
import { whyOrderJson, whyOrderText } from "./why-order-text.ts";

export interface WhyFlags {
  readonly why?: string;
  readonly whyNot?: string;
  readonly symbol?: string;
  readonly at?: string;
}

export async function runWhy(given: readonly string[], flags: WhyFlags, format: "pretty" | "json"): Promise<void> {
  const { why, whyNot: rule, symbol, at } = flags;
  if (why !== undefined && rule !== undefined) throw new CliError("--why and --why-not are two questions: ask one");
  if (given.length > 1) throw new CliError(`${given.join(" ")}: --why and --why-not take one journal`);
  const journal = await findJournal(given[0]);
  if (rule === undefined) {
    if (symbol !== undefined || at !== undefined) throw new CliError("--symbol and --at go with --why-not");
    return await runOrder(journal, why ?? "", format);
  }
  const time = at === undefined ? undefined : instantOf(at);
  const question = {
    rule,
    ...(symbol === undefined ? {} : { symbol }),
    ...(time === undefined ? {} : { at: time }),
  };
  const line = progressLine("why-not");
  const found = await asking(journal, async () => {
    try {
      const progress = (inputs: number, now: number): void => line.update(inputs, `inputs, ${timeText(now)}`);
      return await whyNot(recordsOf(journal), calendarOf, question, progress);
    } finally {
      line.end();
    }
  });
  if (format === "json") print(JSON.stringify(whyNotJson(journal.shown, found), undefined, 2));
  else print(whyNotText(journal.shown, found, painter(process.stdout)));
}

async function runOrder(journal: FoundJournal, id: string, format: "pretty" | "json"): Promise<void> {
  const story = await asking(journal, () => whyOrder(() => recordsOf(journal), id));
  if (format === "json") print(JSON.stringify(whyOrderJson(journal.shown, story), undefined, 2));
  else print(whyOrderText(journal.shown, story, painter(process.stdout)));
}

async function asking<T>(journal: FoundJournal, work: () => Promise<T>): Promise<T> {
  try {
    return await reading(journal, work);
  } catch (error) {
    if (error instanceof WhyError) throw new CliError(`${journal.shown}: ${error.message}`, 1, { cause: error });
    throw error;
  }
}

/** An evaluation has an instant: a date alone does not name one. */
function instantOf(source: string): number {
  const time = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}.*(Z|[+-]\d{2}:\d{2})$/.test(source) ? Date.parse(source) : Number.NaN;
  if (Number.isFinite(time)) return time;
  throw new CliError(
    `--at ${source}: expected a time with its offset such as 2024-03-04T15:30:00Z or 2024-03-04T10:30-05:00`,
  );
}
