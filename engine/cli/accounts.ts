/**
 * Which account, venue and data a run has, from barwise.yaml and flags.
 *
 * Owns: choosing them, refusing what does not fit together, and their names on the screen. May not: trade for real
 * without `--live` and a typed confirmation.
 */
import { resolve } from "node:path";
import { createInterface } from "node:readline/promises";
import { MISSING_KEYS, credentialsFrom } from "../adapters/alpaca/credentials.ts";
import type { Credentials } from "../adapters/alpaca/credentials.ts";
import { createAlpacaHistory } from "../adapters/alpaca/history.ts";
import { venueTime } from "../adapters/alpaca/clock.ts";
import { createSimBroker } from "../adapters/sim/broker.ts";
import { PaperBroker } from "../adapters/sim/paper-broker.ts";
import type { Tape } from "../adapters/tape/tape.ts";
import type { Pace } from "../adapters/venue/options.ts";
import { knownAt } from "../core/known-at.ts";
import type { Program } from "../core/program.ts";
import type { FeedConfig } from "../lang/feeds.ts";
import { parseBarSize } from "../market/bar-size.ts";
import type { BarSize } from "../market/bar-size.ts";
import { calendarOf } from "../market/instruments.ts";
import { needsOf } from "../runtime/warmup.ts";
import { dateOf } from "./backtest.ts";
import { withoutTrades } from "./counted.ts";
import { faultLine, rehearsalOf } from "./fault-flags.ts";
import type { FaultFlags } from "./fault-flags.ts";
import { splitsOf } from "./split-flags.ts";
import type { SplitFlags } from "./split-flags.ts";
import { CliError } from "./io.ts";
import { alpacaStream, coarsestFor, dataText, historyFeed, isStream } from "./live-feeds.ts";
import { openStreams, sizeOf, welcome } from "./live-feeds.ts";
import type { StreamConfig } from "./live-feeds.ts";
import { NO_HISTORY, connectAlpaca } from "./live-session.ts";
import type { Connection } from "./live-session.ts";
import { PAPER_REMEMBERS_MS, createSimExchange, startLocalVenue } from "./local-venue.ts";
import { compileProject, symbolsOf } from "./program.ts";
import type { LoadedProject } from "./program.ts";
import type { Override } from "./try-compile.ts";
import { BUILT_IN_TAPES, openTape } from "./tapes.ts";

export interface AccountFlags extends FaultFlags, SplitFlags {
  readonly demo: boolean;
  readonly tape?: string;
  readonly rate?: string;
  readonly from?: string;
  readonly live: boolean;
}

export interface Account {
  readonly connection: Connection;
  /** Shown at all times: LIVE, paper, SYNTHETIC. */
  readonly banner: string;
  /** The same in a word or two, on every line that tells of an order. */
  readonly tag: string;
  readonly venue: string;
  readonly data: string;
  readonly override: Override;
  /** Why a program cannot be traded on these feeds, or undefined. */
  readonly unfit: (program: Program) => string | undefined;
  /** Where faults are told that end nothing: those of the local venue, and of a history that others can do without. */
  readonly onFault?: (tell: (line: string) => void) => void;
  /** Resolves when there will be no more data. */
  readonly ended: Promise<void>;
  stop(): Promise<void>;
}

const RATE = "12";
const NEVER = new Promise<never>(() => {});
const NOTHING_TO_STOP = (): Promise<void> => Promise.resolve();

/** The account's name in the journal, and whether it outlives this process. */
export function nameOf(
  { settings }: LoadedProject,
  { demo }: AccountFlags,
): { readonly name: string; readonly lasts: boolean } {
  const { venue, url } = settings.account;
  if (demo) return { name: "local", lasts: false };
  if (venue !== "local") return { name: venue, lasts: true };
  if (url !== undefined) return { name: `venue-${new URL(url).host}`, lasts: true };
  return { name: settings.feeds.some(isStream) ? "paper" : "local", lasts: false };
}

/** `running`: the program of the run that is gone on with; its symbols are subscribed to as well. */
export async function openAccount(project: LoadedProject, flags: AccountFlags, running?: Program): Promise<Account> {
  const venue = flags.demo ? "local" : project.settings.account.venue;
  if (flags.live && venue !== "alpaca-live")
    throw new CliError("--live: barwise.yaml does not say account: {venue: alpaca-live}");
  const [feed] = flags.demo ? [] : project.settings.feeds;
  const { url } = project.settings.account;
  const tape = feed === undefined || !isStream(feed) ? { feed } : undefined;
  const own = venue === "local" && (flags.demo || url === undefined) ? tape : undefined;
  if (own === undefined && (flags.fault.length > 0 || flags.split.length > 0 || flags.seed !== undefined))
    throw new CliError(
      "--fault, --split and --seed are for a local venue that this run starts: give them to it (or add --demo)",
    );
  if (!flags.demo && url !== undefined) return await startVenueElsewhere(project, url, flags, running);
  if (own !== undefined) return startLocal(project, flags, own.feed);
  for (const [flag, value] of Object.entries({ tape: flags.tape, rate: flags.rate, from: flags.from })) {
    if (value !== undefined) throw new CliError(`--${flag} is for tapes; barwise.yaml names a stream (or add --demo)`);
  }
  if (feed?.kind === "tape")
    throw new CliError(
      "barwise.yaml: a tape tells of the past; an Alpaca account needs a stream, such as {alpaca: {}}",
    );
  const feeds = project.settings.feeds.filter(isStream);
  if (venue === "local") return startPaper(project, feeds);
  return startAlpaca(project, venue, flags, feeds.length === 0 ? [{ kind: "alpaca", feed: "iex" }] : feeds, running);
}

// ------------------------------------------------------------------------------------------------- Alpaca

async function startAlpaca(
  project: LoadedProject,
  venue: "alpaca-paper" | "alpaca-live",
  flags: AccountFlags,
  feeds: readonly StreamConfig[],
  running: Program | undefined,
): Promise<Account> {
  const { program } = compileProject(project, {}, running);
  const live = venue === "alpaca-live";
  if (live && !flags.live) throw new CliError("barwise.yaml says alpaca-live: real money needs --live as well");
  const credentials = alpacaKeys();
  if (live) await confirmLive();
  const symbols = symbolsOfBoth(program, running);
  const size = sizeOf(feeds, running === undefined ? [program] : [program, running]);
  const { failover } = project.settings;
  const connection = connectAlpaca({
    account: live ? { kind: "live", confirmed: true } : { kind: "paper" },
    credentials,
    symbols,
    ...historyFeed(feeds),
    feeds: (history) => openStreams({ feeds, failover, symbols, size, credentials, history }),
  });
  return {
    connection,
    banner: live ? "LIVE: REAL MONEY" : "paper (Alpaca)",
    tag: live ? "LIVE" : "paper",
    venue: live ? "Alpaca, live account" : "Alpaca, paper account",
    data: dataText(connection.feeds, size),
    override: {},
    // A run that goes on keeps what runs: files that do not fit are refused like any other save.
    unfit: mustFit(running ?? program, fits(symbols, size)),
    ended: NEVER,
    stop: NOTHING_TO_STOP,
  };
}

/** A venue in another process on this machine, such as `barwise venue`: an Alpaca account in all but name. */
async function startVenueElsewhere(
  project: LoadedProject,
  url: string,
  flags: AccountFlags,
  running: Program | undefined,
): Promise<Account> {
  for (const flag of ["tape", "rate", "from"] as const)
    if (flags[flag] !== undefined)
      throw new CliError(`--${flag} is for tapes; account: {url} names a venue that has its own`);
  const credentials = alpacaKeys();
  const { program } = compileProject(project, {}, running);
  const symbols = symbolsOfBoth(program, running);
  const data = coarsestFor(running === undefined ? [program] : [program, running]);
  const account = { kind: "loopback", url } as const;
  const startAt = await venueTime(account, credentials);
  const feeds = () => [alpacaStream({ feed: "iex", credentials, symbols, data, venueUrl: url })];
  const connection = connectAlpaca({ account, credentials, symbols, feeds, startAt });
  return {
    connection: { ...connection, account: nameOf(project, flags).name },
    banner: `paper on the venue at ${url}`,
    tag: "paper",
    venue: `the venue at ${url}`,
    data: `of that venue, ${data === "ticks" ? "trades and quotes" : data === "daily" ? "daily bars" : "minute bars"}`,
    override: {},
    unfit: fits(symbols, data === "ticks" ? undefined : parseBarSize(data === "daily" ? "1d" : "1m")),
    ended: NEVER,
    stop: NOTHING_TO_STOP,
  };
}

function symbolsOfBoth(program: Program, running: Program | undefined): readonly string[] {
  const symbols = [...symbolsOf(program), ...(running === undefined ? [] : symbolsOf(running))];
  return [...new Set(symbols)].sort();
}

async function confirmLive(): Promise<void> {
  if (!process.stdin.isTTY) throw new CliError("--live needs a terminal: it asks for a typed confirmation");
  const prompt = createInterface({ input: process.stdin, output: process.stderr });
  // Ctrl-C and Ctrl-D at the question are an answer too.
  const closed = new Promise<string>((done) => prompt.once("close", () => done("")));
  const question = 'This trades with REAL MONEY. Type "trade real money" to go on: ';
  const answer = await Promise.race([prompt.question(question), closed]);
  prompt.close();
  if (answer.trim() !== "trade real money") throw new CliError("not confirmed, nothing was started", 1);
}

// ------------------------------------------------------------------------------------------------- the local venue

type TapeConfig = Extract<FeedConfig, { kind: "tape" }>;

async function startLocal(project: LoadedProject, flags: AccountFlags, feed: TapeConfig | undefined): Promise<Account> {
  const isBuiltIn = (name: string): boolean => (BUILT_IN_TAPES as readonly string[]).includes(name);
  const declared = feed === undefined || isBuiltIn(feed.file) ? feed?.file : resolve(project.root, feed.file);
  const source = flags.tape ?? declared ?? "sp500";
  const flag = flags.tape === undefined ? "barwise.yaml: tape" : "--tape";
  const { tape, notes } = await openTape([source], { symbol: feed?.symbol, flag });
  const builtIn = isBuiltIn(source);
  const override = overrideFor(tape, flags);
  const unfit = fits(tape.symbols, tape.size === "ticks" ? undefined : tape.size);
  const why = unfit(compileProject(project, override).program);
  if (why !== undefined) throw new CliError(why, 1);
  const from = flags.from ?? (source === "sp500" ? "2001-01-02" : source === "synthetic" ? "2024-03-05" : undefined);
  const rehearsal = rehearsalOf(flags, tape.symbols);
  let tell: (line: string) => void = () => {};
  const running = await startLocalVenue({
    tape,
    pace: paceOf(flags, feed?.speed),
    port: 0,
    from: from === undefined ? undefined : dateOf("--from", from),
    symbols: tape.symbols,
    cash: String(project.settings.account.cash),
    fees: "none",
    slippage: 0,
    leverage: 1,
    seed: rehearsal.seed ?? "demo",
    partialFills: rehearsal.partialFills,
    faults: rehearsal.faults,
    splits: splitsOf(flags, tape.symbols),
    onFault: (line) => tell(faultLine(line)),
  });
  const { credentials, startAt } = running;
  const { url } = running.venue;
  const { symbols, size } = tape;
  const stream = {
    data: size === "ticks" ? "ticks" : size.kind === "session" ? "daily" : "minute",
    ...(size === "ticks" || size.kind === "session" ? {} : { barSize: size.label }),
  } as const;
  const connection = connectAlpaca({
    account: { kind: "loopback", url },
    credentials,
    symbols,
    feeds: () => [alpacaStream({ feed: "iex", credentials, symbols, venueUrl: url, ...stream })],
    startAt,
  });
  const isSynthetic = tape.label === "synthetic";
  return {
    connection,
    banner: isSynthetic ? "paper, SYNTHETIC DATA, on the local venue" : `paper on the local venue, ${tape.name}`,
    tag: isSynthetic ? "paper SYNTHETIC" : "paper",
    venue: [
      `local venue, simulated exchange at ${running.venue.url}`,
      ...(flags.fault.length === 0 ? [] : [`FAULTS: ${flags.fault.join(", ")}`]),
    ].join("; "),
    onFault: (listener) => {
      tell = listener;
    },
    data: [`${tape.name}, ${isSynthetic ? "SYNTHETIC: no real market" : tape.label}`, ...(builtIn ? [] : notes)].join(
      "; ",
    ),
    override,
    unfit,
    ended: running.venue.finished.catch(() => {}),
    stop: () => running.venue.stop(),
  };
}

/** The demo plays every strategy of the folder on what the tape has, and says so. */
function overrideFor(tape: Tape, flags: AccountFlags): Override {
  const { size, symbols: available } = tape;
  if (!flags.demo) return { available };
  const on = size !== "ticks" && size.kind === "session" ? size : parseBarSize("5m");
  return { available, ...(on === undefined ? {} : { on }) };
}

/** `speed` is the project's: `60x`, or `max`, which does not wait. `--rate` goes before it. */
function paceOf(flags: AccountFlags, speed: string | undefined): Pace {
  if (flags.rate === undefined && speed === "max") return { delayMs: 0 };
  if (flags.rate === undefined && speed !== undefined) return { speed: Number(speed.slice(0, -1)), maxPauseMs: 2_000 };
  const rate = Number(flags.rate ?? RATE);
  if (!(rate > 0 && rate <= 1_000)) throw new CliError(`--rate ${flags.rate}: expected 0.1 to 1000 bars per second`);
  return { delayMs: 1_000 / rate };
}

// ------------------------------------------------------------------------------------------------- streams on paper

/** Paper trading on streams: a simulated exchange sees the same data. */
function startPaper(project: LoadedProject, feeds: readonly StreamConfig[]): Account {
  const { program } = compileProject(project, {});
  const symbols = symbolsOf(program);
  const exchange = createSimExchange({
    symbols,
    cash: String(project.settings.account.cash),
    fees: "none",
    slippage: 0,
    leverage: 1,
    seed: "paper",
    rememberMs: PAPER_REMEMBERS_MS,
  });
  const broker = new PaperBroker(createSimBroker(exchange), (input) => knownAt(input, calendarOf));
  const size = sizeOf(feeds, [program]);
  const { failover } = project.settings;
  const credentials = feeds.some(({ kind }) => kind === "alpaca") ? alpacaKeys() : undefined;
  const calendar = calendarOf(symbols[0] ?? "");
  const history =
    credentials === undefined ? undefined : createAlpacaHistory({ credentials, calendar, ...historyFeed(feeds) });
  const streams = openStreams({ feeds, failover, symbols, size, credentials, history });
  const [prices, ...others] = streams;
  let tell: (line: string) => void = () => {};
  return {
    connection: {
      account: "paper",
      broker,
      feeds: prices === undefined ? others : [broker.watching(prices), ...others],
      history: history === undefined ? NO_HISTORY : feeds.length > 1 ? welcome(history, (line) => tell(line)) : history,
      marketTime: "wall",
      warmBefore: () => Date.now(),
    },
    banner: "paper on your stream",
    tag: "paper",
    venue: "simulated exchange in this process",
    data: dataText(streams, size),
    onFault: (listener) => {
      tell = listener;
    },
    override: {},
    unfit: mustFit(program, fits(symbols, size)),
    ended: NEVER,
    stop: NOTHING_TO_STOP,
  };
}

function alpacaKeys(): Credentials {
  const credentials = credentialsFrom(process.env);
  if (credentials === undefined) throw new CliError(MISSING_KEYS);
  return credentials;
}

function mustFit(program: Program, unfit: Account["unfit"]): Account["unfit"] {
  const why = unfit(program);
  if (why !== undefined) throw new CliError(why, 1);
  return unfit;
}

/** A program needs symbols that are subscribed, and no bars finer than the data. */
function fits(symbols: readonly string[], finest: BarSize | undefined): Account["unfit"] {
  return (program) => {
    const other = symbolsOf(program).filter((symbol) => !symbols.includes(symbol));
    if (other.length > 0)
      return `there is no data for ${other.join(", ")} here; what is subscribed is chosen at the start`;
    const onTicks = program.strategies.find(({ ticks }) => ticks === true);
    if (onTicks !== undefined && finest !== undefined)
      return `${onTicks.name} is judged at trades and quotes; the data has ${finest.label} bars`;
    const uncounted = finest === undefined ? undefined : withoutTrades(program, finest);
    if (uncounted !== undefined) return uncounted.message;
    const need = needsOf(program).find(({ size }) => finest !== undefined && size.ms < finest.ms);
    if (need === undefined || finest === undefined) return undefined;
    return `the data has ${finest.label} bars; a strategy needs ${need.size.label} bars of ${need.symbol}`;
  };
}
