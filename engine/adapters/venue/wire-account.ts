/**
 * Account, positions and assets in Alpaca's shape.
 *
 * Owns: their JSON. Margin figures that the exchange does not keep follow Reg T (half of the exposure to open, 30 %
 * to hold) and are for display. May not: decide anything.
 */
import { Decimal, ZERO, text } from "../../core/decimal.ts";
import type { ExchangeAccount, ExchangePosition, Instrument } from "../../exchange/types.ts";
import type { Settings } from "./preferences.ts";
import { assetClassOf, uuidOf } from "./wire-order.ts";

export function accountJson(
  account: ExchangeAccount,
  settings: Settings,
  names: { readonly keyId: string; readonly createdAt: string; readonly balanceDate: string },
): unknown {
  const exposure = account.longMarketValue.plus(account.shortMarketValue.abs());
  const initial = account.multiplier > 1 ? exposure.times("0.5") : exposure;
  const maintenance = exposure.times("0.3");
  const cash = Decimal.max(account.cash, ZERO);
  return {
    id: uuidOf(`account:${names.keyId}`),
    account_number: "PALOCAL00001",
    status: "ACTIVE",
    crypto_status: "ACTIVE",
    currency: "USD",
    cash: text(account.cash),
    equity: text(account.equity),
    last_equity: text(account.lastEquity),
    portfolio_value: text(account.equity),
    long_market_value: text(account.longMarketValue),
    short_market_value: text(account.shortMarketValue.abs().negated()),
    initial_margin: text(initial),
    maintenance_margin: text(maintenance),
    last_maintenance_margin: text(maintenance),
    multiplier: String(account.multiplier),
    buying_power: text(account.buyingPower),
    regt_buying_power: text(account.buyingPower),
    non_marginable_buying_power: text(Decimal.min(cash, account.buyingPower)),
    options_buying_power: "0",
    options_approved_level: 0,
    options_trading_level: 0,
    sma: "0",
    accrued_fees: text(account.fees),
    pending_transfer_in: "0",
    pending_transfer_out: "0",
    pending_reg_taf_fees: "0",
    intraday_adjustments: "0",
    balance_asof: names.balanceDate,
    created_at: names.createdAt,
    trading_blocked: false,
    transfers_blocked: false,
    account_blocked: false,
    trade_suspended_by_user: settings.suspend_trade,
    shorting_enabled: account.shorting && !settings.no_shorting,
  };
}

/** Positions have the names of old: BTCUSD, where everything else says BTC/USD. */
export function positionSymbol(symbol: string): string {
  return symbol.replace("/", "");
}

export function positionJson(position: ExchangePosition, instrument: Instrument | undefined): unknown {
  const value = position.qty.times(position.lastPrice);
  const cost = position.costBasis;
  const unrealized = value.minus(cost);
  const today = position.qty.times(position.lastPrice.minus(position.lastDayPrice));
  const base = position.qty.times(position.lastDayPrice);
  return {
    asset_id: uuidOf(`asset:${position.symbol}`),
    symbol: positionSymbol(position.symbol),
    exchange: exchangeOf(instrument),
    asset_class: assetClassOf(instrument),
    asset_marginable: instrument?.assetClass !== "crypto",
    avg_entry_price: text(position.avgPrice),
    qty: text(position.qty),
    qty_available: text(position.qty.isNegative() ? position.qtyAvailable.negated() : position.qtyAvailable),
    side: position.qty.isNegative() ? "short" : "long",
    market_value: text(value),
    cost_basis: text(cost),
    unrealized_pl: text(unrealized),
    unrealized_plpc: ratio(unrealized, cost.abs()),
    unrealized_intraday_pl: text(today),
    unrealized_intraday_plpc: ratio(today, base.abs()),
    current_price: text(position.lastPrice),
    lastday_price: text(position.lastDayPrice),
    change_today: ratio(position.lastPrice.minus(position.lastDayPrice), position.lastDayPrice),
  };
}

function ratio(part: Decimal, whole: Decimal): string {
  return whole.isZero() ? "0" : text(part.dividedBy(whole));
}

export function exchangeOf(instrument: Instrument | undefined): string {
  return instrument?.assetClass === "crypto" ? "CRYPTO" : "NYSE";
}

export function assetJson(instrument: Instrument): unknown {
  const crypto = instrument.assetClass === "crypto";
  return {
    id: uuidOf(`asset:${instrument.symbol}`),
    class: instrument.assetClass,
    exchange: exchangeOf(instrument),
    symbol: instrument.symbol,
    name: instrument.name,
    status: "active",
    tradable: instrument.tradable,
    marginable: !crypto,
    shortable: instrument.shortable,
    easy_to_borrow: instrument.shortable,
    borrow_status: instrument.shortable ? "easy_to_borrow" : "hard_to_borrow",
    fractionable: instrument.fractionable,
    maintenance_margin_requirement: crypto ? 100 : 30,
    margin_requirement_long: crypto ? "100" : "30",
    margin_requirement_short: crypto ? "100" : "30",
    attributes: [],
  };
}
