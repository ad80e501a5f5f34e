/**
 * The schema files that editors use.
 *
 * Owns: their text. Writing them is the caller's business; a test compares the committed files with this.
 */
import { projectSchema } from "./schema-project.ts";
import { strategySchema } from "./schema-strategy.ts";
import { templateSchema, watchlistSchema } from "./schema-template.ts";
import { testSchema } from "./schema-test.ts";

/** File name under schemas/ -> text. */
export function renderSchemas(): Readonly<Record<string, string>> {
  return {
    "strategy.schema.json": `${JSON.stringify(strategySchema(true), null, 2)}\n`,
    "project.schema.json": `${JSON.stringify(projectSchema(true), null, 2)}\n`,
    "template.schema.json": `${JSON.stringify(templateSchema(true), null, 2)}\n`,
    "watchlist.schema.json": `${JSON.stringify(watchlistSchema(), null, 2)}\n`,
    "test.schema.json": `${JSON.stringify(testSchema(), null, 2)}\n`,
  };
}
