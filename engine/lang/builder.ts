/**
 * What reading a strategy's values needs at hand.
 *
 * Owns: from a path in the file to a condition or an expression. Values of a type that the schema has refused are
 * skipped, so that one mistake makes one finding.
 */
import { isMap, isScalar } from "yaml";
import type { Condition, Expression } from "../core/program.ts";
import type { Operand } from "./fact-refs.ts";
import { lowerCondition } from "./lower-condition.ts";
import type { Help } from "./fix.ts";
import { lowerNumber } from "./lower-number.ts";
import type { ConditionReader } from "./object-form.ts";
import type { Context, Lowering } from "./scope.ts";
import { nodeAt, placeOf } from "./yaml-file.ts";
import type { Path, YamlFile } from "./yaml-file.ts";
import type { Code } from "./codes.ts";
import { keyPlace } from "./yaml-file.ts";

export const LOWERING: Lowering = { number: lowerNumber, condition: lowerCondition };

export class Builder {
  readonly file: YamlFile;
  readonly reader: ConditionReader;
  readonly context: Context;

  constructor(file: YamlFile, reader: ConditionReader, context: Context) {
    this.file = file;
    this.reader = reader;
    this.context = context;
  }

  /** The same, for what belongs to one rule. */
  forRule(rule: string): Builder {
    return new Builder(this.file, this.reader, { ...this.context, rule });
  }

  condition(path: Path): Condition | undefined {
    const node = nodeAt(this.file, path);
    if (!isMap(node) && !(isScalar(node) && typeof node.value === "string")) return undefined;
    const tree = this.reader.condition(node);
    return tree === undefined ? undefined : lowerCondition(this.context, tree);
  }

  operand(path: Path): Operand | undefined {
    const node = nodeAt(this.file, path);
    const isValue = isScalar(node) && (typeof node.value === "string" || typeof node.value === "number");
    if (!isValue) return undefined;
    const tree = this.reader.number(node);
    return tree === undefined ? undefined : lowerNumber(this.context, tree);
  }

  /** An expression as a fact; constants become facts too. */
  expression(path: Path): Expression | undefined {
    const operand = this.operand(path);
    return operand === undefined ? undefined : this.index(operand);
  }

  index(operand: Operand): Expression {
    return operand.kind === "fact" ? operand.index : this.context.scope.table.constant(operand.value, operand.quality);
  }

  has(path: Path): boolean {
    return this.file.document?.hasIn(path) === true;
  }

  text(path: Path): string | undefined {
    const node = nodeAt(this.file, path);
    return isScalar(node) && typeof node.value === "string" ? node.value : undefined;
  }

  flag(path: Path): boolean {
    const node = nodeAt(this.file, path);
    return isScalar(node) && node.value === true;
  }

  report(code: Code, path: Path, message: string, help: Help = ""): undefined {
    this.file.findings.report(code, placeOf(this.file, path), message, help);
  }

  reportKey(code: Code, path: Path, message: string, help: Help = ""): undefined {
    this.file.findings.report(code, keyPlace(this.file, path) ?? placeOf(this.file, path), message, help);
  }
}
