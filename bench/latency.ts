/**
 * From a frame on the wire to the order on the wire, with the journal on the disk, beside echoes of the same frames.
 *
 * Owns: which runs are made and what is printed of them. Loopback, one trade a frame; see latency-server.ts for the times.
 */
import { Worker } from "node:worker_threads";
import { barwise, durableEcho, echo } from "./latency-clients.ts";
import type { Client } from "./latency-clients.ts";
import type { FromServer, ServerOptions } from "./latency-server.ts";
import { Stages, stageTable } from "./latency-stages.ts";
import type { Stage } from "./latency-stages.ts";
import type { Row } from "./row.ts";

const PER_SECOND = 10_000;
/** Between two orders: the first is the promise; with the second the processor still has in its caches what an order takes. */
const EVERY_MS = 40;
const OFTEN_MS = 4;

interface Run {
  /** Ascending, in microseconds. */
  readonly took: readonly number[];
  readonly stages: readonly Stage[];
  readonly sent: number;
}

export async function latencyRows(seconds: number): Promise<readonly Row[]> {
  const handled: number[] = [];
  const plain = await measured(seconds, EVERY_MS, echo);
  const durable = await measured(seconds, EVERY_MS, durableEcho("frame"));
  const ours = await measured(seconds, EVERY_MS, barwise("frame", handled));
  const often = {
    plain: await measured(seconds, OFTEN_MS, echo),
    durable: await measured(seconds, OFTEN_MS, durableEcho("frame")),
    ours: await measured(seconds, OFTEN_MS, barwise("frame")),
  };
  const sdk = {
    durable: await measured(seconds, EVERY_MS, durableEcho("sdk")),
    ours: await measured(seconds, EVERY_MS, barwise("sdk")),
  };
  const durably = "echo that waits for the disk";
  const shown = [
    histogram("frame to order", ours.took),
    histogram("echo", plain.took),
    histogram(durably, durable.took),
    stageTable({
      echo: plain.stages,
      "durable echo": durable.stages,
      barwise: ours.stages,
      [`echo, ${OFTEN_MS} ms`]: often.plain.stages,
      [`durable, ${OFTEN_MS} ms`]: often.durable.stages,
      [`barwise, ${OFTEN_MS} ms`]: often.ours.stages,
      "durable, SDK": sdk.durable.stages,
      "barwise, SDK": sdk.ours.stages,
    }),
  ];
  process.stderr.write(`${shown.join("\n")}\n`);

  const detail = `on the clock; ${ours.took.length} orders among ${ours.sent.toLocaleString("en-US")} trades, one a frame, at ${PER_SECOND.toLocaleString("en-US")} a second; journal on the disk`;
  const floor = `${us(at(durable.took, 50))} for an ${durably}`;
  const row = (what: string, run: Run, percentile: number, beside: string, other: Run, more: string): Row => ({
    what: `frame to order ${what}, p${percentile}`,
    unit: "us",
    target: null,
    measured: at(run.took, percentile),
    baseline: { what: beside, value: at(other.took, percentile) },
    detail: more,
  });
  return [
    { ...row("on loopback", ours, 50, "echo", plain, `${detail}; ${floor}`), target: { value: 200 } },
    row("on loopback", ours, 99, durably, durable, "on the clock"),
    row(
      `every ${OFTEN_MS} ms`,
      often.ours,
      50,
      durably,
      often.durable,
      "on the clock; what an order takes is in the caches",
    ),
    row("by Alpaca's SDK", sdk.ours, 50, durably, sdk.durable, "on the clock; until the POST has been read"),
    {
      what: "handling one trade, p99",
      unit: "us",
      target: { value: 50 },
      measured:
        at(
          handled.toSorted((a, b) => a - b),
          99,
        ) * 1e3,
      baseline: {
        what: "p50",
        value:
          at(
            handled.toSorted((a, b) => a - b),
            50,
          ) * 1e3,
      },
      detail: "on the clock; journal, core and observers are in it",
    },
  ];
}

async function measured(seconds: number, everyMs: number, client: Client): Promise<Run> {
  const workerData: ServerOptions = { perSecond: PER_SECOND, seconds, everyMs };
  const server = new Worker(new URL("./latency-server.js", import.meta.url), { workerData });
  const next = <K extends FromServer["kind"]>(kind: K): Promise<Extract<FromServer, { kind: K }>> =>
    new Promise((resolve, reject) => {
      server.once("error", reject);
      server.on("message", (message: FromServer) => {
        if (message.kind === kind) resolve(message as Extract<FromServer, { kind: K }>);
      });
    });
  const done = next("done");
  const { port } = await next("port");
  const stages = new Stages();
  const stop = await client(port, stages);
  const { sent, answers } = await done;
  await stop();
  await server.terminate();
  if (answers.length === 0) throw new Error("nothing came back");
  const took = answers.map(({ asked, answered }) => answered - asked).sort((a, b) => a - b);
  return { took, sent, stages: await stages.medians(answers) };
}

function at(ascending: readonly number[], percentile: number): number {
  return ascending[Math.floor((ascending.length * percentile) / 100)] as number;
}

/** Doubling from 50 us on; one # for every hundredth. */
function histogram(what: string, took: readonly number[]): string {
  const most = took.at(-1) as number;
  const lines = [`${what}: ${took.length}, p50 ${us(at(took, 50))}, p99 ${us(at(took, 99))}, most ${us(most)}`];
  for (let from = 0, to = 50; from <= most; from = to, to *= 2) {
    const count = took.filter((time) => time >= from && time < to).length;
    const bar = "#".repeat(Math.round((100 * count) / took.length));
    lines.push(`  up to ${us(to).padStart(10)}  ${String(count).padStart(6)}  ${bar}`.trimEnd());
  }
  return lines.join("\n");
}

function us(time: number): string {
  return `${Math.round(time).toLocaleString("en-US")} us`;
}
