/**
 * `barwise lint`: findings in strategy and project files, for people and for CI.
 *
 * Owns: which files are read, output formats, exit codes (0 clean, 1 findings, 2 could not run).
 */
import { basename, dirname, join, relative, resolve } from "node:path";
import { access, readFile } from "node:fs/promises";
import type { Command } from "commander";
import { compile, isStrategyFile } from "../lang/compile.ts";
import { countOf, renderDiagnostics, summaryOf } from "../report/diagnostics.ts";
import type { DiagnosticFormat } from "../report/diagnostics.ts";
import { CliError, print, say, wantsColour } from "./io.ts";
import { readPaths } from "./program.ts";

const FORMATS: readonly string[] = ["pretty", "concise", "json", "github", "sarif", "junit"];

interface Flags {
  readonly format?: string;
  readonly maxWarnings?: string;
  readonly stdinFilename?: string;
}

export function addLint(program: Command): void {
  program
    .command("lint")
    .description("check strategy files without running them; exit code 1 when there are findings that count")
    .argument("[paths...]", "files or folders (default: the strategies of this project); - reads standard input")
    .option(
      "--format <format>",
      "pretty, concise, json, github, sarif or junit (default: github inside GitHub Actions, else pretty)",
    )
    .option("--max-warnings <n>", "fail when there are more warnings than this")
    .option("--stdin-filename <name>", "name of what comes on standard input", "stdin.strategy.yaml")
    .action(async (paths: string[], flags: Flags) => runLint(paths, flags));
}

async function runLint(paths: readonly string[], flags: Flags): Promise<void> {
  const format = formatOf(flags.format);
  const most = flags.maxWarnings === undefined ? Number.POSITIVE_INFINITY : Number(flags.maxWarnings);
  if (!(most >= 0)) throw new CliError(`--max-warnings ${flags.maxWarnings}: expected a number`);
  const files = await filesToLint(paths, flags);
  const { diagnostics } = compile(files);
  const { errors, warnings } = countOf(diagnostics);
  const text = renderDiagnostics(diagnostics, { format, color: wantsColour(process.stdout), texts: files });
  if (text !== "") print(text);
  const count = Object.keys(files).filter(isStrategyFile).length;
  if (format === "pretty") say(`${count} ${count === 1 ? "strategy" : "strategies"}: ${summaryOf(diagnostics)}`);
  if (errors > 0 || warnings > most) process.exitCode = 1;
}

function formatOf(flag: string | undefined): DiagnosticFormat {
  if (flag === undefined) return process.env["GITHUB_ACTIONS"] === "true" ? "github" : "pretty";
  if (!FORMATS.includes(flag)) throw new CliError(`--format ${flag}: expected ${FORMATS.join(", ")}`);
  return flag as DiagnosticFormat;
}

async function filesToLint(paths: readonly string[], flags: Flags): Promise<Readonly<Record<string, string>>> {
  if (paths.includes("-")) return { [flags.stdinFilename ?? "stdin.strategy.yaml"]: await readStdin() };
  const named = paths.filter((path) => basename(path) === "barwise.yaml");
  const rest = paths.filter((path) => !named.includes(path));
  const project = named[0] ?? (paths.length === 0 ? await projectHere() : undefined);
  const files: Record<string, string> = {};
  if (project !== undefined) Object.assign(files, await projectTexts(project));
  const strategies =
    rest.length > 0 ? rest : project === undefined ? ["strategies"] : [await strategiesOf(project, files)];
  Object.assign(files, await readPaths(strategies));
  return files;
}

async function projectHere(): Promise<string | undefined> {
  try {
    await access("barwise.yaml");
    return "barwise.yaml";
  } catch {
    return undefined;
  }
}

/** The project file under its own name, and the risk file that it may name. */
async function projectTexts(path: string): Promise<Record<string, string>> {
  const files: Record<string, string> = { "barwise.yaml": await read(path) };
  const risk = /^risk:\s*([\w./-]+\.ya?ml)\s*(?:#.*)?$/m.exec(files["barwise.yaml"] ?? "")?.[1];
  if (risk !== undefined) {
    try {
      files[risk] = await read(join(dirname(path), risk));
    } catch {
      // A missing risk file is a finding of the project file.
    }
  }
  return files;
}

async function strategiesOf(path: string, files: Readonly<Record<string, string>>): Promise<string> {
  const folder = resolve(dirname(path), compile(files).project.strategies);
  return relative(process.cwd(), folder) || ".";
}

async function read(path: string): Promise<string> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    throw new CliError(`${path}: ${error instanceof Error ? error.message : String(error)}`, 2, { cause: error });
  }
}

const MAX_STDIN = 1024 * 1024;

async function readStdin(): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of process.stdin) {
    const bytes = Buffer.from(chunk as Buffer);
    size += bytes.length;
    if (size > MAX_STDIN) throw new CliError("standard input is larger than 1 MiB, not read", 1);
    chunks.push(bytes);
  }
  return Buffer.concat(chunks).toString("utf8");
}
