/** `barwise explain --why` and `--why-not` as a person asks them. */
import { mkdirSync, writeFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { readJournal } from "../../engine/adapters/journal/read.ts";
import { addBacktest } from "../../engine/cli/backtest.ts";
import { addExplain } from "../../engine/cli/explain.ts";
import { addJournal } from "../../engine/cli/journal.ts";
import { calendarOf } from "../../engine/market/instruments.ts";
import { whyNot } from "../../engine/runtime/why-not.ts";
import { withSnapshots } from "./support-snapshots.ts";
import { barwiseWith, inFolderOfItsOwn } from "./in-process.ts";
import type { Run } from "./in-process.ts";

const DIP = `barwise: 1
name: dip
symbols: [SPX]
on: 1d
rules:
  - name: enter
    when: close > sma(5) and rsi(14) < 55
    then: { buy: { size: { qty: 10 }, bracket: { stop_loss: close * 0.4 } } }
  - { name: big, when: close crosses above sma(5) or rsi(14) > 90, then: { buy: { size: { equity: 90% } } } }
  - { name: leave, when: close < sma(5) * 0.98, then: { close: {} } }
  - { name: tell, when: close > sma(20), then: { alert: { message: high } }, cooldown: 5 bars }
risk: { max_order_notional: 50000, max_position: { qty: 7 } }
`;

inFolderOfItsOwn("why");

const barwise = barwiseWith(addExplain, addBacktest, addJournal);
const explain = (...args: readonly string[]): Promise<Run> => barwise("explain", ...args);
const RUN = ".barwise/journal/2024-01-01";

async function* all<T>(items: readonly T[]): AsyncGenerator<T> {
  for (const item of items) yield await Promise.resolve(item);
}

async function ran(strategy = DIP, ...more: readonly string[]): Promise<void> {
  mkdirSync("strategies");
  writeFileSync("strategies/dip.strategy.yaml", strategy);
  mkdirSync(".barwise/journal", { recursive: true });
  const flags = ["--data", "sp500", "--to", "2000-06-01", "--journal", RUN, ...more];
  expect(await barwise("backtest", "strategies", ...flags)).toMatchObject({ code: 0 });
}

interface Row {
  readonly client_order_id: string;
  readonly broker_order_id: string;
  readonly firing: string;
  readonly rule: string;
}

async function rows(sql: string): Promise<readonly Row[]> {
  return JSON.parse((await barwise("journal", "sql", sql, "--format", "json")).out) as Row[];
}

interface Evaluation {
  readonly seq: number;
  readonly outcome: string;
  readonly text: string;
  readonly conditions: { readonly truth: string };
  readonly unknown: readonly { readonly why: string }[];
  readonly firing: { readonly stage: string; readonly orders: readonly { readonly id: string }[] } | null;
}

interface Told {
  readonly after_input: number | null;
  readonly symbols: readonly { readonly last: readonly Evaluation[]; readonly near: readonly { distance: number }[] }[];
}

async function evaluations(...args: readonly string[]): Promise<Told["symbols"][number]> {
  const { out, err } = await explain("--why-not", ...args, "--format", "json");
  expect(err).toBe("");
  return (JSON.parse(out) as Told).symbols[0] as Told["symbols"][number];
}

describe("explain --why", () => {
  it("tells an order from its firing to its end", async () => {
    await ran();
    const [order] = await rows("SELECT * FROM orders WHERE role = 'entry'");
    const { client_order_id: id = "", broker_order_id: brokerId = "", firing = "" } = order ?? {};
    const { out, code } = await explain("--why", id);
    expect({ code, out }).toMatchInlineSnapshot(`
      {
        "code": 0,
        "out": "buy 7 SPX market by dip/enter: filled, 7 at 1394.459961, entry
        from  .barwise/journal/2024-01-01
        id    bw-8461426e4efa0d2f49a41ca8387351c9, at the broker 6a747c0b-dcce-8607-a254-891ee24ef308

      Fired 2000-01-31 16:00:00 New York at a price of 1394.459961, input 24, program a44b669eb44b
        when  close > sma(5) and rsi(14) < 55
        then  buy 10 shares, at the market (day), stop loss at close * 0.4
        size  close * 0.4 = 557.78398, quantity 7, clamped by max_position: cut from 10 to 7 shares by the position limit

      json-rules-engine agreed in 0 ms
        true  all of
        true    close > sma(5)  1394.46 > 1393.46
        true    rsi(14) < 55    41.663586 < 55

      Risk: clamped
        kill_switch         pass
        readiness           pass
        split               pass
        validity            pass
        permission          pass                                                              paper: nobody is asked
        tradable            pass                                                              unknown: the broker says nothing of it
        tick_size           pass
        time_in_force       pass
        market_hours        pass                                                              goes to the next open
        market_data         pass
        max_rejections      pass   ░░░░░░░░░░░░░░░░░░░░  0 of 10              10 left
        max_reconnects      pass   ░░░░░░░░░░░░░░░░░░░░  0 of 10              10 left
        max_ack_latency     pass   ░░░░░░░░░░░░░░░░░░░░  0 of 3               3 left
        repeated_execution  pass   █░░░░░░░░░░░░░░░░░░░  1 of 30              29 left
        duplicate_intent    pass   █░░░░░░░░░░░░░░░░░░░  1 of 20              19 left
        netting             pass
        self_cross          pass                         0 of 0               0 left          exempt
        max_position        clamp  ████████████████████  10 of 7              -3 left         cut from 10 to 7 shares by the position limit
        max_order_qty       pass   ░░░░░░░░░░░░░░░░░░░░  7 of 10000000        9999993 left
        max_order_notional  pass   ████░░░░░░░░░░░░░░░░  10737.342 of 50000   39262.658 left
        price_collar        pass   ░░░░░░░░░░░░░░░░░░░░  0 of 0.1             0.1 left        market order
        max_price_drift     pass                                                              the first of its window
        max_gross           pass   ░░░░░░░░░░░░░░░░░░░░  0.097612197 of 4     3.9023878 left
        max_open_orders     pass   ░░░░░░░░░░░░░░░░░░░░  1 of 1000            999 left
        order_rate          pass   ░░░░░░░░░░░░░░░░░░░░  1 of 60              59 left
        message_budget      pass   ░░░░░░░░░░░░░░░░░░░░  1 of 180             179 left
        buying_power        pass   ██░░░░░░░░░░░░░░░░░░  9761.2197 of 100000  90238.78 left
        children            pass   ██████████████░░░░░░  7 of 10              3 left
        skipped ai_bounds: asked for by a rule
        skipped stale_data: goes to the next open, whatever the price is now
        skipped crossed_market, wide_spread: no quote is known
        skipped reduce_only: no reduce_only is set
        skipped probation: no probation is set
        skipped max_concentration: no limit on worth of the symbol by equity is set
        skipped max_group: the symbol is in no group
        skipped max_net: no limit on net exposure is set
        skipped max_orders_per_second: no limit on orders within a second is set
        skipped max_orders_per_day: no limit on orders today is set
        skipped max_daily_loss: no limit on the loss of the day is set
        skipped max_drawdown: no limit on the drawdown is set
        skipped max_loss_streak: no limit on the count of losses in a row is set
        skipped approval: no approval is set

      What happened
        2000-01-31 16:00:00 New York  +0.000 s  sent to the broker: buy 7 market    input 25
        2000-01-31 16:00:00 New York  +0.000 s  sent                                input 25
        2000-01-31 16:00:00 New York  +0.000 s  the broker took it                  input 26
        2000-01-31 16:00:00 New York  +0.000 s  working                             input 26
        2000-01-31 16:00:00 New York  +0.000 s  filled 7 at 1394.459961 (7 so far)  input 27
        2000-01-31 16:00:00 New York  +0.000 s  filled                              input 27

      Other orders of this firing of dip/enter
        stop_loss  sell 7 stop  expired  74b168e6-261b-80aa-a4cf-853f957bc3ea
      ",
      }
    `);
    for (const name of [brokerId, id.slice(0, 12), id.slice(3, 12), firing])
      expect((await explain("--why", name)).out, name).toBe(out);
    expect((await explain("--why", id, RUN)).out).toBe(out);
  });

  it("has the whole story as json", async () => {
    await ran();
    const [order] = await rows("SELECT * FROM orders WHERE role = 'entry'");
    const told = JSON.parse((await explain("--why", order?.client_order_id ?? "", "--format", "json")).out) as {
      readonly verdicts: readonly {
        readonly outcome: string;
        readonly checks: readonly { readonly check: string }[];
      }[];
    };
    expect(told).toMatchObject({
      format_version: 1,
      order: { id: order?.client_order_id, state: "filled", qty: "7" },
      rule: "enter",
      firing: { values: [{ words: "close * 0.4" }] },
      confirmation: { verdict: "agreed", error: null },
      judged: { op: "all", truth: "true", kids: [{ truth: "true", text: "close > sma(5)" }, { text: "rsi(14) < 55" }] },
      approval: null,
      refused: null,
    });
    expect(told.verdicts[0]?.outcome).toBe("clamped");
    expect(told.verdicts[0]?.checks).toContainEqual(
      expect.objectContaining({ check: "max_order_notional", limit: 50000, outcome: "pass" }),
    );
  });

  it("tells of one that was refused, and of a firing that was refused before it", async () => {
    await ran(DIP.replace("50000", "500"));
    const [big] = await rows("SELECT firing FROM firings WHERE refused = 'max_order_notional'");
    const { out } = await explain("--why", big?.firing ?? "");
    expect(out).toMatch(/^dip\/\w+: no order in SPX: max_order_notional\n/);
    expect(out).toMatch(/max_order_notional +refuse +█{20} +\S+ of 500 +-\S+ left/);
    expect(out).toContain("Refused: max_order_notional: ");
  });

  it("says what there is when nothing, or more than one, has the id", async () => {
    await ran();
    expect(await explain("--why", "nope")).toMatchObject({
      code: 1,
      err: `error: ${RUN}: no order has the id nope, or one that begins with it; \`barwise journal orders\` lists them\n`,
    });
    expect((await explain("--why", "bw-")).err).toMatch(/\d+ orders have ids that begin with bw-: bw-\w+, bw-/);
  });
});

describe("explain --why", () => {
  it.each([
    ["auto", /Approval: approved .*\n.*\n.*\n +\S.* approve\b/, /by dip\/enter: filled/],
    ["none", /Approval: rejected/, /by dip\/enter: rejected/],
    ["expire", /Approval: expired \(/, /by dip\/enter: expired/],
  ])("says who was asked and what became of it: approvals %s", async (mode, approval, end) => {
    await ran(`${DIP}approval: { when: order.notional > 1000, expires: 5m }\n`, "--approvals", mode);
    const [request] = await rows("SELECT approval AS client_order_id FROM approvals WHERE rule = 'enter'");
    const { out } = await explain("--why", request?.client_order_id ?? "");
    expect(out).toMatch(approval);
    expect(out).toMatch(end);
    expect(out).toContain("clamped by max_position: cut from 10 to 7 shares by the position limit");
    expect(out).toMatch(/shown: worth \S+ at \S+/);
    const { last } = await evaluations("enter", "--at", "2000-01-31T22:00:00Z");
    expect(last.at(-1)?.firing?.stage).toBe(mode === "auto" ? "ordered" : "refused");
    if (mode === "expire") expect(last.at(-1)?.text).toContain("fired, refused: approval_expired: ");
  });
});

describe("explain --why-not", () => {
  it("goes on from the last snapshot before the time, and says the same as the whole journal", async () => {
    await withSnapshots("storm");
    const records = [];
    for await (const record of readJournal("storm")) records.push(record);
    const inputs = records.flatMap((record) => (record.kind === "in" ? [record.input] : []));
    let near = 0;
    for (const part of [0.5, 0.8, 0.9, 1]) {
      const at = inputs[Math.floor((inputs.length - 1) * part)]?.marketTime ?? 0;
      const args = ["--why-not", "minutes/r1", "--symbol", "SPY", "--at", new Date(at).toISOString()];
      const told = JSON.parse((await explain(...args, "storm", "--format", "json")).out) as Told;
      const whole = await whyNot(all(records), calendarOf, { rule: "minutes/r1", symbol: "SPY", at });
      const [last, expected] = [told.symbols[0]?.last.at(-1), whole.reports[0]?.last.at(-1)];
      expect({ seq: last?.seq, outcome: last?.outcome, truth: last?.conditions.truth }).toEqual({
        ...{ seq: expected?.seq, outcome: expected?.outcome, truth: expected?.tree.truth },
      });
      if (told.after_input !== null) near++;
    }
    expect(near).toBeGreaterThan(0);
  });

  it("tells the last evaluation, those before it, and those that came closest", async () => {
    await ran();
    expect((await explain("--why-not", "big")).out).toMatchInlineSnapshot(`
      "dip/big
        when  close crosses above sma(5) or rsi(14) > 90
        fires once, when it turns true; again after it was false; true at the start, it waits until it was false
        from  .barwise/journal/2024-01-01, program a44b669eb44b

      SPX 2000-05-31 16:00:00 New York   input 153
        false: close[1] <= sma(5)[1]: 1422.45 <= 1390.98, 2.21 % away

        false  one of
        false    all of
        false      close[1] <= sma(5)[1]  1422.45 <= 1390.98  <- this one
        true       close > sma(5)         1420.6 > 1400.328
        false    rsi(14) > 90             49.836013 > 90

      Evaluations  unknown 13, latched 1, false 79, fires 11
        2000-05-17 16:00:00 New York  false: close[1] <= sma(5)[1]: 1466.04 <= 1426.044, 2.73 % away
        2000-05-18 16:00:00 New York  false: close[1] <= sma(5)[1]: 1447.8 <= 1438.994, 0.61 % away
        2000-05-19 16:00:00 New York  false: close > sma(5): 1406.95 > 1442.072, 2.44 % away
        2000-05-22 16:00:00 New York  false: close > sma(5): 1400.72 > 1431.744, 2.17 % away
        2000-05-23 16:00:00 New York  false: close > sma(5): 1373.86 > 1413.308, 2.79 % away
        2000-05-24 16:00:00 New York  false: close > sma(5): 1399.05 > 1403.558, 0.32 % away
        2000-05-25 16:00:00 New York  false: close > sma(5): 1381.52 > 1392.42, 0.78 % away
        2000-05-26 16:00:00 New York  false: close > sma(5): 1378.02 > 1386.634, 0.62 % away
        2000-05-30 16:00:00 New York  fired, refused: max_entries: 1 of 1 entries are open
        2000-05-31 16:00:00 New York  false: close[1] <= sma(5)[1]: 1422.45 <= 1390.98, 2.21 % away

      Near misses, closest first
        0.07 %  2000-02-01 16:00:00 New York  false: close[1] <= sma(5)[1]: 1394.46 <= 1393.46, 0.07 % away
        0.10 %  2000-05-08 16:00:00 New York  false: close > sma(5): 1424.17 > 1425.552, 0.10 % away
        0.11 %  2000-02-28 16:00:00 New York  false: close > sma(5): 1348.05 > 1349.54, 0.11 % away
        0.12 %  2000-05-05 16:00:00 New York  false: close > sma(5): 1432.63 > 1434.368, 0.12 % away
        0.20 %  2000-02-17 16:00:00 New York  false: close > sma(5): 1388.26 > 1391.008, 0.20 % away
        0.20 %  2000-04-25 16:00:00 New York  false: close[1] <= sma(5)[1]: 1429.86 <= 1426.984, 0.20 % away
        0.24 %  2000-04-11 16:00:00 New York  false: close[1] <= sma(5)[1]: 1504.46 <= 1500.85, 0.24 % away
        0.25 %  2000-04-07 16:00:00 New York  false: close[1] <= sma(5)[1]: 1501.34 <= 1497.598, 0.25 % away
        0.29 %  2000-05-11 16:00:00 New York  false: close > sma(5): 1407.8101 > 1411.96, 0.29 % away
        0.29 %  2000-04-04 16:00:00 New York  false: close > sma(5): 1494.73 > 1499.144, 0.29 % away
      "
    `);
  });

  it("tells the evaluation of a time, and since when nothing was judged", async () => {
    await ran();
    const { out } = await explain("--why-not", "dip/enter", "--at", "2000-01-12T22:00:00Z");
    expect(out).toMatchInlineSnapshot(`
      "dip/enter
        when  close > sma(5) and rsi(14) < 55
        fires once, when it turns true; again after it was false; true at the start, it waits until it was false
        from  .barwise/journal/2024-01-01, program a44b669eb44b

      SPX 2000-01-12 16:00:00 New York   input 12
        unknown: rsi(14)

        unknown  all of
        false      close > sma(5)  1432.25 > 1434.666
        unknown    rsi(14) < 55    unknown < 55        <- this one

      Unknown by themselves:
        rsi(14)  warming up: 8 of 15 bars of 1d of SPX

      Not judged between then and 2000-01-12 17:00:00 New York: its session was closed.

      Evaluations  unknown 8
        2000-01-03 16:00:00 New York  unknown: sma(5), rsi(14)
        2000-01-04 16:00:00 New York  unknown: sma(5), rsi(14)
        2000-01-05 16:00:00 New York  unknown: sma(5), rsi(14)
        2000-01-06 16:00:00 New York  unknown: sma(5), rsi(14)
        2000-01-07 16:00:00 New York  unknown: rsi(14)
        2000-01-10 16:00:00 New York  unknown: rsi(14)
        2000-01-11 16:00:00 New York  unknown: rsi(14)
        2000-01-12 16:00:00 New York  unknown: rsi(14)
      "
    `);
  });

  it("names every way in which a rule that is true does not fire", async () => {
    const told = (name: string, more: string): string =>
      `  - { name: ${name}, when: close > sma(9), then: { alert: { message: x } }, fire: each, ${more} }\n`;
    const more = `${told("cools", "cooldown: 5d")}${told("limited", "limit: 1/week")}${told("once", "once_per: session, limit: 9/day")}`;
    await ran(DIP.replace("risk:", `${more}risk:`).replace("close < sma(5) * 0.98", "close < sma(5)"));
    const all = [
      ...(await evaluations("tell", "--at", "2000-03-31T22:00:00Z")).last,
      ...(await evaluations("cools", "--at", "2000-03-31T22:00:00Z")).last,
      ...(await evaluations("limited", "--at", "2000-03-31T22:00:00Z")).last,
      ...(await evaluations("leave", "--at", "2000-01-31T22:00:00Z")).last,
      ...(await evaluations("big")).last,
    ];
    const outcomes = [...new Set(all.map(({ outcome, firing }) => firing?.stage ?? outcome))].sort();
    expect(outcomes).toMatchInlineSnapshot(`
      [
        "cooldown",
        "false",
        "latched",
        "limit",
        "refused",
        "told",
        "useless",
      ]
    `);
    for (const { outcome, conditions } of all)
      expect(conditions.truth === "true").toBe(outcome !== "false" && outcome !== "unknown");
  });

  it("counts the bars that a fact still needs", async () => {
    await ran();
    const { last } = await evaluations("enter", "--at", "2000-01-05T22:00:00Z");
    expect(last.map(({ unknown }) => unknown.map(({ why }) => why))).toEqual(
      [1, 2, 3].map((bars) => [
        `warming up: ${bars} of 5 bars of 1d of SPX`,
        `warming up: ${bars} of 15 bars of 1d of SPX`,
      ]),
    );
  });

  it("gives near misses in order, and leads from a firing to its order", async () => {
    await ran();
    const { near, last } = await evaluations("enter", "--at", "2000-02-01T22:00:00Z");
    const distances = near.map(({ distance }) => distance);
    expect(distances).toEqual([...distances].sort((a, b) => a - b));
    expect(distances.every((distance) => distance > 0)).toBe(true);
    const id = last.flatMap(({ firing }) => firing?.orders ?? [])[0]?.id ?? "";
    expect((await explain("--why", id)).out).toContain("by dip/enter: filled");
  });

  it("says what can be asked", async () => {
    await ran();
    const why = async (...args: readonly string[]): Promise<string> => (await explain(...args)).err;
    expect(await why("--why-not", "nope")).toBe(
      `error: ${RUN}: no rule "nope" was running there: there were dip/enter, dip/big, dip/leave, dip/tell\n`,
    );
    expect(await why("--why-not", "big", "--symbol", "QQQ")).toBe(`error: ${RUN}: dip does not trade QQQ: SPX\n`);
    expect(await why("--why-not", "big", "--at", "2000-01-12")).toContain("expected a time with its offset such as");
    expect(await why("--why-not", "big", "--why", "x")).toContain("two questions");
    expect(await why("--why", "x", "--symbol", "SPX")).toContain("--symbol and --at go with --why-not");
    expect(await why("strategies", "--at", "x")).toContain("--symbol and --at go with --why-not");
    expect(await why()).toContain("nothing to explain");
    expect(await why("--why", "x", "a", "b")).toContain("take one journal");
  });
});
