/** A crash at any record, and the click again: of an order that a person approved there is exactly one at the broker, or none. */
import { describe, expect, it } from "vitest";
import type { DecisionInput } from "../../engine/core/approval.ts";
import type { Input, InputBody, Output, Stamp } from "../../engine/core/event.ts";
import type { Program } from "../../engine/core/program.ts";
import { step } from "../../engine/core/step.ts";
import type { CoreState } from "../../engine/core/step.ts";
import { approvalOf } from "../../engine/core/view.ts";
import { compile } from "../../engine/lang/compile.ts";
import { calendarOf } from "../../engine/market/instruments.ts";
import type { JournalRecord } from "../../engine/ports/journal.ts";
import { rebuild } from "../../engine/runtime/rebuild.ts";
import type { Rebuilt } from "../../engine/runtime/rebuild.ts";
import { HEADER } from "../e2e/support.ts";
import { CoreDriver, openOf, reconciled } from "../support/core-driver.ts";

const OPEN = openOf("2024-03-05");
const MINUTE = 60_000;
const FILES = {
  "s.strategy.yaml": `barwise: 1
name: s
symbols: [SPY]
on: 1m
rules:
  - {name: large, when: close > 101, then: {buy: {size: {qty: 300}, bracket: {stop_loss: close - 5, take_profit: close + 5}}}}
  - {name: leave, when: close > 110, then: {close: {}}}
approval: {when: order.qty > 100, second: order.qty > 200, expires: 5m}
`,
};

function program(): Program {
  const compiled = compile(FILES).program;
  if (compiled === null) throw new Error("it does not compile");
  return compiled;
}

/** A run up to two approvals and a fill, as its journal has it. Core ids name the account and journal of the header. */
function journalOf(): { readonly records: readonly JournalRecord[]; readonly run: CoreDriver } {
  const records: JournalRecord[] = [HEADER];
  const run = new CoreDriver(program(), OPEN - 1_000, { account: HEADER.account, journal: HEADER.id });
  run.bar("SPY", "1m", OPEN, 100);
  run.bar("SPY", "1m", OPEN + MINUTE, 102);
  click(run, "ann");
  run.trade("SPY", run.now + 1_000, 102.1);
  click(run, "bob");
  run.accept(run.lastSubmit);
  run.filled(run.lastSubmit, 300, 102.3);
  let n = 0;
  for (const [i, input] of run.inputs.entries()) {
    const { digest } = run.core.signals.program as Program;
    const sources = { digest, files: FILES, settings: null };
    const kept =
      input.kind === "program.loaded" ? { kind: input.kind, warmup: input.warmup, ...stampOf(input), sources } : input;
    records.push({ kind: "in", n: n++, input: kept });
    const outputs = run.outputsOf[i] as readonly Output[];
    if (outputs.length > 0) records.push({ kind: "out", n: n++, seq: input.seq, outputs });
  }
  return { records, run };
}

function stampOf({ seq, marketTime, arrivalTime }: Input): Stamp {
  return { seq, marketTime, arrivalTime };
}

function wordOn({ core }: { readonly core: CoreState }, by: string): DecisionInput | undefined {
  const request = core.desk.state.approvals.all.at(-1);
  if (request === undefined) return undefined;
  const { id: approval, hash } = request;
  return { kind: "decision", approval, hash, by, channel: "cli", decision: "approve", reason: "" };
}

function click(run: CoreDriver, by: string): void {
  const word = wordOn(run, by);
  if (word === undefined) throw new Error("nobody is asked");
  run.feed(word);
}

async function* all(records: readonly JournalRecord[]): AsyncGenerator<JournalRecord> {
  for (const record of records) yield await Promise.resolve(record);
}

/** The next process: what a crash kept from the disk had no effect; timers ring, the broker is asked, people click again. */
class Second {
  readonly core: CoreState;
  readonly submitted: string[] = [];
  readonly lookups: string[] = [];
  #seq: number;
  readonly #time: number;
  readonly #arrival: number;

  constructor({ core, seq, marketTime, arrivalTime }: Rebuilt, waited: number) {
    this.core = core;
    this.#seq = seq;
    this.#time = marketTime;
    this.#arrival = arrivalTime + waited;
  }

  feed(body: InputBody): readonly Output[] {
    const outputs = step(this.core, { ...body, seq: ++this.#seq, marketTime: this.#time, arrivalTime: this.#arrival });
    for (const output of outputs) {
      if (output.kind === "submit") this.submitted.push(output.order.clientOrderId);
      if (output.kind === "lookup") this.lookups.push(output.clientOrderId);
    }
    return outputs;
  }

  resume({ timers }: Rebuilt): void {
    this.feed({ kind: "broker", status: "disconnected", detail: "started again" });
    this.feed(reconciled());
    for (const { id, clock, at } of timers)
      if (clock === "arrival" && at <= this.#arrival) this.feed({ kind: "timer", id, clock, at });
    // Prices come again before anybody clicks.
    this.feed({ kind: "quote", symbol: "SPY", time: this.#time, bid: 101.99, bidSize: 1, ask: 102.01, askSize: 1 });
  }
}

describe("a crash around an approval", () => {
  const { records, run } = journalOf();
  const asked = run.of("approval")[0]?.approval.id ?? "";

  it("is played over a run that asks two people and fills", () => {
    expect(run.submits.map(({ clientOrderId }) => clientOrderId)).toEqual([asked]);
    expect(records.length).toBeGreaterThan(15);
  });

  it.each([
    ["at once", 0],
    ["when it has expired", 600_000],
  ])("after any record, and clicks again %s, sends one order or none", async (_, waited) => {
    const ends = new Set<string>();
    for (let cut = 4; cut <= records.length; cut++) {
      const kept = records.slice(0, cut);
      const rebuilt = await rebuild(all(kept), calendarOf);
      // An order leaves when the record that tells of it is on disk: what was only due never left.
      const left = kept.flatMap((record) =>
        record.kind === "out"
          ? record.outputs.flatMap((output) => (output.kind === "submit" ? [output.order.clientOrderId] : []))
          : [],
      );
      const second = new Second(rebuilt, waited);
      second.resume(rebuilt);
      for (const by of ["ann", "bob", "carl", "ann", "bob"]) {
        const word = wordOn(second, by);
        if (word !== undefined) second.feed(word);
      }
      const where = `cut after record ${cut}`;
      const both = [...left, ...second.submitted].filter((id) => id === asked);
      expect(both.length, where).toBeLessThanOrEqual(1);
      const state = approvalOf(second.core, asked)?.state ?? "unknown";
      ends.add(state);
      if (waited > 0) expect(second.submitted, where).toEqual([]);
      if (state === "pending" || state === "expired") expect(both, where).toEqual([]);
      // Approved, told by nobody whether it left: it is looked up and never sent again by itself.
      const order = second.core.desk.state.orders.get(asked);
      if (state === "approved" && second.submitted.length === 0 && order?.state === "sent")
        expect(second.lookups, where).toContain(asked);
      // Alone each core is in order: what it thinks is approved has an order, what waits has its reservation.
      expect(order === undefined, where).toBe(!["approved", "pending"].includes(state));
    }
    expect([...ends].sort()).toEqual(waited > 0 ? ["approved", "expired", "unknown"] : ["approved", "unknown"]);
  });
});
