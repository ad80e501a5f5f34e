/* oxlint-disable unicorn/no-thenable -- `then` is a keyword of JSON Schema and a key of rules */
/**
 * The schema of strategy files.
 *
 * Owns: keys, types, defaults and their documentation; editors complete and explain from it.
 */
import { actionSchema } from "./schema-actions.ts";
import { choice, definitions, mapping, ref, symbolList, text } from "./schema-parts.ts";
import type { Schema } from "./schema-parts.ts";

const NAME = "^[A-Za-z_][A-Za-z0-9_-]*$";
/** Names that stand in expressions have no dash: it would read as minus. */
const WORD = "^[A-Za-z_][A-Za-z0-9_]*$";

function named(description: string, value: Schema): Schema {
  return { type: "object", description, propertyNames: { pattern: WORD }, additionalProperties: value };
}

/** What a template or the strategy below gives need not be said again. */
function wholeUnlessComposed(required: readonly string[]): Schema {
  const composed = { anyOf: [{ required: ["template"] }, { required: ["extends"] }] };
  const rules = { type: "array", items: { type: "object", required: RULE_KEYS } };
  const whole = { type: "object", required, properties: { rules } };
  return { allOf: [{ if: { not: composed }, then: whole }] };
}

const RULE_KEYS = ["name", "when", "then"];

function ruleSchema(forEditors: boolean): Schema {
  return mapping(
    "When something holds, do something.",
    {
      name: text("Unique in this strategy: limits and cooldowns follow it.", { pattern: NAME }),
      description: text("For people."),
      when: ref("condition", "The condition."),
      then: actionSchema(),
      fire: choice("How often a true condition fires. Default: `each` for close and cancel, otherwise `once`.", {
        once: "When it turns true; again after it was false (or after rearm).",
        each: "At every evaluation where it is true and would change something.",
      }),
      start: choice(
        "What a rule does that is already true at load or at its first known value.",
        { wait: "Waits until it was false.", fire: "Fires at once." },
        "wait",
      ),
      rearm: ref("condition", "After a firing, the rule waits for this before it may fire again."),
      cooldown: text("Shortest time between firings: `30m` or `5 bars`."),
      limit: text("At most so many firings per bar, hour, day (or session) or week: `3/day`."),
      once_per: choice("At most one firing per bar or session.", {
        bar: "Per bar of the strategy.",
        session: "Per trading day.",
      }),
      priority: {
        type: "integer",
        minimum: -1000,
        maximum: 1000,
        default: 0,
        description: "Higher wins when rules want opposite things, or share a group.",
      },
      group: text("Of the rules of one group at most one fires per symbol and evaluation.", { pattern: NAME }),
      ...(forEditors
        ? { remove: { type: "boolean", description: "Over a template or another strategy: takes this rule away." } }
        : {}),
    },
    forEditors ? ["name"] : RULE_KEYS,
  );
}

/** The list itself; in editors also the file that holds it. */
function symbols(forEditors: boolean): Schema {
  const list = symbolList("What is traded, each symbol for itself.");
  if (!forEditors) return list;
  const { description, ...items } = list;
  const file = mapping("A watchlist.", { file: text("Path of the watchlist, from here or from the project.") }, [
    "file",
  ]);
  return { description: `${String(description)} A list, or {file: watchlists/tech.yaml}.`, anyOf: [items, file] };
}

/** Keys that are gone when a strategy is composed: what editors know of them. */
function composition(): Readonly<Record<string, Schema>> {
  return {
    template: text("A template that this strategy fills: `NAME.template.yaml`. Keys beside it are laid over it."),
    with: { type: "object", description: "Values of the template's inputs." },
    extends: text("Another strategy, `NAME.strategy.yaml`: everything of it counts unless a key here says otherwise."),
  };
}

export function strategySchema(forEditors: boolean): Schema {
  const required = ["barwise", "name", "symbols", "on", "rules"];
  return {
    $schema: "http://json-schema.org/draft-07/schema#",
    title: "barwise strategy",
    ...mapping(
      "A trading strategy: facts, conditions and rules for some symbols.",
      {
        barwise: { type: "integer", const: 1, description: "Version of the language." },
        name: text("Identity: state, orders and history follow this name.", { pattern: NAME, maxLength: 64 }),
        description: text("For people."),
        ...(forEditors ? composition() : {}),
        symbols: symbols(forEditors),
        on: text(
          "Size of the bars whose close evaluates the rules: `1m`, `5m`, `1h`, `1d`, or so much activity: `500 ticks`, `50_000 volume`, `2_000_000 dollars`; or `tick` for every trade and quote.",
        ),
        bars: text("With `on: tick`: the bars that facts see, the forming one included. Default: `1m`."),
        session: choice(
          "Which hours count.",
          {
            regular: "Regular hours of the exchange.",
            extended: "Regular hours and the hours around them.",
            always: "Around the clock.",
          },
          "regular",
        ),
        params: named("Named constants; tests, the command line and sweeps may override them.", {
          type: ["number", "string"],
        }),
        facts: named("Names for expressions.", { type: ["number", "string", "object"] }),
        conditions: named("Names for conditions.", { $ref: "#/definitions/condition" }),
        rules: {
          type: "array",
          minItems: 1,
          maxItems: 1000,
          items: ruleSchema(forEditors),
          description: "What the strategy does.",
        },
        max_entries: {
          type: "integer",
          minimum: 1,
          maximum: 1000,
          default: 1,
          description: "Entries open at the same time per symbol, working ones included.",
        },
        risk: ref("risk", "Limits of this strategy; they can only tighten the account's."),
        approval: ref("approval", "Orders that a person must approve; adds to the project's."),
        on_failure: choice(
          "What happens when an exit rule cannot be trusted any more.",
          { hold: "Keep the position and alarm a person.", flatten: "Close the position at the market." },
          "hold",
        ),
      },
      forEditors ? ["barwise", "name"] : required,
    ),
    ...(forEditors ? wholeUnlessComposed(required) : {}),
    definitions: definitions(forEditors),
  };
}
