/**
 * Files that are almost right, and files that nobody would write.
 *
 * Owns: mutations of real files, random text, and trees of the language with a mistake here and there. May not: judge
 * what the language says about them.
 */
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import type { FileTexts } from "../../engine/lang/compile.ts";
import { conditionObject, conditionText } from "./random-rules.ts";
import { one } from "./runs.ts";
import type { Pick } from "./runs.ts";

const ROOT = join(import.meta.dirname, "../..");

/** Every YAML file of the repository, under the name that tells its kind. */
export function realFiles(): readonly (readonly [string, string])[] {
  const found: (readonly [string, string])[] = [];
  for (const folder of ["strategies", "examples", "tests/golden/lang"]) {
    for (const path of readdirSync(join(ROOT, folder), { recursive: true, encoding: "utf8" })) {
      if (!path.endsWith(".yaml") || path.includes("node_modules")) continue;
      found.push([nameOf(path), readFileSync(join(ROOT, folder, path), "utf8")]);
    }
  }
  return found;
}

function nameOf(path: string): string {
  if (/\.test\.yaml$|(?:^|\/)test-[^/]*$/.test(path)) return "x.test.yaml";
  if (path.endsWith(".template.yaml")) return "x.template.yaml";
  if (/watchlists\/[^/]*$/.test(path)) return "watchlists/x.yaml";
  return /(?:^|\/)(?:barwise\.yaml|project-[^/]*)$/.test(path) ? "barwise.yaml" : "x.strategy.yaml";
}

const SCRAPS: readonly string[] = [
  ..."[]{}:#-,&*!|>%@`?'\"\\()<=+./$~\t\n\r\0 ".split(""),
  ...[": ", "- ", "\n  ", "\n- ", "---\n", "...\n", "<<: ", "? ", "!!str ", "&a ", "*a", "\r\n", "  ", "\ufeff"],
  ...["null", "true", "1e999", ".inf", ".nan", "-0", "0x1F", "0o7", "1_000", "2%", "09:45", "10m", "99999999999"],
  ...["\ue000", "é", "💥", "\u2028", "\u200b", "\ud800", "x".repeat(300), " ".repeat(80), "(".repeat(70)],
  ...["on: ", "when: ", "rules: ", "all: [", "{fact: close}", "$period", "$$", "{close}", "__proto__: ", "constructor"],
  ...[
    "# lint-ignore risk/no-exit -- x\n",
    "# lint-ignore",
    " #",
    "template: x.template.yaml\n",
    "extends: x.strategy.yaml\n",
  ],
];

/** A few cuts and insertions, or what is left when the end is missing. */
export function mutated(pick: Pick, text: string): string {
  let result = text;
  for (let edits = 1 + pick(4); edits > 0; edits--) {
    const at = pick(result.length + 1);
    const kind = pick(12);
    if (kind === 0) result = result.slice(0, at);
    else if (kind === 1) result = result.slice(at);
    else if (kind === 2) result = result.slice(0, at) + result.slice(at, at + pick(40)).repeat(2) + result.slice(at);
    else if (kind === 3) result = shuffledLines(pick, result);
    else if (kind === 4) result = result.slice(0, at) + String.fromCharCode(pick(65_536)) + result.slice(at + 1);
    else if (kind === 5) result = result.replaceAll("\n", one(pick, ["\r\n", "\n\n", "\n", " \n"]));
    else result = result.slice(0, at) + one(pick, SCRAPS) + result.slice(at + pick(6));
  }
  return result;
}

function shuffledLines(pick: Pick, text: string): string {
  const lines = text.split("\n");
  const [line] = lines.splice(pick(lines.length), 1);
  lines.splice(pick(lines.length + 1), 0, `${" ".repeat(pick(6))}${line ?? ""}`);
  return lines.join("\n");
}

/** Bytes that mean nothing, and shapes that exhaust readers. */
export function senseless(pick: Pick): string {
  const size = 1 + pick(120);
  switch (pick(8)) {
    case 0:
      return Buffer.from(Array.from({ length: size }, () => pick(256))).toString("utf8");
    case 1:
      return Array.from({ length: size }, () => String.fromCharCode(pick(65_536))).join("");
    case 2:
      return Array.from({ length: size }, () => one(pick, SCRAPS)).join("");
    case 3:
      return one(pick, ["[", "{a: ", "- ", "(", "!", "&a ", "? ", "{[", "'", "| "]).repeat(size * (1 + pick(20)));
    case 4:
      return Array.from({ length: size }, (_, depth) => `${" ".repeat(depth * (1 + pick(2)))}a:`).join("\n");
    case 5:
      return `barwise: 1\nname: ${one(pick, ["a", "-", "1"]).repeat(size * pick(60))}\n`;
    case 6:
      return `a: &a [x]\n${Array.from({ length: size % 30 }, (_, i) => `b${i}: &b${i} [*a, *a]`).join("\n")}\n`;
    default:
      return `${one(pick, ["barwise: 1\n", "rules:\n", "inputs:\n", "tests:\n"])}${Array.from({ length: size % 40 }, () => one(pick, SCRAPS)).join("")}`;
  }
}

// ------------------------------------------------------------------------------------------------ structure

const ODD: readonly unknown[] = [
  null,
  true,
  -1,
  0,
  1.5,
  1e300,
  "",
  " ",
  "x",
  [],
  {},
  [[]],
  [null],
  { a: null },
  "2%",
  "10m",
];

/** The value, or now and then something else in its place. */
function perhaps<T>(pick: Pick, value: T): T {
  return pick(25) === 0 ? (one(pick, ODD) as T) : value;
}

function perhapsKeys(
  pick: Pick,
  keys: Readonly<Record<string, () => unknown>>,
  always: readonly string[] = [],
): object {
  const chosen = Object.entries(keys).filter(([key]) => (always.includes(key) ? pick(40) > 0 : pick(3) === 0));
  if (pick(30) === 0)
    chosen.push([one(pick, ["whn", "__proto__", "toString", "then", "size", "on"]), () => one(pick, ODD)]);
  return Object.fromEntries(chosen.map(([key, make]) => [key, perhaps(pick, make())]));
}

function expression(pick: Pick): string {
  const atoms = [
    "close",
    "2 * atr(14)",
    "close * 0.98",
    "sma(20)",
    "$period",
    "limit",
    "5",
    "2%",
    "position.qty",
    "close +",
  ];
  return pick(3) === 0
    ? `${one(pick, atoms)} ${one(pick, ["+", "-", "*", "/"])} ${one(pick, atoms)}`
    : one(pick, atoms);
}

function condition(pick: Pick): unknown {
  const kind = pick(10);
  if (kind === 0) return `rsi($period) < ${expression(pick)}`;
  if (kind === 1) return mutated(pick, conditionText(pick, 2));
  return kind < 6 ? conditionText(pick, 1) : conditionObject(pick, 1);
}

function action(pick: Pick): unknown {
  const price = (): string => expression(pick);
  const order = {
    type: () => one(pick, ["market", "limit", "stop", "stop_limit", "trailing_stop"]),
    limit: price,
    stop: price,
    trail: price,
    time_in_force: () => one(pick, ["day", "gtc", "ioc"]),
    extended_hours: () => pick(2) === 0,
  };
  const size = (): object => ({
    [one(pick, ["qty", "notional", "equity", "risk"])]: one(pick, ["10%", 1, "1%", price()]),
  });
  const trade = {
    size,
    ...order,
    bracket: () => perhapsKeys(pick, { stop_loss: price, take_profit: price }),
    expire_after: () => "5m",
  };
  const kind = one(pick, ["buy", "sell", "close", "reduce", "cancel", "alert", "target"]);
  if (kind === "alert") return { alert: { message: `now {${expression(pick)}} $name`, level: "info" } };
  if (kind === "target")
    return { target: perhapsKeys(pick, { weight: () => "10%", qty: price, tolerance: () => "1%" }, ["weight"]) };
  if (kind === "buy" || kind === "sell") return { [kind]: perhapsKeys(pick, trade, ["size"]) };
  return { [kind]: perhapsKeys(pick, kind === "cancel" ? {} : { ...order, by: () => "50%" }) };
}

function rule(pick: Pick): unknown {
  const acts = [["then", () => action(pick)] as const];
  const keys = {
    name: () => one(pick, ["enter", "leave", "late", "more"]),
    when: () => condition(pick),
    ...Object.fromEntries(acts),
    fire: () => one(pick, ["once", "each"]),
    start: () => "fire",
    rearm: () => condition(pick),
    cooldown: () => one(pick, ["30m", "5 bars", "1s"]),
    limit: () => one(pick, ["3/day", "1/bar", "3"]),
    once_per: () => "session",
    priority: () => pick(5),
    group: () => "size",
    remove: () => true,
  };
  return perhapsKeys(pick, { ...keys, remove: pick(10) === 0 ? keys.remove : keys.when }, ["name", "when", "then"]);
}

function body(pick: Pick): object {
  const keys = {
    symbols: () => one<unknown>(pick, [["SPY"], ["SPY", "QQQ"], { file: "watchlists/x.yaml" }, ["IWM", "$names"]]),
    on: () => one(pick, ["5m", "1d", "1h", "tick", "$size"]),
    session: () => one(pick, ["regular", "extended"]),
    params: () => ({ limit: one<unknown>(pick, [30, "2%", "09:45"]), part: 0.02 }),
    facts: () => ({ trend: one(pick, ["sma(200)", "sma($period)", "band.upper"]), band: "bollinger(20, 2)" }),
    conditions: () => ({ up: condition(pick), calm: condition(pick) }),
    rules: () => Array.from({ length: 1 + pick(4) }, () => rule(pick)),
    max_entries: () => pick(3),
    risk: () => ({ max_position: "10%", max_orders_per_day: 6 }),
    approval: () => ({ when: "order.notional > 25000" }),
    on_failure: () => "flatten",
  };
  return perhapsKeys(pick, keys, ["symbols", "on", "params", "facts", "conditions", "rules"]);
}

function template(pick: Pick): object {
  const inputs = {
    period: { type: "integer", default: perhaps(pick, 14), min: 2 },
    names: { type: "symbols", default: ["SPY"] },
    size: { type: "bar_size", default: perhaps(pick, "5m") },
    name: {
      type: one(pick, ["text", "condition", "expression", "percent", "choice", "number"]),
      example: one(pick, ODD),
    },
  };
  return { barwise: 1, inputs: perhaps(pick, inputs), strategy: body(pick) };
}

function test(pick: Pick): object {
  const bars = { SPY: one<unknown>(pick, ["100x20", { on: "5m", close: "100+0.5x20 _x3" }, [[1, 2, 1, 2]], "100x"]) };
  const expectation = {
    at: () => one<unknown>(pick, ["bar 3", 4, "bar 99", "2024-03-04T10:00"]),
    rule: () => "enter",
    order: () => ({ side: "buy", qty: ">0" }),
    fact: () => condition(pick),
    position: () => ({ qty: one<unknown>(pick, [0, ">1", "x"]) }),
    equity: () => 100_000,
  };
  const one_ = {
    name: () => "a",
    bars: () => bars,
    history: () => bars,
    given: () => ({ cash: 1000, params: { limit: 20 } }),
    start: () => one(pick, ["2024-03-04T09:30", "now"]),
    expect: () => Array.from({ length: pick(3) }, () => perhapsKeys(pick, expectation, ["at"])),
  };
  return { strategy: "x.strategy.yaml", tests: [perhapsKeys(pick, one_, ["name", "bars", "expect"])] };
}

/** JSON is YAML; now and then its layout is that of a person. */
function written(pick: Pick, value: unknown): string {
  const text = JSON.stringify(value, null, pick(3));
  const plain = pick(3) === 0 ? text.replaceAll(/"(\w+)":/g, one(pick, ["$1: ", "$1: ", "$1:"])) : text;
  return pick(12) === 0 ? mutated(pick, plain) : `${plain}\n`;
}

/** A project of several files that name each other. */
export function structured(pick: Pick): FileTexts {
  const isComposed = pick(2) === 0;
  const use = one<object>(pick, [
    { template: "x.template.yaml", with: { period: one(pick, ODD), name: one<unknown>(pick, ["close > 1", "5", 5]) } },
    { extends: "y.strategy.yaml", rules: [rule(pick)] },
    { extends: "x.strategy.yaml" },
    { template: "x.template.yaml", extends: "y.strategy.yaml" },
  ]);
  const own = isComposed
    ? { barwise: 1, name: "x", ...use, ...(pick(3) === 0 ? body(pick) : {}) }
    : { barwise: 1, name: "x", ...body(pick) };
  const files: Record<string, string> = { "x.strategy.yaml": written(pick, own) };
  if (isComposed) files["x.template.yaml"] = written(pick, template(pick));
  if (isComposed) files["y.strategy.yaml"] = written(pick, { barwise: 1, name: one(pick, ["x", "y"]), ...body(pick) });
  if (pick(3) === 0)
    files["watchlists/x.yaml"] = written(pick, { barwise: 1, symbols: perhaps(pick, ["AAPL", "MSFT"]) });
  if (pick(4) === 0) files["x.test.yaml"] = written(pick, test(pick));
  if (pick(6) === 0)
    files["barwise.yaml"] = written(pick, {
      barwise: 1,
      grace: one(pick, ["2s", "5m"]),
      risk: { max_position: "10%" },
    });
  return files;
}
