/**
 * The metrics that are read when somebody asks.
 *
 * Owns: their names, labels and meaning, and that no label has more values than a monitor can bear. May not: count by itself.
 */
import type { Measures } from "../../ports/measures.ts";

export interface Sample {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

export interface Metric {
  readonly name: `barwise_${string}`;
  readonly type: "counter" | "gauge";
  readonly help: string;
  readonly labels?: readonly string[];
  read(measures: Measures): number | readonly Sample[];
}

/** Beyond this the smallest go: a monitor must not drown in scopes or codes. */
export const MOST_SERIES = 200;

const STATES = { ACTIVE: 0, REDUCING: 1, HALTED: 2 } as const;

function by(label: string, counts: ReadonlyMap<string, number>): readonly Sample[] {
  return [...counts].map(([key, value]) => ({ labels: { [label]: key }, value }));
}

/** The largest first, and not too many. */
export function bounded(samples: readonly Sample[]): readonly Sample[] {
  if (samples.length <= MOST_SERIES) return samples;
  return [...samples].sort((a, b) => b.value - a.value).slice(0, MOST_SERIES);
}

export const METRICS: readonly Metric[] = [
  {
    name: "barwise_info",
    type: "gauge",
    help: "Always 1; says what runs.",
    labels: ["version", "account", "live"],
    read: ({ version, account, live }) => [{ labels: { version, account, live: String(live) }, value: 1 }],
  },
  {
    name: "barwise_market_time_seconds",
    type: "gauge",
    help: "Time of the market as a unix time.",
    read: ({ marketTime }) => marketTime / 1_000,
  },
  {
    name: "barwise_inputs_total",
    type: "counter",
    help: "Inputs that the core took.",
    labels: ["kind"],
    read: ({ inputs }) => by("kind", inputs),
  },
  {
    name: "barwise_lag_seconds",
    type: "gauge",
    help: "Age of the newest market data when it came; none on a tape.",
    read: ({ lagMs }) => lagMs / 1_000,
  },
  {
    name: "barwise_inputs_waiting",
    type: "gauge",
    help: "Inputs that wait to be judged.",
    read: ({ waiting }) => waiting,
  },
  {
    name: "barwise_quotes_conflated_total",
    type: "counter",
    help: "Quotes that gave way to later ones.",
    read: ({ conflated }) => conflated,
  },
  {
    name: "barwise_behind",
    type: "gauge",
    help: "1 while entries pause because the engine is behind its data.",
    read: ({ behind }) => Number(behind),
  },
  {
    name: "barwise_orders",
    type: "gauge",
    help: "Orders that the desk remembers, by state.",
    labels: ["state"],
    read: ({ orders }) => by("state", orders),
  },
  {
    name: "barwise_orders_sent_total",
    type: "counter",
    help: "Orders that left for the broker.",
    read: ({ ordersSent }) => ordersSent,
  },
  { name: "barwise_fills_total", type: "counter", help: "Executions.", read: ({ fills }) => fills },
  { name: "barwise_positions", type: "gauge", help: "Positions that are held.", read: ({ positions }) => positions },
  {
    name: "barwise_refusals_total",
    type: "counter",
    help: "Firings that became no order, by control or reason.",
    labels: ["code"],
    read: ({ refusals }) => by("code", refusals),
  },
  {
    name: "barwise_verdicts_total",
    type: "counter",
    help: "What risk said to orders.",
    labels: ["outcome"],
    read: ({ verdicts }) => by("outcome", verdicts),
  },
  {
    name: "barwise_approvals",
    type: "gauge",
    help: "Orders that a person must approve, by state.",
    labels: ["state"],
    read: ({ approvals }) => by("state", approvals),
  },
  {
    name: "barwise_alerts_total",
    type: "counter",
    help: "Alerts by level.",
    labels: ["level"],
    read: ({ alertLevels }) => by("level", alertLevels),
  },
  {
    name: "barwise_alert_codes_total",
    type: "counter",
    help: "Alerts by code.",
    labels: ["code"],
    read: ({ alertCodes }) => by("code", alertCodes),
  },
  {
    name: "barwise_trading_state",
    type: "gauge",
    help: "0 ACTIVE, 1 REDUCING, 2 HALTED; scopes other than the account only while something holds there.",
    labels: ["scope"],
    read: ({ states }) => states.map(({ scope, state }) => ({ labels: { scope }, value: STATES[state] })),
  },
  {
    name: "barwise_kill_switch",
    type: "gauge",
    help: "1 while .barwise/HALTED is there.",
    read: ({ killSwitch }) => Number(killSwitch),
  },
  { name: "barwise_equity", type: "gauge", help: "Worth of the account.", read: ({ equity }) => equity },
  { name: "barwise_cash", type: "gauge", help: "Cash.", read: ({ cash }) => cash },
  {
    name: "barwise_buying_power",
    type: "gauge",
    help: "What new entries may use.",
    read: ({ buyingPower }) => buyingPower,
  },
  {
    name: "barwise_day_pnl",
    type: "gauge",
    help: "Profit and loss of the trading day.",
    read: ({ dayPnl }) => dayPnl,
  },
  {
    name: "barwise_exposure_gross",
    type: "gauge",
    help: "Worth of all positions without their sign.",
    read: ({ gross }) => gross,
  },
  {
    name: "barwise_exposure_net",
    type: "gauge",
    help: "Worth of all positions with their sign.",
    read: ({ net }) => net,
  },
  {
    name: "barwise_limit_usage_ratio",
    type: "gauge",
    help: "Part of a limit that is used.",
    labels: ["scope", "limit"],
    read: ({ limits }) => limits.map(({ scope, limit, ratio }) => ({ labels: { scope, limit }, value: ratio })),
  },
  {
    name: "barwise_broker_connected",
    type: "gauge",
    help: "1 while the stream of trade updates is up.",
    read: ({ connected }) => Number(connected),
  },
  {
    name: "barwise_broker_ready",
    type: "gauge",
    help: "1 while what the broker holds is known.",
    read: ({ ready }) => Number(ready),
  },
  {
    name: "barwise_broker_disconnects_total",
    type: "counter",
    help: "How often the broker was lost.",
    read: ({ disconnects }) => disconnects,
  },
  {
    name: "barwise_feed_live",
    type: "gauge",
    help: "1 while market data is live.",
    read: ({ feedLive }) => Number(feedLive),
  },
  {
    name: "barwise_feed_disconnects_total",
    type: "counter",
    help: "How often market data was lost.",
    read: ({ feedDisconnects }) => feedDisconnects,
  },
  {
    name: "barwise_messages_refused_total",
    type: "counter",
    help: "Messages of feeds that were not understood.",
    read: ({ refusedMessages }) => refusedMessages,
  },
  {
    name: "barwise_reloads_total",
    type: "counter",
    help: "Reloads by what became of them.",
    labels: ["result"],
    read: ({ reloads }) => by("result", reloads),
  },
  {
    name: "barwise_snapshots_total",
    type: "counter",
    help: "Snapshots of the run that goes on, taken and failed.",
    labels: ["result"],
    read: ({ snapshots }) => by("result", snapshots),
  },
  {
    name: "barwise_event_clients",
    type: "gauge",
    help: "Who listens to the events of the control API.",
    read: ({ eventClients }) => eventClients,
  },
  {
    name: "barwise_event_clients_dropped_total",
    type: "counter",
    help: "Listeners that did not read.",
    read: ({ eventClientsDropped }) => eventClientsDropped,
  },
];
