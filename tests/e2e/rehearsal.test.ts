/**
 * Failures on purpose, against the real SDK and the real engine: whatever gets lost, doubled or cut on the way, no order
 * goes out twice, and what the engine believes to hold is what the exchange says.
 */
import { afterEach, describe, expect, it } from "vitest";
import { readFault } from "../../engine/adapters/venue/faults.ts";
import type { Fault } from "../../engine/adapters/venue/faults.ts";
import { programOf, threshold } from "../runtime/support.ts";
import { SEED } from "../support/runs.ts";
import { LiveSetup, SYMBOL } from "./live-setup.ts";

let setup: LiveSetup;
afterEach(async () => {
  await setup.engine.stop();
  await setup.venue.stop();
});

function faults(...texts: string[]): Fault[] {
  return texts.map((text) => {
    const read = readFault(text);
    if (!read.ok) throw new Error(read.problem.what);
    return read.fault;
  });
}

const UPS_AND_DOWNS = [90, 110, 110, 90, 90, 110, 110, 90, 90, 110, 110, 90, 90, 90];

/** What the engine says it holds. */
function believed(): number {
  const positions = setup.outputs.flatMap((output) => (output.kind === "position" ? [output.position.qty] : []));
  return Number(positions.at(-1) ?? 0);
}

function held(): number {
  return (
    setup.exchange
      .positions()
      .find(({ symbol }) => symbol === SYMBOL)
      ?.qty.toNumber() ?? 0
  );
}

/** Plays everything, and after each bar waits until both say the same. */
async function play(inject: readonly Fault[], seed: string, partialFills = 0): Promise<void> {
  setup = new LiveSetup();
  const program = programOf(threshold(100).replace("qty: 1", "qty: 20"));
  await setup.start(UPS_AND_DOWNS, { faults: inject, seed, partialFills, program });
  for (const _ of UPS_AND_DOWNS) {
    await setup.bar();
    await setup.until("both to hold the same", () => believed() === held());
  }
}

function submitted(): string[] {
  return setup.outputs.flatMap((output) => (output.kind === "submit" ? [output.order.clientOrderId] : []));
}

describe("a rehearsal", () => {
  it.each([
    ["answers that are lost", ["drop-ack=50%"], 0],
    ["orders that are taken and answered with 500", ["500-after-accept=50%"], 0],
    ["updates that come twice and in disorder, of fills in pieces", ["duplicate-updates", "reorder-updates=50%"], 0.6],
    [
      "all of that at once",
      ["drop-ack=25%", "500-after-accept=25%", "duplicate-updates=50%", "reorder-updates=50%", "delay=1ms..5ms"],
      0.5,
    ],
  ])(
    "of %s sends each order once and believes what is true",
    async (_what, texts, partialFills) => {
      const inject = faults(...texts, ...(partialFills > 0 ? [`partial-fills=${partialFills * 100}%`] : []));
      await play(inject, String(SEED), partialFills);
      const ids = submitted();
      expect(ids.length).toBeGreaterThan(2);
      expect(new Set(ids).size, `seed ${SEED}`).toBe(ids.length);
      const atExchange = setup.exchange.orders().map(({ clientOrderId }) => clientOrderId);
      expect(atExchange.toSorted(), `seed ${SEED}`).toEqual(ids.toSorted());
      expect([setup.fatal, believed()], `seed ${SEED}`).toEqual([[], held()]);
      // What is cut in pieces may not be sold yet when the tape ends.
      if (partialFills === 0) expect(held()).toBe(0);
    },
    30_000,
  );

  it("of a halt leaves the order working and fills it afterwards", async () => {
    setup = new LiveSetup();
    await setup.start([90, 110, 110, 110, 110], {
      faults: faults(`halt=${SYMBOL}@2024-01-08T12:02..2024-01-08T12:04`),
    });
    await setup.bar();
    await setup.bar();
    expect(setup.orders).toEqual(["buy"]);
    await setup.venue.exchangePhase();
    await setup.venue.dataPhase();
    await setup.bar();
    expect([held(), setup.count("execution")]).toEqual([0, 0]);
    while (await setup.venue.advance());
    await setup.until("the fill", () => setup.count("execution") === 1);
    expect([held(), believed(), setup.fatal]).toEqual([1, 1, []]);
  }, 30_000);
});
