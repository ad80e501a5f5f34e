/**
 * The documentation holds: links lead somewhere, files in it compile, and a `text` block behind a command is what the
 * command prints. `UPDATE_DOCS=1 npx vitest run tests/docs.test.ts` writes the blocks anew.
 */
import { existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { Command, CommanderError } from "commander";
import { afterEach, describe, expect, it, vi } from "vitest";
import { COMMANDS } from "../engine/cli/commands.ts";
import { compile } from "../engine/lang/compile.ts";
import { wantedBy } from "../engine/lang/references.ts";

const ROOT = fileURLToPath(new URL("../", import.meta.url));
const PAGES = [...pagesBelow("docs"), ...pagesBelow("examples"), "README.md", "CONTRIBUTING.md", "CHANGELOG.md"];

function pagesBelow(folder: string): string[] {
  return readdirSync(join(ROOT, folder), { recursive: true, encoding: "utf8" })
    .map((name) => `${folder}/${name.replaceAll("\\", "/")}`)
    .filter((name) => name.endsWith(".md"))
    .sort();
}

function textOf(page: string): string {
  return readFileSync(join(ROOT, page), "utf8");
}

// ------------------------------------------------------------------------------------------------ blocks

interface Block {
  readonly language: string;
  readonly body: string;
  /** Offsets of the body in the page. */
  readonly start: number;
  readonly end: number;
}

function blocksOf(text: string): Block[] {
  return [...text.matchAll(/^```(\w*)\n([\s\S]*?)^```$/gm)].map((match) => {
    const start = match.index + match[0].indexOf("\n") + 1;
    const body = match[2] as string;
    return { language: match[1] as string, body, start, end: start + body.length };
  });
}

function barwise(): Command {
  const program = new Command("barwise").exitOverride();
  for (const add of COMMANDS) add(program);
  for (const command of program.commands.flatMap((one) => [one, ...one.commands])) {
    command.exitOverride();
    command.configureOutput({ getOutHelpWidth: () => 80, getErrHelpWidth: () => 80 });
  }
  return program;
}

/** Everything a command writes, to either stream, in order. */
async function output(line: string, folder: string): Promise<string> {
  let printed = "";
  const keep = (chunk: unknown): boolean => {
    printed += String(chunk);
    return true;
  };
  vi.stubEnv("NO_COLOR", "1");
  vi.stubEnv("FORCE_COLOR", undefined);
  vi.stubEnv("GITHUB_ACTIONS", undefined);
  const { exitCode } = process;
  const here = process.cwd();
  vi.spyOn(process.stdout, "write").mockImplementation(keep);
  vi.spyOn(process.stderr, "write").mockImplementation(keep);
  process.chdir(folder);
  try {
    await barwise().parseAsync(line.replace(/^(?:npx )?barwise /, "").split(/\s+/), { from: "user" });
  } catch (error) {
    if (!(error instanceof CommanderError && error.exitCode === 0)) throw error;
  } finally {
    process.chdir(here);
    vi.restoreAllMocks();
    process.exitCode = exitCode;
  }
  return printed;
}

/** The page with every `text` block that follows a command replaced by what that command prints now. */
async function refreshed(page: string): Promise<string> {
  const text = textOf(page);
  const blocks = blocksOf(text);
  const ofTutorial = page.startsWith("docs/tutorial/");
  const folder = ofTutorial ? mkdtempSync(join(tmpdir(), "barwise-docs-")) : ROOT;
  let fresh = "";
  let at = 0;
  try {
    for (const [i, { language, body, start, end }] of blocks.entries()) {
      const file = /^# (\S+\.yaml)\n/.exec(body)?.[1];
      if (ofTutorial && language === "yaml" && file !== undefined) {
        mkdirSync(join(folder, dirname(file)), { recursive: true });
        writeFileSync(join(folder, file), body);
      }
      const before = blocks[i - 1];
      if (language !== "text" || before?.language !== "sh" || !isCommand(before.body)) continue;
      if (text.slice(before.end, start).trim() !== "```\n\n```text") continue;
      fresh += text.slice(at, start) + (await output(before.body.trim(), folder));
      at = end;
    }
  } finally {
    if (ofTutorial) rmSync(folder, { recursive: true, force: true });
  }
  return fresh + text.slice(at);
}

/** One command that ends by itself. */
function isCommand(body: string): boolean {
  const lines = body.trim().split("\n");
  return (
    lines.length === 1 &&
    /^(?:npx )?barwise (?:lint|explain|backtest|check \w+|\w+(?: \w+)? --help)/.test(lines[0] as string)
  );
}

/** Whole files of a page: those whose first line is `# path` together, the others each by itself. */
function projectsIn(page: string): Record<string, string>[] {
  const bodies = blocksOf(textOf(page)).filter(
    ({ language, body }) => language === "yaml" && /^barwise: 1\b/m.test(body),
  );
  const named: Record<string, string> = {};
  const alone: Record<string, string>[] = [];
  for (const { body } of bodies) {
    const path = /^# ([\w./-]+\.yaml)\n/.exec(body)?.[1];
    if (path !== undefined) named[path] = body;
    else alone.push({ [/^rules:/m.test(body) ? "x.strategy.yaml" : "barwise.yaml"]: body });
  }
  return [...alone, ...(Object.keys(named).length === 0 ? [] : [named])];
}

/** With the files of the repository that they name. */
function withShipped(files: Readonly<Record<string, string>>): Record<string, string> {
  const all = { ...files };
  for (const path of wantedBy(files, new Set())) if (existsSync(join(ROOT, path))) all[path] = textOf(path);
  return all;
}

// ------------------------------------------------------------------------------------------------ the tests

afterEach(() => {
  vi.unstubAllEnvs();
});

describe("documentation", () => {
  it("has links that lead somewhere", () => {
    const dead = PAGES.flatMap((page) => {
      const prose = textOf(page).replaceAll(/^```[\s\S]*?^```$/gm, "");
      return [...prose.matchAll(/\]\(([^)\s]+)\)/g)]
        .map((match) => match[1] as string)
        .filter((link) => !/^[a-z]+:/.test(link))
        .filter((link) => {
          const [path = "", anchor] = link.split("#");
          const target = path === "" ? page : join(dirname(page), path);
          if (!existsSync(join(ROOT, target))) return true;
          return anchor !== undefined && target.endsWith(".md") && !anchorsOf(textOf(target)).includes(anchor);
        })
        .map((link) => `${page}: ${link}`);
    });
    expect(dead).toEqual([]);
  });

  it.each(PAGES.filter((page) => blocksOf(textOf(page)).some(({ language }) => language === "text")))(
    "%s shows what its commands print",
    async (page) => {
      const fresh = await refreshed(page);
      if (process.env["UPDATE_DOCS"] === "1") writeFileSync(join(ROOT, page), fresh);
      expect(textOf(page)).toBe(fresh);
    },
  );

  it("holds whole files that compile without an error", () => {
    // Pages of findings show mistakes on purpose; tests/lang holds them to it.
    const wrong = PAGES.filter((page) => !page.includes("/findings/")).flatMap((page) =>
      projectsIn(page).flatMap((files) => {
        const { diagnostics } = compile(withShipped(files), { only: Object.keys(files) });
        return diagnostics.filter(({ severity }) => severity === "error").map(({ message }) => `${page}: ${message}`);
      }),
    );
    expect(wrong).toEqual([]);
  });

  it("names commands and options that exist", () => {
    const { commands } = barwise();
    const unknown = PAGES.filter((page) => !page.startsWith("docs/reference/findings/")).flatMap((page) =>
      blocksOf(textOf(page))
        .filter(({ language }) => language === "sh")
        .flatMap(({ body }) => body.split("\n"))
        .map((line) => /(?:^|\s)(?:npx )?barwise (.*)$/.exec(line.replace(/\s#.*$/, ""))?.[1])
        .filter((line) => line !== undefined)
        .filter((line) => {
          const [name, ...words] = line.split(/\s+/);
          const group = commands.find((candidate) => candidate.name() === name);
          const command = group?.commands.find((candidate) => candidate.name() === words[0]) ?? group;
          const options = ["--help", ...(command?.options ?? []).map(({ long }) => long)];
          return command === undefined || words.some((word) => word.startsWith("--") && !options.includes(word));
        })
        .map((line) => `${page}: barwise ${line}`),
    );
    expect(unknown).toEqual([]);
  });

  it("describes every command", () => {
    const page = textOf("docs/reference/cli.md");
    for (const { name, commands } of barwise().commands.map((one) => ({ name: one.name(), commands: one.commands }))) {
      const lines = commands.length === 0 ? [name] : commands.map((one) => `${name} ${one.name()}`);
      for (const line of lines) expect(page).toContain(`barwise ${line} --help`);
    }
  });
});

/** Anchors as GitHub makes them. */
function anchorsOf(text: string): string[] {
  return [...text.matchAll(/^#+ (.+)$/gm)].map((match) =>
    (match[1] as string)
      .toLowerCase()
      .replaceAll(/[^\w\- ]/g, "")
      .replaceAll(" ", "-"),
  );
}
