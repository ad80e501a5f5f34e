/**
 * A template file: typed inputs and a strategy that uses them.
 *
 * Owns: reading one file, and which value each input has. May not: fill it (template-fill.ts) or read other files.
 */
import { isMap, isScalar } from "yaml";
import type { Pair, YAMLMap } from "yaml";
import type { Findings, Span } from "./diagnostic.ts";
import type { Help } from "./fix.ts";
import { checkSchema, compileSchema } from "./schema-check.ts";
import { templateSchema } from "./schema-template.ts";
import { didYouMean, listed } from "./suggest.ts";
import { inputProblem, inputsOf } from "./template-inputs.ts";
import type { Input } from "./template-inputs.ts";
import { keyPlace, readYaml, spanOfNode } from "./yaml-file.ts";
import type { YamlFile } from "./yaml-file.ts";

export interface Template {
  readonly inputs: ReadonlyMap<string, Input>;
  /** Where each input is declared, in the file's own offsets. */
  readonly keys: ReadonlyMap<string, Span>;
  readonly body: YAMLMap;
}

let validator: ReturnType<typeof compileSchema> | undefined;

export function readTemplate(
  path: string,
  text: string,
): { readonly file: YamlFile; readonly template: Template | undefined } {
  const file = readYaml(path, text);
  const unread = { file, template: undefined };
  if (file.data === undefined) return unread;
  validator ??= compileSchema(templateSchema(false));
  checkSchema(validator, file, "plain");
  const declared: unknown = file.document?.get("inputs", true);
  const body: unknown = file.document?.get("strategy", true);
  if (file.findings.hasErrors || !isMap(body)) return unread;
  const inputs = isMap(declared) ? inputsOf(declared) : [];
  for (const input of inputs) checkDeclaration(file, input);
  if (file.findings.hasErrors) return unread;
  const place = (name: string): Span => keyPlace(file, ["inputs", name]) ?? { start: 0, end: 0 };
  return {
    file,
    template: {
      inputs: new Map(inputs.map((input) => [input.name, input])),
      keys: new Map(inputs.map(({ name }) => [name, place(name)])),
      body,
    },
  };
}

function checkDeclaration(file: YamlFile, input: Input): void {
  const { findings } = file;
  const { name, type, min, max, choices } = input;
  const key = keyPlace(file, ["inputs", name]) ?? { start: 0, end: 0 };
  if (type === "choice" && choices.length === 0) {
    findings.report("types/input", key, `The input "${name}" has nothing to choose from`, "Add choices: [a, b].");
  }
  if (min !== undefined && max !== undefined && min > max) {
    findings.report("types/input", key, `The input "${name}" has min above max`, "Swap them.");
  }
  if (input.default !== undefined) checkValue(findings, input, input.default);
  if (input.example !== undefined) checkValue(findings, input, input.example);
}

/** Whether the value is right; reports when it is not. */
function checkValue(findings: Findings, input: Input, node: unknown): boolean {
  const problem = inputProblem(input, node, findings.text);
  if (problem === undefined) return true;
  const span = problem.span ?? spanOfNode(node) ?? { start: 0, end: 0 };
  findings.report("types/input", span, problem.message, problem.help);
  return false;
}

/** The nodes that fill the inputs; undefined after a finding. */
export function valuesFor(
  findings: Findings,
  inputs: ReadonlyMap<string, Input>,
  { template, given }: { readonly template: Pair; readonly given: Pair | undefined },
): ReadonlyMap<string, unknown> | undefined {
  const values = new Map<string, unknown>();
  if (given !== undefined && !isMap(given.value)) {
    const span = spanOfNode(given.key) ?? { start: 0, end: 0 };
    return report(findings, "schema/type", span, "with: is a mapping of inputs to values", "Write {period: 14}.");
  }
  let isRight = true;
  for (const { key, value } of isMap(given?.value) ? given.value.items : []) {
    const name = isScalar(key) ? String(key.value) : "";
    const input = inputs.get(name);
    const span = spanOfNode(key) ?? { start: 0, end: 0 };
    if (input === undefined) {
      isRight = false;
      const names = [...inputs.keys()];
      const otherwise = names.length === 0 ? "It has no inputs." : `It has ${listed(names, "and")}.`;
      const message = `The template has no input "${name}"`;
      report(findings, "names/unknown", span, message, didYouMean(name, names, otherwise));
    } else if (checkValue(findings, input, value)) values.set(name, value);
    else isRight = false;
  }
  for (const { name, default: fallback, description } of inputs.values()) {
    if (values.has(name)) continue;
    if (fallback !== undefined) values.set(name, fallback);
    else if (!isMap(given?.value) || !given.value.has(name)) {
      isRight = false;
      const span = spanOfNode(given?.key ?? template.value) ?? { start: 0, end: 0 };
      const help = `Add with: {${name}: …}. ${description}`.trim();
      report(findings, "schema/missing-key", span, `The template needs "${name}"`, help);
    }
  }
  return isRight ? values : undefined;
}

function report(
  findings: Findings,
  code: Parameters<Findings["report"]>[0],
  span: Span,
  message: string,
  help: Help,
): undefined {
  findings.report(code, span, message, help);
}
