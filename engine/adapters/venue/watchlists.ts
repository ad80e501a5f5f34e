/**
 * /v2/watchlists: lists of symbols that a person keeps, by id and by name.
 *
 * Owns: the lists, for the life of the venue, and their routes. May not: trade.
 */
import type { Desk } from "./desk.ts";
import { fail } from "./reply.ts";
import type { Reply, Route, VenueRequest } from "./reply.ts";
import { wireTime } from "./times.ts";
import { assetJson } from "./wire-account.ts";
import { uuidOf } from "./wire-order.ts";

const MAX_NAME = 64;
const MAX_LISTS = 200;

interface Watchlist {
  readonly id: string;
  readonly createdAt: number;
  name: string;
  updatedAt: number;
  symbols: string[];
}

const invalid = (message: string): never => fail(422, 42210000, message);

export function watchlistRoutes(desk: Desk): Route[] {
  const lists = new Watchlists(desk);
  const one = /^\/v2\/watchlists\/([0-9a-fA-F-]{36})$/;
  const named = /^\/v2\/watchlists:by_name$/;
  const byId = (request: VenueRequest): Watchlist => lists.byId(request.params[0] ?? "");
  const byName = (request: VenueRequest): Watchlist => lists.byName(request.query.get("name") ?? "");
  const route = (method: Route["method"], path: RegExp, handle: Route["handle"]): Route => ({
    method,
    path,
    lane: "trading",
    handle,
  });
  const both = [
    [one, byId],
    [named, byName],
  ] as const;
  return [
    route("GET", /^\/v2\/watchlists$/, () => ({ status: 200, body: lists.all() })),
    route("POST", /^\/v2\/watchlists$/, ({ body }) => lists.shown(lists.create(body))),
    ...both.flatMap(([path, find]) => [
      route("GET", path, (request) => lists.shown(find(request))),
      route("PUT", path, (request) => lists.shown(lists.update(find(request), request.body))),
      route("POST", path, (request) => lists.shown(lists.add(find(request), request.body))),
      route("DELETE", path, (request) => lists.remove(find(request))),
    ]),
    route("DELETE", /^\/v2\/watchlists\/([0-9a-fA-F-]{36})\/([^/]+(?:\/[^/]+)?)$/, (request) =>
      lists.shown(lists.drop(byId(request), request.params[1] ?? "")),
    ),
  ];
}

class Watchlists {
  readonly #desk: Desk;
  readonly #lists: Watchlist[] = [];
  #made = 0;

  constructor(desk: Desk) {
    this.#desk = desk;
  }

  all(): unknown[] {
    return this.#lists.map((list) => this.#head(list));
  }

  byId(id: string): Watchlist {
    return this.#lists.find((list) => list.id === id.toLowerCase()) ?? fail(404, 40410000, "watchlist not found");
  }

  byName(name: string): Watchlist {
    return this.#lists.find((list) => list.name === name) ?? fail(404, 40410000, "watchlist not found");
  }

  create(source: unknown): Watchlist {
    const body = recordOf(source);
    if (this.#lists.length >= MAX_LISTS) return invalid(`no more than ${MAX_LISTS} watchlists`);
    const name = this.#name(body["name"]);
    const symbols = this.#symbols(body["symbols"] ?? []);
    this.#made += 1;
    const now = this.#desk.now();
    const list = { id: uuidOf(`watchlist:${this.#made}`), name, symbols, createdAt: now, updatedAt: now };
    this.#lists.push(list);
    return list;
  }

  /** The symbols given are the whole list from then on. */
  update(list: Watchlist, source: unknown): Watchlist {
    const body = recordOf(source);
    if (body["name"] === undefined && body["symbols"] === undefined) return invalid("name or symbols is required");
    const name = body["name"] === undefined ? list.name : this.#name(body["name"], list);
    const symbols = body["symbols"] === undefined ? list.symbols : this.#symbols(body["symbols"]);
    return Object.assign(list, { name, symbols, updatedAt: this.#desk.now() });
  }

  add(list: Watchlist, source: unknown): Watchlist {
    const [symbol = ""] = this.#symbols([recordOf(source)["symbol"]]);
    if (list.symbols.includes(symbol)) return invalid(`duplicate symbol ${symbol}`);
    return Object.assign(list, { symbols: [...list.symbols, symbol], updatedAt: this.#desk.now() });
  }

  drop(list: Watchlist, symbol: string): Watchlist {
    if (!list.symbols.includes(symbol)) return fail(404, 40410000, `symbol ${symbol} is not in the watchlist`);
    const symbols = list.symbols.filter((known) => known !== symbol);
    return Object.assign(list, { symbols, updatedAt: this.#desk.now() });
  }

  remove(list: Watchlist): Reply {
    this.#lists.splice(this.#lists.indexOf(list), 1);
    return { status: 204 };
  }

  shown(list: Watchlist): Reply {
    const assets = list.symbols.flatMap((symbol) => {
      const instrument = this.#desk.instruments.get(symbol);
      return instrument === undefined ? [] : [assetJson(instrument)];
    });
    return { status: 200, body: { ...this.#head(list), assets } };
  }

  #head(list: Watchlist): Readonly<Record<string, unknown>> {
    return {
      id: list.id,
      account_id: uuidOf(`account:${this.#desk.keyId}`),
      created_at: wireTime(list.createdAt),
      updated_at: wireTime(list.updatedAt),
      name: list.name,
    };
  }

  #name(value: unknown, own?: Watchlist): string {
    if (typeof value !== "string" || value === "" || value.length > MAX_NAME) {
      return invalid(`name is required, up to ${MAX_NAME} characters`);
    }
    if (this.#lists.some((list) => list !== own && list.name === value)) {
      return fail(422, 40010001, "watchlist name must be unique");
    }
    return value;
  }

  #symbols(value: unknown): string[] {
    if (!Array.isArray(value)) return invalid("invalid symbols");
    const symbols = value.filter((symbol) => symbol !== null);
    for (const symbol of symbols) {
      if (typeof symbol !== "string" || symbol === "") return invalid("invalid symbol");
      if (!this.#desk.instruments.has(symbol)) return invalid(`asset not found for ${symbol}`);
    }
    return [...new Set(symbols as string[])];
  }
}

function recordOf(body: unknown): Readonly<Record<string, unknown>> {
  if (typeof body !== "object" || body === null || Array.isArray(body)) {
    return fail(400, 40010000, "request body format is invalid");
  }
  return body as Readonly<Record<string, unknown>>;
}
