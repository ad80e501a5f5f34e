/**
 * Every folder of examples/ does what its README says: the command runs through the code of the command line, and its
 * output is the committed `expected.txt`. `npx vitest run tests/examples.test.ts -u` writes the files anew.
 */
import { readFileSync, readdirSync, rmSync } from "node:fs";
import { Command } from "commander";
import { afterEach, describe, expect, it, vi } from "vitest";
import { addBacktest } from "../engine/cli/backtest.ts";
import { addRun } from "../engine/cli/run.ts";
import { addTest } from "../engine/cli/test.ts";
import { compile } from "../engine/lang/compile.ts";

const ROOT = new URL("../", import.meta.url);
const BACKTESTS: Readonly<Record<string, readonly string[]>> = {
  "01-first-rule": ["--fills"],
  "02-bracket-and-risk": ["--fills", "--fees", "0.01%"],
  "03-object-form": ["--trades"],
  "04-multi-timeframe": ["--fills"],
  "06-one-template": ["--trades"],
};
const TICKS = "07-trades-and-quotes";
const RUNAWAY = "08-runaway";
const APPROVALS = "09-ask-a-person";

function textOf(path: string): string {
  return readFileSync(new URL(path, ROOT), "utf8");
}

/** Scripts of the examples are plain JavaScript, as a reader would run them. */
async function script<T>(path: string): Promise<T> {
  return (await import(/* @vite-ignore */ new URL(path, ROOT).href)) as T;
}

/** Runs one command and answers what it printed to stdout. */
async function barwise(add: (program: Command) => void, args: readonly string[]): Promise<string> {
  const program = new Command("barwise").exitOverride();
  add(program);
  vi.stubEnv("NO_COLOR", "1");
  vi.stubEnv("FORCE_COLOR", undefined);
  let printed = "";
  const keep = (chunk: unknown): boolean => {
    printed += String(chunk);
    return true;
  };
  vi.spyOn(process.stdout, "write").mockImplementation(keep);
  vi.spyOn(process.stderr, "write").mockImplementation(() => true);
  try {
    await program.parseAsync([...args], { from: "user" });
  } finally {
    vi.restoreAllMocks();
  }
  return printed;
}

afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
});

describe("examples", () => {
  it("are all run here", () => {
    const folders = readdirSync(new URL("examples", ROOT), { withFileTypes: true }).filter((entry) =>
      entry.isDirectory(),
    );
    expect(folders.map(({ name }) => name).sort()).toEqual(
      [...Object.keys(BACKTESTS), "05-your-own-stream", TICKS, RUNAWAY, APPROVALS].sort(),
    );
  });

  it("play data that the committed script makes", async () => {
    const { files } = await script<{ readonly files: () => Record<string, string> }>("examples/make-data.mjs");
    for (const [path, text] of Object.entries(files())) expect(textOf(`examples/${path}`), path).toBe(text);
  });

  it.each(Object.entries(BACKTESTS))("%s prints what its README shows", async (folder, flags) => {
    const path = `examples/${folder}`;
    const command = ["backtest", path, "--data", `${path}/acme.csv`, ...flags];
    expect(textOf(`${path}/README.md`)).toContain(`npx barwise ${command.join(" ")}\n`);
    await expect(await barwise(addBacktest, command)).toMatchFileSnapshot(`../${path}/expected.txt`);
  });

  it("03: both spellings of a condition are the same rule and make the same trades", async () => {
    const rulesOf = (name: string): readonly string[] | undefined => {
      const file = `examples/03-object-form/${name}.strategy.yaml`;
      return compile({ [file]: textOf(file) }).program?.strategies[0]?.rules.map(({ digest }) => digest);
    };
    expect(rulesOf("as-text")).toHaveLength(2);
    expect(rulesOf("as-text")).toEqual(rulesOf("as-objects"));
    const path = "examples/03-object-form";
    const json = await barwise(addBacktest, ["backtest", path, "--data", `${path}/acme.csv`, "--format", "json"]);
    const { trades } = JSON.parse(json) as { trades: readonly Readonly<Record<string, unknown>>[] };
    const of = (name: string): unknown =>
      trades.filter((trade) => trade["strategy"] === name).map((trade) => ({ ...trade, strategy: "" }));
    expect(of("as-text")).toEqual(of("as-objects"));
    expect(trades.length).toBeGreaterThan(2);
  });

  it.each([TICKS, APPROVALS])("%s is a strategy and its tests, and all that it says is tested", async (folder) => {
    const path = `examples/${folder}`;
    const command = ["test", path, "--coverage"];
    expect(textOf(`${path}/README.md`)).toContain(`npx barwise ${command.join(" ")}\n`);
    const printed = (await barwise(addTest, command)).replaceAll(/ \(\d+ ms\)/g, "");
    await expect(printed).toMatchFileSnapshot(`../${path}/expected.txt`);
    expect(printed).toContain("Coverage 100.0 %");
  });

  it("08: a rule that buys at every trade is stopped and named", async () => {
    const path = `examples/${RUNAWAY}`;
    const command = ["test", path];
    expect(textOf(`${path}/README.md`)).toContain(`npx barwise ${command.join(" ")}\n`);
    const printed = (await barwise(addTest, command)).replaceAll(/ \(\d+ ms\)/g, "");
    await expect(printed).toMatchFileSnapshot(`../${path}/expected.txt`);
    expect(printed).toContain("2 tests passed");
  });

  // It follows the wall clock second by second; a machine that stalls for most of one gets another try.
  it("05: a stream of plain messages is traded on paper", { timeout: 40_000, retry: 2 }, async () => {
    const { serve } = await script<{
      readonly serve: (port: number) => Promise<{ port: number; stop(): Promise<void> }>;
    }>("examples/05-your-own-stream/server.mjs");
    const server = await serve(0);
    vi.stubEnv("STREAM_PORT", String(server.port));
    const before = new Set(process.listeners("SIGINT"));
    const stop = setTimeout(() => {
      // What Ctrl-C calls; nobody else's handler.
      for (const listener of process.listeners("SIGINT")) if (!before.has(listener)) listener("SIGINT");
    }, 11_000);
    try {
      const printed = await barwise(addRun, ["run", "examples/05-your-own-stream", "--no-screen"]);
      const told = printed
        .split("\n")
        .map((line) => /\b(?:order|filled) (?:buy|sell) .*$/.exec(line)?.[0])
        .filter((line) => line !== undefined);
      expect(`${told.slice(0, 4).join("\n")}\n`).toBe(textOf("examples/05-your-own-stream/expected.txt"));
      expect(printed).toMatch(/^Difference +0\.00$/m);
    } finally {
      clearTimeout(stop);
      await server.stop();
      rmSync(new URL("examples/05-your-own-stream/.barwise", ROOT), { recursive: true, force: true });
    }
  });
});
