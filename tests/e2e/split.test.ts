/**
 * A symbol splits overnight on the local venue: with the official SDK, the whole session around it, and a journal that computes
 * to the same bytes.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, describe, expect, it } from "vitest";
import { readJournal } from "../../engine/adapters/journal/read.ts";
import type { Tape } from "../../engine/adapters/tape/tape.ts";
import { alpacaStream } from "../../engine/cli/live-feeds.ts";
import { connectAlpaca, startSession } from "../../engine/cli/live-session.ts";
import type { Session } from "../../engine/cli/live-session.ts";
import { startLocalVenue } from "../../engine/cli/local-venue.ts";
import type { RunningVenue } from "../../engine/cli/local-venue.ts";
import { openLastRun, openNewRun } from "../../engine/cli/open-run.ts";
import type { OpenRun } from "../../engine/cli/open-run.ts";
import type { BarInput, Input, Output } from "../../engine/core/event.ts";
import { inspect } from "../../engine/core/view.ts";
import { parseBarSize } from "../../engine/market/bar-size.ts";
import { calendarOf } from "../../engine/market/instruments.ts";
import { DEFAULT_LOAD } from "../../engine/runtime/load.ts";
import { replay } from "../../engine/runtime/replay.ts";
import { openOf } from "../support/core-driver.ts";
import { programOf } from "../runtime/support.ts";

const MINUTE = 60_000;
const [DAY1, DAY2] = [openOf("2024-03-05"), openOf("2024-03-06")];
const MIDNIGHT = Date.parse("2024-03-06T00:00:00-05:00");
/** As they were traded: in old shares on the first day, in new ones on the second. */
const FIRST = [100, 100, 100, 100, 102, 103, 102, 104, 103, 104];
const SECOND = [26, 26, 26, 26.25, 26, 27.5, 27.5, 27.5];

const STRATEGY = `barwise: 1
name: held
symbols: [ACME]
on: 1m
rules:
  - name: enter
    when: close crosses above sma(4) * 1.01
    then:
      buy:
        size: {qty: 10}
        time_in_force: gtc
        bracket: {stop_loss: close * 0.9, take_profit: close * 1.2}
  - name: leave
    when: close > sma(4) * 1.03 and position.qty > 0
    then: {close: {}}
  - name: cheap
    when: close < 50
    then: {alert: {message: "a level that only the new shares have passed"}}
`;

function minutes(open: number, closes: readonly number[]): BarInput[] {
  return closes.map((close, i) => {
    const prices = { open: close, high: close, low: close, close, volume: 1_000 };
    return { kind: "bar", symbol: "ACME", size: "1m", revised: false, start: open + i * MINUTE, ...prices };
  });
}

const TAPE: Tape = {
  name: "acme",
  label: "real",
  symbols: ["ACME"],
  size: parseBarSize("1m")!,
  items: () => [...minutes(DAY1, FIRST), ...minutes(DAY2, SECOND)],
};

class Setup {
  readonly inputs: Input[] = [];
  readonly outputs: Output[] = [];
  readonly notes: string[] = [];
  readonly fatal: Error[] = [];
  root = "";
  running!: RunningVenue;
  session!: Session;

  async venue(): Promise<void> {
    this.root = await mkdtemp(join(tmpdir(), "barwise-split-"));
    const sim = { symbols: ["ACME"], cash: "10000", fees: "none", slippage: 0, leverage: 1, seed: "split" };
    const splits = [{ kind: "split", symbol: "ACME", time: MIDNIGHT, newShares: "4", oldShares: "1" }] as const;
    this.running = await startLocalVenue({ ...sim, tape: TAPE, pace: "manual", port: 0, from: undefined, splits });
  }

  async start(run: OpenRun): Promise<void> {
    const { venue, credentials } = this.running;
    const account = { kind: "loopback", url: venue.url } as const;
    const symbols = ["ACME"];
    const feeds = () => [alpacaStream({ feed: "iex", credentials, symbols, data: "minute", venueUrl: venue.url })];
    const connection = connectAlpaca({ account, credentials, symbols, feeds, startAt: venue.now() });
    this.session = await startSession({
      ...{ connection, run, lasts: true, program: programOf(STRATEGY), load: DEFAULT_LOAD },
      sources: { "strategies/a.strategy.yaml": STRATEGY },
      observe: (input, outputs) => {
        this.inputs.push({ ...input });
        this.outputs.push(...outputs);
      },
      onRefused: (_feed, reason) => this.notes.push(reason),
      onFatal: (error) => this.fatal.push(error),
      note: (text) => this.notes.push(text),
    });
    await this.session.engine.startFeeds();
  }

  async until(what: string, done: () => boolean): Promise<void> {
    for (let i = 0; i < 2_000; i++) {
      if (done()) return;
      await sleep(5);
    }
    throw new Error(`never: ${what}`);
  }

  /** One time of the tape; a split has one of its own, without data. */
  async advance(): Promise<void> {
    const bars = this.#bars();
    const phase = await this.running.venue.exchangePhase();
    await this.session.engine.idle();
    await this.running.venue.dataPhase();
    if (phase?.time !== MIDNIGHT) await this.until("the bar", () => this.#bars() > bars);
    await this.session.engine.idle();
  }

  #bars(): number {
    return this.inputs.filter(({ kind }) => kind === "bar").length;
  }

  alerts(): string[] {
    return this.outputs.flatMap((output) => (output.kind === "alert" ? [output.code] : []));
  }

  orders(): string[] {
    return this.outputs.flatMap((output) => {
      if (output.kind !== "submit") return [];
      const { side, qty, type, stopLoss, takeProfit } = output.order;
      const legs = stopLoss === undefined ? "" : ` ${stopLoss.stopPrice}/${takeProfit?.limitPrice}`;
      return [`${side} ${qty} ${type}${legs}`];
    });
  }

  async computesAgain(): Promise<void> {
    const { journalDir } = this.session;
    const result = await replay(readJournal(journalDir, { from: "start" }), calendarOf, () => {});
    expect(result.difference).toBeNull();
    expect(result.inputs).toBeGreaterThan(20);
  }

  async end(): Promise<void> {
    await this.session.engine.stop();
    await this.running.venue.stop();
    await rm(this.root, { recursive: true, force: true });
  }
}

let setup: Setup;
afterEach(() => setup.end());

const truths = (): string[] =>
  inspect(setup.session.engine.core).flatMap(({ rules }) => rules.map(({ truth }) => truth));

describe("a split overnight", () => {
  it("is dealt with before the first price of the new shares, and the strategy goes on", async () => {
    setup = new Setup();
    await setup.venue();
    await setup.start(await openNewRun(setup.root, "local"));
    for (const _ of FIRST) await setup.advance();
    expect(setup.orders()).toEqual(["buy 10 market 93.6/124.8"]);
    await setup.advance();
    for (const _ of SECOND) await setup.advance();
    expect(setup.orders()).toEqual(["buy 10 market 93.6/124.8", "sell 40 limit 23.4/31.2", "sell 40 market"]);
    const kinds = setup.inputs.map((input) =>
      input.kind === "program.loaded" ? `loaded ${input.rebuilds}` : input.kind,
    );
    const [split, loaded] = [kinds.indexOf("split"), kinds.indexOf("loaded ACME")];
    const first = setup.inputs.findIndex((input) => input.kind === "bar" && input.start === DAY2);
    expect([split > 0, loaded > split, first > loaded]).toEqual([true, true, true]);
    // The level of `cheap` was passed by the split alone.
    expect(setup.alerts()).toEqual(["split/begun", "split/settled"]);
    const { exchange } = setup.running;
    expect(exchange.positions()).toEqual([]);
    expect(setup.session.engine.core.desk.state.portfolio.cash.eq(exchange.account().cash)).toBe(true);
    expect([setup.fatal, setup.notes]).toEqual([[], []]);
    await setup.session.engine.stop();
    await setup.computesAgain();
  }, 60_000);

  it("that comes while nobody runs is found at the next start, before the bars of the time between", async () => {
    setup = new Setup();
    await setup.venue();
    await setup.start(await openNewRun(setup.root, "local"));
    for (const _ of FIRST) await setup.advance();
    await setup.session.engine.stop();
    const { venue } = setup.running;
    for (let i = 0; i < 4; i++) await venue.advance();
    expect(setup.running.exchange.positions()[0]?.qty.toNumber()).toBe(40);
    const last = await openLastRun({ root: setup.root, account: "local", watch: () => {}, begun: () => {} });
    if (last === undefined) throw new Error("no run to go on with");
    setup.inputs.length = 0;
    await setup.start(last);
    const kinds = setup.inputs.map(({ kind }) => kind);
    expect(kinds.indexOf("split")).toBeGreaterThan(0);
    expect(kinds.indexOf("history")).toBeGreaterThan(kinds.indexOf("split"));
    expect(setup.session.notes).toContain("ACME split 4 for 1 meanwhile");
    await setup.until("the split to be settled", () => setup.alerts().includes("split/settled"));
    await setup.until("the protection", () => setup.orders().length === 2);
    expect(truths()).not.toContain("unknown");
    for (let i = 3; i < SECOND.length; i++) await setup.advance();
    expect(setup.orders().slice(1)).toEqual(["sell 40 limit 23.4/31.2", "sell 40 market"]);
    expect(setup.alerts()).toEqual(["broker/disconnected", "split/begun", "split/settled"]);
    expect(setup.running.exchange.positions()).toEqual([]);
    expect([setup.fatal, setup.notes]).toEqual([[], []]);
    await setup.session.engine.stop();
    await setup.computesAgain();
  }, 60_000);
});
