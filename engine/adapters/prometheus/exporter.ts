/**
 * Metrics in Prometheus' text format.
 *
 * Owns: the registry, and the only use of prom-client. What the run counts is read when somebody asks; durations are told as
 * they come. May not: be on the way of a tick.
 */
import { Counter, Gauge, Histogram, Registry, collectDefaultMetrics } from "prom-client";
import type { Measures, Stopwatch } from "../../ports/measures.ts";
import { METRICS, bounded } from "./metrics.ts";
import type { Metric } from "./metrics.ts";

const ORDER_SECONDS = [0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 5];
const SYNC_SECONDS = [0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 5];

export class Exporter implements Stopwatch {
  readonly #registry = new Registry();
  readonly #orders: Histogram;
  readonly #syncs: Histogram;
  readonly #answers: Counter<"class" | "status">;

  constructor(measure: () => Measures) {
    const registers = [this.#registry];
    // Beside memory and processor time: how late the event loop is.
    collectDefaultMetrics({ register: this.#registry });
    // One picture for all metrics of an answer.
    let picture: Measures | undefined;
    const read = (): Measures => {
      if (picture === undefined) {
        picture = measure();
        setImmediate(() => (picture = undefined));
      }
      return picture;
    };
    for (const metric of METRICS) follow(metric, read, registers);
    this.#orders = new Histogram({
      name: "barwise_frame_to_order_seconds",
      help: "From the arrival of what led to an order, which is known to the millisecond, until the order left.",
      buckets: ORDER_SECONDS,
      registers,
    });
    this.#syncs = new Histogram({
      name: "barwise_journal_sync_seconds",
      help: "From asking for the disk until the journal was on it, writing included.",
      buckets: SYNC_SECONDS,
      registers,
    });
    this.#answers = new Counter({
      name: "barwise_control_requests_total",
      help: "Answers of the control API.",
      labelNames: ["class", "status"],
      registers,
    });
  }

  text(): Promise<string> {
    return this.#registry.metrics();
  }

  /** Names of everything that is exported. */
  get names(): readonly string[] {
    return this.#registry.getMetricsAsArray().map(({ name }) => name);
  }

  orderLeft(seconds: number): void {
    this.#orders.observe(Math.max(0, seconds));
  }

  journalSynced(seconds: number): void {
    this.#syncs.observe(Math.max(0, seconds));
  }

  answered(kind: string, status: number): void {
    this.#answers.inc({ class: kind, status: String(status) });
  }
}

function follow(metric: Metric, measure: () => Measures, registers: Registry[]): void {
  const { name, help, type, labels = [] } = metric;
  const options = { name, help, labelNames: [...labels], registers };
  const samples = (): ReturnType<typeof bounded> => samplesOf(metric.read(measure()));
  if (type === "gauge") {
    return void new Gauge({
      ...options,
      collect() {
        this.reset();
        // Without labels a reset means 0, and 0 is a number.
        if (labels.length === 0) this.remove();
        for (const { labels: at, value } of samples()) this.set(at, value);
      },
    });
  }
  return void new Counter({
    ...options,
    collect() {
      this.reset();
      for (const { labels: at, value } of samples()) this.inc(at, value);
    },
  });
}

/** What is unknown is not exported: a gauge of NaN looks like a number that broke. */
function samplesOf(value: ReturnType<Metric["read"]>): ReturnType<typeof bounded> {
  const samples = typeof value === "number" ? [{ labels: {}, value }] : value;
  return bounded(samples.filter((sample) => Number.isFinite(sample.value)));
}
