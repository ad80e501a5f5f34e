/**
 * Formatting of generated documents: keys in any order, every kind of scalar, brackets over several lines, comments wherever
 * YAML takes one. What is formatted reads as the same data, has the same comments, and does not change any more.
 */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parse, parseDocument } from "yaml";
import { formatText } from "../../engine/lang/format.ts";
import { commentsOf } from "../../engine/lang/format-tree.ts";

/** How a document is spelled is drawn here, one choice after the other. */
class Ink {
  readonly #choices: readonly number[];
  #at = 0;
  #comments = 0;

  constructor(choices: readonly number[]) {
    this.#choices = choices;
  }

  below(limit: number): number {
    return (this.#choices[this.#at++ % this.#choices.length] as number) % limit;
  }

  comment(): string {
    return `# remark ${++this.#comments}${this.below(3) === 0 ? ": {not, [yaml" : ""}`;
  }

  /** Behind a line: nothing, blanks, or a comment. */
  behind(): string {
    return ["", "", "", "  ", ` ${this.comment()}`, `   ${this.comment()}`][this.below(6)] as string;
  }

  /** Above a line: nothing, empty lines, comments at this or another column. */
  above(indent: number): string[] {
    const pad = " ".repeat(indent);
    switch (this.below(8)) {
      case 0:
        return [""];
      case 1:
        return [`${pad}${this.comment()}`];
      case 2:
        return ["", `${pad}${this.comment()}`, `${pad}${this.comment()}`, ""];
      case 3:
        return [`${" ".repeat(this.below(9))}${this.comment()}`];
      default:
        return [];
    }
  }
}

type Data = string | number | boolean | null | readonly Data[] | { readonly [key: string]: Data };

const WORDS = [
  "alpha",
  "some words",
  "with # inside",
  "it's",
  'a "quoted" one',
  "30",
  "1_000",
  "0.5%",
  "09:35",
  "true",
  "- dash",
  "",
];

const scalar: fc.Arbitrary<Data> = fc.oneof(
  fc.constantFrom(...WORDS),
  fc.constantFrom<Data>(0, 1, 30, -2.5, 1e21, true, false, null),
);

const { tree } = fc.letrec<{ tree: Data }>((tie) => ({
  tree: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    scalar,
    fc.array(tie("tree"), { maxLength: 4 }),
    fc.dictionary(fc.constantFrom("one", "two", "name", "when", "on", "a b", "30"), tie("tree"), { maxKeys: 4 }),
  ),
}));

const KEYS = {
  "a.strategy.yaml": ["barwise", "name", "description", "symbols", "on", "params", "facts", "rules", "risk", "other"],
  "a.test.yaml": ["strategy", "strategies", "tests", "other"],
  "barwise.yaml": ["barwise", "account", "feeds", "risk", "journal", "other"],
  "watchlists/a.yaml": ["barwise", "description", "symbols"],
} as const;

const document = fc.constantFrom(...(Object.keys(KEYS) as (keyof typeof KEYS)[])).chain((name) =>
  fc.record({
    name: fc.constant<string>(name),
    data: fc.uniqueArray(fc.tuple(fc.constantFrom<string>(...KEYS[name]), tree), {
      selector: ([key]) => key,
      minLength: 1,
      maxLength: 5,
    }),
    choices: fc.array(fc.nat(1_000), { minLength: 40, maxLength: 200 }),
    windows: fc.boolean(),
    mark: fc.boolean(),
  }),
);

// ---------------------------------------------------------------------------------------------- writing YAML

function quoted(text: string, ink: Ink, inFlow: boolean): string {
  const isPlain = /^[a-z][a-z ]*[a-z]$/.test(text) && !["true", "false", "null"].includes(text);
  const style = ink.below(isPlain ? 3 : 2);
  if (style === 2) return text;
  if (style === 1 && !inFlow && ink.below(3) === 0) return JSON.stringify(text);
  return style === 0 ? JSON.stringify(text) : `'${text.replaceAll("'", "''")}'`;
}

function scalarText(value: Exclude<Data, object>, ink: Ink, inFlow: boolean): string {
  if (typeof value === "string") return quoted(value, ink, inFlow);
  return value === null ? "null" : String(value);
}

function isGroup(value: Data): value is readonly Data[] | { readonly [key: string]: Data } {
  return typeof value === "object" && value !== null;
}

function keyText(key: string, ink: Ink): string {
  return /^\d/.test(key) || ink.below(6) === 0 ? JSON.stringify(key) : key;
}

/** Brackets, on one line or on several with comments between. */
function flow(value: Data, ink: Ink, indent: number, isSpread: boolean): string {
  if (!isGroup(value)) return scalarText(value, ink, true);
  const isList = Array.isArray(value);
  const parts = isList
    ? (value as readonly Data[]).map((item) => flow(item, ink, indent + 2, isSpread))
    : Object.entries(value).map(([key, item]) => `${keyText(key, ink)}: ${flow(item, ink, indent + 2, isSpread)}`);
  const [open, close] = isList ? ["[", "]"] : ["{", "}"];
  if (!isSpread || parts.length === 0) return `${open}${parts.join(ink.below(2) === 0 ? ", " : " ,  ")}${close}`;
  const pad = " ".repeat(indent + 2);
  const lines = parts.map((part, i) => `${pad}${part}${i < parts.length - 1 ? "," : ""}${ink.behind()}`);
  return [
    `${open}${ink.behind()}`,
    ...lines,
    ...ink.above(indent + 2).filter((line) => line !== ""),
    `${pad}${close}`,
  ].join("\n");
}

/** A value behind its key or dash; the rest of its lines follow. */
function valueText(value: Data, ink: Ink, indent: number): string[] {
  if (!isGroup(value)) {
    if (typeof value === "string" && /^[a-z ]+$/.test(value) && ink.below(4) === 0)
      return [` ${["|-", ">-"][ink.below(2)]}${ink.behind()}`, `${" ".repeat(indent + 2)}${value}`];
    return [` ${scalarText(value, ink, false)}${ink.behind()}`];
  }
  const isEmpty = Object.keys(value).length === 0;
  const style = isEmpty ? 0 : ink.below(4);
  if (style === 0) return ` ${flow(value, ink, indent, false)}${ink.behind()}`.split("\n");
  if (style === 1) return ` ${flow(value, ink, indent, true)}${ink.behind()}`.split("\n");
  return [ink.behind(), ...block(value, ink, indent + 1 + ink.below(3))];
}

function block(value: readonly Data[] | { readonly [key: string]: Data }, ink: Ink, indent: number): string[] {
  const pad = " ".repeat(indent);
  const entries: readonly (readonly [head: string, item: Data])[] = Array.isArray(value)
    ? (value as readonly Data[]).map((item) => ["-", item] as const)
    : Object.entries(value).map(([key, item]) => [`${keyText(key, ink)}:`, item] as const);
  return entries.flatMap(([head, item]) => {
    const [first = "", ...rest] = valueText(item, ink, indent);
    return [...ink.above(indent), `${pad}${head}${first}`, ...rest];
  });
}

function written({
  data,
  choices,
  windows,
  mark,
}: {
  readonly data: readonly (readonly [string, Data])[];
  readonly choices: readonly number[];
  readonly windows: boolean;
  readonly mark: boolean;
}): string {
  const ink = new Ink(choices);
  const lines = [...ink.above(0), ...block(Object.fromEntries(data), ink, 0), ...ink.above(0)];
  const text = `${lines.join("\n")}\n`;
  return `${mark ? "\ufeff" : ""}${windows ? text.replaceAll("\n", "\r\n") : text}`;
}

function commentTexts(text: string): string[] {
  const plain = text.replace(/^\ufeff/, "").replaceAll("\r\n", "\n");
  return commentsOf(plain, parseDocument(plain).contents)
    .map((comment) => comment.text)
    .sort();
}

/** Blanks inside an expression are its layout. */
function dense(data: unknown): unknown {
  return JSON.parse(
    JSON.stringify(data, (_key, value: unknown) => (typeof value === "string" ? value.replaceAll(" ", "") : value)),
  );
}

describe("any document", () => {
  it("is formatted to the same data, the same comments, and only once", () => {
    let formatted = 0;
    let comments = 0;
    const runs = process.env["BARWISE_SOAK"] === "1" ? 20_000 : 500;
    fc.assert(
      fc.property(document, (drawn) => {
        const text = written(drawn);
        const once = formatText(drawn.name, text);
        if (once.findings.length > 0 || once.note !== undefined) {
          expect(once.text).toBe(text);
          return;
        }
        formatted++;
        expect(dense(parse(once.text))).toEqual(dense(parse(text.replace(/^\ufeff/, ""))));
        expect(commentTexts(once.text)).toEqual(commentTexts(text));
        comments += commentTexts(text).length;
        expect(once.text).not.toMatch(/\r|\ufeff|[ \t]\n|\n\n\n|\n\n$/);
        const twice = formatText(drawn.name, once.text);
        expect({ text: twice.text, note: twice.note }).toEqual({ text: once.text, note: undefined });
      }),
      { numRuns: runs },
    );
    // What is generated is mostly readable, and full of comments.
    expect(formatted).toBeGreaterThan(runs * 0.6);
    expect(comments).toBeGreaterThan(formatted);
  }, 600_000);
});
