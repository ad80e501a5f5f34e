/**
 * Holds every answer of the venue against Alpaca's OpenAPI files, and against what we rely on beyond them.
 *
 * Each operation's own schema and statuses count. The files require little, so lists of required keys are laid over
 * them; error bodies are described nowhere, so their schemas are ours.
 */
import { existsSync, readFileSync } from "node:fs";
import { Ajv2020 } from "ajv/dist/2020.js";
import type { ValidateFunction } from "ajv/dist/2020.js";
import { parse } from "yaml";
import type { VenueAnswer } from "../../../engine/adapters/venue/options.ts";

type Json = any;

const AMOUNT = /^-?\d+(\.\d+)?$/;
const TIME = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?(Z|[+-]\d{2}:\d{2})$/;
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
const FORMATS: Record<string, RegExp | true> = {
  "date-time": TIME,
  date: /^\d{4}-\d{2}-\d{2}$/,
  uuid: UUID,
  uui: true,
  decimal: AMOUNT,
  double: true,
  float: true,
  int32: true,
  int64: true,
  uint32: true,
  uint64: true,
  uri: true,
  ulid: /^[0-9A-HJKMNP-TV-Z]{26}$/,
};

const words = (text: string): string[] => text.split(/\s+/);

/** What the adapter, or a person who reads an answer, counts on; the files require three keys of an order. */
const REQUIRED: Readonly<Record<string, readonly string[]>> = {
  Order: words(
    `id client_order_id created_at updated_at submitted_at filled_at expired_at canceled_at failed_at replaced_at
     replaced_by replaces asset_id symbol asset_class notional qty filled_qty filled_avg_price order_class order_type
     type side position_intent time_in_force limit_price stop_price status extended_hours legs trail_percent trail_price
     hwm ratio_qty expires_at`,
  ),
  Account: words(
    `id account_number status crypto_status currency cash equity last_equity portfolio_value long_market_value
     short_market_value initial_margin maintenance_margin last_maintenance_margin multiplier buying_power
     regt_buying_power non_marginable_buying_power options_buying_power options_approved_level options_trading_level
     sma accrued_fees balance_asof created_at trading_blocked transfers_blocked account_blocked trade_suspended_by_user
     shorting_enabled`,
  ),
  AccountConfigurations: words(
    `disable_overnight_trading fractional_trading max_margin_multiplier max_options_trading_level no_shorting
     ptp_no_exception_entry suspend_trade trade_confirm_email`,
  ),
  Position: words("qty_available"),
  TradingActivities: words("id cum_qty leaves_qty price qty side symbol transaction_time order_id order_status type"),
  Watchlist: words("assets"),
  CanceledOrderResponse: words("id status"),
  PortfolioHistory: words("cashflow"),
};

/** OpenAPI 3.0 says `nullable`; JSON Schema says `null` in the type. */
function modern(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(modern);
  if (typeof value !== "object" || value === null) return value;
  const { nullable, exclusiveMinimum, ...rest } = value as Record<string, unknown>;
  const result = Object.fromEntries(Object.entries(rest).map(([key, item]) => [key, modern(item)]));
  if (typeof exclusiveMinimum === "number") result["exclusiveMinimum"] = exclusiveMinimum;
  if (nullable !== true) return result;
  if (Array.isArray(result["enum"])) result["enum"] = [...result["enum"], null];
  return typeof result["type"] === "string"
    ? { ...result, type: [result["type"], "null"] }
    : { anyOf: [result, { type: "null" }] };
}

/** Alpaca's files, when this checkout has them beside it. */
function openApi(name: string): string | undefined {
  const path = `../shared/alpaca/openapi/${name}`;
  return existsSync(path) ? readFileSync(path, "utf8") : undefined;
}

function tradingFile(source: string): Json {
  const file = parse(source);
  const { schemas } = file.components;
  for (const [name, keys] of Object.entries(REQUIRED)) {
    if (schemas[name] === undefined) throw new Error(`the trading file has no schema ${name}`);
    schemas[name].required = [...new Set([...(schemas[name].required ?? []), ...keys])];
  }
  // The wire carries null where the file says object, and a line of a close that failed carries its error.
  schemas.OrderLeg.properties.legs.type = ["object", "null"];
  schemas.PositionClosedReponse.properties.body = {
    anyOf: [{ $ref: "#/components/schemas/Order" }, { $ref: "error#" }],
  };
  // A fill is no activity of the other kind, which requires nothing and so fits anything.
  schemas.NonTradeActivities.not = { properties: { activity_type: { const: "FILL" } } };
  return file;
}

function tradeUpdate(source: string): Json {
  const schema = JSON.parse(source);
  // Gaps of the file: it is the broker's, whose events and statuses lack `held`, and as above.
  schema.$defs.TradeUpdateEventType.enum.push("held", "restated");
  schema.$defs.OrderStatus.enum.push("held");
  schema.$defs.OrderLeg.properties.legs.type = ["object", "null"];
  return { ...schema, $id: "event" };
}

function dataFile(source: string): Json {
  const file = modern(parse(source)) as Json;
  // Without `include_content` an article comes with an empty one.
  delete file.components.schemas.news.properties.content.minLength;
  return file;
}

interface Operation {
  /** As the files write it: `GET /v2/orders/{order_id}`. */
  readonly name: string;
  readonly method: string;
  readonly path: RegExp;
  /** By status; undefined where no body is described. */
  readonly answers: ReadonlyMap<number, string | undefined>;
}

/** Statuses that any operation may have and few of the files name. */
const ANYWHERE = [400, 401, 403, 404, 405, 408, 413, 422, 429, 500, 502, 503, 504];

const ERROR = {
  $id: "error",
  type: "object",
  required: ["code", "message"],
  properties: {
    code: { type: "integer", minimum: 40_000_000, maximum: 59_999_999 },
    message: { type: "string", minLength: 1 },
    existing_order_id: { type: "string", format: "uuid" },
    reject_reason: { type: "string" },
    available: { type: "string", format: "decimal" },
    existing_qty: { type: "string", format: "decimal" },
    held_for_orders: { type: "string", format: "decimal" },
    base_price: { type: "string", format: "decimal" },
    buying_power: { type: "string", format: "decimal" },
    cost_basis: { type: "string", format: "decimal" },
    symbol: { type: "string" },
  },
  // An error body says nothing else, so that a new field is looked at here first.
  additionalProperties: false,
};

/** The one measured code whose status is not its leading digits: a repeated client id, and a repeated name. */
const UNIQUE = 40_010_001;

export class Conformance {
  readonly #ajv = new Ajv2020({ strict: false, allErrors: true, formats: FORMATS });
  readonly #operations: Operation[] = [];
  /** Operations with an answer that fits. */
  readonly checked = new Set<string>();
  readonly problems: string[] = [];
  readonly #heard: VenueAnswer[] = [];

  constructor(trading: string, data: string, event: string) {
    this.#ajv.addSchema(ERROR);
    for (const [id, file] of [
      ["trading", tradingFile(trading)],
      ["data", dataFile(data)],
    ] as const) {
      this.#ajv.addSchema({ ...file, $id: id });
      for (const [path, item] of Object.entries<Json>(file.paths)) this.#learn(id, path, item);
    }
    this.#ajv.addSchema(tradeUpdate(event));
  }

  #learn(file: string, path: string, item: Json): void {
    const pattern = new RegExp(`^${path.replaceAll(/[.:]/g, "\\$&").replaceAll(/\{[^}]+\}/g, "[^/]+(?:%2F[^/]+)?")}$`);
    for (const method of ["get", "post", "put", "patch", "delete"]) {
      const responses: Json = item[method]?.responses;
      if (responses === undefined) continue;
      const answers = new Map<number, string | undefined>();
      for (const [status, response] of Object.entries<Json>(responses)) {
        const described = response.content?.["application/json"]?.schema !== undefined;
        const pointer = `${path.replaceAll("~", "~0").replaceAll("/", "~1")}/${method}/responses/${status}`;
        const schema = `${file}#/paths/${encodeURI(pointer)}/content/application~1json/schema`;
        answers.set(Number(status), described ? schema : undefined);
      }
      const name = `${method.toUpperCase()} ${path}`;
      this.#operations.push({ name, method: method.toUpperCase(), path: pattern, answers });
    }
  }

  operations(): readonly string[] {
    return this.#operations.map(({ name }) => name);
  }

  /** More literal paths are listed first in neither file: the one with the fewest wildcards counts. */
  #operationOf(answer: VenueAnswer): Operation | undefined {
    return this.#operations
      .filter((operation) => operation.method === answer.method && operation.path.test(answer.path))
      .toSorted((a, b) => a.path.source.split("[^/]+").length - b.path.source.split("[^/]+").length)[0];
  }

  /** Remembers an answer. It is looked at when the test is over: the files take a while to compile, and clients wait. */
  hear(answer: VenueAnswer): void {
    this.#heard.push(answer);
  }

  /** What did not fit, since the last time. */
  settle(): string[] {
    for (const answer of this.#heard.splice(0)) this.check(answer);
    return this.problems.splice(0);
  }

  check(answer: VenueAnswer): void {
    const body = answer.body === undefined ? undefined : JSON.parse(JSON.stringify(answer.body, bigints));
    const found = answer.status >= 400 ? this.#error(answer.status, body) : this.#success(answer, body);
    if (found !== undefined) {
      const shown = JSON.stringify(body)?.slice(0, 600);
      this.problems.push(`${answer.method} ${answer.path} ${answer.status}: ${found}\n  ${shown}`);
    }
  }

  #error(status: number, body: Json): string | undefined {
    if (!ANYWHERE.includes(status)) return "no documented status";
    const wrong = this.validate("error", body);
    if (wrong !== undefined) return wrong;
    return body.code === UNIQUE || Math.floor(body.code / 100_000) === status ? undefined : "code of another status";
  }

  #success(answer: VenueAnswer, body: Json): string | undefined {
    const operation = this.#operationOf(answer);
    if (operation === undefined) return "no such operation in the files";
    if (!operation.answers.has(answer.status)) return "the operation has no such status";
    this.checked.add(operation.name);
    const schema = operation.answers.get(answer.status);
    if (schema === undefined)
      return body === undefined || answer.status === 207 ? undefined : "a body that is not described";
    return this.validate(schema, body);
  }

  /** What does not fit, or undefined. */
  validate(schema: string, value: unknown): string | undefined {
    const check: ValidateFunction | undefined = this.#ajv.getSchema(schema.includes("#") ? schema : `${schema}#`);
    if (check === undefined) throw new Error(`no schema ${schema}`);
    return (check(value) as boolean) ? undefined : this.#ajv.errorsText(check.errors);
  }
}

function bigints(_key: string, value: unknown): unknown {
  return typeof value === "bigint" ? Number(value) : value;
}

const FILES = ["trading-openapi.yaml", "data-openapi.yaml", "trade-update-event-v2.schema.json"].map(openApi);
const [TRADING, DATA, EVENT] = FILES;

/** Undefined without the files. */
export const conformance: Conformance | undefined =
  TRADING === undefined || DATA === undefined || EVENT === undefined
    ? undefined
    : new Conformance(TRADING, DATA, EVENT);

if (conformance === undefined) {
  console.warn(
    "answers are not held against Alpaca's OpenAPI files: ../shared/alpaca/openapi is not beside this checkout",
  );
}
