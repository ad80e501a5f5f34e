/**
 * `barwise run`: the live engine with its terminal view and hot reload.
 *
 * Owns: the life of a run from the command line: start, signals, the end. May not: choose an account (accounts.ts) or
 * change what runs.
 */
import type { Command } from "commander";
import { InvariantError } from "../core/assert.ts";
import type { Engine } from "../runtime/engine.ts";
import { isLive } from "./accept.ts";
import { openAcceptances } from "./acceptances.ts";
import { openAccount } from "./accounts.ts";
import type { Account, AccountFlags } from "./accounts.ts";
import { CliError } from "./io.ts";
import { LiveView } from "./live-view.ts";
import { startSession } from "./live-session.ts";
import type { Session } from "./live-session.ts";
import { compileProject, loadProject, mustTrade, watchedFiles } from "./program.ts";
import type { Loaded, LoadedProject } from "./program.ts";
import { untilStopped } from "./stop-signals.ts";
import type { Stop } from "./stop-signals.ts";

interface RunFlags extends AccountFlags {
  readonly screen: boolean;
  readonly stopAtEnd: boolean;
}

export function addRun(program: Command): void {
  program
    .command("run")
    .description("trade: paper by default, on the local venue unless barwise.yaml names another account")
    .argument("[project]", "folder with barwise.yaml", ".")
    .option(
      "--demo",
      "the strategies of this folder on the local venue with a built-in tape, no barwise.yaml needed",
      false,
    )
    .option("--tape <name>", "tape of the local venue: sp500 (real, daily), synthetic (intraday), or a file")
    .option("--rate <n>", "bars per second that the local venue plays (default: 12)")
    .option("--from <date>", "where the tape starts; earlier bars are history")
    .option("--live", "trade with real money, when barwise.yaml says alpaca-live; asks for a typed confirmation", false)
    .option("--no-screen", "print lines instead of redrawing a screen")
    .option("--no-stop-at-end", "stay running after the tape is over")
    .action(async (folder: string, flags: RunFlags) => runEngine(folder, flags));
}

async function runEngine(folder: string, flags: RunFlags): Promise<void> {
  const project = await loadProject(folder, { demo: flags.demo });
  compileProject(project, {});
  mustTrade(project);
  const account = await openAccount(project, flags);
  const view = new LiveView({ ...account, screen: flags.screen && process.stdout.isTTY });
  const stopped = untilStopped(view);
  try {
    const compiled = compileProject(project, account.override);
    for (const note of compiled.notes) view.note(note);
    const session = await sessionOf(project, account, compiled, view, stopped);
    if (session === undefined) throw stopped.error() ?? new CliError("stopped before it was connected", 1);
    await trade(session, { project, account, compiled, view, stopped, flags });
  } catch (error) {
    view.abandon();
    throw error;
  } finally {
    stopped.release();
    await account.stop();
  }
  const fatal = stopped.error();
  if (fatal instanceof InvariantError) throw fatal;
  if (fatal !== undefined) throw new CliError(`trading stopped: ${fatal.message}`, 1, { cause: fatal });
}

/** Undefined when somebody stopped the run while it was still connecting. */
async function sessionOf(
  project: LoadedProject,
  account: Account,
  { program }: Loaded,
  view: LiveView,
  stopped: Stop,
): Promise<Session | undefined> {
  const starting = startSession({
    connection: account.connection,
    program,
    sources: project.files,
    journalRoot: project.journal,
    observe: (input, outputs) => view.observe(input, outputs),
    onRefused: (feed, reason, sample, count) => view.refused(feed, reason, sample, count),
    onFatal: (error) => stopped.fail(error),
  });
  return await Promise.race([starting, stopped.signal.then(() => undefined)]);
}

interface Run {
  readonly project: LoadedProject;
  readonly account: Account;
  readonly compiled: Loaded;
  readonly view: LiveView;
  readonly stopped: Stop;
  readonly flags: RunFlags;
}

async function trade(session: Session, run: Run): Promise<void> {
  const { project, account, compiled, view, stopped, flags } = run;
  const { engine } = session;
  for (const { need, found } of session.missing) {
    view.note(
      `${need.symbol} ${need.size.label}: ${found} bars of history, ${need.bars} wanted; facts stay unknown until they have enough`,
    );
  }
  view.begin(engine, {
    account: account.connection.account,
    venue: account.venue,
    data: account.data,
    strategies: compiled.program.strategies.map(
      ({ name, symbols, on, ticks }) => `${name}: ${symbols.join(", ")}, ${ticks === true ? "ticks" : on.label}`,
    ),
    journal: session.journalDir,
  });
  const acceptances = await openAcceptances(project.root);
  const reloader = watchedFiles({
    project,
    program: compiled.program,
    override: account.override,
    session,
    view,
    unfit: (program) => account.unfit(program),
    live: isLive(account.connection.account),
    acceptances: () => acceptances.read(),
  });
  await reloader.watch();
  const accepted = await acceptances.watch(
    () => void reloader.reload(),
    (error) => view.note(`accepted changes are not noticed at the moment: ${error.message}`),
  );
  stopped.onHangup(() => void reloader.reload());
  const ended = flags.stopAtEnd ? account.ended : new Promise<never>(() => {});
  await Promise.race([stopped.signal, ended.then(() => engine.idle())]);
  await accepted.close();
  await end(engine, reloader, view, stopped);
}

async function end(engine: Engine, reloader: { close(): Promise<void> }, view: LiveView, stopped: Stop): Promise<void> {
  await reloader.close();
  try {
    await engine.stop();
  } catch (error) {
    stopped.fail(error instanceof Error ? error : new Error(String(error)));
  }
  view.end();
}
