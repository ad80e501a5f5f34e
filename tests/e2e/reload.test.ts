import { mkdir, mkdtemp, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, describe, expect, it } from "vitest";
import { createAlpacaBroker } from "../../engine/adapters/alpaca/broker.ts";
import { createAlpacaHistory } from "../../engine/adapters/alpaca/history.ts";
import { createAlpacaMarketData } from "../../engine/adapters/alpaca/market-data.ts";
import { projectFiles } from "../../engine/adapters/files/project-files.ts";
import { MemoryJournal } from "../../engine/adapters/journal/memory-journal.ts";
import type { Venue } from "../../engine/adapters/venue/options.ts";
import { startVenue } from "../../engine/adapters/venue/venue.ts";
import type { BarInput, Input, Output } from "../../engine/core/event.ts";
import { inspect } from "../../engine/core/view.ts";
import { compile } from "../../engine/lang/compile.ts";
import type { Diagnostic } from "../../engine/lang/diagnostic.ts";
import { calendarOf } from "../../engine/market/instruments.ts";
import { WALL_CLOCK } from "../../engine/adapters/wall-clock.ts";
import { findingName } from "../../engine/runtime/acceptance.ts";
import type { Acceptance } from "../../engine/runtime/acceptance.ts";
import { Engine } from "../../engine/runtime/engine.ts";
import { Reloader } from "../../engine/runtime/reload.ts";
import type { ReloadResult } from "../../engine/runtime/reload.ts";
import { planLines } from "../../engine/report/plan.ts";
import { warmupOf } from "../../engine/runtime/warmup.ts";
import { HEADER, instruments, newExchange } from "./support.ts";

const SYMBOL = "ACME/USD";
const MINUTE = 60_000;
const START = Date.parse("2024-01-08T12:00:00Z");
const FILE = "a.strategy.yaml";

function strategy({ line = 100, entry = "", comment = "", more = "" } = {}): string {
  return `barwise: 1
name: a
${comment}
symbols: [${SYMBOL}]
on: 1m
rules:
  - name: enter
    when: ${entry === "" ? `close > ${line}` : entry}
    then: {buy: {size: {qty: 1}, time_in_force: gtc}}
    cooldown: 10m
  - name: leave
    when: close < 50
    then: {close: {time_in_force: gtc}}
${more}`;
}

/** Bars of one price after another, one a minute. */
function tape(closes: readonly number[]): { at: number; input: BarInput }[] {
  return closes.map((close, index) => {
    const start = START + index * MINUTE;
    const prices = { open: close, high: close, low: close, close };
    const input = { kind: "bar", symbol: SYMBOL, size: "1m", revised: false, start, ...prices, volume: 10 } as const;
    return { at: start + MINUTE, input };
  });
}

class Setup {
  readonly inputs: Input[] = [];
  readonly outputs: Output[] = [];
  readonly results: ReloadResult<Diagnostic>[] = [];
  readonly journal = new MemoryJournal(HEADER);
  readonly fatal: Error[] = [];
  acceptances: readonly Acceptance[] = [];
  live = false;
  root = "";
  venue!: Venue;
  engine!: Engine;
  reloader!: Reloader<Diagnostic>;
  #sent = 0;

  async start(closes: readonly number[], text: string): Promise<void> {
    this.root = await mkdtemp(join(tmpdir(), "barwise-"));
    await mkdir(join(this.root, "strategies"));
    await this.save(text);
    const credentials = { keyId: "PKTEST", secret: "secret-of-the-test" };
    this.venue = await startVenue({
      exchange: newExchange([SYMBOL]),
      instruments: instruments([SYMBOL]),
      ...credentials,
      calendar: calendarOf(SYMBOL),
      calendarOf,
      tape: tape(closes),
      pace: "manual",
      startAt: START,
    });
    const { url: venueUrl } = this.venue;
    const calendar = calendarOf(SYMBOL);
    const files = projectFiles(this.root);
    const { files: sources } = await files.read();
    const { program } = compile(sources);
    if (program === null) throw new Error("the first program has errors");
    this.engine = new Engine({
      account: "t",
      journalId: "t",
      calendarOf,
      journal: this.journal,
      broker: createAlpacaBroker({ account: { kind: "loopback", url: venueUrl }, credentials, submitConcurrency: 1 }),
      feeds: [createAlpacaMarketData({ feed: "iex", credentials, calendar, venueUrl, channels: { bars: [SYMBOL] } })],
      clock: WALL_CLOCK,
      marketTime: "data",
      observe: (input, outputs) => {
        this.inputs.push({ ...input });
        this.outputs.push(...outputs);
      },
      onFatal: (error) => this.fatal.push(error),
    });
    await this.engine.start({ program, sources, warmup: [] });
    const history = createAlpacaHistory({ credentials, calendar, venueUrl });
    this.reloader = new Reloader<Diagnostic>(program, {
      files,
      engine: this.engine,
      clock: WALL_CLOCK,
      compile: (texts) => Promise.resolve(compile(texts)),
      warm: async (next) => (await warmupOf(next, history, this.engine.marketTime, calendarOf)).warmup,
      onResult: (result) => this.results.push(result),
      live: this.live,
      acceptances: {
        read: () => Promise.resolve(this.acceptances),
        retire: (words) => {
          this.acceptances = this.acceptances.filter((word) => !words.includes(word));
          return Promise.resolve();
        },
      },
    });
    await this.reloader.watch();
  }

  async stop(): Promise<void> {
    await this.reloader.close();
    await this.engine.stop();
    await this.venue.stop();
    await rm(this.root, { recursive: true });
  }

  /** As editors do it: a new file is renamed over the old one. */
  async save(text: string, name = `strategies/${FILE}`): Promise<void> {
    const path = join(this.root, name);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(`${path}~`, text);
    await rename(`${path}~`, path);
  }

  async saved(text: string, name?: string): Promise<ReloadResult<Diagnostic>> {
    const { length } = this.results;
    await this.save(text, name);
    await this.until("the reload", () => this.results.length > length);
    return this.results.at(-1) as ReloadResult<Diagnostic>;
  }

  async until(what: string, done: () => boolean): Promise<void> {
    for (let i = 0; i < 1_000; i++) {
      if (done()) return;
      await sleep(5);
    }
    throw new Error(`never: ${what}`);
  }

  /** Plays the next bars; after each everything has settled. */
  async bars(count: number): Promise<void> {
    for (let i = 0; i < count; i++) {
      await this.venue.exchangePhase();
      await this.#settle();
      this.#sent += (await this.venue.dataPhase()).messages;
      await this.until("the bar", () => this.count("bar") === this.#sent);
      await this.#settle();
    }
  }

  async #settle(): Promise<void> {
    await this.engine.idle();
    await this.until(
      "the trade updates",
      () => this.count("execution") + this.count("order.update") >= this.venue.stats().tradeUpdates,
    );
    await this.engine.idle();
  }

  count(kind: Input["kind"]): number {
    return this.inputs.filter((input) => input.kind === kind).length;
  }

  get orders(): string[] {
    return this.outputs.flatMap((output) =>
      output.kind === "submit" ? [`${output.order.side} ${output.order.qty}`] : [],
    );
  }

  /** A person accepts what is held, after looking at it. */
  accept(result: ReloadResult<Diagnostic>, over: Partial<Acceptance> = {}): void {
    if (result.kind !== "held") throw new Error(`nothing is held: ${result.kind}`);
    const { plan, held } = result;
    const findings = held.map((finding) => findingName(finding));
    const word = { from: plan.from, to: plan.to, run: "t", by: "ann", reason: "moved to a stop", findings };
    this.acceptances = [...this.acceptances, { ...word, ...over }];
  }

  get loads(): { readonly digest: string; readonly warmup: number }[] {
    return this.journal.records.flatMap((record) =>
      record.kind === "in" && record.input.kind === "program.loaded"
        ? [{ digest: record.input.sources.digest, warmup: record.input.warmup.flatMap(({ bars }) => bars).length }]
        : [],
    );
  }
}

let setup: Setup;
afterEach(async () => setup.stop());

function linesOf(result: ReloadResult<Diagnostic>): string[] {
  return result.kind === "loaded" ? planLines(result.plan, { unchanged: false }).map(({ text }) => text) : [];
}

const FLAT = Array.from({ length: 40 }, () => 90);

describe("a strategy file that is saved while the engine trades over sockets", () => {
  it("changes nothing when it means the same", async () => {
    setup = new Setup();
    await setup.start(FLAT, strategy());
    await setup.bars(2);
    const result = await setup.saved(strategy({ comment: "# a remark" }));
    expect(result.kind).toBe("unchanged");
    expect(setup.loads).toHaveLength(1);
    expect(setup.count("program.loaded")).toBe(1);
  });

  it("takes effect between two events, and is in the journal with its text", async () => {
    setup = new Setup();
    await setup.start([90, 90, 90, 80, 90, 90, 90], strategy({ line: 100 }));
    await setup.bars(3);
    const result = await setup.saved(strategy({ line: 85 }));
    expect(result).toMatchObject({ kind: "loaded" });
    expect(linesOf(result)).toEqual([
      "~ a",
      "  ~ enter                      close > 100 -> close > 85 (threshold 100 -> 85)",
      `${" ".repeat(31)}anew: latch; kept: cooldown and limits`,
      `${" ".repeat(31)}! plan/entry-loosened: it may enter at moments at which it did not before`,
    ]);
    expect(setup.loads).toHaveLength(2);
    expect(setup.orders).toEqual([]);
    await setup.bars(3);
    expect(setup.orders).toEqual(["buy 1"]);
    // One program judged each firing: the one that was loaded last before it.
    let current = "";
    for (const input of setup.inputs) {
      if (input.kind === "program.loaded") current = input.program.digest;
    }
    const firings = setup.outputs.flatMap((output) => (output.kind === "confirm" ? [output.firing.program] : []));
    expect(firings.length).toBeGreaterThan(0);
    expect(new Set(firings).size).toBe(1);
    expect(setup.loads.at(-1)?.digest).toBe(current);
  });

  it("keeps positions, and the cooldown and latch of a rule that did not change", async () => {
    setup = new Setup();
    await setup.start([90, 110, 110, 40, 40, 90, 110, 90, 110, 90, 110, 110, 110, 90, 110, 110], strategy());
    await setup.bars(3);
    expect(setup.orders).toEqual(["buy 1"]);
    const more = "  - name: alarm\n    when: close > 1000\n    then: {close: {time_in_force: gtc}}\n";
    expect(linesOf(await setup.saved(strategy({ more })))).toEqual([
      `~ a${" ".repeat(28)}1 open position: ACME/USD 1 @ 110.00`,
      "  + alarm                      close > 1000: close the position, at the market (gtc)",
    ]);
    expect(inspect(setup.engine.core).map(({ qty }) => qty)).toEqual([1]);
    await setup.bars(6);
    // Sold at 40, and 110 came twice since: ten minutes are not over.
    expect(setup.orders).toEqual(["buy 1", "sell 1"]);
    await setup.bars(7);
    expect(setup.orders).toEqual(["buy 1", "sell 1", "buy 1"]);
  });

  it("is ready at once with a new fact, from the venue's history", async () => {
    setup = new Setup();
    await setup.start([...FLAT.slice(0, 30), 110, 110], strategy());
    await setup.bars(30);
    const result = await setup.saved(strategy({ entry: "close > sma(20) * 1.1" }));
    expect(result.kind).toBe("loaded");
    expect(setup.loads.at(-1)?.warmup).toBeGreaterThanOrEqual(20);
    await setup.bars(2);
    expect(setup.orders).toEqual(["buy 1"]);
  });

  it("changes nothing while it is broken, half-written, hostile or huge, and the next good save loads", async () => {
    setup = new Setup();
    await setup.start([90, 90, 90, 110, 110, 110], strategy());
    await setup.bars(1);
    const bomb = `a: &a [1,1,1,1,1,1,1,1,1]\n${"bcdefghij"
      .split("")
      .map((name, i, all) => `${name}: &${name} [${`*${all[i - 1] ?? "a"},`.repeat(9)}]`)
      .join("\n")}`;
    const broken = [
      strategy().slice(0, 120),
      strategy({ entry: "close > smaa(3)" }),
      bomb,
      "[".repeat(50_000),
      `# ${"x".repeat(2_000_000)}`,
      "",
    ];
    for (const text of broken) {
      const result = await setup.saved(text);
      expect(result.kind).toBe("rejected");
    }
    const misspelt = setup.results.find((result) => result.kind === "rejected" && result.diagnostics[0]?.line === 8);
    expect(misspelt).toMatchObject({ diagnostics: [{ file: `strategies/${FILE}`, code: "names/unknown" }] });
    expect(setup.loads).toHaveLength(1);
    await setup.bars(3);
    expect(setup.orders).toEqual(["buy 1"]);
    expect((await setup.saved(strategy({ line: 95 }))).kind).toBe("loaded");
    expect(setup.fatal).toEqual([]);
  });

  it("follows the template that it fills and the watchlist that it names", async () => {
    setup = new Setup();
    await setup.start([90, 90, 90, 80, 90, 90, 90, 90], strategy({ line: 100 }));
    await setup.bars(2);
    const watchlist = `barwise: 1\nsymbols: [${SYMBOL}]\n`;
    const template = (line: string): string =>
      `barwise: 1\ninputs: {line: {type: number}}\nstrategy:\n  on: 1m\n  symbols: {file: watchlists/w.yaml}\n${strategy(
        { entry: `close > ${line}` },
      )
        .slice(strategy().indexOf("rules:"))
        .replaceAll(/^(?=.)/gm, "  ")}`;
    await setup.save(watchlist, "watchlists/w.yaml");
    await setup.save(template("$line"), "templates/t.template.yaml");
    const fills = "barwise: 1\nname: a\ntemplate: templates/t.template.yaml\nwith: {line: 100}\n";
    // The same rules as before, composed of three files.
    expect(await setup.saved(fills)).toMatchObject({ kind: "unchanged" });
    const changed = await setup.saved(template("$line - 15"), "templates/t.template.yaml");
    expect(linesOf(changed)[1]).toContain("  ~ enter ");
    await setup.bars(3);
    expect(setup.orders).toEqual(["buy 1"]);
    const broken = await setup.saved("barwise: 1\nsymbols: [TRUE]\n", "watchlists/w.yaml");
    expect(broken).toMatchObject({ kind: "rejected", diagnostics: [{ file: "watchlists/w.yaml" }] });
    expect(setup.journal.records.at(-1)).toBeDefined();
  });
});

/** The exit is gone. */
function withoutExit(): string {
  return strategy().slice(0, strategy().indexOf("  - name: leave"));
}

describe("a save that takes protection away", () => {
  it("is held back, whole, until a person accepts it, and the journal says who did", async () => {
    setup = new Setup();
    await setup.start([90, 110, 110, 40, 40, 40], strategy());
    const held = await setup.saved(withoutExit());
    expect(held).toMatchObject({ kind: "held", held: [{ code: "plan/exit-removed", rule: "leave" }] });
    expect(setup.loads).toHaveLength(1);
    await setup.bars(4);
    // The exit of the old rules still works.
    expect(setup.orders).toEqual(["buy 1", "sell 1"]);
    setup.accept(held);
    await setup.reloader.reload();
    expect(setup.results.at(-1)).toMatchObject({ kind: "loaded", accepted: { by: "ann" } });
    const last = setup.journal.records.findLast(
      (record) => record.kind === "in" && record.input.kind === "program.loaded",
    );
    expect(last).toMatchObject({
      input: { accepted: { by: "ann", reason: "moved to a stop", findings: ["plan/exit-removed a/leave"] } },
    });
  });

  it("is not let in by a word for another change, another run, or fewer findings than there are now", async () => {
    setup = new Setup();
    await setup.start([90, 110, 110, 110], strategy());
    const gone = strategy().replace("name: a", "name: b");
    await setup.bars(3);
    const held = await setup.saved(gone);
    expect(held).toMatchObject({ kind: "held", held: [{ code: "plan/orphan", strategy: "a" }] });
    setup.accept(held, { run: "another" });
    setup.accept(held, { to: "0".repeat(64) });
    setup.accept(held, { from: "0".repeat(64) });
    setup.accept(held, { findings: ["plan/orphan b"] });
    await setup.reloader.reload();
    expect(setup.results.at(-1)?.kind).toBe("held");
    setup.accept(held);
    await setup.reloader.reload();
    expect(setup.results.at(-1)?.kind).toBe("loaded");
    expect(setup.outputs).toContainEqual(expect.objectContaining({ kind: "alert", code: "plan/orphan" }));
  });

  it("waits for a word of its own each time: one that was used, or whose change was undone, lets nothing in", async () => {
    setup = new Setup();
    await setup.start(FLAT, strategy());
    await setup.bars(2);
    setup.accept(await setup.saved(withoutExit()));
    await setup.reloader.reload();
    expect(setup.results.at(-1)).toMatchObject({ kind: "loaded", accepted: { by: "ann" } });
    expect((await setup.saved(strategy())).kind).toBe("loaded");
    const again = await setup.saved(withoutExit());
    expect(again.kind).toBe("held");
    setup.accept(again);
    expect((await setup.saved(strategy())).kind).toBe("unchanged");
    expect((await setup.saved(withoutExit())).kind).toBe("held");
  });

  it("is forgotten when the file says again what runs", async () => {
    setup = new Setup();
    await setup.start(FLAT, strategy());
    expect((await setup.saved(withoutExit())).kind).toBe("held");
    expect((await setup.saved(strategy())).kind).toBe("unchanged");
    expect(setup.loads).toHaveLength(1);
  });
});

describe("a save that lets more in", () => {
  it("loads on paper and is held back where the money is real", async () => {
    for (const live of [false, true]) {
      if (live) await setup.stop();
      setup = new Setup();
      setup.live = live;
      await setup.start(FLAT, strategy({ line: 100 }));
      await setup.bars(1);
      const result = await setup.saved(strategy({ line: 85 }));
      expect(result.kind).toBe(live ? "held" : "loaded");
      const tighter = await setup.saved(strategy({ line: 120 }));
      expect(tighter.kind).toBe("loaded");
    }
  });
});
