/**
 * Whatever is in files: no crash, no hang, and every finding has a place in them. BARWISE_SEED repeats a run, and
 * BARWISE_RUNS sets how many inputs each kind has.
 */
import { describe, expect, it } from "vitest";
import type { FileTexts } from "../../engine/lang/compile.ts";
import { check, ending } from "../support/accepts.ts";
import { mutated, realFiles, senseless, structured } from "../support/hostile-texts.ts";
import { SEED, SOAK, amount, one, picker } from "../support/runs.ts";
import type { Pick } from "../support/runs.ts";

const REAL = realFiles();
/** One in so many inputs is corrected as well: that compiles it many times. */
const FIXED_EVERY = 8;

/** Inputs that are timed together. */
const BATCH = 50;

/** Each input has a seed of its own, so that a failure is repeated alone. */
function fuzz(kind: string, count: number, filesOf: (pick: Pick) => FileTexts): void {
  let files: FileTexts = {};
  let at = 0;
  try {
    for (let from = 0; from < count; from += BATCH)
      ending(() => {
        for (at = from; at < Math.min(count, from + BATCH); at++) {
          files = filesOf(picker((SEED + at * 7919) >>> 0));
          check(files, { isFixed: at % FIXED_EVERY === 0 });
        }
      });
  } catch (error) {
    const told = Object.entries(files).map(([file, text]) => `=== ${file}\n${JSON.stringify(text)}`);
    throw new Error(`${kind}: input ${at} with BARWISE_SEED=${SEED}\n${told.join("\n")}`, { cause: error });
  }
  console.log(`fuzz, ${kind}: ${count} inputs; BARWISE_SEED=${SEED} repeats them`);
}

function withStrategy(name: string, text: string): FileTexts {
  return name === "x.strategy.yaml" ? { [name]: text } : { ...NEIGHBOURS, [name]: text };
}

const STRATEGY =
  "barwise: 1\nname: x\nsymbols: [SPY]\non: 5m\nrules:\n  - {name: leave, when: close > 1, then: {close: {}}}\n";
const NEIGHBOURS = { "x.strategy.yaml": STRATEGY, "case.strategy.yaml": STRATEGY };

// However long it takes on a busy machine.
describe("the language", { timeout: 8 * 3_600_000 }, () => {
  it("survives mutations of real files", () => {
    fuzz("mutations", amount({ ci: 400, soak: 80_000 }), (pick) => {
      const [name, text] = one(pick, REAL);
      return withStrategy(name, mutated(pick, text));
    });
  });

  it("survives bytes without sense", () => {
    fuzz("bytes", amount({ ci: 400, soak: 90_000 }), (pick) => {
      const name = one(pick, [
        "x.strategy.yaml",
        "x.test.yaml",
        "x.template.yaml",
        "watchlists/x.yaml",
        "barwise.yaml",
      ]);
      return withStrategy(name, senseless(pick));
    });
  });

  it("survives files of the right shape with wrong parts, several together", () => {
    fuzz("structure", amount({ ci: 300, soak: 25_000 }), (pick) => structured(pick));
  });

  it("survives every file that ends too early", () => {
    const step = SOAK ? 1 : 97;
    let count = 0;
    for (const [name, text] of REAL.filter(([, text]) => text.length < 2_000).slice(0, 60)) {
      for (let end = SEED % step; end < text.length; end += step) {
        check(withStrategy(name, text.slice(0, end)), { isFixed: false });
        count++;
      }
    }
    console.log(`fuzz, truncations: ${count} inputs`);
    expect(count).toBeGreaterThan(0);
  });
});
