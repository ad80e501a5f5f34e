/** Patterns of paths, when the shell has not expanded them. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { Command } from "commander";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { isPattern, matching } from "../../engine/cli/globs.ts";
import { addLint } from "../../engine/cli/lint.ts";

const STRATEGY =
  "barwise: 1\nname: NAME\nsymbols: [SPY]\non: 5m\nrules:\n  - {name: go, when: close > open, then: {close: {}}}\n";
const FILES = [
  "strategies/a.strategy.yaml",
  "strategies/b.strategy.yml",
  "strategies/deep/er/c.strategy.yaml",
  "strategies/[x].strategy.yaml",
  "strategies/notes.yaml",
  "strategies/.hidden.strategy.yaml",
  "node_modules/p/d.strategy.yaml",
];

let folder: string;
let here: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "barwise-globs-"));
  here = process.cwd();
  for (const file of FILES) {
    mkdirSync(dirname(join(folder, file)), { recursive: true });
    const name = file.replace(/^.*\//, "").replace(/\W.*/, "") || "x";
    writeFileSync(join(folder, file), STRATEGY.replace("NAME", name));
  }
  process.chdir(folder);
  vi.stubEnv("NO_COLOR", "1");
});

afterEach(() => {
  process.chdir(here);
  process.exitCode = undefined;
  rmSync(folder, { recursive: true, force: true });
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
});

async function lint(...args: string[]): Promise<string> {
  let said = "";
  vi.spyOn(process.stderr, "write").mockImplementation((text) => {
    said += String(text);
    return true;
  });
  const program = new Command("barwise");
  addLint(program);
  await program.parseAsync(["node", "barwise", "lint", ...args]);
  return said;
}

describe("a pattern", () => {
  it.each([
    ["strategies/*.strategy.yaml", ["strategies/[x].strategy.yaml", "strategies/a.strategy.yaml"]],
    [
      "strategies/**/*.strategy.yaml",
      ["strategies/[x].strategy.yaml", "strategies/a.strategy.yaml", "strategies/deep/er/c.strategy.yaml"],
    ],
    ["**/c.*", ["strategies/deep/er/c.strategy.yaml"]],
    ["strategies/?.strategy.y{a,}ml", ["strategies/a.strategy.yaml", "strategies/b.strategy.yml"]],
    ["strategies/[ab].strategy.*", ["strategies/a.strategy.yaml", "strategies/b.strategy.yml"]],
    ["strategies/[!a].strategy.*", ["strategies/b.strategy.yml"]],
    ["*/d.strategy.yaml", []],
    ["nowhere/*.yaml", []],
    ["strategies/{a.strategy.yaml", []],
  ])("%s matches what a shell would match", async (pattern, expected) => {
    expect(isPattern(pattern)).toBe(true);
    expect(await matching(pattern)).toEqual(expected);
    expect(await matching(join(folder, pattern))).toEqual(expected.map((path) => join(folder, path)));
  });

  it("is taken by lint, and one that matches nothing could not run", async () => {
    expect(await lint("strategies/**/*.strategy.yaml")).toContain("3 strategies: No findings");
    await expect(lint("strategies/z*.yaml")).rejects.toMatchObject({ exitCode: 2 });
  });

  it("gives way to a file of that name", async () => {
    expect(await lint("strategies/[x].strategy.yaml")).toContain("1 strategy: No findings");
  });
});

describe("lint of many files", () => {
  it("shows how far it is on a terminal, once it takes longer than a second, and leaves nothing behind", async () => {
    const isTTY = Object.getOwnPropertyDescriptor(process.stderr, "isTTY");
    Object.defineProperty(process.stderr, "isTTY", { value: true, configurable: true });
    let now = 0;
    vi.spyOn(performance, "now").mockImplementation(() => (now += 700));
    try {
      const said = await lint("strategies/**/*.strategy.yaml");
      expect(said).toMatch(/\r.*lint: \d of 3 strategies/);
      expect(said).toContain("\u001B[2K3 strategies: No findings");
    } finally {
      if (isTTY === undefined) Reflect.deleteProperty(process.stderr, "isTTY");
      else Object.defineProperty(process.stderr, "isTTY", isTTY);
    }
  });
});
