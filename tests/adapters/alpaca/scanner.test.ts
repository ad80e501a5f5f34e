/** The byte scanner against JSON.parse and the mapper: the same inputs, or none at all. */
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decodeJson, fieldsOf } from "../../../engine/adapters/alpaca/frames.ts";
import { Interned, hashStep } from "../../../engine/adapters/alpaca/interned.ts";
import { MessageMapper } from "../../../engine/adapters/alpaca/market-messages.ts";
import { FrameScanner } from "../../../engine/adapters/alpaca/scanner.ts";
import type { MarketInput } from "../../../engine/core/event.ts";
import { NYSE } from "../../../engine/market/nyse.ts";
import { runs, SEED } from "../../support/runs.ts";

const OPTIONS = { calendar: NYSE, barSize: "1m", latest: () => Date.parse("2035-01-01T00:00:00Z") };
const mapper = new MessageMapper({ ...OPTIONS, dailyBarsAreFinal: false, now: () => 0, feed: "f" });
const scanner = new FrameScanner(OPTIONS);

const scan = (text: string): readonly MarketInput[] | undefined => scanner.scan(Buffer.from(text));

/** What the slow way makes of a frame: "refused" when it refuses any of it. */
function slow(text: string): readonly MarketInput[] | "refused" {
  let messages: unknown;
  try {
    messages = decodeJson(text);
  } catch {
    return "refused";
  }
  if (!Array.isArray(messages)) return "refused";
  const inputs: MarketInput[] = [];
  for (const message of messages as readonly unknown[]) {
    const fields = fieldsOf(message);
    const mapped = fields === undefined ? undefined : mapper.map(fields);
    if (mapped?.kind === "input") inputs.push(mapped.input);
    else if (mapped?.kind !== "ignored") return "refused";
  }
  return inputs;
}

const TRADE =
  '{"T":"t","S":"SPY","i":52983525029461,"x":"V","p":500.25,"s":3,"c":["@","I"],"z":"B","t":"2024-03-05T14:30:00.005123456Z"}';
const QUOTE = '{"T":"q","S":"BTC/USD","bp":62000.5,"bs":1.25,"ap":62001,"as":0,"t":"2024-03-05T03:00:00Z"}';
const BAR = '{"T":"b","S":"BRK.B","o":1,"h":2.5,"l":0.5,"c":2,"v":100,"t":"2024-03-05T14:30:00Z","n":7,"vw":1.25}';

describe("a frame of the usual form", () => {
  it("is read without JSON.parse", () => {
    const frame = `[${TRADE},${QUOTE},${BAR}]`;
    expect(scan(frame)).toEqual([
      {
        kind: "trade",
        symbol: "SPY",
        time: Date.parse("2024-03-05T14:30:00.005Z"),
        price: 500.25,
        size: 3,
        setsPrice: false,
        id: "52983525029461",
      },
      {
        kind: "quote",
        symbol: "BTC/USD",
        time: Date.parse("2024-03-05T03:00:00Z"),
        bid: 62000.5,
        bidSize: 1.25,
        ask: 62001,
        askSize: 0,
      },
      {
        kind: "bar",
        symbol: "BRK.B",
        size: "1m",
        revised: false,
        start: Date.parse("2024-03-05T14:30:00Z"),
        open: 1,
        high: 2.5,
        low: 0.5,
        close: 2,
        volume: 100,
      },
    ]);
    expect(scan(frame)).toEqual(slow(frame));
  });

  it.each([
    "123456789.123456789",
    "102.55000000000001",
    "0.30000000000000004",
    "9007199254740993",
    "0.00000000000000000000000012",
  ])("reads %s as JSON.parse does", (digits) => {
    const frame = `[${TRADE.replace("500.25", digits)}]`;
    expect(scan(frame)).toMatchObject([{ price: JSON.parse(digits) as number }]);
  });

  it.each([
    ["white space", `[${TRADE.replace(":", ": ")}]`],
    ["an escape", `[${TRADE.replace("SPY", "SP\\u0059")}]`],
    ["an exponent", `[${TRADE.replace("500.25", "5e2")}]`],
    ["a price of 0", `[${TRADE.replace("500.25", "0")}]`],
    ["a negative price", `[${TRADE.replace("500.25", "-1")}]`],
    ["an unknown key", `[${TRADE.replace('"z"', '"zz"')}]`],
    ["a long key", `[${TRADE.replace('"z"', '"tape"')}]`],
    ["a nested value", `[${TRADE.replace('"V"', "{}")}]`],
    ["a bracket inside a condition", `[${TRADE.replace('"@"', '"]"')}]`],
    ["a time in the future", `[${TRADE.replace("2024", "2035")}]`],
    ["another zone", `[${TRADE.replace("456Z", "456+01:00")}]`],
    ["a leading zero", `[${TRADE.replace("500.25", "0500.25")}]`],
    ["a control message", '[{"T":"success","msg":"connected"}]'],
    ["a day bar", `[${BAR.replace('"b"', '"d"')}]`],
    ["nothing", "[]"],
    ["no list", TRADE],
    ["two lists", `[${TRADE}][${TRADE}]`],
    ["a comma too many", `[${TRADE},]`],
    ["a missing symbol", `[${TRADE.replace('"S":"SPY",', "")}]`],
    ["a high below the close", `[${BAR.replace("2.5", "1.5")}]`],
  ])("is left to JSON.parse with %s", (_, frame) => {
    expect(scan(frame)).toBeUndefined();
  });

  it("keeps symbols apart whose hashes are equal", () => {
    expect(hashStep(hashStep(0, 0x41), 0x50)).toBe(hashStep(hashStep(0, 0x42), 0x31));
    const frame = `[${TRADE.replace("SPY", "AP")},${TRADE.replace("SPY", "B1")},${TRADE.replace("SPY", "AP")}]`;
    expect(scan(frame)?.map((input) => "symbol" in input && input.symbol)).toEqual(["AP", "B1", "AP"]);
  });

  it("is left to JSON.parse once more symbols came than can be kept, and goes on with the known ones", () => {
    const small = new Interned<string>((text) => text);
    const at = (text: string): string | undefined => {
      const bytes = Buffer.from(text);
      return small.at(bytes, 0, bytes.length, bytes.reduce(hashStep, 0));
    };
    for (let i = 0; i < 1 << 14; i++) expect(at(`S${i}`)).toBe(`S${i}`);
    expect([at("ONE-MORE"), at("S7")]).toEqual([undefined, "S7"]);
  });
});

const digits = (min: number, max: number) =>
  fc.string({ unit: fc.constantFrom(..."0123456789"), minLength: min, maxLength: max });
const number = fc.oneof(
  { weight: 6, arbitrary: fc.tuple(fc.nat({ max: 999_999 }), digits(1, 9)).map(([whole, part]) => `${whole}.${part}`) },
  { weight: 4, arbitrary: fc.nat().map(String) },
  fc.tuple(fc.nat(), digits(1, 24)).map(([whole, part]) => `${whole}.${part}`),
  fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => JSON.stringify(value)),
  fc.constantFrom(
    "0",
    "-0",
    "0.0",
    "1.",
    ".5",
    "01",
    "1e3",
    "1E-2",
    "null",
    "true",
    '"7"',
    "9007199254740993",
    "1e400",
  ),
);
const time = fc
  .oneof(
    {
      weight: 6,
      arbitrary: fc
        .date({ min: new Date("1999-01-01"), max: new Date("2039-01-01"), noInvalidDate: true })
        .map((at) => at.toISOString()),
    },
    {
      weight: 3,
      arbitrary: fc
        .tuple(fc.constantFrom("2024-03-05T14:30:00", "2024-02-29T23:59:59"), digits(1, 11))
        .map(([at, part]) => `${at}.${part}Z`),
    },
    fc.constantFrom(
      "2024-02-31T10:00:00Z",
      "2024-13-01T10:00:00Z",
      "2024-03-05T24:00:00Z",
      "2024-03-05T14:60:00Z",
      "2024-03-05",
      "",
      "2024-03-05T14:30:00.Z",
      "2024-03-05t14:30:00Z",
      "2024-03-05T14:30:00",
    ),
  )
  .map((text) => JSON.stringify(text));
const symbol = fc
  .oneof(fc.constantFrom("SPY", "AP", "B1", "BRK.B", "BTC/USD"), fc.string({ maxLength: 6 }))
  .map((text) => JSON.stringify(text));
const conditions = fc.oneof(
  {
    weight: 6,
    arbitrary: fc
      .array(fc.constantFrom("@", "I", "T", "M", "Q", " ", "]", "ü", 'a"b', "7"), { maxLength: 4 })
      .map((list) => JSON.stringify(list)),
  },
  fc.constantFrom("[1]", "[[]]", '["@",]', "[", "7", '"@"', "null"),
);
const id = fc.oneof(
  { weight: 6, arbitrary: fc.bigInt({ min: 0n, max: 2n ** 64n }).map(String) },
  number,
  fc.constantFrom('"a"', '""', "-5"),
);
const letter = fc
  .oneof({ weight: 9, arbitrary: fc.constantFrom("A", "B", "C", "V") }, fc.string({ maxLength: 3 }))
  .map((text) => JSON.stringify(text));
const count = fc.nat().map(String);

const of = (type: string, fields: Readonly<Record<string, fc.Arbitrary<string>>>) =>
  fc
    .tuple(...Object.entries(fields).map(([name, value]) => value.map((text) => `"${name}":${text}`)))
    .map((list) => [`"T":"${type}"`, ...list]);
const item = fc
  .tuple(
    fc.oneof(
      of("t", { S: symbol, i: id, x: letter, p: number, s: number, c: conditions, z: letter, t: time }),
      of("q", {
        S: symbol,
        bx: letter,
        bp: number,
        bs: number,
        ax: letter,
        ap: number,
        as: number,
        t: time,
        c: conditions,
        z: letter,
      }),
      of("b", { S: symbol, o: number, h: number, l: number, c: number, v: number, t: time, n: count, vw: number }),
      of("u", {
        S: symbol,
        o: fc.constant("2"),
        h: fc.constant("3.5"),
        l: fc.constant("1"),
        c: fc.constant("2.25"),
        v: count,
        t: time,
      }),
    ),
    fc.oneof(
      { weight: 5, arbitrary: fc.constant("as it is") },
      fc.constantFrom("shuffled", "one less", "one twice", "one more", "spaced"),
    ),
    fc.nat(),
  )
  .map(([fields, change, at]) => {
    const place = at % fields.length;
    const all = [...fields];
    if (change === "shuffled") all.push(...all.splice(0, place));
    if (change === "one less") all.splice(place, 1);
    if (change === "one twice") all.push(fields[(place * 7 + 3) % fields.length] as string, '"c":["I"]', '"c":5');
    if (change === "one more") all.splice(place, 0, '"extra":{"a":[1,"}"]}');
    return `{${all.join(change === "spaced" ? ", " : ",")}}`;
  });
const frame = fc.array(item, { minLength: 1, maxLength: 4 }).map((items) => `[${items.join(",")}]`);

describe("the scanner", () => {
  it("says of any frame what JSON.parse and the mapper say, or nothing", () => {
    let read = 0;
    fc.assert(
      fc.property(frame, (text) => {
        const inputs = scan(text);
        if (inputs === undefined) return;
        read++;
        expect(inputs).toEqual(slow(text));
      }),
      { numRuns: runs(3_000), seed: SEED },
    );
    expect(read).toBeGreaterThan(100);
  });

  it("ends, and says the same or nothing, when a frame is cut or a byte of it is another one", () => {
    const change = fc.record({ at: fc.nat(), byte: fc.nat({ max: 255 }), cut: fc.boolean() });
    fc.assert(
      fc.property(frame, change, (text, { at, byte, cut }) => {
        const bytes = Buffer.from(text);
        const place = at % bytes.length;
        if (!cut) bytes[place] = byte;
        const changed = cut ? bytes.subarray(0, place) : bytes;
        const inputs = scanner.scan(changed);
        if (inputs !== undefined) expect(inputs).toEqual(slow(changed.toString("utf8")));
      }),
      { numRuns: runs(3_000), seed: SEED },
    );
  });
});
