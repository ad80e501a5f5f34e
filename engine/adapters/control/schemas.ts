/**
 * The schemas of the control API: what requests must look like, and what answers do look like.
 *
 * Owns: one object a shape. The server checks requests with them, the tests check answers, and the OpenAPI document is made
 * of them. May not: use what JSON Schema 2020-12 and draft-07 understand differently.
 */
export type Schema = Readonly<Record<string, unknown>>;

const text = (description: string, more: Schema = {}): Schema => ({ type: "string", description, ...more });
const flag = (description: string): Schema => ({ type: "boolean", description });
const count = (description: string): Schema => ({ type: "integer", minimum: 0, description });
const number = (description: string): Schema => ({ type: "number", description });
const maybe = (type: "number" | "string", description: string): Schema => ({ type: [type, "null"], description });
const choice = (description: string, words: readonly string[]): Schema => ({
  type: "string",
  enum: words,
  description,
});

/** Every property is there, and no other. */
function whole(description: string, properties: Readonly<Record<string, Schema>>): Schema {
  return { type: "object", description, required: Object.keys(properties), properties, additionalProperties: false };
}

export function listOf(name: string): Schema {
  return { type: "array", items: ref(name) };
}

export function ref(name: string): Schema {
  return { $ref: `#/components/schemas/${name}` };
}

const STATES = ["ACTIVE", "REDUCING", "HALTED"];
const state = choice("ACTIVE trades, REDUCING only reduces exposure, HALTED sends nothing.", STATES);
const money = (description: string): Schema => maybe("number", `${description} Null while unknown.`);
const decimal = (description: string): Schema => text(description, { pattern: "^-?[0-9]+(\\.[0-9]+)?$" });
const time = (description: string): Schema => maybe("string", `${description} ISO 8601; null when there is none yet.`);

const SCOPE = "`account`, `strategy:NAME` or `symbol:NAME`.";
const scope = text(`What it holds for: ${SCOPE}`, {
  pattern: "^(account|(strategy|symbol):[^\\u0000-\\u001f]{1,100})$",
  default: "account",
});
const by = text("Who asks; kept in the journal.", { minLength: 1, maxLength: 100, pattern: "^[^\\u0000-\\u001f]+$" });
const reason = (least: number): Schema =>
  text("Why; kept in the journal.", { minLength: least, maxLength: 500, pattern: "^[^\\u0000-\\u001f]*$" });

/** What tightens needs no reason; what loosens does. */
export const TIGHTEN: Schema = {
  type: "object",
  required: ["by"],
  properties: { by, reason: { ...reason(0), default: "" }, scope },
  additionalProperties: false,
};

export const TIGHTEN_ACCOUNT: Schema = {
  type: "object",
  required: ["by"],
  properties: { by, reason: { ...reason(0), default: "" } },
  additionalProperties: false,
};

export const LOOSEN: Schema = {
  type: "object",
  required: ["by", "reason"],
  properties: { by, reason: reason(3), scope },
  additionalProperties: false,
};

export const OVERRIDE: Schema = {
  type: "object",
  required: ["limit", "value", "for_ms", "by", "reason"],
  properties: {
    limit: text("Its name in the risk file; of `max_position` with its field: `max_position.qty`.", {
      pattern: "^[a-z_]{1,40}(\\.[a-z_]{1,20})?$",
    }),
    value: { type: "number", exclusiveMinimum: 0, description: "Ratios as fractions, times in milliseconds." },
    for_ms: { type: "integer", minimum: 1, maximum: 86_400_000, description: "How long it is to hold once confirmed." },
    by,
    reason: reason(3),
    scope,
  },
  additionalProperties: false,
};

const quantity = text("Shares, as text.", { pattern: "^[0-9]{1,15}(\\.[0-9]{1,9})?$" });
const edit: Schema = {
  type: "object",
  description: "What is changed: a smaller size and the terms, as far as the policy lets it.",
  minProperties: 1,
  properties: {
    qty: quantity,
    limitPrice: text("Price, as text.", { pattern: "^[0-9]{1,12}(\\.[0-9]{1,9})?$" }),
    timeInForce: choice("How long it works.", ["day", "gtc", "opg", "cls", "ioc", "fok"]),
  },
  additionalProperties: false,
};

const word: Readonly<Record<string, Schema>> = {
  by,
  hash: text("Of the request as it was shown, whole.", { pattern: "^[0-9a-f]{64}$" }),
  decision: choice("The word.", ["approve", "reject"]),
  edit,
  reason: { ...reason(0), default: "" },
};

export const DECISION: Schema = {
  type: "object",
  required: ["by", "hash", "decision"],
  properties: {
    ...word,
    channel: { ...choice("Where it was spoken: approvers are listed by channel.", ["api", "cli"]), default: "api" },
  },
  additionalProperties: false,
};

/** Everything that is meant is in what is signed. */
export const SIGNED_DECISION: Schema = {
  type: "object",
  required: ["approval", "by", "hash", "decision"],
  properties: { approval: text("Id of the request.", { minLength: 1, maxLength: 200 }), ...word },
  additionalProperties: false,
};

export const NOTHING: Schema = { type: "object", properties: {}, additionalProperties: false };

const RULE: Readonly<Record<string, Schema>> = {
  rule: text("Its name."),
  action: text("What it does."),
  truth: choice("Of its condition now.", ["true", "false", "unknown"]),
  phase: text("Whether it may fire: idle, pending, fired, cooling and so on."),
  blocking: maybe("string", "The first comparison that keeps it from being true."),
};

export const SCHEMAS: Readonly<Record<string, Schema>> = {
  Health: {
    type: "object",
    required: ["ok"],
    properties: { ok: flag("The process answers."), ready: flag("The broker is connected and reconciled."), state },
    additionalProperties: false,
  },
  Lag: whole("How far the engine is behind its data.", {
    seconds: maybe("number", "Age of the newest data when it came; null on a tape."),
    waiting: count("Inputs that wait to be judged."),
    conflated: count("Quotes that gave way to later ones."),
    behind: flag("Entries pause because of it."),
  }),
  Reload: whole("What became of a reload.", {
    at: text("When."),
    result: choice("`held`: waits for `barwise accept`.", ["unchanged", "loaded", "held", "rejected"]),
    reason: maybe("string", "Why it was not loaded."),
  }),
  Status: whole("The run at a glance.", {
    version: text("Of barwise."),
    journal: text("Identity of the journal."),
    account: text("Name of the account."),
    live: flag("Real money."),
    banner: text("What kind of account it is, as the terminal shows it at all times."),
    pid: count("Process of the engine."),
    started_at: text("When the process began."),
    market_time: time("Time of the market."),
    ready: flag("The broker is connected and what it holds is known."),
    state,
    reason: text("Why the account is in this state; empty when it is ACTIVE."),
    kill_switch: flag("`.barwise/HALTED` is there."),
    lag: ref("Lag"),
    equity: money("Worth of the account."),
    cash: money("Cash."),
    day_pnl: money("Profit and loss of the trading day."),
    positions: count("Positions that are held."),
    orders: count("Orders that work."),
    approvals: count("Orders that wait for a person."),
    program: maybe("string", "Digest of the program that runs."),
    strategies: { type: "array", items: { type: "string" }, description: "Names of the strategies that run." },
    last_reload: { anyOf: [ref("Reload"), { type: "null" }] },
  }),
  Account: whole("The account's money.", {
    account: text("Name of the account."),
    live: flag("Real money."),
    equity: money("Worth of the account."),
    cash: money("Cash."),
    buying_power: money("What new entries may use."),
    day_pnl: money("Profit and loss of the trading day."),
    day_loss_ratio: money("Loss of the day as a part of its opening equity; 0 on a gain."),
    gross: money("Worth of all positions without their sign."),
    net: money("Worth of all positions with their sign."),
  }),
  Position: whole("What one strategy holds in one symbol.", {
    strategy: text("Whose it is."),
    symbol: text("Of what."),
    qty: decimal("Signed: negative is short."),
    avg_price: decimal("Average price, without fees."),
    price: money("Last price known."),
    value: money("Worth at that price."),
    unrealized: money("Profit and loss at that price."),
    realized: decimal("Profit and loss of what was closed."),
    fees: decimal("Fees so far."),
  }),
  Order: whole("One order.", {
    clientOrderId: text("Our id."),
    brokerOrderId: maybe("string", "The broker's id, once known."),
    strategy: text("Whose it is."),
    rule: text("Which rule fired."),
    firing: text("Which firing."),
    symbol: text("Of what."),
    side: choice("Side.", ["buy", "sell"]),
    role: text("entry, exit, take_profit, stop_loss or external."),
    qty: decimal("Ordered quantity."),
    type: text("market, limit, stop, stop_limit or trailing_stop."),
    limitPrice: maybe("string", "Limit price."),
    stopPrice: maybe("string", "Stop price."),
    state: text("intended, approved, sent, working, partly_filled, filled, canceled, expired, rejected or unknown."),
    filledQty: decimal("Filled so far."),
    avgPrice: maybe("string", "Average fill price."),
    reason: maybe("string", "Why it is in this state."),
  }),
  Approval: whole("An order that a person must approve.", {
    id: text("The client order id of the order that it becomes."),
    hash: text("SHA-256 of the order and the price that is shown; a decision names it."),
    state: choice("What became of it.", [
      ...["pending", "approved", "rejected", "expired", "blocked", "withdrawn", "superseded"],
    ]),
    order: { type: "object", description: "The order as it would go." },
    strategy: text("Whose it is."),
    rule: text("Which rule fired."),
    symbol: text("Of what."),
    firing: text("Which firing."),
    notional: decimal("What it is worth."),
    reference: decimal("The price that is shown; drift is measured from it."),
    requestedAt: number("When it was asked, epoch milliseconds."),
    expiresAt: number("When it expires, epoch milliseconds."),
    sessionEndsAt: maybe("number", "End of the session, which ends it as well; market time."),
    why: text("Which threshold asked."),
    needed: count("How many people must say yes."),
    edits: choice("What may be changed.", ["none", "lower", "any"]),
    approvers: {
      type: ["object", "null"],
      description: "Who may decide, by channel; null: whoever the channel lets in.",
    },
    decisions: { type: "array", items: { type: "object" }, description: "Words so far." },
    reason: maybe("string", "Why it ended."),
  }),
  Rule: whole("One rule in one symbol.", RULE),
  RuleEvent: whole("A firing, or a refusal of one.", {
    seq: count("Number of the input that it came from."),
    time: time("Market time."),
    symbol: text("In which symbol."),
    firing: text("Which firing; `barwise explain --why` takes it."),
    code: maybe("string", "Why it was refused; null for a firing."),
    reason: maybe("string", "The same in words."),
  }),
  RuleReport: whole("One rule: how it stands in each symbol, and what it did last.", {
    strategy: text("Whose it is."),
    rule: text("Its name."),
    symbols: {
      type: "array",
      description: "As it stands now.",
      items: whole("In one symbol.", { symbol: text("The symbol."), time: time("Close of the last bar."), ...RULE }),
    },
    fired: { ...listOf("RuleEvent"), description: "The latest firings, oldest first." },
    refused: { ...listOf("RuleEvent"), description: "The latest refusals, oldest first." },
  }),
  Strategy: whole("One strategy in one symbol.", {
    strategy: text("Its name."),
    symbol: text("Its symbol."),
    on: text("What evaluates it."),
    state,
    price: money("Price of the last bar."),
    time: time("Close of the last bar."),
    bars: count("Evaluations so far."),
    qty: number("What it holds."),
    avg_price: money("At which average price."),
    facts: {
      type: "object",
      description: "Named facts; null is unknown.",
      additionalProperties: maybe("number", "Its value."),
    },
    rules: listOf("Rule"),
  }),
  Limit: whole("One limit in one scope.", {
    scope: text(SCOPE),
    control: text("The control that holds it."),
    limit: text("Its name in the risk file."),
    unit: text("Of value and used."),
    kind: choice("How an amount of it is written; a ratio of 0.05 is 5 %, a duration is in milliseconds.", [
      ...["count", "money", "shares", "ratio", "duration"],
    ]),
    value: number("The limit."),
    used: maybe("number", "What counts against it now; null for a limit on single orders."),
    ratio: maybe("number", "used / value."),
  }),
  Override: whole("A limit that two people have raised for a while, or that one asks to raise.", {
    id: maybe("string", "What a confirmation names; null once it holds."),
    state: choice("`asked` waits for a second person.", ["asked", "holds"]),
    limit: text("Its name in the risk file."),
    value: number("What it is raised to."),
    scope: text(SCOPE),
    by: { type: "array", items: { type: "string" }, description: "Who asked, and who confirmed." },
    reason: text("Why."),
    until: text("Its end; of what is asked the end of the time in which it can be confirmed."),
    for_ms: maybe("number", "How long it is to hold once confirmed; null once it holds."),
  }),
  State: whole("The trading state of one scope.", {
    scope: text(SCOPE),
    state,
    reason: text("Why."),
    causes: {
      type: "array",
      description: "Everything that holds; the most severe counts.",
      items: whole("One cause.", { cause: text("Who set it."), state, reason: text("Why.") }),
    },
  }),
  Alert: whole("One alert.", {
    seq: count("Number of the input that it came from."),
    time: time("Market time."),
    level: choice("How bad it is.", ["info", "warning", "critical"]),
    code: text("What it is, such as `order/unknown`."),
    message: text("In words."),
    strategy: maybe("string", "Of which strategy."),
    symbol: maybe("string", "Of which symbol."),
  }),
  Entry: {
    type: "object",
    description: "An entry of the journal, as `barwise journal tail --format json` prints it.",
    required: ["n", "seq", "direction", "kind", "body"],
    properties: {
      n: count("Number of the record."),
      seq: count("Number of the input."),
      market_time: time("Market time."),
      arrival_time: time("When it came."),
      direction: choice("Into the core or out of it.", ["in", "out"]),
      kind: text("What it is."),
      body: { type: "object", description: "The rest of it." },
    },
    additionalProperties: false,
  },
  CommandResult: whole("The core has taken the command, and the journal has it on disk.", {
    seq: count("Number of the input."),
    scope: text(SCOPE),
    state,
    reason: text("Why the scope is in this state; empty when it is ACTIVE."),
    cancelling: count("Orders that are being cancelled because of it."),
  }),
  Error: whole("Why a request was not carried out.", {
    error: {
      type: "object",
      required: ["code", "message"],
      properties: {
        code: text("For programs."),
        message: text("For people: what happened and what to do."),
        places: { type: "array", items: { type: "string" }, description: "What does not fit, and where." },
      },
      additionalProperties: false,
    },
  }),
};
