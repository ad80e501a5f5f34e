/** `barwise test`: the shipped tests pass, and every way to fail has its exit code. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Command } from "commander";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { CliError } from "../../engine/cli/io.ts";
import { addTest } from "../../engine/cli/test.ts";

const ROOT = join(import.meta.dirname, "../..");

interface Ran {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

async function barwise(folder: string, ...args: string[]): Promise<Ran> {
  let out = "";
  let err = "";
  const { exitCode } = process;
  const here = process.cwd();
  const keep =
    (add: (text: string) => void) =>
    (chunk: unknown): boolean => {
      add(String(chunk));
      return true;
    };
  vi.spyOn(process.stdout, "write").mockImplementation(keep((text) => (out += text)));
  vi.spyOn(process.stderr, "write").mockImplementation(keep((text) => (err += text)));
  process.chdir(folder);
  process.exitCode = undefined;
  try {
    const program = new Command("barwise").exitOverride();
    addTest(program);
    await program.parseAsync(["test", ...args], { from: "user" });
    return { code: (process.exitCode as number | undefined) ?? 0, out, err };
  } catch (error) {
    if (!(error instanceof CliError)) throw error;
    return { code: error.exitCode, out, err: err + error.message };
  } finally {
    process.chdir(here);
    process.exitCode = exitCode;
    vi.restoreAllMocks();
  }
}

const STRATEGY = `barwise: 1
name: steps
symbols: [SPY]
on: 5m
rules:
  - {name: enter, when: close > 105, then: {buy: {size: {qty: 10}}}}
  - {name: leave, when: close < 95, then: {close: {}}}
`;

const TESTS = `strategy: steps.strategy.yaml
tests:
  - name: buys above 105
    bars: {SPY: '100x2 106 107'}
    expect: [{at: bar 3, rule: enter, order: {side: buy, qty: 10}}]
  - name: <silence> & "quiet"
    bars: {SPY: 100x3}
    expect: []
`;

let folder = "";
const put = (name: string, text: string): void => writeFileSync(join(folder, name), text);

beforeEach(() => {
  vi.stubEnv("NO_COLOR", "1");
  vi.stubEnv("FORCE_COLOR", undefined);
  folder = mkdtempSync(join(tmpdir(), "barwise-test-"));
  put("steps.strategy.yaml", STRATEGY);
  put("steps.test.yaml", TESTS);
});

afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true, force: true });
});

describe("barwise test", () => {
  it("passes the tests beside the shipped strategies, which cover all of them", async () => {
    const { code, out, err } = await barwise(ROOT, "strategies", "--min-coverage", "100");
    expect(err).toBe("");
    expect(out).toContain("Coverage 100.0 %");
    expect(out).toMatch(/^\d+ tests passed$/m);
    expect(code).toBe(0);
  });

  it("passes, and --run selects by name", async () => {
    const { code, out } = await barwise(folder, ".", "--run", "^buys");
    expect(code).toBe(0);
    expect(out).toContain("1 test passed");
    expect((await barwise(folder, "steps.strategy.yaml")).out).toContain("2 tests passed");
  });

  it("plays trades and quotes from CSV files beside the test", async () => {
    put(
      "steps.strategy.yaml",
      STRATEGY.replace("on: 5m", "on: tick").replace("close > 105", "last > 105 and bid > 105"),
    );
    put("t.csv", "time,price,size\n2024-03-04 09:30:00,100,5\n2024-03-04 09:30:01.500,106,5\n");
    put("q.csv", "time,bid,ask\n2024-03-04 09:30:00,99.99,100.01\n2024-03-04 09:30:01,105.99,106.01\n");
    const test = (trades: string): string => `strategy: steps.strategy.yaml
tests:
  - name: csv
    trades: {SPY: {file: ${trades}}}
    quotes: {SPY: {file: q.csv}}
    expect:
      - {at: trade 2, rule: enter, order: {side: buy}}
      - {at: "09:30:01.500", position: {qty: 10, avg_price: 106.01}}
`;
    put("steps.test.yaml", test("t.csv"));
    expect(await barwise(folder, "steps.test.yaml")).toMatchObject({ code: 0, err: "" });
    put("steps.test.yaml", test("none.csv"));
    const { code, err } = await barwise(folder, "steps.test.yaml");
    expect(code).toBe(2);
    expect(err).toContain("steps.test.yaml:4:26 error schema/missing-file");
    put("steps.test.yaml", test("q.csv"));
    expect((await barwise(folder, "steps.test.yaml")).err).toContain(
      "q.csv:1: no column price in the header; trades need",
    );
  });

  it("exits with 1 and shows exp and got when a test fails", async () => {
    put("steps.test.yaml", TESTS.replace("qty: 10}}", "qty: 11}}"));
    const { code, out } = await barwise(folder, ".");
    expect(code).toBe(1);
    expect(out).toContain("FAIL  buys above 105");
    expect(out).toContain("steps.test.yaml:5:14");
    expect(out).toContain("exp: bar 3: enter: buy qty is 11");
    expect(out).toContain("got: bar 3: enter: buy 10 SPY market");
    expect(out).toContain("qty is 10, expected qty is 11");
    expect(out).toContain("2 tests: 1 passed, 1 failed");
  });

  it("exits with 2 when a file is broken, and still runs the others", async () => {
    put("broken.test.yaml", TESTS.replace("100x2 106", "100xx2 106"));
    const { code, out, err } = await barwise(folder, ".");
    expect(code).toBe(2);
    expect(err).toContain("broken.test.yaml:4:21 error types/price-path");
    expect(out).toContain("2 tests passed");
  });

  it("exits with 2 when the strategy is broken, missing, or there is nothing to run", async () => {
    put("steps.strategy.yaml", STRATEGY.replace("close > 105", "clse > 105"));
    const broken = await barwise(folder, ".");
    expect(broken.code).toBe(2);
    expect(broken.err).toContain('Did you mean "close"?');
    put("steps.test.yaml", TESTS.replace("steps.strategy", "stps.strategy"));
    expect((await barwise(folder, "steps.test.yaml")).err).toContain("The file stps.strategy.yaml is not there");
    expect((await barwise(folder, "nowhere")).code).toBe(2);
    expect((await barwise(folder, ".", "--run", "(")).code).toBe(2);
    expect((await barwise(folder, ".", "--format", "xml")).code).toBe(2);
    expect((await barwise(folder, ".", "--min-coverage", "many")).code).toBe(2);
  });

  it("lists what no test has shown, and fails below --min-coverage", async () => {
    const { code, out, err } = await barwise(folder, ".", "--min-coverage", "90");
    expect(code).toBe(1);
    expect(err).toContain("coverage is 66.7 %, --min-coverage is 90 %");
    expect(out).toContain("steps.strategy.yaml:7:6  never fired  leave");
    expect(out).toContain("steps.strategy.yaml:7:25  never true  close < 95");
    expect((await barwise(folder, ".", "--min-coverage", "60")).code).toBe(0);
  });

  it("counts a strategy without a test", async () => {
    put("other.strategy.yaml", STRATEGY.replace("name: steps", "name: other"));
    const { out } = await barwise(folder, ".", "--coverage");
    expect(out).toContain("Coverage 33.3 %");
    expect(out).toContain("other.strategy.yaml:6:6  never fired  enter");
    expect(out).toContain("other.strategy.yaml:6:25  never known  close > 105");
  });

  it("writes JUnit and JSON", async () => {
    put("steps.test.yaml", TESTS.replace("qty: 10}}", "qty: 11}}"));
    const { out } = await barwise(folder, ".", "--junit", "out.xml", "--format", "json");
    const xml = readFileSync(join(folder, "out.xml"), "utf8");
    expect(xml).toContain('<testsuites tests="2" failures="1" errors="0"');
    expect(xml).toContain('name="&lt;silence&gt; &amp; &quot;quiet&quot;"');
    expect(xml).toContain('<failure message="bar 3: enter: buy qty is 11">');
    const json = JSON.parse(out) as { tests: { passed: boolean; name: string }[] };
    expect(json.tests.map(({ passed }) => passed)).toEqual([false, true]);
  });

  it("plays a CSV file beside the test", async () => {
    put(
      "spy.csv",
      "time,open,high,low,close,volume\n" +
        [100, 106, 107]
          .map((price, i) => `2024-03-04T14:${30 + 5 * i}:00Z,${price},${price},${price},${price},9`)
          .join("\n"),
    );
    put(
      "steps.test.yaml",
      `strategy: steps.strategy.yaml
tests:
  - name: from a file
    bars: {SPY: {on: 5m, file: spy.csv}}
    expect: [{at: 2024-03-04T09:40, rule: enter}]
  - name: from no file
    bars: {SPY: {file: gone.csv}}
    expect: []
`,
    );
    const missing = await barwise(folder, ".");
    expect(missing.err).toContain("schema/missing-file");
    put(
      "steps.test.yaml",
      readFileSync(join(folder, "steps.test.yaml"), "utf8").replace(/ {2}- name: from no[^]*/, ""),
    );
    const { code, out, err } = await barwise(folder, ".");
    expect({ code, err }, out).toEqual({ code: 0, err: "" });
  });
});
