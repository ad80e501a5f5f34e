/**
 * The local venue: Alpaca's REST and WebSocket protocols on 127.0.0.1 over a simulated exchange and a tape.
 *
 * Owns: putting the parts together, pacing, and stopping. Its clock is the tape's, not the wall's; only pauses, rate
 * limits and login deadlines use real time. May not: listen anywhere but on loopback, or match orders.
 */
import { once } from "node:events";
import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import { invariant } from "../../core/assert.ts";
import { parseBarSize } from "../../market/bar-size.ts";
import { accountRoutes } from "./account-routes.ts";
import { BarBook } from "./bar-book.ts";
import { corporateActionRoutes } from "./corporate-actions.ts";
import { dataRoutes } from "./data-routes.ts";
import { Desk } from "./desk.ts";
import { createHttpServer } from "./http.ts";
import { FaultPlan } from "./fault-plan.ts";
import { partialFillsOf } from "./faults.ts";
import { HaltClock } from "./halts.ts";
import { eventMessage } from "./market-events.ts";
import type { MarketEvent } from "./market-events.ts";
import { newsRoutes } from "./news-routes.ts";
import { DEFAULT_LIMITS, MARKET_PATHS } from "./options.ts";
import type {
  MarketFeed,
  Pace,
  RequestFault,
  Venue,
  VenueFaults,
  VenueOptions,
  VenuePhase,
  VenueStats,
} from "./options.ts";
import { orderRoutes } from "./order-routes.ts";
import { Player } from "./player.ts";
import type { Step } from "./player.ts";
import { positionRoutes } from "./position-routes.ts";
import { SocketHub } from "./sockets.ts";
import { TickBook } from "./tick-book.ts";
import { watchlistRoutes } from "./watchlists.ts";

const DEFAULT_MAX_PAUSE_MS = 2_000;

export async function startVenue(options: VenueOptions): Promise<Venue> {
  const partial = partialFillsOf(options.faults ?? []);
  // The exchange makes them, and it is given to the venue ready-made.
  if (partial > 0 && options.exchange.partialFills !== partial) {
    throw new RangeError(`partial-fills: the exchange has to be created with partialFills: ${partial}`);
  }
  const venue = new LocalVenue(options);
  await venue.listen(options.port ?? 0);
  return venue;
}

type FaultHook = Parameters<VenueFaults["onRequest"]>[0];

class LocalVenue implements Venue {
  readonly #options: VenueOptions;
  readonly #pace: Pace;
  readonly #desk: Desk;
  readonly #player: Player;
  readonly #http: Server;
  readonly #hub: SocketHub;
  readonly #plan: FaultPlan;
  readonly #timers: NodeJS.Timeout[] = [];
  readonly #stopped = new AbortController();
  #fault: FaultHook = null;
  #requests = 0;
  #refused = 0;
  #marketMessages = 0;
  #pending: Step | undefined;
  #begin: () => void = () => {};
  #stopping: Promise<void> | undefined;
  port = 0;
  readonly finished: Promise<void>;
  readonly faults: VenueFaults;
  readonly #settle: { readonly resolve: () => void; readonly reject: (error: unknown) => void };

  constructor(options: VenueOptions) {
    this.#options = options;
    this.#pace = options.pace ?? "manual";
    const { exchange, instruments, calendar, keyId, secret } = options;
    const plan = new FaultPlan(options.faults ?? [], options.seed ?? "venue", (line) => options.onFault?.(line));
    this.#plan = plan;
    const limits = { ...DEFAULT_LIMITS, ...options.limits, ...plan.limits() };
    const startAt = options.startAt ?? Math.max(exchange.now, 0);
    const rejects = (symbol: string): boolean => plan.rejects(symbol);
    this.#desk = new Desk({ exchange, instruments, calendar, keyId, startAt, rejects });
    const streamedBars = options.streamedBars ?? "1m";
    const bars = new BarBook(options.calendarOf ?? (() => calendar), options.historyOf, parseBarSize(streamedBars));
    const ticks = new TickBook();
    const { splits = [] } = options;
    const halts = new HaltClock(plan.all("halt"), calendar, startAt);
    this.#player = new Player(options.tape ?? [], this.#desk, { bars, ticks, halts, streamedBars, splits });
    this.#http = createHttpServer({
      routes: [
        ...orderRoutes(this.#desk),
        ...accountRoutes(this.#desk),
        ...positionRoutes(this.#desk),
        ...watchlistRoutes(this.#desk),
        ...dataRoutes(this.#desk, { bars, ticks, splits }),
        ...corporateActionRoutes(this.#desk, splits),
        ...newsRoutes(this.#desk, ticks),
      ],
      keyId,
      secret,
      limits,
      fault: (request): RequestFault | undefined => this.#fault?.(request) ?? plan.request(request),
      delayMs: (request) => plan.delayMs(request),
      onAnswer: (answer) => options.onAnswer?.(answer),
      onRequest: (refused) => {
        this.#requests += 1;
        if (refused) this.#refused += 1;
      },
    });
    const tradingFrames = options.tradingFrames ?? "binary";
    const onSubscribed = (): void => this.#begin();
    this.#hub = new SocketHub(this.#http, { keyId, secret, limits, tradingFrames, plan, onSubscribed });
    this.#desk.onUpdate = (update) => this.#hub.update(update);
    this.faults = this.#faultControls();
    const { promise, resolve, reject } = withResolvers();
    this.finished = promise;
    this.#settle = { resolve, reject };
    // Nobody has to await it; a failed tape then shows in the stats and stops the venue's clock.
    promise.catch(() => {});
  }

  async listen(port: number): Promise<void> {
    this.#http.listen({ port, host: "127.0.0.1" });
    await once(this.#http, "listening");
    this.port = (this.#http.address() as AddressInfo).port;
    this.#startTimers();
    if (this.#pace !== "manual") void this.#play(this.#pace);
  }

  #startTimers(): void {
    const every = (ms: number, act: () => void): void => void this.#timers.push(setInterval(act, ms));
    for (const { everyMs, channel } of this.#plan.all("drop-socket")) {
      every(everyMs, () => {
        this.#plan.tell("drop-socket", `${channel === "both" ? "all" : channel} sockets were cut`);
        if (channel !== "trading") this.#hub.drop("market");
        if (channel !== "market") this.#hub.drop("trading");
      });
    }
    for (const { everyMs } of this.#plan.all("slow-client")) {
      every(everyMs, () => {
        this.#plan.tell("slow-client", "market-data clients were told 407");
        this.#hub.dropSlow();
      });
    }
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  get tradingStreamUrl(): string {
    return `ws://127.0.0.1:${this.port}/stream`;
  }

  marketStreamUrl(feed: MarketFeed): string {
    return `ws://127.0.0.1:${this.port}${MARKET_PATHS[feed]}`;
  }

  now(): number {
    return this.#desk.now();
  }

  async exchangePhase(): Promise<VenuePhase | undefined> {
    invariant(this.#pending === undefined, "venue: data phase is due before the next exchange phase");
    const step = await this.#player.take();
    if (step === undefined || this.#stopped.signal.aborted) {
      this.#end();
      return undefined;
    }
    this.#pending = step;
    const messages = this.#player.match(step);
    await this.#hub.updatesLeft();
    return this.#told({ phase: "exchange", time: step.time, items: step.items.length, messages });
  }

  async dataPhase(): Promise<VenuePhase> {
    const step = this.#pending;
    invariant(step !== undefined, "venue: an exchange phase comes before its data phase");
    this.#pending = undefined;
    const messages = await this.#hub.market(this.#player.messages(step));
    this.#marketMessages += messages;
    return this.#told({ phase: "data", time: step.time, items: step.items.length, messages });
  }

  async advance(between?: () => Promise<void> | void): Promise<boolean> {
    const phase = await this.exchangePhase();
    if (phase === undefined) return false;
    await between?.();
    await this.dataPhase();
    return true;
  }

  async inject(event: MarketEvent): Promise<void> {
    this.#player.happen(event, this.now());
    this.#marketMessages += await this.#hub.market([eventMessage(event)]);
  }

  #told(phase: VenuePhase): VenuePhase {
    this.#options.onPhase?.(phase);
    return phase;
  }

  #ended = false;

  #end(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#player.finish();
    this.#told({ phase: "ended", time: this.now(), items: 0, messages: 0 });
    this.#settle.resolve();
  }

  async #play(pace: Exclude<Pace, "manual">): Promise<void> {
    try {
      if (this.#options.waitForSubscriber !== false) await this.#firstSubscriber();
      let before: number | undefined;
      while (!this.#stopped.signal.aborted) {
        const next = await this.#player.nextTime();
        if (next !== undefined && before !== undefined) await this.#sleep(pauseOf(pace, next - before));
        before = next;
        if (this.#stopped.signal.aborted || !(await this.advance())) break;
      }
      this.#end();
    } catch (error) {
      this.#settle.reject(error);
    }
  }

  #firstSubscriber(): Promise<void> {
    if (this.#hub.hasSubscriber) return Promise.resolve();
    return new Promise((resolve) => {
      this.#begin = resolve;
      this.#stopped.signal.addEventListener("abort", () => resolve(), { once: true });
    });
  }

  #sleep(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const { signal } = this.#stopped;
      const wake = (): void => {
        clearTimeout(timer);
        signal.removeEventListener("abort", wake);
        resolve();
      };
      const timer = setTimeout(wake, ms);
      signal.addEventListener("abort", wake);
    });
  }

  stats(): VenueStats {
    return {
      requests: this.#requests,
      refusedRequests: this.#refused,
      sockets: this.#hub.size,
      tradeUpdates: this.#desk.updates,
      marketMessages: this.#marketMessages,
      slowClients: this.#hub.slowClients,
      lateItems: this.#player.lateItems,
      unsentBars: this.#player.unsentBars,
      ended: this.#ended,
    };
  }

  #faultControls(): VenueFaults {
    return {
      onRequest: (hook) => {
        this.#fault = hook;
      },
      dropSockets: (channel) => this.#hub.drop(channel),
      refuseSockets: (refuse) => {
        this.#hub.refuseAll = refuse;
      },
      muteLogins: (mute) => {
        this.#hub.muted = mute;
      },
      sendRaw: (channel, data) => this.#hub.sendRaw(channel, data),
    };
  }

  stop(): Promise<void> {
    this.#stopping ??= this.#close();
    return this.#stopping;
  }

  async #close(): Promise<void> {
    this.#stopped.abort();
    for (const timer of this.#timers) clearInterval(timer);
    this.#hub.refuseAll = true;
    await this.#hub.stop();
    this.#player.close();
    this.#http.closeAllConnections();
    await new Promise<void>((resolve) => this.#http.close(() => resolve()));
    this.#settle.resolve();
  }
}

function pauseOf(pace: Exclude<Pace, "manual">, tapeMs: number): number {
  if ("delayMs" in pace) return pace.delayMs;
  return Math.min(tapeMs / pace.speed, pace.maxPauseMs ?? DEFAULT_MAX_PAUSE_MS);
}

function withResolvers(): {
  readonly promise: Promise<void>;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
} {
  let resolve: () => void = () => {};
  let reject: (error: unknown) => void = () => {};
  const promise = new Promise<void>((yes, no) => {
    resolve = yes;
    reject = no;
  });
  return { promise, resolve, reject };
}
