/* oxlint-disable unicorn/no-thenable -- `then` is a key of rules */
/** The committed schemas are what the code says. UPDATE_SCHEMAS=1 writes them. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Ajv } from "ajv";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { renderSchemas } from "../../engine/lang/schema-render.ts";

const FOLDER = join(import.meta.dirname, "../../schemas");

describe("committed schemas", () => {
  it.each(Object.entries(renderSchemas()))("%s is up to date", (name, text) => {
    const path = join(FOLDER, name);
    if (process.env["UPDATE_SCHEMAS"] === "1") writeFileSync(path, text);
    expect(readFileSync(path, "utf8")).toBe(text);
  });

  it.each(["rsi-dip", "sma-cross", "band-breakout"])("strategy.schema.json accepts %s", (name) => {
    const schema = JSON.parse(renderSchemas()["strategy.schema.json"] ?? "{}") as object;
    const validate = new Ajv({ strict: true, allowUnionTypes: true, strictRequired: false }).compile(schema);
    const text = readFileSync(join(FOLDER, `../strategies/${name}.strategy.yaml`), "utf8");
    expect(validate(parse(text)), JSON.stringify(validate.errors)).toBe(true);
  });

  it("strategy.schema.json accepts both forms of conditions and refuses empty groups", () => {
    const schema = JSON.parse(renderSchemas()["strategy.schema.json"] ?? "{}") as object;
    const validate = new Ajv({ strict: true, allowUnionTypes: true, strictRequired: false }).compile(schema);
    const file = (when: unknown): unknown => ({
      barwise: 1,
      name: "x",
      symbols: ["SPY"],
      on: "5m",
      rules: [{ name: "go", when, then: { close: null } }],
    });
    expect(validate(file("close > 1"))).toBe(true);
    expect(validate(file({ any: ["close > 1", { fact: "close", operator: "lessThan", value: 3 }] }))).toBe(true);
    expect(validate(file({ any: [] }))).toBe(false);
    expect(validate(file({ fact: "close", operator: "bigger", value: 3 }))).toBe(false);
  });
});
