/** `barwise init`: what it writes is right from the start, and nothing that was there is lost. */
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { Command } from "commander";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { parse } from "yaml";
import { addFmt } from "../../engine/cli/fmt.ts";
import { addInit } from "../../engine/cli/init.ts";
import { addLint } from "../../engine/cli/lint.ts";
import { addTest } from "../../engine/cli/test.ts";
import { VERSION } from "../../engine/cli/version.ts";
import { renderSchemas } from "../../engine/lang/schema-render.ts";
import { inFolderOfItsOwn } from "./in-process.ts";

inFolderOfItsOwn("init");

beforeEach(() => vi.stubEnv("GITHUB_ACTIONS", undefined));

async function barwise(
  ...args: string[]
): Promise<{ readonly out: string; readonly err: string; readonly code: number }> {
  let [out, err] = ["", ""];
  const program = new Command("barwise").exitOverride();
  for (const add of [addFmt, addInit, addLint, addTest]) add(program);
  const { exitCode } = process;
  process.exitCode = 0;
  vi.spyOn(process.stdout, "write").mockImplementation((text) => ((out += String(text)), true));
  vi.spyOn(process.stderr, "write").mockImplementation((text) => ((err += String(text)), true));
  try {
    await program.parseAsync(args, { from: "user" });
    return { out, err, code: process.exitCode };
  } finally {
    process.exitCode = exitCode;
    vi.restoreAllMocks();
  }
}

function filesHere(): string[] {
  return readdirSync(".", { recursive: true, encoding: "utf8" })
    .filter((name) => statSync(name).isFile())
    .sort();
}

const read = (name: string): string => readFileSync(name, "utf8");

describe("init", () => {
  it("writes a repository that lint and fmt have nothing to say about", async () => {
    const { out, code } = await barwise("init");
    expect(code).toBe(0);
    expect(filesHere()).toEqual(
      [
        ".github/workflows/strategies.yml",
        ".gitignore",
        ".vscode/extensions.json",
        ".vscode/settings.json",
        "README.md",
        "barwise.yaml",
        ...Object.keys(renderSchemas()).map((name) => `schemas/${name}`),
        "strategies/example.strategy.yaml",
        "strategies/example.test.yaml",
      ].sort(),
    );
    expect(out.trim().split("\n").sort()).toEqual(filesHere());
    expect(await barwise("lint")).toEqual({ out: "", err: expect.stringMatching(/^1 strategy: /), code: 0 });
    expect(await barwise("lint", "--max-warnings", "0")).toMatchObject({ out: "", code: 0 });
    expect(await barwise("fmt", "--check")).toMatchObject({ out: "", code: 0 });
  });

  it("writes into a new folder", async () => {
    const { err } = await barwise("init", "deep/mine");
    expect(existsSync("deep/mine/barwise.yaml")).toBe(true);
    expect(err).toBe("next: cd deep/mine && npx barwise lint\n");
  });

  it("connects every file with its schema", async () => {
    await barwise("init");
    for (const name of ["barwise.yaml", "strategies/example.strategy.yaml"]) {
      const schema = /^# yaml-language-server: \$schema=(.+)\n/.exec(read(name))?.[1] ?? "";
      expect(existsSync(join(dirname(name), schema)), name).toBe(true);
    }
    const settings = JSON.parse(read(".vscode/settings.json")) as { "yaml.schemas": Record<string, string[]> };
    expect(Object.keys(settings["yaml.schemas"])).toContain("./schemas/strategy.schema.json");
    for (const schema of Object.keys(settings["yaml.schemas"])) expect(existsSync(schema), schema).toBe(true);
  });

  it("writes a workflow whose commands exist", async () => {
    await barwise("init");
    const { jobs } = parse(read(".github/workflows/strategies.yml")) as {
      jobs: { lint: { steps: { run?: string }[] } };
    };
    const commands = jobs.lint.steps.flatMap(({ run }) => run ?? []);
    expect(commands).toHaveLength(3);
    for (const command of commands) {
      const prefix = `npx --yes barwise@${VERSION} `;
      expect(command.startsWith(prefix)).toBe(true);
      const words = command.slice(prefix.length).split(" ");
      expect(await barwise(...words)).toMatchObject(words[0] === "test" ? { code: 0 } : { out: "", code: 0 });
    }
  });

  it("writes nothing when a file says something else, and lists it", async () => {
    writeFileSync("README.md", "mine\n");
    await expect(barwise("init")).rejects.toThrow(/these files are there already:\n {2}README\.md\n--force/);
    expect(filesHere()).toEqual(["README.md"]);
  });

  it("with --force keeps what was there", async () => {
    await barwise("init");
    writeFileSync("README.md", "mine\n");
    writeFileSync("README.md.old", "older\n");
    writeFileSync("strategies/own.strategy.yaml", "own\n");
    const { out } = await barwise("init", "--force");
    expect(out).toBe("README.md.old2\nREADME.md\n");
    expect(read("README.md.old2")).toBe("mine\n");
    expect(read("README.md.old")).toBe("older\n");
    expect(read("strategies/own.strategy.yaml")).toBe("own\n");
  });

  it("changes nothing the second time, and adds a line to a .gitignore", async () => {
    writeFileSync(".gitignore", "node_modules/");
    await barwise("init");
    expect(read(".gitignore")).toBe("node_modules/\n.barwise/\n");
    expect(await barwise("init")).toMatchObject({ out: "", code: 0 });
    expect(read(".gitignore")).toBe("node_modules/\n.barwise/\n");
  });
});
