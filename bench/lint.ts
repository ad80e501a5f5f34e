/**
 * How long 1,000 strategies of ten rules take to lint, beside reading the same YAML alone in the same run:
 * `npm run build && node dist/bench/lint.js`.
 *
 * Owns: measuring and printing. The target is 10 s and 300 MB on two cores; it is printed, and no test waits for it.
 */
import { parseDocument } from "yaml";
import { compile } from "../engine/lang/compile.ts";

const COUNT = 1_000;

function strategyText(at: number): string {
  const rules = Array.from({ length: 5 }, (_, rule) => {
    const fast = 5 + rule + (at % 7);
    return `  - name: enter-${rule}
    when: (close crosses above sma(${fast}) or rsi(${fast}) < 30) and close > sma(${fast * 10}) and volume > ${1000 + rule}
    then: {buy: {size: {qty: ${rule + 1}}, bracket: {stop_loss: close * 0.98}}}
  - name: leave-${rule}
    when: close < bollinger(${fast}, 2).lower and not close > ema(${fast}) or rsi(${fast}) > ${70 + rule}
    then: {close: {}}
`;
  });
  return `barwise: 1\nname: s${at}\nsymbols: [SPY]\non: 5m\nrules:\n${rules.join("")}`;
}

interface Measured<T> {
  readonly result: T;
  readonly seconds: number;
  readonly processor: number;
  /** The largest so far: of what ran before as well. */
  readonly megabytes: number;
}

function measured<T>(run: () => T): Measured<T> {
  const [start, used] = [performance.now(), process.cpuUsage()];
  const result = run();
  const { user, system } = process.cpuUsage(used);
  const seconds = (performance.now() - start) / 1_000;
  return { result, seconds, processor: (user + system) / 1e6, megabytes: process.resourceUsage().maxRSS / 1_024 };
}

function line(what: string, { seconds, processor, megabytes }: Measured<unknown>, detail: string): string {
  const figures = [
    `${seconds.toFixed(2)} s`,
    `${processor.toFixed(2)} s of processor`,
    `${megabytes.toFixed(0)} MB at most`,
  ];
  return `${what.padEnd(12)}${figures.map((figure) => figure.padStart(22)).join("")}   ${detail}\n`;
}

const files = Object.fromEntries(Array.from({ length: COUNT }, (_, at) => [`s${at}.strategy.yaml`, strategyText(at)]));
const empty = process.resourceUsage().maxRSS / 1_024;
const yaml = measured(() => Object.values(files).reduce((sum, text) => sum + parseDocument(text).errors.length, 0));
const lint = measured(() => compile(files).diagnostics);
process.stdout.write(
  `Node ${process.version}; ${COUNT} strategies of 10 rules, ${empty.toFixed(0)} MB before anything is read\n\n` +
    line("yaml alone", yaml, `${yaml.result} errors`) +
    line(
      "lint",
      lint,
      `${lint.result.length} findings; x${(lint.processor / yaml.processor).toFixed(1)} of yaml alone`,
    ) +
    `\ntarget: 10 s and 300 MB\n`,
);
