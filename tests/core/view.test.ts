/** What people see of a running core. */
import { describe, expect, it } from "vitest";
import { inspect } from "../../engine/core/view.ts";
import { compile } from "../../engine/lang/compile.ts";
import { NYSE as nyse } from "../../engine/market/nyse.ts";
import { CoreDriver } from "../support/core-driver.ts";

const OPEN = nyse.sessionOn("2024-07-08")?.open ?? Number.NaN;
const MINUTE = 60_000;

/** The phase of the one rule after each bar. */
function phases(when: string, closes: readonly number[]): string[] {
  const text = `barwise: 1\nname: case\nsymbols: [SPY]\non: 5m\nrules:\n  - name: go\n    when: ${when}\n    then: {alert: {message: now}}\n`;
  const { program } = compile({ "case.strategy.yaml": text });
  if (program === null) throw new Error("the case does not compile");
  const run = new CoreDriver(program, OPEN);
  return closes.map((close, i) => {
    run.bar("SPY", "5m", OPEN + i * 5 * MINUTE, close);
    return inspect(run.core)[0]?.rules[0]?.phase ?? "";
  });
}

describe("the phase of a rule", () => {
  it("is pending while all holds but not yet for long enough", () => {
    expect(phases("close > 10 for 3 bars and volume > 0", [9, 11, 11, 11, 9, 11])).toEqual([
      ...["idle", "pending", "pending", "fired", "idle", "pending"],
    ]);
    expect(phases("close > 10 for 10m", [9, 11, 11, 11])).toEqual(["idle", "pending", "pending", "fired"]);
  });

  it("is not pending when something else is missing too", () => {
    expect(phases("close > 10 for 3 bars and close > 20", [9, 11, 11, 11])).toEqual(["idle", "idle", "idle", "idle"]);
    expect(phases("not (close > 10 for 3 bars) and close > 20", [9, 11])).toEqual(["idle", "idle"]);
  });
});
