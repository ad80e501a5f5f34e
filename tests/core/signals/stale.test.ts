/** When a quote or a last trade is not believed any more: too old, after a gap, in a halt. */
import { describe, expect, it } from "vitest";
import type { Program } from "../../../engine/core/program.ts";
import { inspect } from "../../../engine/core/view.ts";
import { compile } from "../../../engine/lang/compile.ts";
import { CoreDriver } from "../../support/core-driver.ts";

const START = Date.parse("2024-01-08T12:00:00Z");
const MINUTE = 60_000;
const SYMBOL = "ACME/USD";

function programOf(project = "", when = "bid > 1"): Program {
  const strategy = `barwise: 1
name: a
symbols: [${SYMBOL}]
on: 1m
facts: {bid_now: bid, spread_now: spread, last_now: last}
rules:
  - name: enter
    when: ${when}
    fire: each
    then: {buy: {size: {qty: 1}, time_in_force: gtc}}
  - name: leave
    when: close < 50
    then: {close: {time_in_force: gtc}}
`;
  const { program, diagnostics } = compile({
    "strategies/a.strategy.yaml": strategy,
    "barwise.yaml": `barwise: 1\n${project}`,
  });
  if (program === null) throw new Error(diagnostics.map(({ message }) => message).join("\n"));
  return program;
}

function driver(project = "", when?: string) {
  const core = new CoreDriver(programOf(project, when), START, { live: true });
  let minute = 0;
  return {
    core,
    quote: (bid = 99) =>
      core.feed({ kind: "quote", symbol: SYMBOL, time: core.now, bid, bidSize: 1, ask: bid + 1, askSize: 1 }),
    trade: (price = 99) =>
      core.feed({ kind: "trade", symbol: SYMBOL, time: core.now, price, size: 1, setsPrice: true }),
    /** The next minute's bar, after which the facts are these. */
    facts: (close = 100): Record<string, number> => {
      core.bar(SYMBOL, "1m", START + minute++ * MINUTE, close);
      return { ...inspect(core.core)[0]?.facts };
    },
    say: (status: "live" | "down") => core.feed({ kind: "feed", feed: "f", status, detail: "" }),
    halt: (halted: boolean, time = core.now) =>
      core.feed({ kind: "halt", symbol: SYMBOL, time, halted, reason: "LUDP" }),
    codes: () =>
      core.outputs.flatMap((output) => (output.kind === "alert" || output.kind === "refused" ? [output.code] : [])),
    refusals: () =>
      core.outputs.flatMap((output) =>
        output.kind === "refused" && output.code === "market_data" ? [output.reason] : [],
      ),
  };
}

describe("a quote", () => {
  it("is unknown when it came longer ago than five minutes, and known again with the next", () => {
    const { quote, facts } = driver();
    quote();
    for (let minute = 0; minute < 5; minute++) expect(facts()).toMatchObject({ bid_now: 99, spread_now: 1 });
    expect(facts()).toMatchObject({ bid_now: Number.NaN, spread_now: Number.NaN, last_now: 100 });
    quote(98);
    expect(facts()).toMatchObject({ bid_now: 98 });
  });

  it("is believed for as long as stale_after says", () => {
    const { quote, facts } = driver("stale_after: 90s\n");
    quote();
    expect(facts()["bid_now"]).toBe(99);
    expect(facts()["bid_now"]).toBeNaN();
  });

  it("is unknown from the moment a feed goes down until the next one comes", () => {
    const { quote, facts, say } = driver();
    quote();
    expect(facts()["bid_now"]).toBe(99);
    say("down");
    say("live");
    expect(facts()).toMatchObject({ bid_now: Number.NaN, last_now: 100 });
    quote(97);
    expect(facts()["bid_now"]).toBe(97);
  });

  it("keeps its age when the program is reloaded", () => {
    const { core, quote, facts } = driver();
    quote();
    for (let minute = 0; minute < 4; minute++) facts();
    core.feed({ kind: "program.loaded", program: programOf("", "bid > 2"), warmup: [] });
    expect(facts()["bid_now"]).toBe(99);
    expect(facts()["bid_now"]).toBeNaN();
  });
});

describe("a halted symbol", () => {
  it("has no quotes, opens nothing, and trades when it is resumed", () => {
    const { quote, facts, halt, codes, refusals } = driver("", "close > 1");
    halt(true);
    halt(true);
    quote();
    expect(facts()).toMatchObject({ bid_now: Number.NaN, last_now: Number.NaN });
    expect(codes().filter((code) => code.startsWith("data/"))).toEqual(["data/halted"]);
    expect(refusals()).toEqual(["entries pause: ACME/USD is halted: LUDP"]);
    halt(false);
    quote();
    expect(facts()).toMatchObject({ bid_now: 99, last_now: 100 });
    expect(codes().filter((code) => code.startsWith("data/"))).toEqual(["data/halted", "data/resumed"]);
    expect(refusals()).toHaveLength(1);
  });

  it("stays halted through a reload", () => {
    const { core, facts, halt } = driver();
    halt(true);
    core.feed({ kind: "program.loaded", program: programOf("", "bid > 2"), warmup: [] });
    expect(facts()["last_now"]).toBeNaN();
  });

  it("is not resumed by a trade, unless the feed was down since and the trade is later than the halt", () => {
    const { core, trade, halt, say, codes } = driver();
    halt(true);
    core.passTo(core.now + 1_000);
    trade();
    expect(codes()).toEqual(["data/halted"]);
    say("down");
    say("live");
    core.feed({ kind: "trade", symbol: SYMBOL, time: START - 1, price: 99, size: 1, setsPrice: true });
    expect(codes()).toEqual(["data/halted"]);
    trade();
    expect(codes()).toEqual(["data/halted", "data/resumed"]);
  });
});

describe("a feed that is down", () => {
  it("lets no entry out, and exits still", () => {
    const { core, facts, say, refusals } = driver("", "close > 1");
    facts();
    core.filled(core.lastSubmit, 1, 100);
    say("down");
    facts(40);
    expect(core.submits.map(({ side }) => side)).toEqual(["buy", "sell"]);
    core.filled(core.lastSubmit, 1, 40);
    facts();
    expect(refusals()).toEqual(["entries pause: the feed f is down"]);
    say("live");
    facts();
    expect(core.submits).toHaveLength(3);
  });
});
