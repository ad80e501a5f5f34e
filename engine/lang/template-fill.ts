/**
 * Filling a template: `$name` becomes the value of the input.
 *
 * Owns: where placeholders may stand, and where each character of a filled text was written.
 * May not: know what a strategy is.
 *
 * A text that is `$name` and nothing else becomes the value itself, of whatever type; in a list, a list is spliced in.
 * Inside a longer text it becomes the value's text, an expression in parentheses. `$$` is a dollar sign.
 */
import { isMap, isScalar, isSeq, Scalar } from "yaml";
import type { YAMLMap } from "yaml";
import type { Findings, Span } from "./diagnostic.ts";
import { reworded } from "./fix.ts";
import { placesOf, setPlaces } from "./places.ts";
import type { Places } from "./places.ts";
import { didYouMean, listed } from "./suggest.ts";
import { needsParentheses, textOf } from "./template-inputs.ts";
import type { Input } from "./template-inputs.ts";
import { spanOfNode } from "./yaml-file.ts";

export interface Filling {
  readonly findings: Findings;
  readonly inputs: ReadonlyMap<string, Input>;
  /** YAML nodes by the name of the input; an input without a value has a finding of its own. */
  readonly values: ReadonlyMap<string, unknown>;
  /** Collects the inputs that stand somewhere. */
  readonly used: Set<string>;
}

const PLACEHOLDER = /\$\$|\$([A-Za-z_]\w*)/g;
const WHOLE = /^\$([A-Za-z_]\w*)$/;
/** All texts of one template together, filled. */
const MOST_CHARACTERS = 1024 * 1024;

export function fill(filling: Filling, body: YAMLMap): void {
  new Filler(filling).map(body);
}

class Filler {
  readonly #filling: Filling;
  #characters = 0;

  constructor(filling: Filling) {
    this.#filling = filling;
  }

  map(map: YAMLMap): void {
    for (const pair of map.items) pair.value = this.#value(pair.value);
  }

  #value(node: unknown): unknown {
    if (isMap(node)) this.map(node);
    else if (isSeq(node)) node.items = node.items.flatMap((item) => this.#item(item));
    else if (isScalar(node) && typeof node.value === "string" && node.value.includes("$")) return this.#scalar(node);
    return node;
  }

  /** `[SPY, $more]` with a list. */
  #item(item: unknown): unknown[] {
    const filled = this.#value(item);
    return isScalar(item) && isSeq(filled) ? filled.items : [filled];
  }

  #scalar(scalar: Scalar): unknown {
    const text = String(scalar.value);
    const name = WHOLE.exec(text)?.[1];
    if (name === undefined) return this.#text(scalar, text);
    if (!this.#isKnown(name, scalar, 0, text.length)) return scalar;
    return this.#filling.values.get(name) ?? scalar;
  }

  #isKnown(name: string, scalar: Scalar, start: number, end: number): boolean {
    const { inputs, used, findings } = this.#filling;
    used.add(name);
    if (inputs.has(name)) return true;
    const names = [...inputs.keys()];
    const otherwise = names.length === 0 ? "It has no inputs." : `It has ${listed(names, "and")}.`;
    const help = reworded(didYouMean(name, names, otherwise), (words) => `${words} Write $$ for a dollar sign.`);
    findings.report("names/unknown", this.#span(scalar, start, end), `The template has no input "${name}"`, help);
    return false;
  }

  #span(scalar: Scalar, start: number, end: number): Span {
    const place = placesOf(this.#filling.findings.text, scalar);
    return { start: place(start), end: place(end - 1, "end") };
  }

  #text(scalar: Scalar, text: string): Scalar {
    const { values } = this.#filling;
    const parts: Part[] = [];
    let at = 0;
    for (const { 0: found, 1: name, index } of text.matchAll(PLACEHOLDER)) {
      const end = index + found.length;
      if (name === undefined) {
        parts.push({ text: text.slice(at, index + 1), from: at });
        at = end;
        continue;
      }
      parts.push({ text: text.slice(at, index), from: at });
      at = index;
      if (!this.#isKnown(name, scalar, index, end) || !values.has(name)) continue;
      const part = this.#part(name, scalar, index, end);
      if (part === undefined) continue;
      parts.push(part);
      at = end;
    }
    parts.push({ text: text.slice(at), from: at });
    return this.#joined(scalar, parts);
  }

  #part(name: string, scalar: Scalar, start: number, end: number): Part | undefined {
    const { inputs, values, findings } = this.#filling;
    const input = inputs.get(name) as Input;
    const node = values.get(name);
    const text = textOf(input, node);
    const span = this.#span(scalar, start, end);
    if (text === undefined) {
      const message = `"${name}" cannot stand inside a text`;
      const what = isMap(node) ? "A mapping" : `A value of type ${input.type}`;
      findings.report("types/input", span, message, `${what} stands alone: key: $${name}.`);
      return undefined;
    }
    return { text: needsParentheses(input, node) ? `(${text})` : text, value: node as Scalar, span, inner: text };
  }

  #joined(scalar: Scalar, parts: readonly Part[]): Scalar {
    const { findings } = this.#filling;
    const text = parts.map((part) => part.text).join("");
    this.#characters += text.length;
    if (this.#characters > MOST_CHARACTERS) {
      const span = spanOfNode(scalar) ?? { start: 0, end: 0 };
      findings.report("types/too-large", span, "Filled in, the template becomes too large", "Use shorter values.");
      return scalar;
    }
    const result = new Scalar(text);
    result.range = scalar.range ?? null;
    if (scalar.type !== undefined) result.type = scalar.type;
    setPlaces(result, placesOfParts(findings, scalar, parts));
    return result;
  }
}

/** Text of the template from an offset of its scalar, or the text of a value in place of a placeholder. */
type Part =
  | { readonly text: string; readonly from: number }
  | { readonly text: string; readonly value: Scalar; readonly span: Span; readonly inner: string };

function placesOfParts(findings: Findings, scalar: Scalar, parts: readonly Part[]): Places {
  const own = placesOf(findings.text, scalar);
  const starts: number[] = [];
  let length = 0;
  const maps = parts.map((part) => {
    starts.push(length);
    length += part.text.length;
    if ("from" in part) return (offset: number, side?: "end") => own(part.from + offset, side);
    const written = spanOfNode(part.value) ?? part.span;
    const place = placesOf(findings.text, part.value);
    const base = findings.sources.copy(written, part.span);
    const shift = part.text === part.inner ? 0 : 1;
    const last = Math.max(0, part.inner.length - 1);
    return (offset: number, side?: "end") =>
      base - written.start + place(Math.min(Math.max(0, offset - shift), last), side);
  });
  return (offset, side) => {
    const index = Math.max(
      0,
      starts.findLastIndex((start, i) => start <= offset && (parts[i] as Part).text !== ""),
    );
    const map = maps[index];
    return map === undefined ? own(offset, side) : map(offset - (starts[index] as number), side);
  };
}
