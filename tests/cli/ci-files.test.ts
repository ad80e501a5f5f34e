/** action.yml and .pre-commit-hooks.yaml say what the command line understands. */
import { spawnSync } from "node:child_process";
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { Command } from "commander";
import { describe, expect, it } from "vitest";
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
    const others = ["notbarwise.yaml", "myrisk.yaml", "strategy.yaml", "a.strategy.yaml.old"];
    const layouts = ["a.test.yaml", "x/a.template.yaml", "x/watchlists/b.yml", "risk.yaml"];
    for (const { id, files } of hooks) {
      const own = id === "barwise-fmt" ? [...names, ...layouts] : names;
      // Python's and JavaScript's expressions agree on this much.
      const pattern = new RegExp(files);
      expect(own.filter((name) => !pattern.test(name))).toEqual([]);
      expect(others.filter((name) => pattern.test(name))).toEqual([]);
    }
    expect([...names, ...layouts, ...others].filter(isFormattable)).toEqual([...names, ...layouts]);
  });
});
