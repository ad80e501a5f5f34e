/**
 * Where the time between a frame and its order goes.
 *
 * Owns: the stages, one mark at the end of each, taken around the engine and not inside it. May not: slow down what it watches
 * by more than reading the clock.
 */
import { BroadcastChannel } from "node:worker_threads";
import type { JournalRecord, Journal, NumberedRecord, Snapshot } from "../engine/ports/journal.ts";
import { ROUNDS } from "./latency-journal.ts";
import type { Round } from "./latency-journal.ts";
import type { Answer } from "./latency-server.ts";
import { nowUs } from "./monotonic.ts";

/** In their order; each names what ends with its mark. */
const STAGES = {
  handed: "frame on the wire, read and mapped",
  fired: "core up to the firing, its records",
  judged: "json-rules-engine",
  asked: "desk, checks, size, risk, order, its records",
  written: "journal's thread: wake, frame, hash, write",
  onDisk: "fdatasync",
  durable: "wake of the thread that trades",
  answered: "order sent, on the wire and read",
} as const;
type Mark = keyof typeof STAGES;
const MARKS = Object.keys(STAGES) as Mark[];

type Marks = Partial<Record<Mark, number>>;

export class Stages {
  readonly #all: Marks[] = [];
  #current: Marks | undefined;
  #rounds: readonly Round[] = [];
  #told: Promise<void> = Promise.resolve();

  /** A special frame is here. */
  begin(): void {
    this.#current = { handed: nowUs() };
    this.#all.push(this.#current);
  }

  mark(mark: Mark): void {
    if (this.#current !== undefined) this.#current[mark] ??= nowUs();
  }

  /** The journal's thread tells its rounds when it ends; to be called before it does. */
  expectRounds(): void {
    const channel = new BroadcastChannel(ROUNDS);
    this.#told = new Promise((resolve) => {
      const told = (event: Event): void => {
        this.#rounds = (event as MessageEvent).data as readonly Round[];
        channel.close();
        resolve();
      };
      channel.addEventListener("message", told, { once: true });
    });
  }

  /** The median of each stage in microseconds. */
  async medians(answers: readonly Answer[]): Promise<Stage[]> {
    await this.#told;
    const times = new Map<Mark, number[]>();
    for (const { asked, answered } of answers) {
      const marks = this.#all.find(({ handed = 0 }) => handed >= asked && handed <= answered);
      if (marks !== undefined) this.#add(times, asked, { ...marks, ...this.#diskOf(marks), answered });
    }
    return MARKS.flatMap((mark) => {
      const each = times.get(mark)?.sort((a, b) => a - b);
      return each === undefined ? [] : [{ name: STAGES[mark], us: each[each.length >> 1] as number }];
    });
  }

  #add(times: Map<Mark, number[]>, asked: number, marks: Marks): void {
    let last = asked;
    for (const mark of MARKS) {
      const at = marks[mark];
      if (at === undefined) continue;
      const each = times.get(mark) ?? [];
      times.set(mark, each);
      each.push(at - last);
      last = at;
    }
  }

  /** The round after which the sync resolved. */
  #diskOf({ asked = Number.POSITIVE_INFINITY, durable = 0 }: Marks): Marks {
    const round = this.#rounds.findLast(({ began, ended }) => began >= asked && ended <= durable);
    return round === undefined ? {} : { written: round.began, onDisk: round.ended };
  }
}

export interface Stage {
  readonly name: string;
  readonly us: number;
}

/** One column for each run; a stage that a run does not have is empty. */
export function stageTable(runs: Readonly<Record<string, readonly Stage[]>>): string {
  const head = ["median of each stage, us", ...Object.keys(runs)];
  const cells = Object.values(STAGES).map((name) => [
    name,
    ...Object.values(runs).map((stages) => stages.find((stage) => stage.name === name)?.us.toFixed(0) ?? ""),
  ]);
  const table = [head, ...cells];
  const widths = head.map((_, at) => Math.max(...table.map((line) => line[at]?.length ?? 0)));
  const lines = table.map((line) =>
    line.map((cell, at) => (at === 0 ? cell.padEnd(widths[at] ?? 0) : cell.padStart(widths[at] ?? 0))).join("  "),
  );
  return lines.join("\n");
}

/** A journal that marks when the engine comes to it. */
export class MarkingJournal implements Journal {
  readonly #journal: Journal;
  readonly #stages: Stages;

  constructor(journal: Journal, stages: Stages) {
    this.#journal = journal;
    this.#stages = stages;
  }

  append(record: NumberedRecord): void {
    if (isAnswer(record)) this.#stages.mark("judged");
    this.#journal.append(record);
  }

  announce(): void {
    this.#stages.mark("fired");
    this.#journal.announce();
  }

  async sync(): Promise<void> {
    this.#stages.mark("asked");
    await this.#journal.sync();
    this.#stages.mark("durable");
  }

  snapshot(snapshot: Snapshot): Promise<void> {
    return this.#journal.snapshot(snapshot);
  }

  close(): Promise<void> {
    this.#stages.expectRounds();
    return this.#journal.close();
  }
}

function isAnswer(record: JournalRecord): boolean {
  return record.kind === "in" && record.input.kind === "confirmation";
}
