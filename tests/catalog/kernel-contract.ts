/**
 * What every kernel of the catalogue must keep, whatever it computes.
 *
 * Owns: the suite and the series it runs on. Deterministic: the only randomness is a seeded generator.
 */
import { describe, expect, it } from "vitest";
import type { Indicator, Kernel } from "../../engine/catalog/kernel.ts";

/** Numbers in [0, 1) from a seed (mulberry32). */
export function randomOf(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}

export type Inputs = readonly Float64Array[];

/** A believable market: a random walk in cents with gaps, flat stretches and empty volume now and then. */
export function marketInputs(entry: Indicator, length: number, seed: number): Inputs {
  const random = randomOf(seed);
  let close = 100;
  return Array.from({ length }, () => {
    const calm = random() < 0.1;
    const open = cents(close + (random() < 0.05 ? (random() - 0.5) * 8 : 0));
    close = calm ? open : cents(Math.max(1, open + (random() - 0.5) * 3));
    const high = calm ? Math.max(open, close) : cents(Math.max(open, close) + random());
    const low = calm ? Math.min(open, close) : cents(Math.max(0.5, Math.min(open, close) - random()));
    const volume = random() < 0.05 ? 0 : Math.floor(random() * 1e6);
    const bar: Record<string, number> = {
      open,
      high,
      low,
      close,
      volume,
      value: close,
      other: cents(close + random() * 5),
    };
    return Float64Array.from(entry.inputs, (name) => bar[name] as number);
  });
}

/** The same number everywhere; volume stays positive. */
export function flatInputs(entry: Indicator, length: number, price: number): Inputs {
  return Array.from({ length }, () => Float64Array.from(entry.inputs, (name) => (name === "volume" ? 1_000 : price)));
}

/** A walk around zero for kernels of one value or two: returns, spreads, histograms. */
export function signedInputs(length: number, seed: number, width = 1): Inputs {
  const random = randomOf(seed);
  const value = (): number => (random() < 0.2 ? 0 : Math.round((random() - 0.5) * 20));
  return Array.from({ length }, () => Float64Array.from({ length: width }, value));
}

function cents(x: number): number {
  return Math.round(x * 100) / 100;
}

/** A bar each; for kernels that know periods each bar is one, as daily bars are sessions. */
export function run(kernel: Kernel, inputs: Inputs, outputs: number): Float64Array[] {
  return inputs.map((x) => {
    const out = new Float64Array(outputs).fill(NaN);
    kernel.begin?.();
    kernel.update(x, out);
    return out;
  });
}

function throughJson(state: readonly number[]): number[] {
  const text = JSON.stringify(state, (_key, value: unknown) =>
    typeof value === "number" && !Number.isFinite(value) ? String(value) : value,
  );
  return (JSON.parse(text) as (number | string)[]).map(Number);
}

/** Equal numbers; NaN equals NaN. */
function same(a: Float64Array, b: Float64Array, where: string): void {
  for (let i = 0; i < a.length; i++) {
    const x = a[i] as number;
    const y = b[i] as number;
    if (!(x === y || (Number.isNaN(x) && Number.isNaN(y)))) expect.fail(`${where}: output ${i}: ${x} and ${y}`);
  }
}

/** One entry with parameters, and the series it is tried on. */
interface Case {
  readonly entry: Indicator;
  readonly params: readonly number[];
  readonly width: number;
  readonly length: number;
  readonly series: readonly (readonly [string, Inputs])[];
  readonly out: () => Float64Array;
}

export function kernelContract(entry: Indicator, params: readonly number[], label: string): void {
  const width = entry.outputs.length;
  const length = Math.max(400, entry.warmup(params) * 4);
  const subject: Case = {
    entry,
    params,
    width,
    length,
    out: () => new Float64Array(width).fill(NaN),
    series: [
      ["market", marketInputs(entry, length, 7)],
      ["flat", flatInputs(entry, length, 100.1)],
      ["zero", flatInputs(entry, length, 0)],
      ...(entry.inputs.every((name) => name === "value" || name === "other")
        ? [["signed", signedInputs(length, 3, entry.inputs.length)] as const]
        : []),
    ],
  };
  describe(label, () => {
    peeking(subject);
    copying(subject);
    starting(subject);
    ranges(subject);
    lasting(subject);
  });
}

function peeking({ entry, params, width, out, series }: Case): void {
  it("peeks exactly what the update gives, at every bar", () => {
    for (const [name, inputs] of series) {
      const kernel = entry.kernel(params);
      for (const [i, x] of inputs.entries()) {
        const peeked = out();
        const updated = out();
        kernel.begin?.();
        kernel.peek(x, peeked);
        kernel.update(x, updated);
        same(peeked, updated, `${name} bar ${i}`);
      }
    }
  });

  it("changes nothing when peeking", () => {
    for (const [name, inputs] of series) {
      const random = randomOf(11);
      const plain = run(entry.kernel(params), inputs, width);
      const kernel = entry.kernel(params);
      for (const [i, x] of inputs.entries()) {
        kernel.begin?.();
        const before = kernel.serialize();
        for (let n = Math.floor(random() * 4); n > 0; n--) {
          kernel.peek(inputs[Math.floor(random() * inputs.length)] as Float64Array, out());
        }
        same(Float64Array.from(kernel.serialize()), Float64Array.from(before), `${name} state at bar ${i}`);
        const updated = out();
        kernel.update(x, updated);
        same(updated, plain[i] as Float64Array, `${name} bar ${i}`);
      }
    }
  });
}

function copying({ entry, params, width, length, series }: Case): void {
  it("clones into a kernel of its own", () => {
    for (const [name, inputs] of series) {
      const plain = run(entry.kernel(params), inputs, width);
      for (const at of [0, 1, entry.warmup(params) - 1, Math.floor(length / 2)]) {
        const kernel = entry.kernel(params);
        run(kernel, inputs.slice(0, at), width);
        const clone = kernel.clone();
        // The clone goes elsewhere first; neither may notice the other.
        run(kernel.clone(), inputs.toReversed(), width);
        const rest = run(clone, inputs.slice(at), width);
        const original = run(kernel, inputs.slice(at), width);
        for (let i = at; i < length; i++) {
          same(rest[i - at] as Float64Array, plain[i] as Float64Array, `${name} clone at ${at} bar ${i}`);
          same(original[i - at] as Float64Array, plain[i] as Float64Array, `${name} original at ${at} bar ${i}`);
        }
      }
    }
  });

  it("continues bit for bit from a state that went through JSON", () => {
    for (const [name, inputs] of series) {
      const plain = run(entry.kernel(params), inputs, width);
      for (const at of [0, 1, entry.warmup(params) - 1, entry.warmup(params), Math.floor(length / 2) + 3]) {
        const kernel = entry.kernel(params);
        run(kernel, inputs.slice(0, at), width);
        const restored = entry.kernel(params);
        run(restored, inputs.slice(0, 17), width);
        restored.restore(throughJson(kernel.serialize()));
        const rest = run(restored, inputs.slice(at), width);
        for (let i = at; i < length; i++) {
          same(rest[i - at] as Float64Array, plain[i] as Float64Array, `${name} at ${at} bar ${i}`);
        }
      }
    }
  });
}

function starting({ entry, params, width, length, series }: Case): void {
  it("refuses a state of another shape", () => {
    const kernel = entry.kernel(params);
    const state = kernel.serialize();
    expect(() => {
      kernel.restore([...state, 1]);
    }).toThrow(RangeError);
    if (state.length > 0) {
      expect(() => {
        kernel.restore(state.slice(1));
      }).toThrow(RangeError);
    }
  });

  it("starts over after a reset", () => {
    for (const [name, inputs] of series) {
      const kernel = entry.kernel(params);
      run(kernel, inputs, width);
      kernel.reset();
      const again = run(kernel, inputs, width);
      const plain = run(entry.kernel(params), inputs, width);
      for (const [i, row] of plain.entries()) same(again[i] as Float64Array, row, `${name} bar ${i}`);
    }
  });

  it("has every output from the bar that its warm-up says, and not before", () => {
    const inputs = marketInputs({ ...entry, inputs: entry.inputs }, length, 5);
    for (const x of inputs) entry.inputs.forEach((name, i) => name === "volume" && (x[i] = (x[i] as number) + 1));
    const rows = run(entry.kernel(params), inputs, width);
    const firsts = entry.outputs.map((_, o) => rows.findIndex((row) => !Number.isNaN(row[o] as number)));
    expect(Math.max(...firsts) + 1).toBe(entry.warmup(params));
    for (const [o, first] of firsts.entries()) {
      for (let i = first; i < length; i++) expect(rows[i]?.[o], `output ${o} bar ${i}`).not.toBeNaN();
    }
  });
}

function ranges({ entry, params, width, series }: Case): void {
  it("stays in its documented ranges and in its documented order", () => {
    for (const [name, inputs] of series) {
      const rows = run(entry.kernel(params), inputs, width);
      const flat = inputs.flatMap((x) => [...x]);
      const scale = Math.max(...flat.map(Math.abs));
      for (const [i, row] of rows.entries()) {
        for (const [o, doc] of entry.outputs.entries()) {
          const value = row[o] as number;
          if (Number.isNaN(value)) continue;
          const inRange = value >= doc.range[0] && value <= doc.range[1];
          if (!inRange) expect.fail(`${name} bar ${i}: ${doc.name} = ${value}`);
          if (doc.rangeOfValue === true) {
            const slack = scale * 1e-12;
            const bounded = value >= Math.min(...flat) - slack && value <= Math.max(...flat) + slack;
            if (!bounded) expect.fail(`${name} bar ${i}: ${doc.name} = ${value} leaves its input`);
          }
        }
        const ordered = (entry.ascending ?? []).map((n) => row[entry.outputs.findIndex((o) => o.name === n)] as number);
        for (let k = 1; k < ordered.length; k++) {
          if ((ordered[k - 1] as number) > (ordered[k] as number))
            expect.fail(`${name} bar ${i}: ${ordered.join(" ")}`);
        }
      }
    }
  });
}

function lasting({ entry, params, width, out, length }: Case): void {
  it("gives what a fresh kernel gives that saw the same series", () => {
    const inputs = marketInputs(entry, length, 23);
    const kernel = entry.kernel(params);
    for (let i = 0; i < length; i++) {
      const streamed = out();
      kernel.begin?.();
      kernel.update(inputs[i] as Float64Array, streamed);
      if (i % 97 !== 0) continue;
      same(streamed, run(entry.kernel(params), inputs.slice(0, i + 1), width).at(-1) as Float64Array, `bar ${i}`);
    }
  });

  it("keeps its state bounded and is quick over 100,000 bars", () => {
    const inputs = marketInputs(entry, 1_000, 31);
    const kernel = entry.kernel(params);
    const row = out();
    for (let i = 0; i < 2_000; i++) kernel.update(inputs[i % 1_000] as Float64Array, row);
    const limit = 96 + 8 * params.reduce((sum, p) => sum + p, 0);
    const started = performance.now();
    for (let i = 0; i < 100_000; i++) kernel.update(inputs[i % 1_000] as Float64Array, row);
    expect(performance.now() - started).toBeLessThan(5_000);
    expect(kernel.serialize().length).toBeLessThan(limit);
  });
}
