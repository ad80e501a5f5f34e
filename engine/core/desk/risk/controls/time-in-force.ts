/** C1: order type, time in force and class that go together. */
import { assetClassOf } from "../../../../market/instruments.ts";
import type { OrderType, TimeInForce } from "../../../program.ts";
import type { RiskContext } from "../context.ts";
import { pass, refuse } from "../control.ts";
import type { Control } from "../control.ts";

export const timeInForce: Control = {
  id: "C1",
  name: "time_in_force",
  unit: "state",
  why: "Some order types exist only with some times in force; a broker refuses the rest at the moment they are needed.",
  answers: "SEC 15c3-5 (c)(2): requirements that hold before an order is entered; order types of the broker",
  limits: [],
  exits: false,
  run: (context) => {
    const problem = problemOf(context);
    return problem === undefined ? pass() : refuse(problem);
  },
};

interface Kind {
  readonly name: string;
  readonly types: readonly OrderType[];
  readonly times: readonly TimeInForce[];
}

const CRYPTO: Kind = { name: "pairs", types: ["market", "limit", "stop_limit"], times: ["gtc", "ioc"] };
const EXTENDED: Kind = { name: "extended hours", types: ["limit"], times: ["day", "gtc"] };
const FRACTIONAL: Kind = {
  name: "parts of a share",
  types: ["market", "limit", "stop", "stop_limit"],
  times: ["day"],
};
/** Legs of a bracket wait for their entry, whatever its type. */
const COMPLEX: Kind = {
  name: "orders with legs",
  types: ["market", "limit", "stop", "stop_limit"],
  times: ["day", "gtc"],
};
const WAITING: Kind = {
  name: "stops",
  types: ["stop", "stop_limit", "trailing_stop"],
  times: ["day", "gtc"],
};

function problemOf({ intent, qty }: RiskContext): string | undefined {
  const { type, timeInForce: time, orderClass, extendedHours, symbol } = intent;
  if (orderClass !== "simple" && extendedHours) return "orders with legs are for the regular session";
  const kinds = [
    ...(assetClassOf(symbol) === "crypto" ? [CRYPTO] : qty.isInteger() ? [] : [FRACTIONAL]),
    ...(extendedHours ? [EXTENDED] : []),
    ...(orderClass === "simple" ? [] : [COMPLEX]),
    ...(WAITING.types.includes(type) && assetClassOf(symbol) !== "crypto" ? [WAITING] : []),
  ];
  for (const { name, types, times } of kinds) {
    if (!types.includes(type)) return `${name}: a ${type} order is none of ${types.join(", ")}`;
    if (!times.includes(time)) return `${name}: ${time} is none of ${times.join(", ")}`;
  }
  return undefined;
}
