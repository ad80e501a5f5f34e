/**
 * All WebSocket connections of the venue: who may open one, and sending to all of them.
 *
 * Owns: the upgrade, connection limits, slow clients. May not: read the tape.
 */
import type { IncomingMessage, Server } from "node:http";
import type { Duplex } from "node:stream";
import { WebSocketServer } from "ws";
import type { WebSocket } from "ws";
import type { Outgoing } from "./frames.ts";
import { header, isLoopbackHost } from "../loopback-http.ts";
import { MarketSession } from "./market-session.ts";
import type { MarketKind } from "./market-session.ts";
import type { FaultPlan } from "./fault-plan.ts";
import { MARKET_PATHS } from "./options.ts";
import type { SocketChannel, VenueLimits } from "./options.ts";
import { TradingSession } from "./trading-session.ts";

/** Which market a path is of. All show the one tape; crypto has locations. */
function kindOf(path: string): MarketKind | undefined {
  if (path === MARKET_PATHS.news) return "news";
  if (/^\/v1beta3\/crypto\/(us|us-1|us-2|eu-1|bs-1)$/.test(path)) return "crypto";
  return Object.values<string>(MARKET_PATHS).includes(path) ? "stocks" : undefined;
}

/** How long an update that waits for the next one waits for it at most. */
const HOLD_MS = 250;

export interface SocketHubOptions {
  readonly keyId: string;
  readonly secret: string;
  readonly limits: VenueLimits;
  readonly tradingFrames: "binary" | "text";
  readonly plan: FaultPlan;
  readonly onSubscribed: () => void;
}

type WireUpdate = Readonly<Record<string, unknown>>;

export class SocketHub {
  readonly #options: SocketHubOptions;
  readonly #server: WebSocketServer;
  readonly #market = new Set<MarketSession>();
  readonly #trading = new Set<TradingSession>();
  readonly #pendingUpdates = new Set<Promise<void>>();
  #held: { readonly copies: readonly WireUpdate[]; readonly timer: NodeJS.Timeout } | undefined;
  refuseAll = false;
  muted = false;
  slowClients = 0;

  constructor(http: Server, options: SocketHubOptions) {
    this.#options = options;
    this.#server = new WebSocketServer({
      noServer: true,
      perMessageDeflate: false,
      maxPayload: options.limits.maxFrameBytes,
      clientTracking: true,
    });
    http.on("upgrade", (request: IncomingMessage, socket: Duplex, head: Buffer) => {
      socket.on("error", () => {});
      const refusal = this.#refusal(request);
      if (refusal === undefined) {
        this.#server.handleUpgrade(request, socket, head, (client) => this.#accept(client, request));
      } else {
        socket.end(`HTTP/1.1 ${refusal}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
      }
    });
  }

  get size(): number {
    return this.#server.clients.size;
  }

  get hasSubscriber(): boolean {
    return [...this.#market].some((session) => session.subscribed);
  }

  #refusal(request: IncomingMessage): string | undefined {
    if (this.refuseAll) return "503 Service Unavailable";
    if (!isLoopbackHost(request.headers.host)) return "403 Forbidden";
    const origin = header(request, "origin");
    // Browsers name the page; a page from elsewhere has no business here.
    if (origin !== undefined && !isLoopbackHost(origin.replace(/^https?:\/\//, ""))) return "403 Forbidden";
    if (this.size >= this.#options.limits.maxSockets) return "503 Service Unavailable";
    const path = pathOf(request);
    return path === "/stream" || kindOf(path) !== undefined ? undefined : "404 Not Found";
  }

  #accept(socket: WebSocket, request: IncomingMessage): void {
    socket.on("error", () => {});
    const { keyId, secret, limits, plan, tradingFrames } = this.#options;
    const common = { socket, keyId, secret, authTimeoutMs: limits.authTimeoutMs, muted: () => this.muted };
    const path = pathOf(request);
    const packed = header(request, "content-type") === "application/msgpack";
    if (path === "/stream") {
      const frames = packed ? "msgpack" : tradingFrames;
      const session = new TradingSession({ ...common, frames, fate: () => plan.login("trading") });
      this.#trading.add(session);
      socket.once("close", () => this.#trading.delete(session));
      return;
    }
    const given = { keyId: header(request, "apca-api-key-id"), secret: header(request, "apca-api-secret-key") };
    const login =
      given.keyId === undefined || given.secret === undefined
        ? undefined
        : { keyId: given.keyId, secret: given.secret };
    const session = new MarketSession(
      {
        ...common,
        endpoint: path,
        kind: kindOf(path) ?? "stocks",
        fate: () => plan.login("market"),
        format: packed ? "msgpack" : "json",
        symbolLimit: limits.symbols,
        admit: (candidate) => this.#admits(candidate),
        onSubscribed: this.#options.onSubscribed,
      },
      login,
    );
    this.#market.add(session);
    socket.once("close", () => this.#market.delete(session));
  }

  #admits(candidate: MarketSession): boolean {
    let open = 0;
    for (const session of this.#market) {
      if (session !== candidate && session.authenticated && session.endpoint === candidate.endpoint) open += 1;
    }
    return open < this.#options.limits.marketConnections;
  }

  /** Market data to whoever asked for it. Resolves when it left, or when a slow client was dropped. */
  async market(batch: readonly Outgoing[]): Promise<number> {
    const { plan } = this.#options;
    const sent = batch.flatMap((item) => Array.from({ length: plan.copies("data") }, () => item));
    if (sent.length === 0) return 0;
    let messages = 0;
    const leaving = [...this.#market].map(async (session) => {
      const left = await this.#within((done) => {
        messages += session.deliver(sent, done);
      });
      if (left) return;
      this.slowClients += 1;
      session.refuse(407);
      session.socket.terminate();
    });
    await Promise.all(leaving);
    return messages;
  }

  /** A trade update to whoever listens. Returns at once: `updatesLeft` waits. */
  update(update: WireUpdate): void {
    const { plan } = this.#options;
    const copies = Array.from({ length: plan.copies("updates") }, () => update);
    if (this.#held === undefined && copies.length > 0 && plan.holdsUpdate()) {
      this.#held = { copies, timer: setTimeout(() => this.#release(), HOLD_MS) };
      return;
    }
    for (const copy of copies) this.#toListeners(copy);
    this.#release();
  }

  /** The update that waited for the one after it. */
  #release(): void {
    const held = this.#held;
    this.#held = undefined;
    if (held === undefined) return;
    clearTimeout(held.timer);
    for (const copy of held.copies) this.#toListeners(copy);
  }

  #toListeners(update: WireUpdate): void {
    for (const session of this.#trading) {
      const leaving = this.#within((done) => session.deliver(update, done)).then((left) => {
        this.#pendingUpdates.delete(leaving);
        if (left) return;
        this.slowClients += 1;
        session.socket.terminate();
      });
      this.#pendingUpdates.add(leaving);
    }
  }

  async updatesLeft(): Promise<void> {
    this.#release();
    await Promise.all(this.#pendingUpdates);
  }

  /** False when `send` has not called back in time. */
  async #within(send: (done: () => void) => void): Promise<boolean> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<boolean>((resolve) => {
      timer = setTimeout(() => resolve(false), this.#options.limits.slowClientMs);
    });
    const left = new Promise<boolean>((resolve) => send(() => resolve(true)));
    try {
      return await Promise.race([left, late]);
    } finally {
      clearTimeout(timer);
    }
  }

  #sessions(channel: SocketChannel): readonly (MarketSession | TradingSession)[] {
    return channel === "market" ? [...this.#market] : [...this.#trading];
  }

  drop(channel: SocketChannel): void {
    for (const session of this.#sessions(channel)) session.socket.terminate();
  }

  /** Every client that gets market data is told that it is too slow, and dropped. */
  dropSlow(): void {
    for (const session of this.#market) if (session.subscribed) session.refuse(407);
  }

  sendRaw(channel: SocketChannel, data: string | Uint8Array): void {
    for (const session of this.#sessions(channel)) if (session.authenticated) session.socket.send(data);
  }

  async stop(): Promise<void> {
    this.#release();
    for (const client of this.#server.clients) client.close(1001, "the venue stops");
    const gone = [...this.#server.clients].map(
      (client) => new Promise<void>((resolve) => client.once("close", () => resolve())),
    );
    const timer = setTimeout(() => {
      for (const client of this.#server.clients) client.terminate();
    }, 300);
    await Promise.all(gone);
    clearTimeout(timer);
  }
}

function pathOf(request: IncomingMessage): string {
  return (request.url ?? "/").split("?")[0] ?? "/";
}
