/** The committed document is what the code says. UPDATE_SCHEMAS=1 writes it. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { openApi, openApiText } from "../../../engine/adapters/control/openapi.ts";
import { OPERATIONS } from "../../../engine/adapters/control/operations.ts";

const PATH = join(import.meta.dirname, "../../../schemas/control-api.openapi.json");

it("the committed OpenAPI document is up to date", () => {
  if (process.env["UPDATE_SCHEMAS"] === "1") writeFileSync(PATH, openApiText());
  expect(readFileSync(PATH, "utf8")).toBe(openApiText());
});

it("every reference in it leads somewhere, and every schema is used", () => {
  const text = openApiText();
  const { schemas } = (openApi() as { components: { schemas: Readonly<Record<string, unknown>> } }).components;
  const used = new Set([...text.matchAll(/"#\/components\/schemas\/(\w+)"/g)].map((match) => match[1] as string));
  expect([...used].sort()).toEqual(Object.keys(schemas).sort());
});

it("every operation has an id of its own and its reference page says it", () => {
  const page = readFileSync(join(import.meta.dirname, "../../../docs/reference/control-api.md"), "utf8");
  const ids = OPERATIONS.map(({ id }) => id);
  expect(new Set(ids).size).toBe(ids.length);
  for (const { method, path } of OPERATIONS) expect(page).toContain(`\`${method} ${path}\``);
});
