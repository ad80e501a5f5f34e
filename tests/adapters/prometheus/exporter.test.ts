/** What is exported, and that the dashboard and the alert rules ask for nothing else. */
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import { parser } from "@prometheus-io/lezer-promql";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { Exporter } from "../../../engine/adapters/prometheus/exporter.ts";
import { METRICS, MOST_SERIES } from "../../../engine/adapters/prometheus/metrics.ts";
import type { Measures } from "../../../engine/ports/measures.ts";

const HERE = join(import.meta.dirname, "../../../docs/monitoring");
const RULES = join(HERE, "barwise.rules.yaml");

const MEASURES: Measures = {
  ...{ version: "1", account: "a", live: true, marketTime: 1_000, lagMs: Number.NaN, waiting: 0, conflated: 0 },
  inputs: new Map([["bar", 7]]),
  ...{ behind: false, orders: new Map([["working", 2]]), ordersSent: 3, fills: 1, positions: 1 },
  ...{ refusals: new Map([["order_rate", 4]]), verdicts: new Map([["approved", 1]]), approvals: new Map() },
  ...{ alertLevels: new Map([["critical", 1]]), alertCodes: new Map([["order/unknown", 1]]) },
  states: [
    { scope: "account", state: "REDUCING" },
    { scope: 'strategy:"a\\b\n"', state: "HALTED" },
  ],
  ...{ killSwitch: true, equity: 100.5, cash: 1, buyingPower: 1, dayPnl: -5, gross: 1, net: -1 },
  limits: [{ scope: "account", limit: "max_daily_loss", ratio: 0.5 }],
  ...{ connected: true, ready: true, disconnects: 1, feedLive: false, feedDisconnects: 2, refusedMessages: 3 },
  ...{ reloads: new Map([["held", 1]]), snapshots: new Map([["taken", 2]]), eventClients: 0, eventClientsDropped: 0 },
};

describe("the metrics", () => {
  it("are what was measured, each time it is asked", async () => {
    let fills = 1;
    const exporter = new Exporter(() => ({ ...MEASURES, fills }));
    exporter.orderLeft(0.003);
    exporter.journalSynced(0.002);
    exporter.answered("read", 200);
    const text = await exporter.text();
    for (const line of [
      'barwise_info{version="1",account="a",live="true"} 1',
      'barwise_inputs_total{kind="bar"} 7',
      'barwise_orders{state="working"} 2',
      'barwise_trading_state{scope="account"} 1',
      'barwise_trading_state{scope="strategy:\\"a\\\\b\\n\\""} 2',
      "barwise_kill_switch 1",
      "barwise_equity 100.5",
      "barwise_day_pnl -5",
      'barwise_frame_to_order_seconds_bucket{le="0.005"} 1',
      "barwise_journal_sync_seconds_count 1",
      'barwise_control_requests_total{class="read",status="200"} 1',
    ])
      expect(text.split("\n")).toContain(line);
    await new Promise(setImmediate);
    fills = 2;
    expect(await exporter.text()).toContain("\nbarwise_fills_total 2\n");
  });

  it("leave out what is unknown", async () => {
    const text = await new Exporter(() => MEASURES).text();
    expect(text).not.toMatch(/^barwise_lag_seconds/m);
    expect(text).not.toMatch(/^barwise_.* Nan$/m);
    const known = await new Exporter(() => ({ ...MEASURES, lagMs: 250 })).text();
    expect(known).toContain("\nbarwise_lag_seconds 0.25\n");
  });

  it("keep a label from having more values than a monitor can bear, the largest stay", async () => {
    const limits = Array.from({ length: 1_000 }, (_, n) => ({ scope: `strategy:${n}`, limit: "x", ratio: n / 1_000 }));
    const text = await new Exporter(() => ({ ...MEASURES, limits })).text();
    const series = text.split("\n").filter((line) => line.startsWith("barwise_limit_usage_ratio{"));
    expect(series).toHaveLength(MOST_SERIES);
    expect(series[0]).toContain('scope="strategy:999"');
  });

  it("have names as Prometheus wants them, and no name twice", () => {
    const { names } = new Exporter(() => MEASURES);
    expect(new Set(names).size).toBe(names.length);
    for (const { name, type } of METRICS) expect(name.endsWith("_total")).toBe(type === "counter");
  });
});

/** Names of metrics in a PromQL expression; throws when it does not parse. */
function metricsIn(expression: string): string[] {
  const names: string[] = [];
  parser.parse(expression).iterate({
    enter: (node) => {
      if (node.type.isError) throw new Error(`no PromQL at ${node.from}: ${expression}`);
      const isName = node.type.name === "Identifier" && node.node.parent?.type.name === "VectorSelector";
      if (isName) names.push(expression.slice(node.from, node.to));
    },
  });
  return names;
}

/** Of the series of a histogram and of a summary, the metric. */
const metricOf = (series: string): string => series.replace(/_(?:bucket|sum|count)$/, "");

interface Rule {
  readonly alert: string;
  readonly expr: string;
  readonly for?: string;
  readonly labels: { readonly severity: string };
  readonly annotations: { readonly summary: string; readonly description: string };
}

interface Dashboard {
  readonly panels: readonly {
    readonly id: number;
    readonly title: string;
    readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
    readonly targets: readonly { readonly expr: string }[];
  }[];
}

const { groups } = parse(readFileSync(RULES, "utf8")) as { groups: { name: string; rules: Rule[] }[] };
const rules = groups.flatMap((group) => group.rules);
const { panels } = JSON.parse(readFileSync(join(HERE, "grafana-dashboard.json"), "utf8")) as Dashboard;
const exported = new Set(new Exporter(() => MEASURES).names);

describe("PromQL", () => {
  it("is told from what is none", () => {
    expect(metricsIn('sum by (le) (rate(a_bucket{b="c"}[5m])) > d')).toEqual(["a_bucket", "d"]);
    expect(() => metricsIn("sum by (")).toThrow("no PromQL");
    expect(() => metricsIn("rate(a[5q])")).toThrow("no PromQL");
  });

  it.each(rules.map((rule) => [rule.alert, rule] as const))("of the alert %s asks for what is exported", (_, rule) => {
    const names = metricsIn(rule.expr);
    expect(names.length).toBeGreaterThan(0);
    // Prometheus itself says whether it was answered.
    for (const name of names.filter((one) => one !== "up")) expect(exported).toContain(metricOf(name));
    expect(rule.for ?? "1m").toMatch(/^\d+[smh]$/);
    expect(["warning", "critical"]).toContain(rule.labels.severity);
    expect(rule.annotations.summary).not.toBe("");
    expect(rule.annotations.description).not.toBe("");
  });

  it.each(panels.map((panel) => [panel.title, panel] as const))("of the panel %s does, too", (_, { targets }) => {
    expect(targets.length).toBeGreaterThan(0);
    for (const { expr } of targets)
      for (const name of metricsIn(expr.replaceAll("$instance", "x"))) expect(exported).toContain(metricOf(name));
  });
});

it("every metric of ours is in the dashboard or in an alert", () => {
  const used = new Set(
    [...rules.map(({ expr }) => expr), ...panels.flatMap(({ targets }) => targets.map(({ expr }) => expr))]
      .flatMap((expr) => metricsIn(expr.replaceAll("$instance", "x")))
      .map(metricOf),
  );
  const unseen = METRICS.map(({ name }) => name).filter((name) => !used.has(name));
  expect(unseen.sort()).toEqual([
    "barwise_broker_connected",
    "barwise_event_clients",
    "barwise_event_clients_dropped_total",
    "barwise_market_time_seconds",
  ]);
});

it("alerts and panels have names of their own, and panels do not lie on each other", () => {
  expect(new Set(rules.map(({ alert }) => alert)).size).toBe(rules.length);
  expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length);
  const cells = panels.flatMap(({ gridPos: { x, y, w, h } }) =>
    Array.from({ length: w * h }, (_, n) => `${x + (n % w)} ${y + Math.floor(n / w)}`),
  );
  expect(new Set(cells).size).toBe(cells.length);
});

const promtool = (process.env["PATH"] ?? "")
  .split(delimiter)
  .map((folder) => join(folder, "promtool"))
  .find(existsSync);
/** Some of the names that prom-client gives to Node's own figures are not to its taste. */
function ours(text: string): string {
  return text
    .split("\n\n")
    .filter((metric) => metric.includes("# HELP barwise_"))
    .join("\n");
}

it.skipIf(promtool === undefined)("promtool accepts the rules and our metrics (where it is installed)", async () => {
  execFileSync(promtool as string, ["check", "rules", RULES]);
  const input = `${ours(await new Exporter(() => MEASURES).text())}\n`;
  execFileSync(promtool as string, ["check", "metrics"], { input });
});
