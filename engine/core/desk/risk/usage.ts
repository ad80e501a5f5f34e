/**
 * How much of each limit is used, for people.
 *
 * Owns: what counts against a limit at this instant, by scope. May not: be needed by a decision; controls count for themselves.
 */
import { ZERO } from "../../decimal.ts";
import { fieldsOf } from "../../risk-limits.ts";
import type { LimitKey, LimitSpec, NumberSpec } from "../../risk-limits.ts";
import { signedRemaining } from "../orders.ts";
import type { DeskState } from "../state.ts";
import { covers } from "../states.ts";
import type { ScopeName } from "../states.ts";
import { dayLossOf, drawdownOf } from "../valued.ts";
import { watchedIn } from "../watch.ts";
import { CONTROLS } from "./catalogue.ts";
import { exposuresOf } from "./exposure.ts";
import type { Exposure } from "./exposure.ts";

/** How an amount of it is written. */
type UsageKind = Exclude<NumberSpec["kind"], "position" | "probation">;

export interface Usage {
  readonly scope: ScopeName;
  readonly control: string;
  readonly limit: string;
  readonly unit: string;
  readonly kind: UsageKind;
  readonly value: number;
  /** Null for limits on single orders, and where nothing says. */
  readonly used: number | null;
}

type Written = Pick<Usage, "unit" | "kind">;

/** Limits that are kept in several fields, each with its own unit. */
const WRITTEN: Partial<Readonly<Record<LimitKey, Written>>> = {
  maxPositionRatio: { kind: "ratio", unit: "of equity" },
  maxPositionNotional: { kind: "money", unit: "dollars" },
  maxPositionQty: { kind: "shares", unit: "shares" },
  probationOrders: { kind: "count", unit: "first orders" },
  probationNotional: { kind: "money", unit: "dollars" },
};

/** Every limit that is set, in every scope that sets it. */
export function usageOf(desk: DeskState): readonly Usage[] {
  return watchedIn(desk).flatMap(({ scope, limits }) =>
    CONTROLS.flatMap(({ name: control, unit, limits: specs }) =>
      specs.flatMap((spec) =>
        fieldsOf(spec).flatMap(({ key }) => {
          const value = limits[key];
          if (value === undefined) return [];
          const written = WRITTEN[key] ?? { kind: spec.kind as UsageKind, unit: unitOf(spec, unit) };
          return [{ scope, control, limit: spec.name, ...written, value, used: usedOf(desk, scope, key) }];
        }),
      ),
    ),
  );
}

/** A control counts in one unit, and a limit that is a time is not written in it. */
function unitOf({ kind }: LimitSpec, unit: string): string {
  return kind === "duration" ? "at most" : unit;
}

function usedOf(desk: DeskState, scope: ScopeName, key: LimitKey): number | null {
  const { counts, account, memory, now } = desk;
  switch (key) {
    case "maxOrdersPerMinute":
      return counts.seen(now.arrivalTime, scope).minute;
    case "maxOrdersPerSecond":
      return counts.lastSecond(now.arrivalTime, scope);
    case "maxMessagesPerMinute":
      return counts.seen(now.arrivalTime, scope).messages;
    case "maxOrdersPerDay":
      return counts.on(account.dayEnds, scope);
    case "maxDailyLossRatio":
      return dayLossOf(desk, scope);
    case "maxDrawdownRatio":
      return drawdownOf(desk, scope);
    case "maxLossStreak":
      return memory.streaks.lost(scope);
    case "maxRejections":
      return memory.breakers.rejections(scope, now.arrivalTime);
    case "maxReconnects":
      return memory.breakers.reconnects(now.arrivalTime);
    case "maxPositionQty":
      return largest(desk, scope, false);
    case "maxPositionNotional":
      return largest(desk, scope, true);
    case "maxPositionRatio":
    case "maxConcentrationRatio":
      return ofEquity(desk, largest(desk, scope, true));
    case "maxGrossRatio":
      return ofEquity(desk, exposureIn(desk, scope).gross.toNumber());
    case "maxNetRatio":
      return ofEquity(desk, exposureIn(desk, scope).net.abs().toNumber());
    case "maxOpenOrders":
      return desk.orders.open().filter(({ origin, symbol }) => covers(scope, { ...origin, symbol })).length;
    default:
      return null;
  }
}

function exposureIn(desk: DeskState, scope: ScopeName): Exposure {
  return exposuresOf(desk, [(member) => covers(scope, member)])[0] as Exposure;
}

function ofEquity({ account }: DeskState, worth: number): number | null {
  const equity = account.equityNumber();
  return equity > 0 ? worth / equity : null;
}

/** The largest position of the scope, entries that work included, in shares or in money. */
function largest({ portfolio, orders, account }: DeskState, scope: ScopeName, inMoney: boolean): number {
  const held = new Map<string, typeof ZERO>();
  const add = (symbol: string, qty: typeof ZERO): void => void held.set(symbol, (held.get(symbol) ?? ZERO).plus(qty));
  for (const position of portfolio.open) if (covers(scope, position)) add(position.symbol, position.qty);
  for (const order of orders.openEntries)
    if (covers(scope, { strategy: order.origin.strategy, symbol: order.symbol }))
      add(order.symbol, signedRemaining(order));
  let most = 0;
  for (const [symbol, qty] of held) {
    const size = qty.abs().toNumber() * (inMoney ? account.markOf(symbol) : 1);
    if (size > most) most = size;
  }
  return most;
}
