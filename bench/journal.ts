/**
 * What the journal costs the thread that trades, and how long an order waits for the disk.
 *
 * Owns: appending beside turning the same records into text, and `append` + `sync` beside a bare loop of write and fdatasync on
 * the same disk in the same run. Times are those of the clock: waiting is what is measured.
 */
import { closeSync, fdatasyncSync, mkdtempSync, openSync, rmSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { encode } from "../engine/adapters/journal/encode.ts";
import { openJournal } from "../engine/adapters/journal/open.ts";
import { FIRST_CHAIN, Frames, chainOf } from "../engine/adapters/journal/thread/frames.js";
import type { JournalHeader, NumberedRecord } from "../engine/ports/journal.ts";
import { fastest } from "./row.ts";
import type { Row } from "./row.ts";

const RECORDS = 200_000;
const SYNCS = 1_000;
/** As many as come within a few microseconds; between two of them the thread gets its turn. */
const BURST = 1_000;

const HEADER: JournalHeader = {
  kind: "header",
  format: 1,
  barwise: "bench",
  node: process.version,
  v8: "",
  tz: "",
  icu: "",
  id: "bench",
  account: "bench",
  seed: "",
  createdAt: 0,
};

function trade(n: number): NumberedRecord {
  const time = 1_700_000_000_000 + n;
  const price = 100 + (n % 100) / 100;
  return {
    kind: "in",
    n,
    input: {
      seq: n + 1,
      marketTime: time,
      arrivalTime: time + 3,
      kind: "trade",
      symbol: "SPY",
      time,
      price,
      size: 100,
      setsPrice: true,
      id: String(52_983_525_029_461 + n),
    },
  };
}

export async function journalRows(rounds: number): Promise<readonly Row[]> {
  // On the disk of the working copy: a temporary folder may be memory.
  const folder = mkdtempSync(join(process.env["BARWISE_BENCH_DIR"] ?? tmpdir(), "barwise-bench-"));
  try {
    return [await appendRow(folder, rounds), ...(await durableRows(folder))];
  } finally {
    rmSync(folder, { recursive: true });
  }
}

async function appendRow(folder: string, rounds: number): Promise<Row> {
  let run = 0;
  const least = await fastest(rounds, {
    append: () => appended(join(folder, `append-${run++}`)),
    encode: () => encoded(),
    frame: () => framed(),
    hash: () => hashed(),
  });
  const onThread = `on its thread ${ns(least.frame)} to frame, of which ${ns(least.hash)} hash`;
  return {
    what: "journal: append a trade",
    unit: "ns",
    target: null,
    measured: least.append,
    baseline: { what: "its JSON alone", value: least.encode },
    detail: `on the clock; ${onThread}; ${encode(trade(RECORDS)).length} bytes a record`,
  };
}

const ns = (value: number): string => `${Math.round(value)} ns`;

async function appended(dir: string): Promise<number> {
  const journal = await openJournal(dir, HEADER);
  let spent = 0;
  for (let n = 0; n < RECORDS; n += BURST) {
    const records = Array.from({ length: BURST }, (_, i) => trade(n + i));
    const before = performance.now();
    for (const record of records) journal.append(record);
    spent += performance.now() - before;
    if (n % (BURST * 10) === 0) await journal.sync();
    else await new Promise(setImmediate);
  }
  await journal.close();
  rmSync(dir, { recursive: true });
  return (spent / RECORDS) * 1e6;
}

function encoded(): number {
  let bytes = 0;
  const records = Array.from({ length: RECORDS }, (_, n) => trade(n));
  const before = performance.now();
  for (const record of records) bytes += encode(record).length;
  const spent = performance.now() - before;
  if (bytes === 0) throw new Error("nothing was written");
  return (spent / RECORDS) * 1e6;
}

function framed(): number {
  const payload = Buffer.from(encode(trade(RECORDS)));
  const frames = new Frames(FIRST_CHAIN);
  const before = performance.now();
  for (let n = 0; n < RECORDS; n++) {
    frames.addBytes(payload, 0, payload.length);
    if (n % BURST === 0) frames.clear();
  }
  return ((performance.now() - before) / RECORDS) * 1e6;
}

function hashed(): number {
  const payload = Buffer.from(FIRST_CHAIN + encode(trade(RECORDS)));
  const before = performance.now();
  for (let n = 0; n < RECORDS; n++) chainOf(payload, 0, payload.length);
  return ((performance.now() - before) / RECORDS) * 1e6;
}

async function durableRows(folder: string): Promise<readonly Row[]> {
  const journal = await openJournal(join(folder, "durable"), HEADER);
  const file = openSync(join(folder, "bare"), "wx");
  const bytes = Buffer.from(encode(trade(RECORDS)));
  const ours: number[] = [];
  const bare: number[] = [];
  // In turn, so that both meet the same neighbours.
  for (let n = 0; n < SYNCS; n++) {
    const start = performance.now();
    journal.append(trade(n));
    await journal.sync();
    const middle = performance.now();
    writeSync(file, bytes);
    fdatasyncSync(file);
    ours.push(middle - start);
    bare.push(performance.now() - middle);
  }
  closeSync(file);
  await journal.close();
  return [50, 99].map((percentile) => ({
    what: `journal: an order is durable, p${percentile}`,
    unit: "us",
    target: null,
    measured: at(ours, percentile) * 1e3,
    baseline: { what: "write + fdatasync", value: at(bare, percentile) * 1e3 },
    detail: `on the clock; ${SYNCS} times append + sync, in turn with the bare loop`,
  }));
}

function at(times: number[], percentile: number): number {
  times.sort((a, b) => a - b);
  return times[Math.floor((times.length * percentile) / 100)] as number;
}
