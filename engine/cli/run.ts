/**
 * `barwise run`: the live engine with its terminal view and hot reload.
 *
 * Owns: the life of a run from the command line: start, signals, the end. May not: choose an account (accounts.ts) or
 * change what runs.
 */
import type { Command } from "commander";
import { InvariantError } from "../core/assert.ts";
import type { Engine } from "../runtime/engine.ts";
import { openAcceptances } from "./acceptances.ts";
import type { Acceptances } from "./acceptances.ts";
import { Control, ordersAt } from "./control-wiring.ts";
import { nameOf, openAccount } from "./accounts.ts";
import type { Account, AccountFlags } from "./accounts.ts";
import { WALL_CLOCK } from "../adapters/wall-clock.ts";
import { countedNotes } from "./counted.ts";
import { addFaultFlags } from "./fault-flags.ts";
import { CliError, printable } from "./io.ts";
import { LiveView } from "./live-view.ts";
import { Notifications } from "./notifications.ts";
import { holdAccount, openLastRun, openNewRun } from "./open-run.ts";
import type { OpenRun } from "./open-run.ts";
import type { Begun, Watch } from "../runtime/recompute.ts";
import { addSplitFlag } from "./split-flags.ts";
import { startSession } from "./live-session.ts";
import type { Session } from "./live-session.ts";
import { compileProject, loadProject, watchedFiles } from "./program.ts";
import type { Loaded, LoadedProject } from "./program.ts";
import { Snapshots } from "./snapshots.ts";
import { untilStopped } from "./stop-signals.ts";
import type { Stop } from "./stop-signals.ts";

interface RunFlags extends AccountFlags {
  readonly screen: boolean;
  readonly stopAtEnd: boolean;
  readonly newRun: boolean;
}

export function addRun(program: Command): void {
  const command = program
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
    .option("--new-run", "begin a new journal instead of going on with the account's last run", false)
    .option("--no-stop-at-end", "stay running after the tape is over");
  addFaultFlags(addSplitFlag(command))
    .addHelpText("after", "\nThe faults are those of the local venue: barwise venue --help lists them.")
    .action(async (folder: string, flags: RunFlags) => runEngine(folder, flags));
}

async function runEngine(folder: string, flags: RunFlags): Promise<void> {
  const project = await loadProject(folder, { demo: flags.demo });
  const { name, lasts } = nameOf(project, flags);
  const mayGoOn = lasts && !flags.newRun && project.isSound;
  if (!mayGoOn) compileProject(project, {});
  const view = new LiveView();
  const watch: Watch = (input, outputs) => view.recall(input, outputs);
  const begun: Begun = (core) => view.goOnFrom(core);
  const release = lasts ? await holdAccount(project.journal, name) : undefined;
  let last: OpenRun | undefined;
  try {
    if (mayGoOn) last = await openLastRun({ root: project.journal, account: name, watch, begun });
    await withAccount(project, last, view, flags);
  } finally {
    // Whoever trades closes it; this is for a run that never came to it.
    await last?.journal.close().catch(() => {});
    await release?.();
  }
}

async function withAccount(
  project: LoadedProject,
  last: OpenRun | undefined,
  view: LiveView,
  flags: RunFlags,
): Promise<void> {
  const account = await openAccount(project, flags, last?.recovered?.program);
  view.introduce({ ...account, screen: flags.screen && process.stdout.isTTY });
  account.onFault?.((line) => view.note(line));
  const stopped = untilStopped(view);
  const control = new Control({
    project,
    account: {
      name: account.connection.account,
      banner: account.banner,
      live: account.connection.broker.live,
    },
    orders: ordersAt(project, flags.demo),
    note: (line) => view.note(line),
  });
  let people: Notifications | undefined;
  try {
    const compiled = compileProject(project, account.override, last?.recovered?.program);
    for (const note of [...compiled.notes, ...(last?.notes ?? [])]) view.note(note);
    const { lasts } = nameOf(project, flags);
    const run = last ?? (await openNewRun(project.journal, account.connection.account));
    people = new Notifications({
      project: project.settings,
      environment: process.env,
      tag: account.tag,
      account: account.connection.account,
      run: run.id,
      journal: run.journal,
      note: (line) => view.note(printable(line)),
    });
    const session = await sessionOf({ project, account, compiled, run, lasts, view, people, stopped, control });
    if (session === undefined) throw stopped.error() ?? new CliError("stopped before it was connected", 1);
    await trade(session, { project, account, compiled, view, people, stopped, control, flags });
  } catch (error) {
    view.abandon();
    if (error instanceof Error) stopped.fail(error);
    throw error;
  } finally {
    stopped.release();
    await people?.stop(stopped.error());
    await control.stop();
    await account.stop();
  }
  const fatal = stopped.error();
  if (fatal instanceof InvariantError) throw fatal;
  if (fatal !== undefined) throw new CliError(`trading stopped: ${fatal.message}`, 1, { cause: fatal });
}

interface Starting {
  readonly project: LoadedProject;
  readonly account: Account;
  readonly compiled: Loaded;
  readonly run: OpenRun;
  readonly lasts: boolean;
  readonly view: LiveView;
  readonly people: Notifications;
  readonly stopped: Stop;
  readonly control: Control;
}

/** Undefined when somebody stopped the run while it was still connecting. */
async function sessionOf({
  project,
  account,
  compiled,
  run,
  lasts,
  view,
  people,
  stopped,
  control,
}: Starting): Promise<Session | undefined> {
  const starting = startSession({
    connection: { ...account.connection, broker: control.guard(account.connection.broker) },
    run: { ...run, journal: control.timed(run.journal) },
    first: control.first(),
    lasts,
    program: compiled.program,
    sources: project.files,
    load: project.settings.load,
    observe: (input, outputs) => {
      view.observe(input, outputs);
      people.observe(input, outputs);
      control.observe(input, outputs);
    },
    onRefused: (feed, reason, sample, count) => {
      view.refused(feed, reason, sample, count);
      control.refused(count);
    },
    onFatal: (error) => {
      // At once: what follows may wait for the disk that failed.
      view.alarm(`trading stopped: ${error.message}`);
      stopped.fail(error);
    },
    note: (text) => view.note(text),
  });
  return await Promise.race([starting, stopped.signal.then(() => undefined)]);
}

type Run = Omit<Starting, "run" | "lasts"> & { readonly flags: RunFlags };

async function trade(session: Session, run: Run): Promise<void> {
  const { project, account, view, people, stopped, control, flags } = run;
  const { engine } = session;
  for (const note of session.notes) view.note(note);
  const acceptances = await openAcceptances(project.root);
  const reloader = reloaderOf(session, run, acceptances);
  await control.serve(session, () => reloader.reload());
  const failed = (error: unknown): void =>
    view.note(`what was accepted or resolved is not heard at the moment: ${(error as Error).message}`);
  const listen = async (): Promise<void> => {
    await reloader.reload();
    await decide(engine, acceptances).catch(failed);
  };
  try {
    // What was changed and said while nobody ran comes in as at any other time, before the first price. A new run has
    // just read everything.
    const before = session.isGoneOnWith ? listen() : Promise.resolve();
    await Promise.race([before.then(() => engine.startFeeds()), stopped.signal]);
  } catch (error) {
    await engine.stop();
    throw error;
  }
  // Of a run that is gone on with it may be another one than the files say: they may have been held back.
  const { strategies } = reloader.program;
  for (const note of strategies.flatMap(countedNotes)) view.note(note);
  people.begin(engine);
  view.begin(engine, {
    account: account.connection.account,
    venue: account.venue,
    data: account.data,
    strategies: strategies.map(
      ({ name, symbols, on, ticks }) => `${name}: ${symbols.join(", ")}, ${ticks === true ? "ticks" : on.label}`,
    ),
    journal: session.journalDir,
  });
  await reloader.watch();
  const words = await acceptances.watch(() => void listen(), failed);
  stopped.onHangup(() => void reloader.reload());
  const snapshots = snapshotsOf(session, run);
  snapshots?.begin();
  const ended = flags.stopAtEnd ? account.ended : new Promise<never>(() => {});
  await Promise.race([stopped.signal, ended.then(() => engine.idle())]);
  await words.close();
  await snapshots?.stop();
  await end(engine, reloader, view, stopped);
}

/** Nobody goes on with a run whose account ends with the process. */
function snapshotsOf(
  { engine, journalDir: dir }: Session,
  { project, flags, view, control }: Run,
): Snapshots | undefined {
  if (!nameOf(project, flags).lasts) return undefined;
  return new Snapshots({
    dir,
    clock: WALL_CLOCK,
    program: () => engine.core.signals.program?.digest,
    note: (message) => view.note(message),
    alarm: (message) => view.alarm(message),
    onResult: (result) => control.snapshot(result),
  });
}

function reloaderOf(session: Session, { project, account, view, people, control }: Run, acceptances: Acceptances) {
  return watchedFiles({
    project,
    program: session.program,
    override: account.override,
    session,
    view,
    onResult: (result) => {
      view.reloaded(result);
      control.reloaded(result);
      people.reloaded(result);
    },
    unfit: (program) => account.unfit(program),
    live: account.connection.broker.live,
    acceptances: {
      read: async () => (await acceptances.read()).reloads,
      retire: (words) =>
        acceptances
          .retire(words)
          .catch((error: Error) => view.alarm(`what was accepted stays in force, remove it by hand: ${error.message}`)),
    },
  });
}

/** Takes a person's word for orders that nobody found, as far as they still wait for one. */
async function decide(engine: Engine, acceptances: Acceptances): Promise<void> {
  for (const { order: clientOrderId, run, by, reason } of (await acceptances.read()).orders) {
    const order = engine.core.desk.state.orders.get(clientOrderId);
    if (run !== engine.journalId || order?.state !== "unknown" || !order.unresolved) continue;
    engine.post({ kind: "command", command: "not-sent", clientOrderId, by, reason });
  }
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
