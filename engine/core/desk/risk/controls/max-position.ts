/** C8: one position, working orders included. */
import { Decimal, ZERO } from "../../../decimal.ts";
import type { RiskLimits } from "../../../risk-limits.ts";
import type { RiskContext } from "../context.ts";
import { NO_PRICE, hasPrice, pass, refuse, skip } from "../control.ts";
import type { Control } from "../control.ts";

export const maxPosition: Control = {
  id: "C8",
  name: "max_position",
  unit: "shares",
  why: "One position, working orders included, may not grow beyond its share of the account.",
  answers: "RTS 6 Article 15 (4): market and credit limits; FIA 2024: positions that count working orders",
  limits: [
    {
      name: "max_position",
      key: "maxPositionRatio",
      kind: "position",
      doc: "Largest position per symbol: `10%` of equity, an amount in dollars, or {equity | notional | qty}.",
      live: "required",
    },
  ],
  exits: false,
  run: (context) => {
    if (!hasPrice(context)) return NO_PRICE;
    const tighter = positionRoom(context);
    if (tighter === undefined) return skip("no max_position is set");
    const { limit, held, room } = tighter;
    const wanted = held.plus(context.qty).toNumber();
    if (context.qty.isLessThanOrEqualTo(room)) return pass(wanted, limit.toNumber());
    const qty = context.intent.fractional
      ? room.decimalPlaces(9, Decimal.ROUND_DOWN)
      : room.integerValue(Decimal.ROUND_DOWN);
    if (qty.isZero())
      return refuse(`the position limit of ${limit.toFixed(0)} shares is used up`, wanted, limit.toNumber());
    const reason = `cut from ${context.qty.toFixed()} to ${qty.toFixed()} shares by the position limit`;
    return { outcome: "clamp", value: wanted, limit: limit.toNumber(), reason, qty };
  },
};

interface Room {
  readonly limit: Decimal;
  /** What counts against the limit already, without a sign. */
  readonly held: Decimal;
  readonly room: Decimal;
}

/** The smaller of two rooms: the strategy's for what it holds itself, the account's for what all hold together. */
function positionRoom(context: RiskContext): Room | undefined {
  const own = context.position.plus(context.working).abs();
  const roomIn = (limit: Decimal | undefined, held: Decimal): Room | undefined =>
    limit === undefined ? undefined : { limit, held, room: Decimal.max(limit.minus(held), ZERO) };
  const strategy = roomIn(positionLimit(context.limits, context), own);
  // Netting has refused what others hold on the other side, so the rest adds up.
  const account = roomIn(positionLimit(context.accountLimits, context), own.plus(context.others.abs()));
  if (strategy === undefined || account === undefined) return strategy ?? account;
  return account.room.isLessThan(strategy.room) ? account : strategy;
}

function positionLimit(limits: RiskLimits, { equity, reference }: RiskContext): Decimal | undefined {
  const candidates: Decimal[] = [];
  if (limits.maxPositionQty !== undefined) candidates.push(new Decimal(limits.maxPositionQty));
  if (limits.maxPositionNotional !== undefined) candidates.push(new Decimal(limits.maxPositionNotional).div(reference));
  if (limits.maxPositionRatio !== undefined) candidates.push(equity.times(limits.maxPositionRatio).div(reference));
  return candidates.length === 0 ? undefined : Decimal.min(...candidates);
}
