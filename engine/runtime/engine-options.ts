/**
 * What a live engine is made of.
 *
 * Owns: the shapes. May not: hold code.
 */
import type { HistoryInput, Input, InputBody, Output, ProgramLoadedInput } from "../core/event.ts";
import type { Program } from "../core/program.ts";
import type { Calendar } from "../market/calendar.ts";
import type { Broker } from "../ports/broker.ts";
import type { Clock } from "../ports/clock.ts";
import type { Feed } from "../ports/feed.ts";
import type { Journal } from "../ports/journal.ts";
import type { LoadLimits } from "./load.ts";
import type { Rebuilt } from "./rebuild.ts";

export interface LoadedProgram {
  readonly program: Program;
  /** Source texts by path. */
  readonly sources: Readonly<Record<string, string>>;
  readonly warmup: readonly HistoryInput[];
  readonly accepted?: ProgramLoadedInput["accepted"];
}

export interface EngineOptions {
  readonly account: string;
  readonly journalId: string;
  readonly calendarOf: (symbol: string) => Calendar;
  readonly journal: Journal;
  readonly broker: Broker;
  readonly feeds: readonly Feed[];
  readonly clock: Clock;
  /**
   * What moves market time: `wall` for live markets; `data` for tapes, where time is what the data says and runs as
   * fast as it comes.
   */
  readonly marketTime: "wall" | "data";
  /** How far behind its data the engine may be; a tape waits for it. */
  readonly load?: LoadLimits;
  /** Sees every input with its outputs. The input is good within the call: copy what is kept. */
  readonly observe?: (input: Input, outputs: readonly Output[]) => void;
  /** A message that a feed refused. */
  readonly onRefused?: (feed: string, reason: string, sample: string, count: number) => void;
  /** Our own bug or a lost journal: nothing is evaluated or sent any more. */
  readonly onFatal: (error: Error) => void;
  /** The account outlives the process, so a later one goes on with this journal: a clean end leaves a snapshot for it. */
  readonly lasts?: boolean;
  /** Heard before the broker is connected: a halt that holds from the first moment on. */
  readonly first?: readonly InputBody[];
  /** The state in which an earlier process left this journal: `resume` goes on from there. */
  readonly recovered?: Rebuilt;
}
