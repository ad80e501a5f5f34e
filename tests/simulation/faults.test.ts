/**
 * Everything that can go wrong between a decision and the exchange, drawn from a seed: the ledger of the exchange is the
 * judge. `BARWISE_SEED=… BARWISE_RUNS=1 npx vitest run tests/simulation` repeats one world and prints what happened in it.
 */
import { describe, expect, it, vi } from "vitest";
import type { compile as compileType } from "../../engine/lang/compile.ts";
import { SEED, SOAK, amount } from "../support/runs.ts";
import { World } from "./world.ts";
import type { Outcome } from "./world.ts";

vi.mock("../../engine/adapters/alpaca/sdk.ts", async (original) => {
  const { LINKS } = await import("./wire.ts");
  const linkOf = ({ credentials }: { readonly credentials: { readonly keyId: string } }) => {
    const link = LINKS.get(credentials.keyId);
    if (link === undefined) throw new Error("no wire for this key");
    return link;
  };
  return {
    ...(await original<object>()),
    tradingApis: (options: Parameters<typeof linkOf>[0]) => linkOf(options).apis,
    tradingStream: (options: never) => linkOf(options).stream(options),
  };
});

// It is pure, and every process of every world compiles what a few projects say.
vi.mock("../../engine/lang/compile.ts", async (original) => {
  const real = await original<{ readonly compile: typeof compileType }>();
  const known = new Map<string, ReturnType<typeof compileType>>();
  const compile: typeof compileType = (files, env) => {
    const key = JSON.stringify([files, env]);
    const result = known.get(key) ?? real.compile(files, env);
    known.set(key, result);
    return result;
  };
  return { ...real, compile };
});

const WORLDS = amount({ ci: 200, soak: 10_000 });
/** Every so many worlds one is run twice. */
const TWICE = 10;
const SHOWN = 60;
/** Worlds that are played once for each write at which they can be killed; in CI for a part of them. */
const SEEDS = SOAK ? 5 : 2;
const STEP = SOAK ? 1 : 23;

function story(seed: number, { violations, log }: Outcome): string {
  const repeat = `BARWISE_SEED=${seed} BARWISE_RUNS=1 npx vitest run tests/simulation`;
  const shown = WORLDS === 1 ? log : log.slice(-SHOWN);
  return `seed ${seed}: ${violations.slice(0, 5).join("; ")}\n${shown.join("\n")}\n${repeat}`;
}

describe("an engine whose network, disk and process fail", () => {
  it(
    `loses no order, sends none twice and holds what the exchange says (${WORLDS} worlds from seed ${SEED})`,
    async () => {
      const total = { orders: 0, executions: 0, processes: 0, words: 0, approved: 0 };
      for (let seed = SEED; seed < SEED + WORLDS; seed++) {
        const outcome = await new World(seed).run();
        if (outcome.violations.length > 0) expect.fail(story(seed, outcome));
        total.orders += outcome.orders;
        total.executions += outcome.executions;
        total.processes += outcome.processes;
        total.words += outcome.words;
        total.approved += outcome.approved;
        if (seed % TWICE !== 0) continue;
        const again = await new World(seed).run();
        expect(again.journal === outcome.journal, `seed ${seed} gives the same bytes twice`).toBe(true);
      }
      console.log(`simulation: ${WORLDS} worlds, ${JSON.stringify(total)}; BARWISE_SEED=${SEED} repeats them`);
      if (WORLDS < 50) return;
      // Worlds in which nothing happens would prove nothing.
      expect(total.orders).toBeGreaterThan(2 * WORLDS);
      expect(total.executions).toBeGreaterThan(2 * WORLDS);
      expect(total.processes).toBeGreaterThan(WORLDS);
      expect(total.words).toBeGreaterThan(2 * WORLDS);
      expect(total.approved).toBeGreaterThan(WORLDS / 2);
    },
    30_000 + WORLDS * 500,
  );

  it("has one order for each request that people approved, at whichever write or message it is killed", async () => {
    const points = { killed: 0, approved: 0 };
    for (const seed of await withApprovals(SEEDS)) {
      for (let at = 1 + (SEED % STEP); ; at += STEP) {
        const outcome = await new World(seed, at).run();
        if (outcome.violations.length > 0)
          expect.fail(`seed ${seed}, killed at ${at}: ${outcome.violations.join("; ")}\n${outcome.log.join("\n")}`);
        if (outcome.processes === 1) break;
        points.killed++;
        points.approved += outcome.approved;
      }
    }
    console.log(`simulation: killed at ${points.killed} points, ${points.approved} approved; BARWISE_SEED=${SEED}`);
    expect(points.killed).toBeGreaterThan(SEEDS);
    expect(points.approved).toBeGreaterThan(points.killed);
  }, 3_600_000);
});

/** The next worlds in which people approve something, as long as nothing fails. */
async function withApprovals(count: number): Promise<number[]> {
  const seeds: number[] = [];
  for (let seed = SEED; seeds.length < count; seed++) {
    const { approved } = await new World(seed, Number.POSITIVE_INFINITY).run();
    if (approved >= 3) seeds.push(seed);
  }
  return seeds;
}
