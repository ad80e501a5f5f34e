/**
 * `barwise lint`: findings in strategy and project files, for people and for CI.
 *
 * Owns: which files are read, output formats, what --fix writes, exit codes (0 clean, 1 findings, 2 could not run).
 */
import { basename, dirname, join, relative, resolve } from "node:path";
import { access, readFile, readdir } from "node:fs/promises";
import type { Command } from "commander";
import { SHARED_FOLDERS } from "../adapters/files/project-files.ts";
import { compile, isStrategyFile } from "../lang/compile.ts";
import { inReadingOrder } from "../lang/diagnostic.ts";
import type { Diagnostic } from "../lang/diagnostic.ts";
import { fixFiles } from "../lang/fix-files.ts";
import type { FixedFiles } from "../lang/fix-files.ts";
import { countOf, fixableOf, renderDiagnostics, summaryOf } from "../report/diagnostics.ts";
import type { DiagnosticFormat } from "../report/diagnostics.ts";
import { isTemplateFile, isTestFile, isWatchlistFile } from "../lang/references.ts";
import { readTests } from "../lang/test-file.ts";
import type { TestEnv } from "../lang/test-file.ts";
import { CliError, progressLine, say, wantsColour } from "./io.ts";
import { withNamed } from "./named-files.ts";
import { readPaths } from "./program.ts";
import { differenceText, writeRewrites } from "./rewrite.ts";
import type { Rewrite } from "./rewrite.ts";
import { testEnvOf } from "./test-files.ts";

const FORMATS: readonly string[] = ["pretty", "concise", "json", "github", "sarif", "junit"];

interface Flags {
  readonly format?: string;
  readonly fix?: boolean;
  readonly dryRun?: boolean;
  readonly maxWarnings?: string;
  readonly stdinFilename?: string;
}

export function addLint(program: Command): void {
  program
    .command("lint")
    .description("check strategy files without running them; exit code 1 when there are findings that count")
    .argument(
      "[paths...]",
      "files, folders or patterns (default: the strategies of this project); - reads standard input",
    )
    .option(
      "--format <format>",
      "pretty, concise, json, github, sarif or junit (default: github inside GitHub Actions, else pretty)",
    )
    .option("--fix", "correct what can be corrected without asking, and show the difference")
    .option("--dry-run", "with --fix: write nothing; exit code 1 when something would change")
    .option("--max-warnings <n>", "fail when there are more warnings than this")
    .option("--stdin-filename <name>", "name of what comes on standard input", "stdin.strategy.yaml")
    .action(async (paths: string[], flags: Flags) => runLint(paths, flags));
}

async function runLint(paths: readonly string[], flags: Flags): Promise<void> {
  const format = formatOf(flags.format);
  const most = flags.maxWarnings === undefined ? Number.POSITIVE_INFINITY : Number(flags.maxWarnings);
  if (!(most >= 0)) throw new CliError(`--max-warnings ${flags.maxWarnings}: expected a number`);
  if (flags.dryRun === true && flags.fix !== true) throw new CliError("--dry-run belongs to --fix");
  const { files, onDisk, root, only } = await filesToLint(paths, flags);
  const tests = await testsIn(files);
  const line = progressLine("lint");
  const onStrategy = (done: number, of: number): void => line.update(done, `of ${of} strategies`);
  const env = { root, only, onStrategy };
  // What comes on standard input is corrected; the files that it names are somebody else's.
  const may = (file: string): boolean => onDisk !== undefined || file === flags.stdinFilename;
  const fixed = flags.fix === true ? fixFiles(files, env, may, tests.findings) : undefined;
  const found = fixed?.diagnostics ?? [...compile(files, env).diagnostics, ...tests.findings(files)];
  // Who names a test alone knows that it is no strategy.
  const diagnostics = inReadingOrder(found.filter(({ code }) => code !== "data/no-strategy" || tests.count === 0));
  line.end();
  const wouldChange = fixed !== undefined && (await takeOver(fixed, { files, onDisk, format, flags }));
  const texts = fixed?.files ?? files;
  const isStdin = onDisk === undefined;
  const stream = isStdin && fixed !== undefined ? process.stderr : process.stdout;
  const text = renderDiagnostics(diagnostics, { format, color: wantsColour(stream), texts });
  if (text !== "") stream.write(text);
  const count = only.length;
  const strategies = `${count} ${count === 1 ? "strategy" : "strategies"}`;
  const read =
    tests.count === 0 ? strategies : `${strategies}, ${tests.count} test ${tests.count === 1 ? "file" : "files"}`;
  if (format === "pretty")
    say(
      `${read}: ${summaryOf(diagnostics)}${fixed === undefined ? fixableText(diagnostics) : fixedText(fixed, flags)}`,
    );
  const { errors, warnings } = countOf(diagnostics);
  if (errors > 0 || warnings > most || (wouldChange && flags.dryRun === true)) process.exitCode = 1;
}

interface Tests {
  readonly count: number;
  /** Of the test files alone, with the texts as they are. */
  readonly findings: (texts: Texts) => Diagnostic[];
}

/** What the tests name is read once; a correction of a word does not make them name something else. */
async function testsIn(files: Texts): Promise<Tests> {
  const texts: Record<string, string> = { ...files };
  const envs = new Map<string, TestEnv>();
  for (const path of Object.keys(files).filter(isTestFile))
    envs.set(path, await testEnvOf(path, files[path] as string, texts));
  const findings = (now: Texts): Diagnostic[] =>
    [...envs].flatMap(([path, env]) => {
      const { diagnostics } = readTests(path, now[path] as string, { ...env, files: { ...texts, ...now } });
      return diagnostics.filter(({ file }) => file === path);
    });
  return { count: envs.size, findings };
}

function fixableText(diagnostics: Parameters<typeof fixableOf>[0]): string {
  const fixable = fixableOf(diagnostics);
  return fixable === 0 ? "" : `; ${fixable} can be fixed: barwise lint --fix`;
}

function fixedText({ applied }: FixedFiles, { dryRun = false }: Flags): string {
  return applied.length === 0 ? "" : `; ${applied.length} ${dryRun ? "would be fixed" : "fixed"}`;
}

interface Shown extends Pick<Linted, "files" | "onDisk"> {
  readonly format: DiagnosticFormat;
  readonly flags: Flags;
}

/** Shows what the corrections change and writes it; what comes on standard input goes to standard output. */
async function takeOver(fixed: FixedFiles, { files, onDisk, format, flags }: Shown): Promise<boolean> {
  const rewrites = Object.entries(fixed.files)
    .map(([file, after]): Rewrite => ({ file, path: onDisk?.[file] ?? file, before: files[file] as string, after }))
    .filter(({ before, after }) => before !== after);
  const isStdin = onDisk === undefined;
  // Formats for machines keep standard output for themselves.
  const stream = format === "pretty" && !isStdin ? process.stdout : process.stderr;
  const difference = differenceText(rewrites, stream);
  if (difference !== "") stream.write(`${difference}\n`);
  if (flags.dryRun !== true) {
    if (isStdin) process.stdout.write(Object.values(fixed.files)[0] ?? "");
    else await writeRewrites(rewrites, "lint --fix");
  }
  return rewrites.length > 0;
}

function formatOf(flag: string | undefined): DiagnosticFormat {
  if (flag === undefined) return process.env["GITHUB_ACTIONS"] === "true" ? "github" : "pretty";
  if (!FORMATS.includes(flag)) throw new CliError(`--format ${flag}: expected ${FORMATS.join(", ")}`);
  return flag as DiagnosticFormat;
}

type Texts = Readonly<Record<string, string>>;

interface Linted {
  /** Texts by the name that findings give them. */
  readonly files: Texts;
  /** Where each is, undefined for standard input. */
  readonly onDisk: Texts | undefined;
  /** Strategies that were asked for; others are there because these extend them. */
  readonly only: readonly string[];
  /** Folder of the project in the paths of the files. */
  readonly root: string;
}

async function filesToLint(paths: readonly string[], flags: Flags): Promise<Linted> {
  if (paths.includes("-")) {
    const name = flags.stdinFilename ?? "stdin.strategy.yaml";
    const files = await withNamed({ [name]: await readStdin() });
    return { files, onDisk: undefined, only: isTestFile(name) ? [] : [name], root: "" };
  }
  const named = paths.filter((path) => basename(path) === "barwise.yaml");
  const rest = paths.filter((path) => !named.includes(path));
  const project = named[0] ?? (paths.length === 0 ? await projectHere() : undefined);
  const files: Record<string, string> = {};
  const onDisk: Record<string, string> = {};
  if (project !== undefined) {
    Object.assign(files, await projectTexts(project));
    for (const name of Object.keys(files)) onDisk[name] = join(dirname(project), name);
  }
  const strategies =
    rest.length > 0 ? rest : project === undefined ? ["strategies"] : [await strategiesOf(project, files)];
  const root = relative(process.cwd(), resolve(dirname(project ?? "."))) || "";
  const shared = paths.length === 0 || project !== undefined ? await sharedFolders(root) : [];
  // Judging tests costs more than judging strategies: they are read to be corrected, or when they are named.
  const isWanted = (path: string): boolean => isLinted(path) || (flags.fix === true && isTestFile(path));
  Object.assign(files, await readPaths([...strategies, ...shared], isWanted));
  const only = Object.keys(files).filter(isStrategyFile);
  return { files: await withNamed(files, root), onDisk, only, root };
}

function isLinted(path: string): boolean {
  return isStrategyFile(path) || isTemplateFile(path) || isWatchlistFile(path);
}

async function sharedFolders(root: string): Promise<string[]> {
  const found: string[] = [];
  for (const name of SHARED_FOLDERS) {
    const folder = join(root, name);
    try {
      if ((await readdir(folder, { recursive: true })).some((file) => isLinted(join(name, file)))) found.push(folder);
    } catch {
      // A project need not have them.
    }
  }
  return found;
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

async function strategiesOf(path: string, files: Texts): Promise<string> {
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
