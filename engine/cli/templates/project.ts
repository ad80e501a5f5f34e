/**
 * The strategies and settings that `barwise init` writes.
 *
 * Owns: their text, which a test lints and formats. May not read or write anything.
 */

export const PROJECT = `# yaml-language-server: $schema=schemas/project.schema.json
barwise: 1
strategies: strategies/
time_zone: America/New_York

# Who executes orders: the exchange simulated on this machine. alpaca-paper takes its keys from
# APCA_API_KEY_ID and APCA_API_SECRET_KEY.
account: { venue: local, cash: 100000 }

# Limits of the whole account. A strategy may only tighten them; exits are never trapped by them.
risk: { max_position: 25%, max_orders_per_day: 20, max_daily_loss: 2% }
`;

export const STRATEGY = `# yaml-language-server: $schema=../schemas/strategy.schema.json
barwise: 1
name: example
description: Buys a dip in an uptrend and sells into strength.
symbols: [SPY]
on: 1d # a daily close evaluates the rules; orders go to the next open

# Numbers to play with: barwise backtest --param oversold=30 changes one without touching the file.
params:
  oversold: 35
  overbought: 65

# Names for what the rules read. Each is computed once, however often it is used.
facts:
  trend: sma(200)
  swing: atr(14) # how far the price usually moves in a day

conditions:
  uptrend: close > trend

rules:
  # Momentum falls through the line while the long trend is still up.
  - name: enter
    when: rsi(14) crosses below oversold and uptrend
    then:
      buy:
        size: { risk: 1%, stop: 3 * swing } # lose at most 1 % of the account if the stop is hit
        time_in_force: gtc # the bracket must outlive the day
        bracket: { stop_loss: close - 3 * swing, take_profit: close + 5 * swing }
    cooldown: 5 bars # one dip, one trade

  # Strength is for selling.
  - name: take-strength
    when: rsi(14) > overbought
    then: { close: {} }

  # The reason for the trade is gone: three closes below the long average.
  - name: trend-broken
    when: close < trend for 3 bars
    then: { close: {} }

risk: { max_position: 25%, max_orders_per_day: 4 }
`;

export const TEST = `# yaml-language-server: $schema=../schemas/test.schema.json
strategy: example.strategy.yaml

tests:
  - name: buys a dip above the long average and sells the recovery
    start: 2024-03-04
    bars:
      SPY: { close: "207-3x4 199+1x12", high: "213-3x4 203+1x12", low: "203-3x4 195+1x12" }
    # 220 days of calm rise: the average of 200 days is far below the price. Wide bars keep stop and profit far away.
    history:
      SPY: { close: "100+0.5x220", high: "104+0.5x220", low: "96+0.5x220" }
    expect:
      - { at: bar 4, rule: enter, order: { side: buy, qty: ">0" } }
      - { at: bar 14, rule: take-strength, order: { side: sell } }

  - name: waits until the long average is known
    start: 2024-03-04
    bars: { SPY: "149-3x8" }
    history: { SPY: "100+0.5x100" }
    expect: [] # silence is a fact too
`;

export const IGNORED = ".barwise/";
