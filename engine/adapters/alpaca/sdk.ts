/**
 * The only importer of Alpaca's SDK.
 *
 * Owns: building its clients so that each can reach exactly one host, retries nothing that writes, and never waits in
 * the SDK's own rate limiter (it is a FIFO: a cancel would queue behind history). The SDK's default hosts are never
 * used. May not: know our events.
 */
import { ApiError, OrdersApi, marketData, streaming, trading } from "@alpacahq/alpaca-trade-api";
import { WebSocket } from "ws";
import type { Credentials } from "./credentials.ts";
import { guardedFetch } from "./guarded-fetch.ts";
import { keptFetch } from "./kept-fetch.ts";

export { ApiError };
export type SdkOrder = trading.Order;
export type SdkTradeUpdate = streaming.TradeUpdate;
export type SdkTradingStream = streaming.TradingStream;
export type StockBarsRequest = marketData.StockBarsRequest;
export type SdkAsset = trading.Assets;
export type SdkBar = marketData.StockBar | marketData.CryptoBar;

export interface RestOptions {
  readonly credentials: Credentials;
  readonly baseUrl: string;
  readonly timeoutMs: number;
  /** Sees the headers of every answer (rate limits). */
  readonly onHeaders?: (headers: Headers, status: number) => void;
}

function settings(options: RestOptions, transport?: typeof fetch) {
  return {
    keyId: options.credentials.keyId,
    secret: options.credentials.secret,
    basePath: options.baseUrl,
    timeoutMs: options.timeoutMs,
    retry: { maxRetries: 0 },
    fetchApi: guardedFetch(options.baseUrl, options.onHeaders, transport),
  };
}

export interface TradingApis {
  readonly orders: OrdersApi;
  readonly accounts: trading.AccountsApi;
  readonly positions: trading.PositionsApi;
  readonly assets: trading.AssetsApi;
}

export function tradingApis(options: RestOptions): TradingApis {
  const configuration = new trading.Configuration(settings(options, keptFetch()));
  return {
    orders: new OrdersApi(configuration),
    accounts: new trading.AccountsApi(configuration),
    positions: new trading.PositionsApi(configuration),
    assets: new trading.AssetsApi(configuration),
  };
}

export function clockApi(options: RestOptions): trading.ClockApi {
  return new trading.ClockApi(new trading.Configuration(settings(options)));
}

export function stockApi(options: RestOptions): marketData.StockApi {
  return new marketData.StockApi(new marketData.Configuration(settings(options)));
}

export function cryptoApi(options: RestOptions): marketData.CryptoApi {
  return new marketData.CryptoApi(new marketData.Configuration(settings(options)));
}

export function corporateActionsApi(options: RestOptions): marketData.CorporateActionsApi {
  return new marketData.CorporateActionsApi(new marketData.Configuration(settings(options)));
}

export interface StreamOptions {
  readonly credentials: Credentials;
  readonly url: string;
  readonly handshakeMs: number;
  readonly firstReconnectMs: number;
  readonly maxReconnectMs: number;
  readonly pingMs: number;
  readonly pongMs: number;
  /** The socket of each new connection: the SDK has no deadline for a login that is never answered. */
  readonly onSocket: (socket: WebSocket) => void;
}

const MAX_FRAME_BYTES = 1024 * 1024;

export function tradingStream(options: StreamOptions): SdkTradingStream {
  return new streaming.TradingStream({
    credentials: { keyId: options.credentials.keyId, secret: options.credentials.secret },
    url: options.url,
    // Ten attempts are the SDK's default; giving up silently is the one thing an order stream must not do.
    maxReconnectAttempts: streaming.UNLIMITED_RECONNECT_ATTEMPTS,
    initialReconnectMs: options.firstReconnectMs,
    maxReconnectMs: options.maxReconnectMs,
    reconnectJitter: 0.5,
    pingIntervalMs: options.pingMs,
    pongWaitMs: options.pongMs,
    wsFactory: (url) => {
      const socket = new WebSocket(url, {
        handshakeTimeout: options.handshakeMs,
        perMessageDeflate: false,
        maxPayload: MAX_FRAME_BYTES,
        followRedirects: false,
      });
      options.onSocket(socket);
      return socket;
    },
  });
}

export const STREAM_STATE = {
  connected: streaming.STATE.CONNECTED,
  disconnected: streaming.STATE.DISCONNECTED,
} as const;

export const SUBSCRIPTION_EVENT = streaming.EVENT.SUBSCRIPTION;
