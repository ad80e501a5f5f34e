/** `barwise facts`, and the docs page that is made from the same text. */
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { Command } from "commander";
import { afterEach, describe, expect, it, vi } from "vitest";
import { INDICATORS } from "../../engine/catalog/catalog.ts";
import { FACTS, FUNCTIONS, ORDER_FACTS } from "../../engine/catalog/facts.ts";
import { cataloguePage } from "../../engine/cli/catalog-text.ts";
import { addFacts } from "../../engine/cli/facts.ts";

const PAGE = fileURLToPath(new URL("../../docs/reference/indicators.md", import.meta.url));
const NAMES = [...INDICATORS.keys(), ...FUNCTIONS.keys(), ...FACTS.keys(), ...ORDER_FACTS.keys()];

afterEach(() => {
  vi.restoreAllMocks();
});

async function facts(...args: string[]): Promise<string> {
  let out = "";
  const program = new Command("barwise").exitOverride();
  addFacts(program);
  vi.spyOn(process.stdout, "write").mockImplementation((text) => ((out += String(text)), true));
  await program.parseAsync(["facts", ...args], { from: "user" });
  return out;
}

describe("facts", () => {
  it("lists the whole catalogue", async () => {
    const out = await facts();
    for (const name of NAMES) expect(out).toMatch(new RegExp(`^  ${name.replace(".", "\\.")}[( ]`, "m"));
    expect(Math.max(...out.split("\n").map((line) => line.length))).toBeLessThan(200);
  });

  it("says everything about one", async () => {
    const out = await facts("rsi");
    expect(out).toContain("rsi(period = 14)\nRelative strength index\n");
    expect(out).toContain("  period  whole number, 2 to 10000; 14 when left out\n");
    expect(out).toContain("  rsi  percent, 0 to 100\n");
    expect(out).toContain("formula: 100 * gain / (gain + loss)");
    expect(out).toContain("warm-up: 15 bars for rsi(14)");
    expect(out).toContain("source: TA-Lib RSI");
  });

  it("takes what stands in a strategy", async () => {
    expect(await facts("bollinger(20, 2).upper")).toContain("bollinger.upper  unit of what it reads");
    expect(await facts("position.qty")).toContain("Shares this strategy holds");
    expect(await facts("sma", "min")).toMatch(/^sma\(period\)[\s\S]*\n\nmin\(a, b, …\)/);
  });

  it("is JSON for programs", async () => {
    const { facts: all } = JSON.parse(await facts("--format", "json")) as { facts: { name: string }[] };
    expect(all.map(({ name }) => name)).toEqual(NAMES);
    const { facts: one } = JSON.parse(await facts("macd", "--format", "json")) as { facts: object[] };
    expect(one[0]).toMatchObject({ name: "macd", kind: "indicator", warm_up: expect.stringContaining("bars") });
  });

  it("asks whether another name was meant", async () => {
    await expect(facts("rsii")).rejects.toThrow('there is no fact "rsii". Did you mean "rsi"?');
    await expect(facts("zzz")).rejects.toThrow("barwise facts lists what there is.");
    await expect(facts("--format", "xml")).rejects.toThrow("expected pretty or json");
  });
});

describe("the page of the catalogue", () => {
  it("is made from the catalogue", () => {
    if (process.env["UPDATE_DOCS"] === "1") writeFileSync(PAGE, cataloguePage());
    expect(readFileSync(PAGE, "utf8")).toBe(cataloguePage());
  });
});
