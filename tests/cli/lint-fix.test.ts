/** `barwise lint --fix` as a person runs it: what is written, what is shown, exit codes. */
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Command } from "commander";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { addLint } from "../../engine/cli/lint.ts";
import { writeRewrites } from "../../engine/cli/rewrite.ts";

const GOOD =
  "barwise: 1\nname: a\nsymbols: [SPY]\non: 5m\nrules:\n  - {name: go, when: close > open, then: {close: {}}}\n";
const BAD = GOOD.replace("close > open", "clsoe > open").replace("[SPY]", "[SPY, TRUE]");
const MENDED = GOOD.replace("[SPY]", '[SPY, "TRUE"]');
const NAME = "strategies/a.strategy.yaml";

let folder: string;
let here: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "barwise-fix-"));
  here = process.cwd();
  mkdirSync(join(folder, "strategies"));
  writeFileSync(join(folder, NAME), BAD);
  process.chdir(folder);
  vi.stubEnv("NO_COLOR", "1");
  vi.stubEnv("FORCE_COLOR", undefined);
  vi.stubEnv("GITHUB_ACTIONS", undefined);
});

afterEach(() => {
  process.chdir(here);
  process.exitCode = undefined;
  rmSync(folder, { recursive: true, force: true });
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
});

async function lint(
  ...args: string[]
): Promise<{ readonly code: unknown; readonly out: string; readonly err: string }> {
  const said = { out: "", err: "" };
  const catching = (to: "out" | "err") => (text: unknown) => {
    said[to] += String(text);
    return true;
  };
  vi.spyOn(process.stdout, "write").mockImplementation(catching("out"));
  vi.spyOn(process.stderr, "write").mockImplementation(catching("err"));
  process.exitCode = undefined;
  const program = new Command("barwise");
  addLint(program);
  try {
    await program.parseAsync(["node", "barwise", "lint", ...args]);
  } finally {
    vi.restoreAllMocks();
  }
  return { ...said, code: process.exitCode ?? 0 };
}

const read = (name: string): string => readFileSync(join(folder, name), "utf8");

describe("barwise lint --fix", () => {
  it("is offered by lint when something can be corrected", async () => {
    const { code, err } = await lint();
    expect(err).toBe("1 strategy: 2 errors; 2 can be fixed: barwise lint --fix\n");
    expect(code).toBe(1);
    writeFileSync(join(folder, NAME), GOOD);
    expect((await lint()).err).toBe("1 strategy: No findings\n");
  });

  it("writes the corrected file, shows the difference and is content", async () => {
    const { code, out, err } = await lint("--fix");
    expect(read(NAME)).toBe(MENDED);
    expect(out).toContain(`--- ${NAME}\n+++ ${NAME}\n`);
    expect(out).toContain('-symbols: [SPY, TRUE]\n+symbols: [SPY, "TRUE"]\n');
    expect(err).toBe("1 strategy: No findings; 2 fixed\n");
    expect(code).toBe(0);
    expect(await lint("--fix")).toEqual({ code: 0, out: "", err: "1 strategy: No findings\n" });
  });

  it("writes nothing with --dry-run, and fails when something would change", async () => {
    const { code, out, err } = await lint("--fix", "--dry-run");
    expect([read(NAME), code]).toEqual([BAD, 1]);
    expect(out).toContain("+symbols");
    expect(err).toBe("1 strategy: No findings; 2 would be fixed\n");
    await expect(lint("--dry-run")).rejects.toThrow("--dry-run belongs to --fix");
  });

  it("corrects the project and its risk file where they are", async () => {
    writeFileSync(join(folder, "barwise.yaml"), "barwise: 1\nstrategeis: strategies\nrisk: risk.yaml\n");
    writeFileSync(join(folder, "risk.yaml"), "max_orders_per_dya: 5\n");
    process.chdir(join(folder, "strategies"));
    const { code } = await lint("--fix", "../barwise.yaml");
    expect(read("barwise.yaml")).toBe("barwise: 1\nstrategies: strategies\nrisk: risk.yaml\n");
    expect(read("risk.yaml")).toBe("max_orders_per_day: 5\n");
    process.chdir(folder);
    expect([code, (await lint()).code]).toEqual([0, 0]);
  });

  it("keeps standard output for machines in the other formats", async () => {
    const { out, err, code } = await lint("--fix", "--format", "json");
    expect((JSON.parse(out) as { valid: boolean }).valid).toBe(true);
    expect(err).toContain("+symbols");
    expect(code).toBe(0);
  });

  it("keeps the permissions of the file, and refuses one that was saved meanwhile", async () => {
    chmodSync(join(folder, NAME), 0o640);
    await lint("--fix");
    expect(statSync(join(folder, NAME)).mode & 0o777).toBe(0o640);
    const rewrite = { file: NAME, path: NAME, before: BAD, after: MENDED };
    await expect(writeRewrites([rewrite], "lint --fix")).rejects.toThrow(
      "changed meanwhile; nothing was written, run lint --fix again",
    );
  });

  it("repairs spelling in the conditions of tests, in every way to write them", async () => {
    const facts = [
      "clsoe > open", // a name
      "rsi(14) < 30 & close > 1",
      "'close > open for 10min'",
      '"rsi(14) < 30 | clsoe > 1"', // two rounds
    ];
    const lines = facts.map((fact) => `      - {at: bar 1, fact: ${fact}}\n`).join("");
    const folded = "      - at: bar 1\n        fact: >-\n          clsoe\n          > 1\n";
    const text = (body: string): string =>
      `strategy: a.strategy.yaml\ntests:\n  - name: n\n    bars: {SPY: 100x3}\n    expect:\n${body}`;
    writeFileSync(join(folder, NAME), GOOD);
    writeFileSync(join(folder, "strategies/a.test.yaml"), text(lines + folded));
    const { code, out, err } = await lint("--fix");
    const mended = lines
      .replaceAll("clsoe", "close")
      .replace(" & ", " and ")
      .replace("10min", "10m")
      .replace(" | ", " or ");
    expect(read("strategies/a.test.yaml")).toBe(text(mended + folded.replace("clsoe", "close")));
    expect(out).toContain("--- strategies/a.test.yaml");
    expect(err).toBe("1 strategy, 1 test file: No findings; 6 fixed\n");
    expect([code, read(NAME)]).toEqual([0, GOOD]);
  });

  it("looks at tests where they are named, and else only to correct them", async () => {
    writeFileSync(join(folder, NAME), GOOD);
    const test =
      "strategy: a.strategy.yaml\ntests:\n  - name: n\n    bars: {SPY: 100x3}\n    expect: [{at: bar 1, fact: clsoe > 1}]\n";
    writeFileSync(join(folder, "strategies/a.test.yaml"), test);
    expect((await lint()).err).toBe("1 strategy: No findings\n");
    const named = await lint("strategies/a.test.yaml");
    expect(named.err).toBe("0 strategies, 1 test file: 1 error; 1 can be fixed: barwise lint --fix\n");
    expect(named.out).toContain('strategies/a.test.yaml:5:32 error names/unknown\n  Unknown name "clsoe"');
    expect((await lint("--fix", "strategies/a.test.yaml")).code).toBe(0);
    expect(read("strategies/a.test.yaml")).toBe(test.replace("clsoe", "close"));
  });

  it("names the corrections in JSON", async () => {
    const { out } = await lint("--format", "json");
    const { diagnostics } = JSON.parse(out) as { diagnostics: { code: string; fixes: unknown[] }[] };
    expect(diagnostics.find(({ code }) => code === "yaml/unquoted-symbol")?.fixes).toEqual([
      {
        title: "Put it into quotes",
        edits: [{ start: BAD.indexOf("TRUE"), end: BAD.indexOf("TRUE") + 4, text: '"TRUE"' }],
        safe: true,
      },
    ]);
  });
});
