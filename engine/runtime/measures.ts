/**
 * What a monitor reads of a running engine.
 *
 * Owns: gathering it at the moment it is asked for. May not: keep anything; counts are in the run's log.
 */
import { accountOf } from "../core/view.ts";
import type { Measures } from "../ports/measures.ts";
import { accountStatus, limitsOf, statesOf } from "./control-views.ts";
import type { Engine } from "./engine.ts";
import type { RunLog } from "./run-log.ts";

export interface MeasureOptions {
  readonly engine: Engine;
  readonly log: RunLog;
  readonly version: string;
  readonly account: string;
  readonly live: boolean;
  readonly killSwitch: () => boolean;
  readonly eventClients: () => { readonly now: number; readonly dropped: number };
}

export function measuresOf({ engine, log, version, account, live, ...ask }: MeasureOptions): Measures {
  const { core, lag } = engine;
  const { equity, cash, buyingPower, dayPnl, ready } = accountOf(core);
  const { gross, net } = accountStatus(core, account, live);
  const orders = new Map<string, number>();
  for (const { state } of core.desk.state.orders.all) orders.set(state, (orders.get(state) ?? 0) + 1);
  const approvals = new Map([["pending", 0]]);
  for (const { state } of core.desk.state.approvals.all) approvals.set(state, (approvals.get(state) ?? 0) + 1);
  const clients = ask.eventClients();
  return {
    ...{ version, account, live, equity, cash, buyingPower, dayPnl, ready, orders },
    gross: gross ?? Number.NaN,
    net: net ?? Number.NaN,
    marketTime: engine.marketTime,
    ...{ lagMs: lag.lagMs, waiting: lag.waiting, conflated: lag.conflated, behind: lag.behind },
    ...{ inputs: log.inputs, fills: log.fills, ordersSent: log.ordersSent },
    ...{
      refusals: log.refusals,
      verdicts: log.verdicts,
      alertLevels: log.alertLevels,
      alertCodes: log.alertCodes,
      reloads: log.reloads,
    },
    positions: core.desk.state.portfolio.open.length,
    approvals,
    states: statesOf(core),
    killSwitch: ask.killSwitch(),
    limits: limitsOf(core).flatMap(({ scope, limit, unit, ratio }) =>
      ratio === null ? [] : [{ scope, limit: limit === "max_position" ? `${limit} (${unit})` : limit, ratio }],
    ),
    connected: log.isConnected,
    disconnects: log.disconnects,
    feedLive: log.isFeedLive,
    feedDisconnects: log.feedDisconnects,
    refusedMessages: log.refusedMessages,
    snapshots: log.snapshots,
    eventClients: clients.now,
    eventClientsDropped: clients.dropped,
  };
}
