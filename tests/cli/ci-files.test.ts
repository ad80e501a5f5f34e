/** action.yml and .pre-commit-hooks.yaml say what the command line understands. */
import { spawnSync } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { Command } from "commander";
import { describe, expect, it, vi } from "vitest";
import { parse } from "yaml";
import { addFmt } from "../../engine/cli/fmt.ts";
import { addLint } from "../../engine/cli/lint.ts";
import { VERSION } from "../../engine/cli/version.ts";
import { isFormattable } from "../../engine/lang/format.ts";

const ROOT = join(import.meta.dirname, "../..");

function read(name: string): unknown {
  return parse(readFileSync(join(ROOT, name), "utf8"));
}

/** Words that the command line does not know. */
function unknownIn(command: string): string[] {
  const program = new Command("barwise");
  for (const add of [addLint, addFmt]) add(program);
  const [name, ...words] = command.split(" ");
  const found = program.commands.find((candidate) => candidate.name() === name);
  if (found === undefined) return [String(name)];
  const known = found.options.map(({ long }) => long);
  return words.filter((word) => word.startsWith("--") && !known.includes(word));
}

interface Action {
  readonly inputs: Readonly<Record<string, { readonly description: string; readonly default: string }>>;
  readonly runs: {
    readonly using: string;
    readonly steps: readonly {
      readonly run?: string;
      readonly shell?: string;
      readonly if?: string;
      readonly env?: Readonly<Record<string, string>>;
    }[];
  };
}

describe("the GitHub action", () => {
  const action = read("action.yml") as Action;
  const step = action.runs.steps.find(({ run }) => run !== undefined);

  it("runs lint of this version with its inputs", () => {
    expect(action.runs.using).toBe("composite");
    expect(action.inputs["version"]?.default).toBe(VERSION);
    expect(unknownIn((step?.run ?? "").replace(/^npx --yes "barwise@\$BARWISE_VERSION" /, ""))).toEqual([]);
    for (const { if: condition, env } of action.runs.steps)
      for (const text of [condition ?? "", ...Object.values(env ?? {})])
        for (const [, input] of text.matchAll(/inputs\.([\w-]+)/g))
          expect(action.inputs).toHaveProperty(input as string);
    expect(step?.run).not.toContain("${{");
  });

  it("hands paths and options over as words and nothing else", () => {
    const folder = mkdtempSync(join(tmpdir(), "barwise-action-"));
    try {
      const npx = join(folder, "npx");
      writeFileSync(npx, '#!/bin/sh\nfor word in "$@"; do echo "$word"; done\n');
      chmodSync(npx, 0o755);
      const run = (paths: string, args: string): string[] => {
        const env = {
          PATH: `${folder}${delimiter}${process.env["PATH"]}`,
          ...{ BARWISE_VERSION: VERSION, BARWISE_PATHS: paths, BARWISE_ARGS: args },
        };
        const { stdout } = spawnSync("bash", ["-e", "-c", step?.run ?? ""], { env, cwd: folder, encoding: "utf8" });
        return stdout.trim().split("\n");
      };
      const always = ["--yes", `barwise@${VERSION}`, "lint", "--format", "github"];
      expect(run("", "")).toEqual(always);
      expect(run("a b/c", "--max-warnings 0")).toEqual([...always, "--max-warnings", "0", "a", "b/c"]);
      expect(run("$(id); x", "`id`")).toEqual([...always, "`id`", "$(id);", "x"]);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});

describe("the pre-commit hooks", () => {
  const hooks = read(".pre-commit-hooks.yaml") as { id: string; entry: string; language: string; files: string }[];

  it("run commands that exist, from the package's own binary", () => {
    const { bin } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8")) as { bin: Record<string, string> };
    expect(hooks.map(({ id }) => id)).toEqual(["barwise-lint", "barwise-fmt"]);
    for (const { entry, language } of hooks) {
      const [binary, ...words] = entry.split(" ");
      expect(bin).toHaveProperty(binary as string);
      expect(unknownIn(words.join(" "))).toEqual([]);
      expect(language).toBe("node");
    }
  });

  it("see the files that the commands understand, and no others", () => {
    const names = ["a.strategy.yaml", "x/a.strategy.yml", "barwise.yaml", "x/barwise.yaml"];
    const others = ["notbarwise.yaml", "myrisk.yaml", "strategy.yaml", "a.strategy.yaml.old", "watchlists/x/a.yaml"];
    const shared = ["a.template.yaml", "x/a.template.yml", "watchlists/a.yaml", "x/watchlists/b.yml"];
    const layouts = [...shared, "a.test.yaml", "risk.yaml"];
    const all = [...names, ...layouts, ...others];
    for (const { id, files } of hooks) {
      // Python's and JavaScript's expressions agree on this much.
      const pattern = new RegExp(files);
      const own = id === "barwise-fmt" ? [...names, ...layouts] : [...names, ...shared];
      expect(all.filter((name) => pattern.test(name))).toEqual(own);
    }
    expect(all.filter(isFormattable)).toEqual([...names, ...layouts]);
  });

  it("pass what is in order and stop a commit that is not, whatever files are handed to them", async () => {
    const folder = mkdtempSync(join(tmpdir(), "barwise-hooks-"));
    const here = process.cwd();
    const write = (name: string, text: string): void => {
      mkdirSync(dirname(join(folder, name)), { recursive: true });
      writeFileSync(join(folder, name), text);
    };
    const good = "barwise: 1\nname: a\nsymbols: { file: watchlists/w.yaml }\ntemplate: templates/t.template.yaml\n";
    write("barwise.yaml", "barwise: 1\nstrategies: strategies/\n");
    write("strategies/a.strategy.yaml", good);
    write("watchlists/w.yaml", "barwise: 1\nsymbols: [SPY]\n");
    write(
      "templates/t.template.yaml",
      "barwise: 1\nstrategy:\n  on: 1d\n  rules:\n    - { name: go, when: close > open, then: { close: {} } }\n",
    );
    const files = ["barwise.yaml", "strategies/a.strategy.yaml", "templates/t.template.yaml", "watchlists/w.yaml"];
    const run = async (
      { entry, files: pattern }: (typeof hooks)[number],
      names: readonly string[],
    ): Promise<unknown> => {
      const program = new Command("barwise");
      for (const add of [addLint, addFmt]) add(program);
      process.exitCode = undefined;
      const passed = names.filter((name) => new RegExp(pattern).test(name));
      if (passed.length > 0) await program.parseAsync(["node", ...entry.split(" "), ...passed]);
      return process.exitCode ?? 0;
    };
    vi.spyOn(process.stdout, "write").mockReturnValue(true);
    vi.spyOn(process.stderr, "write").mockReturnValue(true);
    process.chdir(folder);
    try {
      for (const hook of hooks) {
        expect([hook.id, await run(hook, files)]).toEqual([hook.id, 0]);
        for (const name of files) expect([hook.id, name, await run(hook, [name])]).toEqual([hook.id, name, 0]);
      }
      const [lint] = hooks;
      if (lint === undefined) throw new Error("no hook");
      for (const [name, text] of [
        ["strategies/a.strategy.yaml", good.replace("name: a", "nam: a")],
        ["watchlists/w.yaml", "barwise: 1\nsymbols: [TRUE]\n"],
        ["barwise.yaml", "barwise: 1\nstrategeis: x\n"],
      ] as const) {
        const before = readFileSync(join(folder, name), "utf8");
        write(name, text);
        expect([name, await run(lint, [name])]).toEqual([name, 1]);
        write(name, before);
      }
    } finally {
      process.chdir(here);
      process.exitCode = undefined;
      vi.restoreAllMocks();
      rmSync(folder, { recursive: true, force: true });
    }
  });
});
