/** `barwise fmt` as a person runs it: arguments, files, exit codes. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Command } from "commander";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { addFmt } from "../../engine/cli/fmt.ts";
import { differenceOf } from "../../engine/lang/format-diff.ts";

const UGLY = "name: a\nbarwise: 1\nsymbols: [SPY]\non: 5m\nrules:\n- {name: go,when: close>1,then: {close: {}}}\n";
const PRETTY =
  "barwise: 1\nname: a\nsymbols: [SPY]\non: 5m\n\nrules:\n  - { name: go, when: close > 1, then: { close: {} } }\n";

let folder: string;
let here: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "barwise-fmt-"));
  here = process.cwd();
  mkdirSync(join(folder, "strategies"));
  write("strategies/a.strategy.yaml", UGLY);
  process.chdir(folder);
  vi.stubEnv("NO_COLOR", "1");
  vi.stubEnv("FORCE_COLOR", undefined);
});

afterEach(() => {
  process.chdir(here);
  rmSync(folder, { recursive: true, force: true });
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
});

function write(name: string, text: string): void {
  writeFileSync(join(folder, name), text);
}

function read(name: string): string {
  return readFileSync(join(folder, name), "utf8");
}

interface Run {
  readonly out: string;
  readonly err: string;
  readonly code: number;
}

async function fmt(...args: string[]): Promise<Run> {
  let [out, err] = ["", ""];
  const program = new Command("barwise").exitOverride();
  addFmt(program);
  const { exitCode } = process;
  process.exitCode = 0;
  vi.spyOn(process.stdout, "write").mockImplementation((text) => ((out += String(text)), true));
  vi.spyOn(process.stderr, "write").mockImplementation((text) => ((err += String(text)), true));
  try {
    await program.parseAsync(["fmt", ...args], { from: "user" });
    return { out, err, code: process.exitCode };
  } finally {
    process.exitCode = exitCode;
    vi.restoreAllMocks();
  }
}

describe("fmt", () => {
  it("formats the strategies of this folder and names what it changed", async () => {
    const first = await fmt();
    expect(first).toEqual({ out: "strategies/a.strategy.yaml\n", err: "1 file: 1 formatted\n", code: 0 });
    expect(read("strategies/a.strategy.yaml")).toBe(PRETTY);
    expect(await fmt()).toEqual({ out: "", err: "1 file: 0 formatted\n", code: 0 });
  });

  it("formats the project file too, and looks where it says the strategies are", async () => {
    write("barwise.yaml", "strategies: other/\nbarwise: 1\nrisk: risk.yaml\n");
    mkdirSync(join(folder, "other"));
    write("other/b.strategy.yaml", UGLY);
    expect((await fmt()).err).toBe("2 files: 2 formatted\n");
    expect(read("barwise.yaml")).toBe("barwise: 1\nstrategies: other/\nrisk: risk.yaml\n");
    expect(read("other/b.strategy.yaml")).toBe(PRETTY);
    expect(read("strategies/a.strategy.yaml")).toBe(UGLY);
  });

  it("formats tests, templates, watchlists and limits with them", async () => {
    write("risk.yaml", "max_order_qty:   3\n");
    write("barwise.yaml", "barwise: 1\nrisk: risk.yaml\n");
    write("strategies/a.test.yaml", "tests: []\nstrategy:   a.strategy.yaml\n");
    for (const name of ["templates", "watchlists"]) mkdirSync(join(folder, name));
    write("templates/a.template.yaml", "strategy: {on: 1d}\nbarwise: 1\n");
    write("watchlists/a.yaml", "symbols: [SPY]\nbarwise: 1\n");
    expect((await fmt()).err).toBe("6 files: 5 formatted\n");
    expect(read("risk.yaml")).toBe("max_order_qty: 3\n");
    expect(read("strategies/a.test.yaml")).toBe("strategy: a.strategy.yaml\ntests: []\n");
    expect(read("templates/a.template.yaml")).toBe("barwise: 1\nstrategy: { on: 1d }\n");
    expect(read("watchlists/a.yaml")).toBe("barwise: 1\nsymbols: [SPY]\n");
  });

  it("with --check changes nothing and ends with 1", async () => {
    const checked = await fmt("--check", "strategies");
    expect(checked).toEqual({ out: "strategies/a.strategy.yaml\n", err: "1 file: 1 would change\n", code: 1 });
    expect(read("strategies/a.strategy.yaml")).toBe(UGLY);
    await fmt();
    expect((await fmt("--check")).code).toBe(0);
  });

  it("with --diff shows what would change", async () => {
    const { out, code } = await fmt("--diff");
    expect(code).toBe(0);
    expect(out).toBe(
      [
        "--- strategies/a.strategy.yaml",
        "+++ strategies/a.strategy.yaml",
        "@@ -1 +1 @@",
        "-name: a",
        " barwise: 1",
        "+name: a",
        " symbols: [SPY]",
        " on: 5m",
        "+",
        " rules:",
        "-- {name: go,when: close>1,then: {close: {}}}",
        "+  - { name: go, when: close > 1, then: { close: {} } }",
        "",
      ].join("\n"),
    );
    expect(read("strategies/a.strategy.yaml")).toBe(UGLY);
  });

  it("says why a broken file is left alone, and formats the others", async () => {
    write("strategies/b.strategy.yaml", "rules: [\n");
    const { err, code } = await fmt();
    expect(code).toBe(1);
    expect(err).toContain("strategies/b.strategy.yaml:");
    expect(err).toContain("yaml/syntax");
    expect(err).toContain("2 files: 1 formatted, 1 with errors");
    expect(read("strategies/b.strategy.yaml")).toBe("rules: [\n");
  });

  it("refuses what it does not know", async () => {
    write("notes.yaml", "a: 1\n");
    await expect(fmt("notes.yaml")).rejects.toThrow("notes.yaml: no file that has a layout");
    await expect(fmt("nowhere")).rejects.toThrow("nowhere: no such file or folder");
  });
});

describe("the difference of two texts", () => {
  it("shows three lines around each change", () => {
    const lines = Array.from({ length: 20 }, (_, i) => `line ${i}`);
    const changed = lines.with(10, "other");
    expect(differenceOf(lines.join("\n"), changed.join("\n")).filter((line) => !line.includes("No newline"))).toEqual([
      "@@ -8 +8 @@",
      ...[" line 7", " line 8", " line 9", "-line 10", "+other", " line 11", " line 12", " line 13"],
    ]);
    expect(differenceOf("a", "a")).toEqual([]);
    expect(differenceOf("a\nb", "a\nb\n").slice(1)).toEqual([" a", "-b\n\\ No newline at end of file", "+b"]);
  });
});
