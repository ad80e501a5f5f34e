/**
 * `barwise run`: the live engine with its terminal view and hot reload.
 *
 * Owns: choosing account and feed, the screen, stopping cleanly. May not: trade for real without `--live` and a typed
 * confirmation.
 */
import { createInterface } from "node:readline/promises";
import type { Command } from "commander";
import { credentialsFrom } from "../adapters/alpaca/credentials.ts";
import { createSimBroker } from "../adapters/sim/broker.ts";
import { PaperBroker } from "../adapters/sim/paper-broker.ts";
import type { Tape } from "../adapters/tape/tape.ts";
import type { Pace } from "../adapters/venue/options.ts";
import { WebSocketFeed } from "../adapters/websocket/websocket-feed.ts";
import { knownAt } from "../core/known-at.ts";
import { parseBarSize } from "../market/bar-size.ts";
import { calendarOf } from "../market/instruments.ts";
import { BrokerError } from "../ports/broker.ts";
import { FeedError } from "../ports/feed.ts";
import { dateOf } from "./backtest.ts";
import { CliError, say } from "./io.ts";
import { LiveView } from "./live-view.ts";
import { NO_HISTORY, connectAlpaca, startSession } from "./live-session.ts";
import type { Connection } from "./live-session.ts";
import { createSimExchange, startLocalVenue } from "./local-venue.ts";
import { compileProject, loadProject, watchedFiles } from "./program.ts";
import type { LoadedProject, Override } from "./program.ts";
import { openTape } from "./tapes.ts";

export interface RunFlags {
  readonly demo: boolean;
  readonly tape?: string;
  readonly rate: string;
  readonly from?: string;
  readonly live: boolean;
  readonly screen: boolean;
  readonly venueUrl?: string;
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
    .option("--rate <n>", "bars per second that the local venue plays", "12")
    .option("--from <date>", "where the tape starts; earlier bars are history")
    .option("--live", "trade with real money, when barwise.yaml says alpaca-live; asks for a typed confirmation", false)
    .option("--no-screen", "print lines instead of redrawing a screen")
    .option("--no-stop-at-end", "stay running after the tape is over")
    .action(async (folder: string, flags: RunFlags) => runEngine(folder, flags));
}

interface Started {
  readonly connection: Connection;
  readonly banner: string;
  readonly override: Override;
  /** Resolves when there will be no more data. */
  readonly ended: Promise<void>;
  stop(): Promise<void>;
}

async function runEngine(folder: string, flags: RunFlags): Promise<void> {
  const project = await loadProject(folder, { demo: flags.demo });
  const started = await start(project, flags);
  const view = new LiveView({ banner: started.banner, screen: flags.screen && process.stdout.isTTY });
  const stopped = untilStopped(view);
  try {
    const compiled = compileProject(project, started.override);
    for (const note of compiled.notes) view.note(note);
    const session = await startSession({
      connection: started.connection,
      program: compiled.program,
      sources: project.files,
      journalRoot: project.journal,
      observe: (input, outputs) => view.observe(input, outputs),
      onRefused: (feed, reason, sample) => view.refused(feed, reason, sample),
      onFatal: (error) => stopped.fail(error),
    });
    for (const { need, found } of session.missing) {
      view.note(
        `${need.symbol} ${need.size.label}: ${found} bars of history, ${need.bars} wanted; facts stay unknown until they have enough`,
      );
    }
    const reloader = watchedFiles(project, compiled.program, started.override, session, view);
    await reloader.watch();
    view.begin(session.engine, started.connection.account, session.journalDir);
    const ended = flags.stopAtEnd ? started.ended : new Promise<never>(() => {});
    await Promise.race([stopped.signal, ended.then(() => session.engine.idle())]);
    await reloader.close();
    await session.engine.stop();
    view.end();
  } catch (error) {
    view.abandon();
    throw friendly(error);
  } finally {
    stopped.release();
    await started.stop();
  }
  const fatal = stopped.error();
  if (fatal !== undefined) throw new CliError(`trading stopped: ${fatal.message}`, 1, { cause: fatal });
}

function friendly(error: unknown): unknown {
  if (error instanceof BrokerError || error instanceof FeedError)
    return new CliError(error.message, 2, { cause: error });
  return error;
}

async function start(project: LoadedProject, flags: RunFlags): Promise<Started> {
  const venue = flags.demo ? "local" : project.settings.account.venue;
  if (flags.live && venue !== "alpaca-live")
    throw new CliError("--live: barwise.yaml does not say account: {venue: alpaca-live}");
  if (venue === "local") {
    const websocket = project.settings.feeds.find((feed) => feed.kind === "websocket");
    return websocket === undefined || flags.demo ? startLocal(project, flags) : startPaper(project, websocket);
  }
  const live = venue === "alpaca-live";
  if (live) await confirmLive(flags);
  const alpaca = project.settings.feeds.find((feed) => feed.kind === "alpaca");
  const symbols = symbolsOf(project, {});
  const connection = connectAlpaca({
    account: live ? { kind: "live", confirmed: true } : { kind: "paper" },
    credentials: credentialsFrom(process.env),
    feed: alpaca?.kind === "alpaca" ? alpaca.feed : "iex",
    symbols,
    data: "minute",
  });
  return {
    connection,
    banner: live ? "LIVE: REAL MONEY" : "paper (Alpaca)",
    override: {},
    ended: new Promise(() => {}),
    stop: async () => {},
  };
}

async function startLocal(project: LoadedProject, flags: RunFlags): Promise<Started> {
  const fromProject = project.settings.feeds.find((feed) => feed.kind === "tape");
  const source = flags.tape ?? (fromProject?.kind === "tape" && !flags.demo ? fromProject.file : "sp500");
  const { tape } = await openTape(
    [source],
    fromProject?.kind === "tape" && fromProject.symbol !== undefined ? { symbol: fromProject.symbol } : {},
  );
  const pace = paceOf(flags, fromProject?.kind === "tape" && !flags.demo ? fromProject.speed : undefined);
  const from = flags.from ?? (source === "sp500" ? "2001-01-02" : source === "synthetic" ? "2024-03-05" : undefined);
  const running = await startLocalVenue({
    tape,
    pace,
    port: 0,
    from: from === undefined ? undefined : dateOf("--from", from),
    symbols: tape.symbols,
    cash: String(project.settings.account.cash),
    fees: "none",
    slippage: 0,
    leverage: 1,
    seed: "demo",
  });
  const connection = connectAlpaca({
    account: { kind: "loopback", url: running.venue.url },
    credentials: running.credentials,
    feed: "iex",
    symbols: tape.symbols,
    data: tape.size === "ticks" ? "ticks" : tape.size.kind === "session" ? "daily" : "minute",
    ...(tape.size === "ticks" || tape.size.kind === "session" ? {} : { barSize: tape.size.label }),
    startAt: running.startAt,
  });
  const banner =
    tape.label === "synthetic" ? "paper on the local venue, SYNTHETIC DATA" : `paper on the local venue, ${tape.name}`;
  return {
    connection,
    banner,
    override: overrideFor(tape, flags),
    ended: running.venue.finished.catch(() => {}),
    stop: () => running.venue.stop(),
  };
}

/** The demo plays every strategy of the folder on what the tape has, and says so. */
function overrideFor(tape: Tape, flags: RunFlags): Override {
  const { size, symbols: available } = tape;
  if (!flags.demo) return { available };
  const on = size !== "ticks" && size.kind === "session" ? size : parseBarSize("5m");
  return { available, ...(on === undefined ? {} : { on }) };
}

/** `speed` is the project's: `60x`, or `max`, which does not wait. */
function paceOf(flags: RunFlags, speed: string | undefined): Pace {
  if (speed === "max") return { delayMs: 0 };
  if (speed !== undefined) return { speed: Number(speed.slice(0, -1)), maxPauseMs: 2_000 };
  const rate = Number(flags.rate);
  if (!(rate > 0 && rate <= 1_000)) throw new CliError(`--rate ${flags.rate}: expected 0.1 to 1000 bars per second`);
  return { delayMs: 1_000 / rate };
}

/** Paper trading on the user's own stream: a simulated exchange sees the same data. */
async function startPaper(
  project: LoadedProject,
  feed: Extract<LoadedProject["settings"]["feeds"][number], { kind: "websocket" }>,
): Promise<Started> {
  const symbols = symbolsOf(project, {});
  const exchange = createSimExchange({
    symbols,
    cash: String(project.settings.account.cash),
    fees: "none",
    slippage: 0,
    leverage: 1,
    seed: "paper",
  });
  const broker = new PaperBroker(createSimBroker(exchange), (input) => knownAt(input, calendarOf));
  const stream = new WebSocketFeed(feed.config, symbols, { environment: process.env });
  return {
    connection: {
      account: "paper",
      broker,
      feeds: [broker.watching(stream)],
      history: NO_HISTORY,
      marketTime: "wall",
      warmBefore: () => Date.now(),
    },
    banner: "paper on your stream",
    override: {},
    ended: new Promise(() => {}),
    stop: async () => {},
  };
}

function symbolsOf(project: LoadedProject, override: Override): readonly string[] {
  const { program } = compileProject(project, override);
  const symbols = new Set<string>();
  for (const strategy of program.strategies) {
    for (const symbol of strategy.symbols) symbols.add(symbol);
    for (const { spec } of strategy.facts) if (spec.series.symbol !== null) symbols.add(spec.series.symbol);
  }
  return [...symbols].sort();
}

async function confirmLive(flags: RunFlags): Promise<void> {
  if (!flags.live) throw new CliError("barwise.yaml says alpaca-live: real money needs --live as well");
  if (!process.stdin.isTTY) throw new CliError("--live needs a terminal: it asks for a typed confirmation");
  const prompt = createInterface({ input: process.stdin, output: process.stderr });
  const answer = await prompt.question('This trades with REAL MONEY. Type "trade real money" to go on: ');
  prompt.close();
  if (answer.trim() !== "trade real money") throw new CliError("not confirmed, nothing was started", 1);
}

interface Stop {
  readonly signal: Promise<void>;
  fail(error: Error): void;
  error(): Error | undefined;
  release(): void;
}

/** The first Ctrl-C stops cleanly, the second at once. */
function untilStopped(view: LiveView): Stop {
  let resolve: () => void = () => {};
  let failure: Error | undefined;
  let asked = false;
  const signal = new Promise<void>((done) => {
    resolve = done;
  });
  const onSignal = (): void => {
    if (asked) process.exit(130);
    asked = true;
    view.note("stopping …");
    resolve();
  };
  const onRejection = (reason: unknown): void => {
    failure ??= reason instanceof Error ? reason : new Error(String(reason));
    say(`unexpected: ${failure.message}; trading stops`);
    resolve();
  };
  process.on("SIGINT", onSignal);
  process.on("SIGTERM", onSignal);
  process.on("unhandledRejection", onRejection);
  return {
    signal,
    fail: (error) => {
      failure ??= error;
      resolve();
    },
    error: () => failure,
    release: () => {
      process.off("SIGINT", onSignal);
      process.off("SIGTERM", onSignal);
      process.off("unhandledRejection", onRejection);
    },
  };
}
