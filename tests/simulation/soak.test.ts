/**
 * A slice of `npm run soak:memory`: short days, so that weeks pass. What must stay bounded is counted; memory itself is not looked at.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { SoakWorld } from "../../bench/soak/world.ts";
import type { Counts } from "../../bench/soak/world.ts";
import { SEED } from "../support/runs.ts";

const EVENTS = 100_000;

describe(`an engine that trades for weeks, seed ${SEED}`, () => {
  it("has the exchange's books and remembers no more than its last days", { timeout: 300_000 }, async () => {
    const folder = mkdtempSync(join(tmpdir(), "barwise-soak-"));
    try {
      const sizes = { minutesPerDay: 12, snapshotEvery: 2, segmentBytes: 1_024 * 1_024 };
      const world = await SoakWorld.open({ folder, root: process.cwd(), seed: SEED, ...sizes });
      const counts: Counts[] = [];
      for await (const point of world.play(EVENTS, 10)) counts.push(point);
      expect(await world.end()).toEqual([]);
      const last = counts.at(-1);
      if (counts.length !== 10 || last === undefined) throw new Error("it ended early");
      for (const { open, timers, alarms, waiting } of counts) {
        expect(waiting).toBe(0);
        // Bars and `for`, and of each open order its answer and its expiry.
        expect(timers).toBeLessThanOrEqual(2 + 2 * open);
        // Those of arrival time are alarms; beside them the next market timer, the sync and the reconciliation.
        expect(alarms).toBeLessThanOrEqual(timers + 3);
      }
      // The legs of brackets are not sent and are remembered: whoever forgets nothing has more than were sent.
      expect(last.orders).toBeLessThan(last.sent);
      expect(last.exchangeOrders).toBeLessThan(last.sent);
      expect(last.attempts).toBeLessThan(last.sent / 2);
      expect(last.knownExecutions).toBeLessThan(last.executions / 2);
      expect(last.journalBytes).toBeLessThan(last.writtenBytes / 2);
      const { days, sent, reloads, breaks, conflated } = last;
      expect(Math.min(days / 15, sent / 200, reloads / 5, breaks / 2, conflated / 1_000)).toBeGreaterThanOrEqual(1);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
