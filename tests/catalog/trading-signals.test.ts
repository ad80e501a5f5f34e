/**
 * A second oracle: trading-signals, where it has the indicator. Every difference is rounding, or stands here with its reason.
 */
import { describe, expect, it } from "vitest";
import { libraryOf, TRADING_SIGNALS } from "../../bench/rivals.ts";
import { indicator } from "../../engine/catalog/catalog.ts";
import type { Indicator } from "../../engine/catalog/kernel.ts";
import { madeUpBars } from "../support/made-up-bars.ts";
import { rowsOf } from "../support/talib-reference.ts";

const BARS = madeUpBars(9, 1_500);

/** Another seed: the same from this bar on. */
const SETTLES: Readonly<Record<string, readonly [from: number, why: string]>> = {
  dema: [250, "its second average starts at the very first bar, ours where the first one is known"],
};

/** Another definition: how often it differs by more than rounding is told, not judged. */
const DIFFERS: Readonly<Record<string, string>> = {
  adx: "both directions count when they move equally far",
  psar: "rules of its own, with a shift of 0.01",
  linreg: "its line is read at the bar to come",
};

const library = await libraryOf("trading-signals");

describe.skipIf(library === undefined)("trading-signals as a second oracle (npm ci installs it)", () => {
  for (const { entry: name, params, make } of TRADING_SIGNALS) {
    const why = DIFFERS[name] ?? SETTLES[name]?.[1];
    it(`${name} ${DIFFERS[name] === undefined ? "agrees" : "differs"}${why === undefined ? "" : `: ${why}`}`, () => {
      const entry = indicator(name) as Indicator;
      const all = entry.params.map((doc, i) => params[i] ?? doc.default ?? 0);
      const ours = rowsOf(entry, all, BARS);
      const step = make(library ?? {});
      const from = SETTLES[name]?.[0] ?? 0;
      let compared = 0;
      let error = 0;
      for (const [i, bar] of BARS.entries()) {
        const theirs = step(bar);
        const own = ours[i]?.[0] as number;
        if (theirs === undefined || Number.isNaN(own) || i < from) continue;
        compared++;
        const scale = Math.max(Math.abs(own), entry.outputs[0]?.unit === "price" ? 100 : 1);
        error = Math.max(error, Math.abs(theirs - own) / scale);
      }
      expect(compared).toBeGreaterThan(1_000);
      if (DIFFERS[name] === undefined) expect(error).toBeLessThan(1e-9);
      else expect(error).toBeGreaterThan(1e-6);
    });
  }
});
