/**
 * `npm run bench:indicators`: nanoseconds per update and per peek of every kernel, beside other libraries in the same run.
 *
 * Owns: measuring and printing. Numbers depend on the machine; what stands beside is the figure to compare.
 * `--json` prints one JSON object, `--updates N` changes the amount of work.
 */
import { INDICATORS } from "../engine/catalog/catalog.ts";
import type { Indicator } from "../engine/catalog/kernel.ts";
import { random } from "./program.ts";
import { libraryOf, TECHNICALINDICATORS_CLASSES, TRADING_SIGNALS } from "./rivals.ts";
import type { Candle, Rival, Step } from "./rivals.ts";

const BARS = 4_096;
const ROUNDS = 5;

const next = random(3);

const candles: readonly Candle[] = Array.from({ length: BARS }, () => {
  const open = 100 + next() * 10;
  const close = open + next() - 0.5;
  const [high, low] = [Math.max(open, close) + next(), Math.min(open, close) - next()];
  return { open, high, low, close, volume: Math.round(next() * 100_000) };
});

/** The best of several rounds; the first warms the compiler. */
function nanoseconds(updates: number, work: (i: number) => void): number {
  let best = Number.POSITIVE_INFINITY;
  for (let round = 0; round < ROUNDS; round++) {
    const started = process.hrtime.bigint();
    for (let i = 0; i < updates; i++) work(i % BARS);
    best = Math.min(best, Number(process.hrtime.bigint() - started) / updates);
  }
  return best;
}

function paramsOf(entry: Indicator): number[] {
  const required: Readonly<Record<string, number>> = { period: 20 };
  if (entry.name === "band") return [0.02, 0, 14];
  return entry.params.map((doc) => doc.default ?? required[doc.name] ?? doc.min);
}

function kernelTimes(entry: Indicator, updates: number): { update: number; peek: number } {
  const params = paramsOf(entry);
  const kernel = entry.kernel(params);
  const out = new Float64Array(entry.outputs.length);
  const rows = candles.map((candle) =>
    Float64Array.from(entry.inputs, (name) =>
      name === "value" ? candle.close : name === "other" ? candle.open : candle[name],
    ),
  );
  for (const row of rows) kernel.update(row, out);
  return {
    update: nanoseconds(updates, (i) => {
      kernel.update(rows[i] as Float64Array, out);
    }),
    peek: nanoseconds(updates, (i) => {
      kernel.peek(rows[i] as Float64Array, out);
    }),
  };
}

/** Undefined where the library does not have it. */
function rivalTime(step: Step | undefined, updates: number): number | undefined {
  if (step === undefined) return undefined;
  for (const candle of candles) step(candle);
  return nanoseconds(updates, (i) => {
    step(candles[i] as Candle);
  });
}

async function stepsOf(name: Parameters<typeof libraryOf>[0], rivals: readonly Rival[]): Promise<Map<string, Step>> {
  const library = await libraryOf(name);
  if (library === undefined) {
    process.stderr.write(`${name} is not installed: its column stays empty (npm ci installs it)\n`);
    return new Map();
  }
  return new Map(rivals.map((rival) => [rival.entry, rival.make(library)]));
}

function option(name: string, fallback: number): number {
  const at = process.argv.indexOf(`--${name}`);
  const value = at < 0 ? fallback : Number(process.argv[at + 1]);
  if (!Number.isInteger(value) || value < 1_000) throw new Error(`--${name} needs a whole number of at least 1000`);
  return value;
}

const updates = option("updates", 200_000);
const technicalindicators = await stepsOf("technicalindicators", TECHNICALINDICATORS_CLASSES);
const tradingSignals = await stepsOf("trading-signals", TRADING_SIGNALS);
const rows = [...INDICATORS.values()].map((entry) => ({
  indicator: `${entry.name}(${paramsOf(entry)
    .filter((_, i) => entry.params[i]?.option !== true)
    .join(", ")})`,
  ...kernelTimes(entry, updates),
  technicalindicators: rivalTime(technicalindicators.get(entry.name), updates / 10),
  tradingSignals: rivalTime(tradingSignals.get(entry.name), updates / 10),
}));
if (process.argv.includes("--json")) console.log(JSON.stringify({ node: process.version, unit: "ns", rows }, null, 2));
else {
  const cell = (value: number | undefined): string => (value === undefined ? "" : value.toFixed(0)).padStart(20);
  console.log(`Node ${process.version}, ${process.arch}; nanoseconds, the best of ${ROUNDS} rounds\n`);
  const heads = ["update", "peek", "technicalindicators", "trading-signals"];
  console.log(`${"".padEnd(28)}${heads.map((head) => head.padStart(20)).join("")}`);
  for (const { indicator, update, peek, technicalindicators: other, tradingSignals: third } of rows) {
    console.log(`${indicator.padEnd(28)}${[update, peek, other, third].map(cell).join("")}`);
  }
}
