/** `barwise explain` as a person runs it: files and codes, for people and for programs. */
import { readdirSync } from "node:fs";
import { Command } from "commander";
import { afterEach, describe, expect, it, vi } from "vitest";
import { addExplain } from "../../engine/cli/explain.ts";
import { CODES } from "../../engine/lang/codes.ts";

afterEach(() => vi.restoreAllMocks());

async function explain(...args: readonly string[]): Promise<string> {
  let out = "";
  const program = new Command("barwise").exitOverride();
  addExplain(program);
  vi.spyOn(process.stdout, "write").mockImplementation((text) => ((out += String(text)), true));
  await program.parseAsync(["explain", ...args], { from: "user" });
  vi.restoreAllMocks();
  return out;
}

describe("explain of a file", () => {
  it("says the units and ranges of facts, an average's being those of what it averages", async () => {
    const text = await explain("strategies/rsi-dip.strategy.yaml");
    expect(text).toMatch(/trend = sma\(200\) +price, never negative\n/);
    expect(text).toMatch(/rsi\(14\)\[1\] +percent, 0 to 100\n/);
    expect(text).toContain("history until every fact is known: 202 bars of 1d (SPX)");
    const days = await explain("examples/04-multi-timeframe/with-the-day.strategy.yaml");
    expect(days).toContain("history until every fact is known: 9 bars of 15m (ACME), 3 bars of 1d (ACME)");
  });

  it("says the same in JSON: words, conditions, actions without indexes, history by symbol and size", async () => {
    const answer = JSON.parse(await explain("strategies/rsi-dip.strategy.yaml", "--format", "json")) as {
      strategies: { rules: unknown[]; facts: unknown[] }[];
    };
    expect(answer).toMatchObject({
      format_version: 1,
      strategies: [
        {
          name: "rsi-dip",
          file: "strategies/rsi-dip.strategy.yaml",
          max_entries: 1,
          on_failure: "hold",
          params: { oversold: 38, overbought: 65 },
          limits: { max_orders_per_day: 4, max_position_ratio: 0.4 },
          history: [{ symbol: "SPX", size: "1d", bars: 202 }],
        },
      ],
    });
    const [strategy] = answer.strategies;
    expect(strategy?.rules[0]).toMatchObject({
      name: "enter",
      source: { file: "strategies/rsi-dip.strategy.yaml", line: 22, column: 5 },
      when: "rsi(14) crosses below 38 and close > sma(200)",
      fire: "once",
      start: "wait",
      cooldown: { bars: 5 },
      limit: null,
      once_per: null,
      rearm: null,
      action: { kind: "buy", size: { by: "risk", ratio: { fact: "const", params: { value: 0.01 } } } },
    });
    expect(strategy?.facts[1]).toMatchObject({ name: "trend", text: "sma(200)", warmup: 200, on: "1d", symbol: null });
  });

  it("reads every shipped strategy and example", async () => {
    const folders = [
      "strategies",
      ...readdirSync("examples")
        .filter((name) => /^\d/.test(name))
        .map((name) => `examples/${name}`),
    ];
    for (const folder of folders) {
      const text = await explain(folder);
      // What looks at the last trade alone needs no history.
      if (!folder.includes("08")) expect(text).toContain("history until every fact is known");
      expect(text).not.toMatch(/undefined|\[object|null/);
      const answer = JSON.parse(await explain(folder, "--format", "json")) as { strategies: unknown[] };
      expect(answer.strategies.length).toBeGreaterThan(0);
    }
  });
});

describe("explain of a code", () => {
  it("is its page, of every code", async () => {
    for (const code of Object.keys(CODES)) expect(await explain(code)).toContain(`# ${code}\n`);
  });

  it("has a form for programs", async () => {
    const answer: unknown = JSON.parse(await explain("plan/orphan", "--format", "json"));
    expect(answer).toMatchObject({
      format_version: 1,
      code: "plan/orphan",
      severity: "error",
      why: CODES["plan/orphan"].why,
    });
  });

  it("names the code that was meant", async () => {
    await expect(explain("risk/no-exits")).rejects.toThrow(
      'risk/no-exits: no such file or folder, and no finding has this code. Did you mean "risk/no-exit"?',
    );
    await expect(explain("risk/no-exit", "--format", "xml")).rejects.toThrow("--format xml: expected pretty or json");
  });
});
