/**
 * Which host each kind of account lives on.
 *
 * Owns: the addresses, and the rule that another address is allowed only on loopback. Live money is never the default:
 * it needs the explicit `live` account. May not: open a connection.
 */
export type AlpacaAccount =
  | { readonly kind: "paper" }
  /** Real money. `confirmed` is a literal, so that nobody gets here by leaving something out. */
  | { readonly kind: "live"; readonly confirmed: true }
  /** The local venue. */
  | { readonly kind: "loopback"; readonly url: string };

export type AlpacaFeedName = "iex" | "sip" | "delayed_sip" | "test" | "crypto" | "news";

const TRADING = { paper: "https://paper-api.alpaca.markets", live: "https://api.alpaca.markets" } as const;
const DATA = "https://data.alpaca.markets";
const STREAM = "wss://stream.data.alpaca.markets";

const FEED_PATHS: Readonly<Record<AlpacaFeedName, string>> = {
  iex: "/v2/iex",
  sip: "/v2/sip",
  delayed_sip: "/v2/delayed_sip",
  test: "/v2/test",
  crypto: "/v1beta3/crypto/us",
  news: "/v1beta1/news",
};

function isLoopback(url: URL): boolean {
  return url.hostname === "127.0.0.1" || url.hostname === "localhost" || url.hostname === "[::1]";
}

/** Parses an address of the local venue; anything that is not plain http on loopback is refused. */
function loopbackUrl(source: string): URL {
  const url = URL.canParse(source) ? new URL(source) : undefined;
  if (url === undefined || url.protocol !== "http:" || !isLoopback(url)) {
    throw new RangeError(`not an address of a local venue (http://127.0.0.1:PORT): ${source}`);
  }
  return url;
}

export function tradingUrl(account: AlpacaAccount): string {
  return account.kind === "loopback" ? loopbackUrl(account.url).origin : TRADING[account.kind];
}

export function tradingStreamUrl(account: AlpacaAccount): string {
  return `${tradingUrl(account).replace(/^http/, "ws")}/stream`;
}

/** Data has no paper and live: one host serves both, and `venueUrl` replaces it. */
export function dataUrl(venueUrl: string | undefined): string {
  return venueUrl === undefined ? DATA : loopbackUrl(venueUrl).origin;
}

export function marketStreamUrl(feed: AlpacaFeedName, venueUrl: string | undefined): string {
  const base = venueUrl === undefined ? STREAM : loopbackUrl(venueUrl).origin.replace(/^http/, "ws");
  return base + FEED_PATHS[feed];
}
