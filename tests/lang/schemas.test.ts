/* oxlint-disable unicorn/no-thenable -- `then` is a key of rules */
/** The committed schemas are what the code says. UPDATE_SCHEMAS=1 writes them. */
import { readFileSync, readdirSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { Ajv } from "ajv";
import { describe, expect, it } from "vitest";
import { parse, stringify } from "yaml";
import { compile } from "../../engine/lang/compile.ts";
import { renderSchemas } from "../../engine/lang/schema-render.ts";
import { readYaml } from "../../engine/lang/yaml-file.ts";

const ROOT = join(import.meta.dirname, "../..");
const SCHEMAS = renderSchemas();

function schemaOf(name: string): object {
  return JSON.parse(SCHEMAS[name] ?? "{}") as object;
}

/** As a YAML language server reads it: it knows snippets. */
function validatorOf(name: string): (data: unknown) => string {
  const ajv = new Ajv({ strict: true, allowUnionTypes: true, strictRequired: false });
  ajv.addKeyword("defaultSnippets");
  const validate = ajv.compile(schemaOf(name));
  return (data) => (validate(data) ? "" : JSON.stringify(validate.errors));
}

/** Every YAML file of the repository that a schema speaks for. */
const FILES = ["strategies", "examples"].flatMap((folder) =>
  readdirSync(join(ROOT, folder), { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".yaml"))
    .map((name) => join(folder, name)),
);

function schemaFor(path: string): string {
  if (basename(path) === "barwise.yaml") return "project.schema.json";
  if (/watchlists\//.test(path)) return "watchlist.schema.json";
  return `${/\.(strategy|test|template)\.yaml$/.exec(path)?.[1] ?? ""}.schema.json`;
}

describe("committed schemas", () => {
  it.each(Object.entries(SCHEMAS))("%s is up to date", (name, text) => {
    const path = join(ROOT, "schemas", name);
    if (process.env["UPDATE_SCHEMAS"] === "1") writeFileSync(path, text);
    expect(readFileSync(path, "utf8")).toBe(text);
  });

  it.each(Object.keys(SCHEMAS))("%s is draft-07, and says what each key is for", (name) => {
    const schema = schemaOf(name);
    expect(schema).toMatchObject({ $schema: "http://json-schema.org/draft-07/schema#" });
    expect(undocumented(schema, "")).toEqual([]);
  });

  it.each(FILES)("accept %s", (path) => {
    expect(validatorOf(schemaFor(path))(readYaml(path, readFileSync(join(ROOT, path), "utf8")).data)).toBe("");
  });
});

/** Keys whose schema has no description, with their place. */
function undocumented(schema: unknown, place: string): string[] {
  if (typeof schema !== "object" || schema === null) return [];
  if (Array.isArray(schema)) return schema.flatMap((one, i) => undocumented(one, `${place}/${i}`));
  return Object.entries(schema as Record<string, unknown>).flatMap(([key, value]) => {
    if (key === "defaultSnippets" || key === "const" || key === "enum") return [];
    if (key !== "properties" || place.endsWith("/properties")) return undocumented(value, `${place}/${key}`);
    return Object.entries(value as Record<string, object>).flatMap(([name, property]) => [
      // The keys that are only required again (for strategies that are not composed) are documented where they stand.
      ...("description" in property || place.includes("/allOf/") ? [] : [`${place}/${name}`]),
      ...undocumented(property, `${place}/properties/${name}`),
    ]);
  });
}

const RULE = { name: "go", when: "close > 1", then: { close: null } };
const STRATEGY = { barwise: 1, name: "x", symbols: ["SPY"], on: "5m", rules: [RULE] };
const TEMPLATE = { barwise: 1, inputs: { n: { type: "integer" } }, strategy: { rules: [RULE] } };
const TEST = { strategy: "x.strategy.yaml", tests: [{ name: "t", bars: { SPY: "1x2" }, expect: [] }] };
const CASES: readonly (readonly [schema: string, name: string, isRight: boolean, data: unknown])[] = [
  [
    "strategy",
    "a condition as an object",
    true,
    {
      ...STRATEGY,
      rules: [{ ...RULE, when: { any: ["close > 1", { fact: "close", operator: "lessThan", value: 3 }] } }],
    },
  ],
  ["strategy", "an empty group", false, { ...STRATEGY, rules: [{ ...RULE, when: { any: [] } }] }],
  [
    "strategy",
    "an unknown operator",
    false,
    { ...STRATEGY, rules: [{ ...RULE, when: { fact: "close", operator: "bigger", value: 3 } }] },
  ],
  [
    "strategy",
    "a fact that a person named",
    true,
    { ...STRATEGY, rules: [{ ...RULE, when: { fact: "mine", operator: "equal", value: 3 } }] },
  ],
  ["strategy", "a misspelt key", false, { ...STRATEGY, symbol: ["SPY"] }],
  ["strategy", "a strategy without rules", false, { ...STRATEGY, rules: undefined }],
  ["strategy", "a rule without an action", false, { ...STRATEGY, rules: [{ name: "go", when: "close > 1" }] }],
  [
    "strategy",
    "a template that is filled",
    true,
    { barwise: 1, name: "x", template: "a.template.yaml", with: { n: 3 } },
  ],
  [
    "strategy",
    "a rule that is changed",
    true,
    { barwise: 1, name: "x", extends: "a.strategy.yaml", rules: [{ name: "go", cooldown: "5m" }] },
  ],
  [
    "strategy",
    "a rule that is removed",
    true,
    { barwise: 1, name: "x", extends: "a.strategy.yaml", rules: [{ name: "go", remove: true }] },
  ],
  ["strategy", "a watchlist", true, { ...STRATEGY, symbols: { file: "watchlists/a.yaml" } }],
  ["strategy", "two actions", false, { ...STRATEGY, rules: [{ ...RULE, then: { close: {}, cancel: {} } }] }],
  ["template", "a template", true, TEMPLATE],
  [
    "template",
    "a placeholder for a number",
    true,
    { ...TEMPLATE, strategy: { max_entries: "$n", rules: [{ ...RULE, priority: "$n" }] } },
  ],
  ["template", "a placeholder for a list and in a list", true, { ...TEMPLATE, strategy: { symbols: ["SPY", "$n"] } }],
  ["template", "text for a number", false, { ...TEMPLATE, strategy: { max_entries: "many" } }],
  ["template", "an unknown type of input", false, { ...TEMPLATE, inputs: { n: { type: "int" } } }],
  ["template", "a name of its own", false, { ...TEMPLATE, strategy: { name: "x" } }],
  ["watchlist", "symbols", true, { barwise: 1, symbols: ["SPY"] }],
  ["watchlist", "a symbol that is a boolean", false, { barwise: 1, symbols: [true] }],
  ["test", "a test", true, TEST],
  ["test", "a test without expectations", false, { ...TEST, tests: [{ name: "t", bars: { SPY: "1x2" } }] }],
  ["project", "a project", true, { barwise: 1, strategies: "s/", feeds: [{ tape: { file: "a.csv" } }] }],
  ["project", "an unknown venue", false, { barwise: 1, account: { venue: "moon" } }],
];

describe("an editor's schema", () => {
  it.each(CASES)("%s: %s is right: %s", (schema, _name, isRight, data) => {
    const found = validatorOf(`${schema}.schema.json`)(JSON.parse(JSON.stringify(data)));
    if (isRight) expect(found).toBe("");
    else expect(found).not.toBe("");
  });
});

/** What stands there when every place to fill in keeps what it proposes. */
function filled(body: unknown): unknown {
  const text = JSON.stringify(body);
  const plain = text
    .replaceAll(/\$\{\d+\|([^,|]*)[^|]*\|\}/g, "$1")
    .replaceAll(/\$\{\d+:((?:[^{}]|\{[^{}]*\})*)\}/g, "$1");
  // An editor inserts text: YAML reads a number where one stands.
  return JSON.parse(plain.replaceAll(/:"(-?\d+(?:\.\d+)?)"/g, ":$1"));
}

interface Snippet {
  readonly label: string;
  readonly body: unknown;
}

/** All snippets of a schema with the way to them. */
function snippetsIn(schema: unknown, place: string): (readonly [place: string, snippet: Snippet])[] {
  if (typeof schema !== "object" || schema === null) return [];
  return Object.entries(schema as Record<string, unknown>).flatMap(([key, value]) =>
    key === "defaultSnippets"
      ? (value as Snippet[]).map((one) => [place, one] as const)
      : snippetsIn(value, `${place}/${key}`),
  );
}

describe("snippets", () => {
  const strategies = snippetsIn(schemaOf("strategy.schema.json"), "");

  it("stand where something is begun", () => {
    expect(strategies.length).toBeGreaterThan(20);
    for (const name of ["template", "test", "project"])
      expect(snippetsIn(schemaOf(`${name}.schema.json`), "").length).toBeGreaterThan(1);
  });

  it.each(strategies.filter(([, { body }]) => !JSON.stringify(body).includes('"barwise"')))(
    "%s: a strategy with it compiles (%#)",
    (place, { body }) => {
      const value = filled(body);
      const rule = place.endsWith("/items")
        ? value
        : place.endsWith("/then")
          ? { ...RULE, then: value }
          : place.endsWith("/size")
            ? { ...RULE, then: { buy: { size: value } } }
            : place.endsWith("/bracket")
              ? { ...RULE, then: { buy: { size: { qty: 1 }, bracket: value } } }
              : { ...RULE, when: value };
      const text = stringify({ ...STRATEGY, rules: [rule] });
      const { diagnostics } = compile({ "x.strategy.yaml": text });
      expect(diagnostics.filter(({ severity }) => severity === "error")).toEqual([]);
      expect(validatorOf("strategy.schema.json")(parse(text))).toBe("");
    },
  );

  it("begin whole files that compile and that the schema accepts", () => {
    const [whole, ...others] = strategies.filter(([place]) => place === "").map(([, { body }]) => filled(body));
    expect(
      compile({ "x.strategy.yaml": stringify(whole) }).diagnostics.filter((one) => one.severity !== "info"),
    ).toEqual([]);
    for (const other of [whole, ...others]) expect(validatorOf("strategy.schema.json")(other)).toBe("");
  });

  it.each(["template", "test", "project"])("of %s files are accepted by their schema", (name) => {
    const validate = validatorOf(`${name}.schema.json`);
    for (const [place, { body }] of snippetsIn(schemaOf(`${name}.schema.json`), "")) {
      const value = filled(body);
      if (name === "test") expect(validate({ ...TEST, tests: [value] })).toBe("");
      else if (name === "project") expect(validate({ barwise: 1, feeds: [value] })).toBe("");
      else if (place.includes("inputs")) expect(validate({ ...TEMPLATE, inputs: { n: value } })).toBe("");
    }
  });
});
