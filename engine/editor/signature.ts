/**
 * The parameters of the call that is being written.
 */
import { described } from "../catalog/describe.ts";
import type { FactText } from "../catalog/describe.ts";
import { typedAt } from "./cursor.ts";
import type { EditorFile } from "./editor-file.ts";
import { expressionKind } from "./expressions.ts";
import { typedExpression } from "./typed-expression.ts";

export interface Signature {
  readonly label: string;
  readonly doc: string;
  readonly params: readonly { readonly label: string; readonly doc: string }[];
  /** Undefined: an argument that is no parameter, such as `on:`. */
  readonly active: number | undefined;
}

export function signatureAt(file: EditorFile, offset: number): Signature | undefined {
  for (const typed of typedAt(file.path, file.text, offset)) {
    if (typed.part !== "value" || expressionKind(file.kind, typed.path) === undefined) continue;
    const { call } = typedExpression(typed.before);
    const entry = call === undefined ? undefined : described(call.name);
    if (call === undefined || entry === undefined || entry.params.length === 0) continue;
    const named = entry.params.findIndex(({ name }) => name === call.argument);
    const active = call.argument === undefined ? call.index : named;
    return {
      label: entry.usage,
      doc: entry.title === "" ? entry.doc : entry.title,
      params: paramsOf(entry),
      active: active < 0 || active >= entry.params.length ? undefined : active,
    };
  }
  return undefined;
}

/** Each as it stands in the usage. */
function paramsOf({ usage, params }: FactText): Signature["params"] {
  const inner = usage.slice(usage.indexOf("(") + 1, usage.lastIndexOf(")")).split(", ");
  return params.map(({ name, values, doc }, i) => ({
    label: inner[i] ?? name,
    doc: values === "" ? doc : `${doc} ${values}.`,
  }));
}
