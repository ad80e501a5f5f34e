/**
 * The logical checks of one strategy, in order.
 *
 * Owns: which conditions are looked at, and with what. Only strategies without errors get here.
 */
import type { Strategy } from "../../core/program.ts";
import { isMap, isScalar } from "yaml";
import type { Builder } from "../builder.ts";
import type { Node } from "../syntax.ts";
import { nodeAt } from "../yaml-file.ts";
import { checkClose } from "./check-close.ts";
import { ConditionCheck } from "./check-conditions.ts";
import { checkNames } from "./check-names.ts";
import { checkParts } from "./check-parts.ts";
import { checkRules } from "./check-rules.ts";
import { Logic } from "./logic.ts";
import { Trees } from "./trees.ts";

export function checkLogic(builder: Builder, strategy: Omit<Strategy, "digest">): void {
  const { table, indicators } = builder.context.scope;
  const trees = new Trees(builder);
  const seen = new Set<string>();
  const qualityOf = (index: number): ReturnType<typeof table.operand>["quality"] => table.operand(index).quality;
  const logic = new Logic({ facts: strategy.facts, qualityOf, indicators });
  const { findings } = builder.file;
  for (const rule of strategy.rules) {
    const check = new ConditionCheck(trees, logic, findings, rule.name, seen);
    for (const key of ["when", "rearm"]) {
      const node = treeAt(builder, ["rules", rule.index, key]);
      if (node === undefined) continue;
      check.check(node);
      checkParts(builder, trees, node, strategy.on);
    }
  }
  for (const { node } of builder.context.scope.conditions.values()) {
    if (node !== undefined) checkParts(builder, trees, node, strategy.on);
  }
  checkRules(builder, strategy, logic);
  checkClose(builder, strategy, logic);
  checkNames(builder);
}

function treeAt(builder: Builder, path: readonly (string | number)[]): Node | undefined {
  const node = nodeAt(builder.file, path);
  if (!isMap(node) && !(isScalar(node) && typeof node.value === "string")) return undefined;
  return builder.reader.condition(node);
}
