/**
 * What trades in the soak: a shipped strategy and made-up ones that trade often, each on symbols of its own.
 *
 * All orders outlive the day: an exit that ends at the close would be a critical alert, and rightly so.
 * Owns: the texts, and what a save changes in them: numbers of conditions and of facts, never what protects a position.
 */
import { readFileSync } from "node:fs";

export const SYMBOLS: readonly string[] = Array.from({ length: 50 }, (_, i) => `S${String(i).padStart(2, "0")}`);

const PROJECT = `barwise: 1
strategies: strategies/
risk: {max_position: {qty: 400}, price_collar: 50%, max_orders_per_minute: 100000}
`;

/** `save` is how many times the files have been saved. */
export function filesOf(save: number, root: string): Readonly<Record<string, string>> {
  const shipped = readFileSync(`${root}/strategies/sma-cross.strategy.yaml`, "utf8");
  const crossing = shipped
    .replace("symbols: [SPY]", `symbols: [${on(0, 6)}]`)
    .replace("equity: 30%", "qty: 20")
    .replace("close: {}", "close: { time_in_force: gtc }");
  const made = Object.fromEntries(MADE.map(({ name, text }) => [`strategies/${name}.strategy.yaml`, text(save)]));
  return { "barwise.yaml": PROJECT, "strategies/sma-cross.strategy.yaml": crossing, ...made };
}

function on(from: number, to: number): string {
  return SYMBOLS.slice(from, to).join(", ");
}

const head = (name: string, from: number, to: number): string =>
  `barwise: 1\nname: ${name}\nsymbols: [${on(from, to)}]\non: 1m\n`;

interface Made {
  readonly name: string;
  readonly text: (save: number) => string;
}

const MADE: readonly Made[] = [
  {
    name: "bracket",
    text: (save) => `${head("bracket", 6, 18)}rules:
  - name: enter
    when: close crosses above sma(${10 + (save % 5)}) and rsi(14) > ${45 + (save % 3)}
    then: {buy: {size: {qty: 12}, time_in_force: gtc, bracket: {stop_loss: close * 0.996, take_profit: close * 1.004}}}
    cooldown: 10m
  - name: leave
    when: close < sma(20) for 3 bars
    then: {close: {time_in_force: gtc}}
`,
  },
  {
    name: "turn",
    text: (save) => `${head("turn", 18, 28)}rules:
  - name: up
    when: ema(${12 + (save % 4)}) crosses above ema(40)
    then: {buy: {size: {qty: 7}, time_in_force: gtc, reverse: true}}
  - name: down
    when: ema(${12 + (save % 4)}) crosses below ema(40)
    then: {sell: {size: {qty: 7}, time_in_force: gtc, short: true, reverse: true}}
`,
  },
  {
    name: "dip",
    text: (save) => `${head("dip", 28, 38)}max_entries: 2
rules:
  - name: enter
    when: rsi(14) < ${36 + (save % 4)} then close > close[1] within 5 bars
    then: {buy: {size: {qty: 10}, time_in_force: gtc, limit: close * 0.9995, expire_after: 3m, bracket: {stop_loss: close * 0.99}}}
    cooldown: 20 bars
  - name: half
    when: position.unrealized > 0 for 5m
    then: {reduce: {by: 50%, time_in_force: gtc}}
    cooldown: 30m
  - name: leave
    when: position.bars_held > ${40 + (save % 7)}
    then: {close: {limit: close * 1.0003, expire_after: 2m, time_in_force: gtc}}
`,
  },
  {
    name: "aim",
    text: (save) => `${head("aim", 38, 44)}rules:
  - name: more
    when: close crosses above highest(close, ${20 + (save % 6)})[1]
    then: {target: {qty: 15, time_in_force: gtc}}
  - name: none
    when: close < close[1] for 4 bars
    then: {target: {qty: 0, time_in_force: gtc}}
`,
  },
  {
    name: "tick",
    text: (save) => `barwise: 1
name: tick
symbols: [${on(46, 50)}]
on: tick
bars: 1m
rules:
  - name: enter
    when: last > sma(20) * 1.0${10 + (save % 3)}
    then: {buy: {size: {qty: 5}, time_in_force: gtc}}
    cooldown: 15m
  - name: leave
    when: last < sma(20) for 30s
    then: {close: {time_in_force: gtc}}
  - {name: bell, when: session.minutes_to_close <= 5, then: {close: {time_in_force: gtc}}}
`,
  },
];
