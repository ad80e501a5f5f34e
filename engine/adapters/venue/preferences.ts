/**
 * The account's own settings: what PATCH /v2/account/configurations changes, and the orders they forbid.
 *
 * Owns: their values for the life of the venue. May not: change the exchange; its margin is fixed at the start, and
 * a setting that would need another one is refused instead of kept without effect.
 */
import type { Exchange, ExchangeRefusal, ExchangeRequest } from "../../exchange/types.ts";
import { fail } from "./reply.ts";

export interface Settings {
  readonly disable_overnight_trading: boolean;
  readonly fractional_trading: boolean;
  readonly max_margin_multiplier: string;
  readonly max_options_trading_level: number;
  readonly no_shorting: boolean;
  readonly ptp_no_exception_entry: boolean;
  readonly suspend_trade: boolean;
  readonly trade_confirm_email: string;
}

type Check = (value: unknown, now: Settings) => boolean;

const flag: Check = (value) => typeof value === "boolean";

const CHECKS: Readonly<Record<keyof Settings, Check>> = {
  disable_overnight_trading: flag,
  fractional_trading: flag,
  max_margin_multiplier: (value, now) => value === now.max_margin_multiplier,
  max_options_trading_level: (value) => value === 0,
  no_shorting: flag,
  ptp_no_exception_entry: flag,
  suspend_trade: flag,
  trade_confirm_email: (value) => value === "all" || value === "none",
};

const forbidden = (message: string): ExchangeRefusal => ({ status: 403, code: 40310000, message, extra: {} });

export class Preferences {
  readonly #exchange: Exchange;
  #settings: Settings;

  constructor(exchange: Exchange) {
    this.#exchange = exchange;
    const account = exchange.account();
    this.#settings = {
      disable_overnight_trading: false,
      fractional_trading: true,
      max_margin_multiplier: String(account.multiplier),
      max_options_trading_level: 0,
      no_shorting: !account.shorting,
      ptp_no_exception_entry: false,
      suspend_trade: false,
      trade_confirm_email: "none",
    };
  }

  get settings(): Settings {
    return this.#settings;
  }

  /** All of it or nothing. */
  change(body: unknown): Settings {
    if (typeof body !== "object" || body === null || Array.isArray(body)) {
      return fail(400, 40010000, "request body format is invalid");
    }
    const wanted = Object.entries(body).filter(([, value]) => value !== null);
    for (const [name, value] of wanted) {
      const check = Object.hasOwn(CHECKS, name) ? CHECKS[name as keyof Settings] : undefined;
      if (check === undefined || !check(value, this.#settings)) fail(422, 42210000, `invalid ${name}`);
      if (name === "no_shorting" && value === false && !this.#exchange.account().shorting) {
        fail(422, 42210000, "no_shorting cannot be lifted on this account");
      }
    }
    this.#settings = { ...this.#settings, ...(Object.fromEntries(wanted) as Partial<Settings>) };
    return this.#settings;
  }

  /** What the exchange would take and the account's owner does not want. */
  refusal(request: ExchangeRequest): ExchangeRefusal | undefined {
    const { suspend_trade, no_shorting, fractional_trading } = this.#settings;
    if (suspend_trade) return forbidden("new orders are rejected by user request");
    const fractional = request.notional !== undefined || (request.qty ?? "").includes(".");
    if (!fractional_trading && fractional) return forbidden("fractional trading is not enabled for this account");
    if (!no_shorting || request.side === "buy") return undefined;
    const held = this.#exchange.positions().find(({ symbol }) => symbol === request.symbol);
    return held !== undefined && held.qty.gt(0) ? undefined : forbidden("account is not allowed to short");
  }
}
