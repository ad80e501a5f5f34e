import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { InputBody } from "../../engine/core/event.ts";
import type { LoadInput } from "../../engine/core/feed-event.ts";
import { LoadWatch } from "../../engine/runtime/load.ts";
import { Mailbox, MailboxFull } from "../../engine/runtime/mailbox.ts";
import { runs, SEED } from "../support/runs.ts";

const trade = (symbol: string, price: number): InputBody => ({
  kind: "trade",
  symbol,
  time: 0,
  price,
  size: 1,
  setsPrice: true,
});
const quote = (symbol: string, bid: number): InputBody => ({
  kind: "quote",
  symbol,
  time: 0,
  bid,
  bidSize: 1,
  ask: bid + 1,
  askSize: 1,
});
const halt: InputBody = { kind: "command", command: "halt", by: "test", reason: "" };

function all(mailbox: Mailbox): InputBody[] {
  const taken: InputBody[] = [];
  for (let letter = mailbox.take(); letter !== undefined; letter = mailbox.take()) taken.push(letter.body);
  return taken;
}

describe("the mailbox", () => {
  it("keeps every trade, and of quotes the latest at the place and the time of the first", () => {
    const mailbox = new Mailbox(10);
    const letters = [quote("A", 1), trade("A", 2), quote("B", 3), quote("A", 4), trade("A", 5)];
    for (const [at, body] of letters.entries()) mailbox.put(body, at);
    expect(mailbox.oldest).toBe(0);
    expect(all(mailbox)).toEqual([letters[3], letters[1], letters[2], letters[4]]);
    expect(mailbox.conflated).toBe(1);
  });

  it.each<[string, InputBody]>([
    ["a lost feed", { kind: "feed", feed: "f", status: "down", detail: "" }],
    ["a halt", { kind: "halt", symbol: "B", time: 0, halted: true, reason: "" }],
    ["a split", { kind: "split", symbol: "A", time: 0, newShares: "4", oldShares: "1" }],
  ])("lets no quote overtake %s", (_, between) => {
    const mailbox = new Mailbox(10);
    const letters = [quote("A", 1), between, quote("A", 3), quote("A", 4)];
    for (const [at, body] of letters.entries()) mailbox.put(body, at);
    expect(mailbox.take()?.body).toBe(letters[0]);
    mailbox.put(quote("A", 5), 5);
    expect(all(mailbox)).toEqual([between, quote("A", 5)]);
  });

  it("lets a command pass what waits", () => {
    const mailbox = new Mailbox(10);
    mailbox.put(trade("A", 1), 0);
    mailbox.put(halt, 1);
    expect(all(mailbox)).toEqual([halt, trade("A", 1)]);
  });

  it("refuses more than it may hold, but never a command", () => {
    const mailbox = new Mailbox(1);
    mailbox.put(trade("A", 1), 0);
    mailbox.put(halt, 1);
    expect(() => mailbox.put(trade("A", 2), 2)).toThrow(MailboxFull);
    expect(() => mailbox.put(trade("A", 2), 2)).toThrow(/1 inputs wait.*max_waiting/);
  });

  it("gives back what a plain list would, however puts and takes mix", () => {
    const step = fc.oneof(
      fc.record({ put: fc.constantFrom("trade", "quote", "halt"), symbol: fc.constantFrom("A", "B", "C") }),
      fc.record({ take: fc.integer({ min: 1, max: 2_000 }) }),
      fc.record({ many: fc.integer({ min: 1, max: 1_500 }) }),
    );
    const holds = (steps: readonly (typeof step extends fc.Arbitrary<infer T> ? T : never)[]): void => {
      const mailbox = new Mailbox(1_000_000);
      const first: InputBody[] = [];
      const market: InputBody[] = [];
      let n = 0;
      const put = (body: InputBody): void => {
        mailbox.put(body, n++);
        if (body.kind === "command") return void first.push(body);
        const waiting =
          body.kind === "quote"
            ? market.findIndex((other) => other.kind === "quote" && other.symbol === body.symbol)
            : -1;
        if (waiting < 0) market.push(body);
        else market[waiting] = body;
      };
      for (const one of steps) {
        if ("many" in one) for (let i = 0; i < one.many; i++) put(trade("A", n));
        else if ("take" in one) {
          for (let i = 0; i < one.take; i++) expect(mailbox.take()?.body).toEqual(first.shift() ?? market.shift());
        } else put(one.put === "trade" ? trade(one.symbol, n) : one.put === "quote" ? quote(one.symbol, n) : halt);
        expect(mailbox.size).toBe(first.length + market.length);
      }
      expect(all(mailbox)).toEqual([...first, ...market]);
    };
    fc.assert(fc.property(fc.array(step, { maxLength: 40 }), holds), { numRuns: runs(30), seed: SEED });
  });
});

describe("the watch over the load", () => {
  function watch() {
    const said: LoadInput[] = [];
    const made = new LoadWatch({ maxLagMs: 5_000, maxWaiting: 10 }, (input) => said.push(input));
    /** One window: items of these ages, then its end. */
    const second = (now: number, ages: readonly number[], waitingMs = 0): void => {
      for (const age of ages) made.seen({ ...trade("A", 1), time: now - age } as never, 0, now);
      made.check(now, waitingMs, waitingMs > 0 ? 1 : 0);
    };
    second(0, []);
    return { said, second, made, states: () => said.map(({ state }) => state) };
  }

  it("pauses when even the freshest item of two seconds is too old, and resumes after three good ones", () => {
    const { said, second, states } = watch();
    second(1_000, [9_000, 7_000]);
    expect(said).toEqual([]);
    second(2_000, [8_000]);
    expect(said).toEqual([{ kind: "load", state: "behind", lagMs: 8_000, waiting: 0 }]);
    for (const [at, age] of [3_000, 2_000, 100, 3_000, 100, 100].entries()) second(3_000 + at * 1_000, [age]);
    expect(states()).toEqual(["behind"]);
    second(9_000, [100]);
    expect(states()).toEqual(["behind", "current"]);
  });

  it("is not misled by a late report or a snapshot of yesterday", () => {
    const { said, second } = watch();
    for (let at = 1; at < 10; at++) second(at * 1_000, [86_400_000, 20]);
    second(10_000, [86_400_000]);
    second(11_000, [20]);
    expect(said).toEqual([]);
  });

  it("pauses at once when what waits here is too old", () => {
    const { second, states } = watch();
    second(1_100, [10], 5_001);
    expect(states()).toEqual(["behind"]);
  });

  it("resumes when nothing waits and nothing comes", () => {
    const { second, states } = watch();
    second(1_100, [10], 6_000);
    for (let at = 2; at < 6; at++) second(at * 1_100, []);
    expect(states()).toEqual(["behind", "current"]);
  });

  it("says once that data is dated in the future, and takes off the delay that a feed has by nature", () => {
    const { second, states, made } = watch();
    for (let at = 1; at < 4; at++) second(at * 1_000, [-3_000]);
    expect(states()).toEqual(["skewed"]);
    made.seen({ ...trade("A", 1), time: 0 } as never, 900_000, 900_100);
    made.check(900_100, 0, 0);
    expect(made.lagMs).toBe(100);
    expect(states()).toEqual(["skewed"]);
  });
});
