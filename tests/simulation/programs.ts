/**
 * Strategies that trade often on small moves, with numbers that a world draws.
 *
 * Owns: the texts and their programs. Nothing here is a good idea with money.
 */
import type { Program } from "../../engine/core/program.ts";
import { compile } from "../../engine/lang/compile.ts";
import { one, picker } from "../support/runs.ts";
import type { Pick } from "../support/runs.ts";

export interface Loaded {
  readonly program: Program;
  readonly sources: Readonly<Record<string, string>>;
}

export const SYMBOLS = ["ACME", "BETA"];
export const MAX_POSITION = 24;
export const MAX_ENTRIES = 2;
/** Dollars of one entry. */
export const MAX_NOTIONAL = 1_900;
/** Strategies that may be short. */
export const SHORTING = ["turn"];
/** Strategies of targets, which add to what they hold. */
export const ADDING = ["aim"];

const head = (name: string, symbols: string): string => `barwise: 1\nname: ${name}\nsymbols: [${symbols}]\non: 1m\n`;

const STRATEGIES: readonly ((pick: Pick) => string)[] = [
  (pick) => `${head("bracket", "ACME")}max_entries: ${1 + pick(MAX_ENTRIES)}
rules:
  - name: enter
    when: close > close[1]
    then: {buy: {size: {qty: ${3 + pick(15)}}, bracket: {stop_loss: close * 0.99${7 + pick(3)}, take_profit: close * 1.00${1 + pick(4)}}}}
    cooldown: ${1 + pick(3)} bars
  - name: leave
    when: close < close[${1 + pick(3)}]
    then: {close: {}}
`,
  (pick) => `${head("turn", "BETA")}rules:
  - name: up
    when: close > sma(3)
    then: {buy: {size: {qty: ${2 + pick(9)}}, reverse: true}}
  - name: down
    when: close < sma(3)
    then: {sell: {size: {qty: ${2 + pick(9)}}, short: true, reverse: true}}
`,
  (pick) => `${head("dip", "ACME, BETA")}max_entries: ${1 + pick(MAX_ENTRIES)}
rules:
  - name: enter
    when: close < close[1]
    then: {buy: {size: {qty: ${4 + pick(12)}}, limit: close * 0.999${pick(10)}, expire_after: ${1 + pick(3)}m, bracket: {stop_loss: close * 0.99${5 + pick(4)}}}}
  - name: half
    when: position.unrealized > 0
    then: {reduce: {by: 50%}}
  - name: leave
    when: position.bars_held > ${2 + pick(5)}
    then: {close: {limit: close * 1.000${pick(6)}, expire_after: 2m}}
`,
  (pick) => `${head("aim", "BETA")}rules:
  - name: more
    when: close > close[2]
    then: {target: {qty: ${6 + pick(10)}}}
  - name: guard
    when: position.bars_held == 1
    then: {close: {oco: {stop_loss: close * 0.99${6 + pick(3)}, take_profit: close * 1.00${2 + pick(3)}}}}
  - name: less
    when: close < close[3]
    then: {target: {qty: ${1 + pick(4)}}}
  - name: none
    when: close < close[1] for 3 bars
    then: {close: {}}
`,
  (pick) => `${head("trail", "ACME")}rules:
  - name: enter
    when: close > close[1]
    then: {buy: {size: {qty: ${2 + pick(6)}}, ${one(pick, ENTRIES)}, time_in_force: ${one(pick, ["day", "gtc"])}, expire_after: ${1 + pick(2)}m}}
  - name: follow
    when: position.bars_held == 1
    then: {close: {trail: 0.0${5 + pick(5)}%, expire_after: 3m}}
  - name: leave
    when: close < close[2]
    then: {close: {${one(pick, ["", "limit: close, time_in_force: ioc", "stop: close * 0.9995, expire_after: 1m"])}}}
`,
  (pick) => `${head("part", "BETA")}session: ${one(pick, ["regular", "extended"])}
rules:
  - name: enter
    when: close > close[1] and close[1] > close[2]
    then: {buy: {size: {qty: ${1 + pick(6)}.${1 + pick(9)}}, fractional: true, limit: close * 1.000${pick(10)}, expire_after: 2m}}
  - name: third
    when: position.bars_held == 2
    then: {reduce: {by: 33%}}
  - name: leave
    when: close < close[1]
    then: {close: {}}
`,
];

/** Each waits for a price in its own way. */
const ENTRIES = [
  "stop: close * 1.0003",
  "stop: close * 1.0003, limit: close * 1.001",
  "limit: close, extended_hours: true",
];

const project = (pick: Pick): string => `barwise: 1
strategies: strategies/
unknown_orders: ${pick(2) === 0 ? "resend" : "park"}
risk: {max_position: {qty: ${MAX_POSITION}}, max_order_notional: ${MAX_NOTIONAL}, price_collar: 20%}
${pick(3) === 0 ? "" : `approval: {when: order.qty > ${pick(10)}, ${approval(pick)}}\n`}`;

const approval = (pick: Pick): string =>
  [
    `second: order.qty > ${9 + pick(8)}`,
    `expires: ${one(pick, ["15s", "90s", "10m"])}`,
    `fresh: ${one(pick, ["10s", "2m"])}`,
    `max_drift: ${one(pick, ["0.05%", "1%"])}`,
    `edits: ${one(pick, ["any", "any", "lower"])}`,
    `market_as: ${one(pick, ["limit", "market"])}`,
    ...(pick(2) === 0 ? [] : ["on_reject: rearm", "on_expiry: rearm"]),
  ].join(", ");

const THRESHOLD = /^approval: \{when: order\.qty > (\d+)/m;

/** Entries of more shares need a person's word. */
export function askedAbove(program: Program | undefined): number {
  return thresholds.get(program?.digest ?? "") ?? Number.POSITIVE_INFINITY;
}

const thresholds = new Map<string, number>();

/** Compiling takes longer than most of a world, so that there are not more of them. */
const PROJECTS = 96;

/** A project of some of the strategies. */
export function drawProject(pick: Pick): Loaded {
  const sources = sourcesOf(picker(pick(PROJECTS)));
  const { program, diagnostics } = compile(sources);
  if (program === null) throw new Error(diagnostics.map(({ line, message }) => `${line}: ${message}`).join("\n"));
  const [, threshold] = THRESHOLD.exec(sources["barwise.yaml"] ?? "") ?? [];
  if (threshold !== undefined) thresholds.set(program.digest, Number(threshold));
  return { program, sources };
}

function sourcesOf(pick: Pick): Readonly<Record<string, string>> {
  const sources: Record<string, string> = { "barwise.yaml": project(pick) };
  const must = pick(STRATEGIES.length);
  STRATEGIES.forEach((textOf, i) => {
    const text = textOf(pick);
    if (i === must || pick(2) === 0) sources[`strategies/${i}.strategy.yaml`] = text;
  });
  return sources;
}
