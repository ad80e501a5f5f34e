/** How long 1,000 strategies of ten rules take to lint: `npm run build && node dist/bench/lint.js`. */
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

const files = Object.fromEntries(Array.from({ length: COUNT }, (_, at) => [`s${at}.strategy.yaml`, strategyText(at)]));
const start = performance.now();
const { diagnostics } = compile(files);
const seconds = (performance.now() - start) / 1_000;
const { user, system } = process.cpuUsage();
const megabytes = process.memoryUsage().rss / 2 ** 20;
process.stdout.write(
  `lint of ${COUNT} strategies of 10 rules: ${seconds.toFixed(2)} s, ${((user + system) / 1e6).toFixed(2)} s of processor, ` +
    `${megabytes.toFixed(0)} MB, ${diagnostics.length} findings\n`,
);
