/**
 * A running engine and everything around it, started and stopped as one.
 *
 * Owns: wiring broker, feeds, history, journal and engine for `run`. May not: print; callers observe.
 */
import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { createAlpacaBroker } from "../adapters/alpaca/broker.ts";
import type { Credentials } from "../adapters/alpaca/credentials.ts";
import type { AlpacaAccount, AlpacaFeedName } from "../adapters/alpaca/endpoints.ts";
import { createAlpacaHistory } from "../adapters/alpaca/history.ts";
import { createAlpacaMarketData } from "../adapters/alpaca/market-data.ts";
import { openJournal } from "../adapters/journal/file-journal.ts";
import type { FileJournal } from "../adapters/journal/file-journal.ts";
import type { Input, Output } from "../core/event.ts";
import type { Program } from "../core/program.ts";
import { calendarOf } from "../market/instruments.ts";
import type { Broker } from "../ports/broker.ts";
import type { Feed } from "../ports/feed.ts";
import type { History } from "../ports/history.ts";
import type { JournalHeader } from "../ports/journal.ts";
import { WALL_CLOCK } from "../adapters/wall-clock.ts";
import { Engine } from "../runtime/engine.ts";
import type { LoadedProgram } from "../runtime/engine.ts";
import { warmupOf } from "../runtime/warmup.ts";
import type { Need } from "../runtime/warmup.ts";
import { CliError } from "./io.ts";
import { builtWith } from "./version.ts";

export interface Connection {
  readonly account: string;
  readonly broker: Broker;
  readonly feeds: readonly Feed[];
  readonly history: History;
  readonly marketTime: "wall" | "data";
  /** Bars before this time warm the facts. */
  readonly warmBefore: () => number;
}

export interface AlpacaOptions {
  readonly account: AlpacaAccount;
  readonly credentials: Credentials | undefined;
  readonly feed: AlpacaFeedName;
  readonly symbols: readonly string[];
  /** What the tape of a local venue holds; real markets stream minute bars. */
  readonly data: "minute" | "daily" | "ticks";
  readonly barSize?: string;
  readonly startAt?: number;
}

export function connectAlpaca(options: AlpacaOptions): Connection {
  const { account, credentials, feed, symbols, data } = options;
  const local = account.kind === "loopback";
  const calendar = calendarOf(symbols[0] ?? "");
  const address = local ? { venueUrl: account.url } : {};
  const channels =
    data === "ticks"
      ? { trades: symbols, quotes: symbols }
      : data === "daily"
        ? { dailyBars: symbols }
        : { bars: symbols, updatedBars: symbols };
  return {
    account: local ? "local" : `alpaca-${account.kind}`,
    broker: createAlpacaBroker({ account, credentials, ...(local ? { requestsPerMinute: 6_000 } : {}) }),
    feeds: [
      createAlpacaMarketData({
        feed,
        credentials,
        calendar,
        ...address,
        channels,
        ...(options.barSize === undefined ? {} : { barSize: options.barSize }),
        dailyBarsAreFinal: local,
        ...(local ? {} : { idleMs: 120_000 }),
      }),
    ],
    history: createAlpacaHistory({
      credentials,
      calendar,
      ...address,
      ...(feed === "sip" ? { feed: "sip" as const } : {}),
      ...(local ? { requestsPerMinute: 6_000 } : {}),
    }),
    marketTime: local ? "data" : "wall",
    warmBefore: () => options.startAt ?? WALL_CLOCK.now(),
  };
}

export interface SessionOptions {
  readonly connection: Connection;
  readonly program: Program;
  readonly sources: Readonly<Record<string, string>>;
  readonly journalRoot: string;
  readonly observe: (input: Input, outputs: readonly Output[]) => void;
  readonly onRefused: (feed: string, reason: string, sample: string, count: number) => void;
  readonly onFatal: (error: Error) => void;
}

export interface Session {
  readonly engine: Engine;
  readonly journalDir: string;
  readonly missing: readonly { readonly need: Need; readonly found: number }[];
  /** Bars that a new program needs, up to now. */
  warm(program: Program): Promise<LoadedProgram["warmup"]>;
}

export async function startSession(options: SessionOptions): Promise<Session> {
  const { connection, program, sources } = options;
  const { account, broker, feeds, history, marketTime } = connection;
  const now = WALL_CLOCK.now();
  const id = `${new Date(now).toISOString().replaceAll(/[:.]/g, "-")}-${randomBytes(3).toString("hex")}`;
  const journalDir = join(options.journalRoot, id);
  const journal = await openNew(journalDir, {
    kind: "header",
    format: 1,
    ...builtWith(),
    id,
    account,
    seed: "",
    createdAt: now,
  });
  const engine = new Engine({
    account,
    journalId: id,
    calendarOf,
    journal,
    broker,
    feeds,
    clock: WALL_CLOCK,
    marketTime,
    observe: options.observe,
    onRefused: options.onRefused,
    onFatal: options.onFatal,
  });
  let missing: Session["missing"];
  try {
    const warm = await warmupOf(program, history, connection.warmBefore(), calendarOf);
    ({ missing } = warm);
    await engine.start({ program, sources, warmup: warm.warmup });
  } catch (error) {
    await engine.stop();
    throw error;
  }
  return {
    engine,
    journalDir,
    missing,
    warm: async (next) => {
      const time = Number.isFinite(engine.marketTime) ? engine.marketTime : connection.warmBefore();
      return (await warmupOf(next, history, time, calendarOf)).warmup;
    },
  };
}

async function openNew(folder: string, header: JournalHeader): Promise<FileJournal> {
  try {
    return await openJournal(folder, header);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new CliError(`no journal, no trading: ${reason}`, 2, { cause: error });
  }
}

/** Feeds that keep no history: facts warm up from what they bring. */
export const NO_HISTORY: History = { bars: () => Promise.resolve([]) };
