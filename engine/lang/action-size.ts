/**
 * From `size:` to how much.
 *
 * Owns: the four forms of a size, and numbers that must be above zero or a part of something.
 */
import { isMap, isScalar } from "yaml";
import type { BracketSpec, Expression, Size } from "../core/program.ts";
import type { Builder } from "./builder.ts";
import { advice, becomes } from "./fix.ts";
import { without } from "./fix-yaml.ts";
import { listed } from "./suggest.ts";
import { nodeAt } from "./yaml-file.ts";
import type { Path } from "./yaml-file.ts";

const SIZES = ["qty", "notional", "equity", "risk"] as const;
/** No account lends more than this many times its equity. */
export const MOST_LEVERAGE = 4;

export function readSize(builder: Builder, path: Path, bracket: BracketSpec | null | undefined): Size | undefined {
  const here = [...path, "size"];
  const node = nodeAt(builder.file, here);
  const help = "Write size: {qty: 10}, {notional: 1000}, {equity: 10%} or {risk: 0.5%, stop: 2 * atr(14)}.";
  if (node === undefined || (isScalar(node) && node.value === null)) {
    return builder.reportKey("risk/no-size", path, `This ${String(path.at(-1))} has no size`, help);
  }
  if (!isMap(node)) return undefined;
  const given = SIZES.filter((by) => node.has(by));
  const [by] = given;
  if (by === undefined) return builder.report("risk/no-size", here, "This size does not say how much", help);
  if (given.length > 1)
    return builder.report("schema/value", here, `A size is one of ${listed(SIZES)}, not ${listed(given, "and")}`);
  if (node.has("stop") && by !== "risk") {
    return builder.reportKey(
      "schema/value",
      [...here, "stop"],
      `stop belongs to a risk size, not to ${by}`,
      "Use a bracket.",
    );
  }
  const at = [...here, by];
  switch (by) {
    case "qty": {
      const qty = readPositive(builder, at);
      return qty === undefined ? undefined : { by, qty };
    }
    case "notional": {
      const notional = readPositive(builder, at);
      return notional === undefined ? undefined : { by, notional };
    }
    case "equity": {
      const ratio = readRatio(builder, at, MOST_LEVERAGE);
      return ratio === undefined ? undefined : { by, ratio };
    }
    case "risk":
      return readRiskSize(builder, here, bracket);
  }
}

function readRiskSize(builder: Builder, path: Path, bracket: BracketSpec | null | undefined): Size | undefined {
  const ratio = readRatio(builder, [...path, "risk"], 1);
  const stopPath = [...path, "stop"];
  const stop = readPositive(builder, stopPath);
  if (ratio === undefined) return undefined;
  if (stop === undefined) {
    if (builder.has(stopPath)) return undefined;
    if (bracket === null || bracket?.stopLoss !== undefined) return { by: "risk", ratio };
    const help = "Add stop: 2 * atr(14) to the size, or a stop_loss to the bracket.";
    return builder.reportKey("risk/no-size", [...path, "risk"], "A risk size needs the distance to a stop", help);
  }
  if (bracket?.stopLoss !== undefined) checkAgreement(builder, stopPath, stop, bracket.stopLoss);
  return { by: "risk", ratio, stop };
}

/** `stop_loss: close - d` beside `stop: e`: the size must be computed for the stop that is placed. */
function checkAgreement(builder: Builder, path: Path, stop: Expression, stopLoss: Expression): void {
  const { table } = builder.context.scope;
  const { spec } = table.fact(stopLoss);
  if (spec.kind !== "calc" || (spec.operator !== "-" && spec.operator !== "+")) return;
  const distance = spec.args[1] as number;
  // A percentage of the price is written in other ways; only plain distances are compared.
  if (distance === stop) return;
  const words = "Leave stop out of the size: it is then taken from the bracket.";
  const help = advice(words, without(builder.file, path, "Leave stop out of the size"));
  builder.report("risk/stop-disagrees", path, "The size assumes another distance than the bracket's stop loss", help);
}

function readPositive(builder: Builder, path: Path): Expression | undefined {
  const operand = builder.operand(path);
  if (operand === undefined) return undefined;
  if (operand.kind === "const" && !(operand.value > 0)) {
    return builder.report("types/value", path, `${String(path.at(-1))} must be above 0, not ${operand.value}`);
  }
  if (operand.quality.form === "percent" || operand.quality.unit === "ratio") {
    const help = path.at(-1) === "stop" ? "Write a distance in price units, e.g. close * 2%." : "Use equity: 10%.";
    return builder.report("types/percent", path, `${String(path.at(-1))} cannot be a percentage`, help);
  }
  return builder.index(operand);
}

export function readRatio(builder: Builder, path: Path, most: number): Expression | undefined {
  const operand = builder.operand(path);
  if (operand === undefined) return undefined;
  const isPlain = operand.kind === "const" && operand.quality.form === "number";
  // More than all of it is said in percent: a plain 10 that meant 10% would be ten times the account.
  if (operand.kind === "const" && !(operand.value > 0 && operand.value <= (isPlain ? 1 : most))) {
    const { value } = operand;
    const isPercent = value > 1 && value / 100 <= most;
    const help = isPercent
      ? advice(`Write ${value}%.`, becomes(`${value}%`, { safe: false }))
      : "Write a percentage such as 10%.";
    return builder.report(
      "types/value",
      path,
      `${String(path.at(-1))} must be above 0 and at most ${most * 100}%, not ${value}`,
      help,
    );
  }
  return builder.index(operand);
}
