/**
 * The schema files that editors use.
 *
 * Owns: their text. Writing them is the caller's business; a test compares the committed files with this.
 */
import { projectSchema } from "./schema-project.ts";
import type { Schema } from "./schema-parts.ts";
import { withSnippets } from "./schema-snippets.ts";
import { strategySchema } from "./schema-strategy.ts";
import { templateSchema, watchlistSchema } from "./schema-template.ts";
import { testSchema } from "./schema-test.ts";

/** File name under schemas/ -> schema, as editors see it. */
function editorSchemas(): Readonly<Record<string, Schema>> {
  return {
    "strategy.schema.json": strategySchema(true),
    "project.schema.json": projectSchema(true),
    "template.schema.json": templateSchema(true),
    "watchlist.schema.json": watchlistSchema(),
    "test.schema.json": testSchema(),
  };
}

/** File name under schemas/ -> text. */
export function renderSchemas(): Readonly<Record<string, string>> {
  const rendered = Object.entries(editorSchemas()).map(([name, schema]) => {
    return [name, `${JSON.stringify(withSnippets(name, schema), null, 2)}\n`];
  });
  return Object.fromEntries(rendered) as Readonly<Record<string, string>>;
}
