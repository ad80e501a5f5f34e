/**
 * The streams of `barwise.yaml` as feeds, whatever account trades on them.
 *
 * Owns: what they tell, making each of them, and making one feed of prices of them: the first listed is heard while it is
 * well, and what a feed of bars missed comes from history. May not: know accounts or brokers.
 */
import { FailoverFeed } from "../adapters/failover/failover-feed.ts";
import type { Credentials } from "../adapters/alpaca/credentials.ts";
import type { AlpacaFeedName } from "../adapters/alpaca/endpoints.ts";
import { createAlpacaMarketData } from "../adapters/alpaca/market-data.ts";
import { WALL_CLOCK } from "../adapters/wall-clock.ts";
import { WebSocketFeed } from "../adapters/websocket/websocket-feed.ts";
import { activityOf } from "../core/canonical.ts";
import type { Program } from "../core/program.ts";
import { barsOf } from "../lang/feeds.ts";
import type { FeedConfig } from "../lang/feeds.ts";
import type { Project } from "../lang/project.ts";
import { DAY, parseBarSize } from "../market/bar-size.ts";
import type { BarSize } from "../market/bar-size.ts";
import { calendarOf } from "../market/instruments.ts";
import { isOpen } from "../market/sessions.ts";
import type { Feed } from "../ports/feed.ts";
import type { History } from "../ports/history.ts";
import { GapFill } from "../runtime/gap-fill.ts";
import { needsOf } from "../runtime/warmup.ts";

export type StreamConfig = Exclude<FeedConfig, { kind: "tape" }>;

export function isStream(feed: FeedConfig): feed is StreamConfig {
  return feed.kind !== "tape";
}

/** What Alpaca is asked for: the coarsest that every rule can be judged on. */
export type AlpacaData = "ticks" | "minute" | "daily";

export function coarsestFor(programs: readonly Program[]): AlpacaData {
  const onTicks = programs.some(({ strategies }) =>
    strategies.some((one) => one.ticks === true || activityOf(one) !== undefined),
  );
  const finest = Math.min(...programs.flatMap((program) => needsOf(program).map(({ size }) => size.ms)));
  if (onTicks || finest < 60_000) return "ticks";
  return finest >= DAY.ms ? "daily" : "minute";
}

/** The size of the bars that the streams tell; undefined: trades and quotes. A backend tells what it tells, Alpaca what is needed. */
export function sizeOf(feeds: readonly StreamConfig[], programs: readonly Program[]): BarSize | undefined {
  const own = feeds.find((feed) => feed.kind === "websocket");
  if (own === undefined) return coarsestFor(programs) === "ticks" ? undefined : parseBarSize("1m");
  const label = barsOf(own.config);
  return label === undefined ? undefined : parseBarSize(label);
}

/** History is of the first of Alpaca's streams. */
export function historyFeed(feeds: readonly StreamConfig[]): { readonly feed?: AlpacaFeedName } {
  const first = feeds.find((feed) => feed.kind === "alpaca");
  return first === undefined ? {} : { feed: first.feed };
}

export interface StreamOptions {
  /** Best first. */
  readonly feeds: readonly StreamConfig[];
  readonly failover: Project["failover"];
  readonly symbols: readonly string[];
  /** Of their bars; undefined: trades and quotes. */
  readonly size: BarSize | undefined;
  /** Needed where one of them is Alpaca's. */
  readonly credentials: Credentials | undefined;
  /** What gaps are filled from. */
  readonly history: History | undefined;
}

/** One feed of prices, then those that tell of other things. */
export function openStreams({ feeds, failover, symbols, size, credentials, history }: StreamOptions): readonly Feed[] {
  const data = size === undefined ? "ticks" : "minute";
  const members = feeds.map((feed) =>
    feed.kind === "websocket"
      ? new WebSocketFeed(feed.config, symbols, { environment: process.env })
      : alpacaStream({ feed: feed.feed, credentials, symbols, data }),
  );
  const prices = oneOf(members, symbols, failover);
  const isMinute = size?.label === "1m";
  const filled =
    history === undefined || !isMinute ? prices : new GapFill(prices, { history, symbols, size, clock: WALL_CLOCK });
  const news = feeds.some((feed) => feed.kind === "alpaca" && feed.news === true);
  return news ? [filled, newsOf({ credentials, symbols })] : [filled];
}

/** Several feeds of the same data as one. */
function oneOf(feeds: readonly Feed[], symbols: readonly string[], failover: Project["failover"]): Feed {
  const [only, second] = feeds;
  if (only !== undefined && second === undefined) return only;
  const expectData = (now: number): boolean => symbols.some((symbol) => isOpen(calendarOf(symbol), now, "regular"));
  return new FailoverFeed(feeds, { ...failover, expectData });
}

export interface AlpacaStreamOptions {
  readonly feed: AlpacaFeedName;
  readonly credentials: Credentials | undefined;
  readonly symbols: readonly string[];
  readonly data: AlpacaData;
  readonly barSize?: string;
  /** Of the local venue: it tells all of its tape, and day bars once. */
  readonly venueUrl?: string;
}

export function alpacaStream({ feed, credentials, symbols, data, barSize, venueUrl }: AlpacaStreamOptions): Feed {
  const isReal = venueUrl === undefined;
  const channels =
    data === "ticks"
      ? { trades: symbols, quotes: symbols }
      : data === "daily"
        ? { dailyBars: symbols }
        : { bars: symbols, updatedBars: symbols };
  return createAlpacaMarketData({
    feed,
    credentials,
    calendar: calendarOf(symbols[0] ?? ""),
    channels,
    ...(isReal ? { idleMs: 120_000 } : { venueUrl }),
    ...(isReal && feed !== "crypto" ? { optional: { statuses: symbols, lulds: symbols } } : {}),
    ...(barSize === undefined ? {} : { barSize }),
    dailyBarsAreFinal: !isReal,
  });
}

type NewsOptions = Pick<AlpacaStreamOptions, "credentials" | "symbols" | "venueUrl">;

/** Received and kept in the journal; nothing is judged by it. */
export function newsOf({ symbols, ...options }: NewsOptions): Feed {
  return createAlpacaMarketData({
    feed: "news",
    name: "news",
    calendar: calendarOf(symbols[0] ?? ""),
    // News is the one stream that calls coins by their old names.
    channels: { news: symbols.map((symbol) => symbol.replace("/", "")) },
    auxiliary: true,
    ...options,
  });
}

/** A history that is good to have where another stream runs without: what it does not give warms up from data. */
export function welcome(history: History, tell: (line: string) => void): History {
  let isTold = false;
  return {
    bars: async (symbol, size, before, count) => {
      try {
        return await history.bars(symbol, size, before, count);
      } catch (error) {
        const why = error instanceof Error ? error.message : String(error);
        if (!isTold) tell(`no history from Alpaca, facts warm up from the stream: ${why}`);
        isTold = true;
        return [];
      }
    },
  };
}

/** What they tell, for the screen. */
export function dataText(feeds: readonly Feed[], size: BarSize | undefined): string {
  const what = size === undefined ? "trades and quotes" : size.label === "1m" ? "minute bars" : `${size.label} bars`;
  return `${feeds[0]?.name ?? ""}, ${what}`;
}
