/**
 * The examples of docs/reference/findings as files that can be compiled.
 *
 * Owns: how a fragment is completed. It is mechanical, and CONTRIBUTING.md describes it: every key goes to the place of
 * a small strategy (or test, or project) where it belongs, and what the fragment does not say is filled in.
 */
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import type { FileTexts } from "../../engine/lang/compile.ts";

const PAGES = join(import.meta.dirname, "../../docs/reference/findings");

export interface Example {
  /** Several, when they show a change: the files before, and the files after. */
  readonly files: FileTexts;
  /** Overrides of the command line. */
  readonly params: Readonly<Record<string, number>>;
}

export interface Page {
  readonly text: string;
  readonly avoid: readonly Example[];
  readonly prefer: readonly Example[];
}

export function pageNames(): readonly string[] {
  const files = readdirSync(PAGES).filter((name) => name.endsWith(".md"));
  return files.map((name) => name.replace(/\.md$/, "")).sort();
}

export function pageOf(name: string): Page {
  const text = readFileSync(join(PAGES, `${name}.md`), "utf8");
  const under = (title: string): readonly Example[] => {
    const blocks = new RegExp(`^${title}\\n\\n((?:\`\`\`\\w+\\n[^]*?^\`\`\`\\n+)+)`, "m").exec(`${text}\n`)?.[1];
    return examplesIn(blocks ?? "");
  };
  return { text, avoid: under("Avoid"), prefer: under("Prefer") };
}

/** Each `yaml` block is an example; a `sh` block behind it is the command that reads it. */
function examplesIn(blocks: string): readonly Example[] {
  const examples: Example[] = [];
  for (const [, kind, body] of blocks.matchAll(/^```(\w+)\n([^]*?)^```$/gm)) {
    const text = body as string;
    const last = examples.at(-1);
    if (kind === "yaml") examples.push({ files: filesIn(text), params: {} });
    else if (kind === "sh" && last !== undefined) examples[examples.length - 1] = { ...last, params: paramsIn(text) };
  }
  return examples;
}

function paramsIn(command: string): Readonly<Record<string, number>> {
  const given = [...command.matchAll(/--param (\S+)=(\S+)/g)];
  return Object.fromEntries(given.map(([, name, value]) => [name as string, Number(value)]));
}

/** What a page cannot show as it is. */
function spelledOut(text: string): string {
  const characters = text.replaceAll("<NUL>", "\0").replaceAll("<tab>", "\t");
  return characters.replaceAll(/^( *- .*)\n *# … and (\d+) more\n/gm, (_, item: string, count: string) => {
    const copy = (_one: unknown, at: number): string => `${item.replace(/name: [\w-]+/, `$&-${at + 2}`)}\n`;
    return `${item}\n${Array.from({ length: Number(count) }, copy).join("")}`;
  });
}

/** Several files begin with a line `# path` each; without one the keys tell the kind of file. */
export function filesIn(block: string): FileTexts {
  const [alone = "", ...named] = spelledOut(block).split(/^# (\S+\.ya?ml)\n/m);
  const files: Record<string, string> = {};
  const add = (path: string, text: string): void => void (files[path] = completed(path, text));
  if (alone.trim() !== "") add(kindOf(alone), alone);
  for (let i = 0; i < named.length; i += 2) add(named[i] as string, named[i + 1] as string);
  const has = (ending: string): boolean => Object.keys(files).some((path) => path.endsWith(ending));
  if (has(".test.yaml") && !has(".strategy.yaml")) add("example.strategy.yaml", "");
  return files;
}

// ------------------------------------------------------------------------------------------------ fragments

const PROJECT = new Set(["strategies", "time_zone", "account", "feeds", "journal", "grace", "notify", "dead_man"]);
const TEST = new Set(["bars", "trades", "quotes", "history", "given", "expect"]);
const RULE = new Set(["when", "then", "fire", "start", "rearm", "cooldown", "limit", "once_per", "priority", "group"]);
const ACTION = new Set(["buy", "sell", "close", "reduce", "cancel", "alert"]);
const TRADE = new Set(["size", "bracket", "type", "stop", "trail", "time_in_force", "expire_after"]);

const VERSION = [["barwise", "1"]] as const;
const HEAD = [...VERSION, ["name", "example"], ["symbols", "[SPY]"], ["on", "5m"]] as const;
const TEST_PARTS = [
  ["bars", "{SPY: 100x20}"],
  ["expect", "[]"],
] as const;

interface Chunk {
  /** `-` for an item of a list of rules. */
  readonly key: string;
  readonly text: string;
}

function kindOf(text: string): string {
  const keys = chunksOf(text).map(({ key }) => key);
  if (keys.some((key) => PROJECT.has(key))) return "barwise.yaml";
  return keys.some((key) => TEST.has(key)) ? "example.test.yaml" : "example.strategy.yaml";
}

/** Every key at the margin with the lines below it, and the comments above it. */
function chunksOf(text: string): readonly Chunk[] {
  const chunks: { key: string; text: string }[] = [];
  let comments = "";
  for (const line of text.split(/(?<=\n)/)) {
    const key = /^⟦?- ⟦?(?:\{ ?)?"?name"?:/.test(line) ? "-" : /^⟦?⟧?"?([A-Za-z_$][\w$]*)⟧?"?⟧?:/.exec(line)?.[1];
    const last = chunks.at(-1);
    if (/^#|^\s*$/.test(line) && !(last?.text ?? "").endsWith("|\n")) comments += line;
    else if (key !== undefined || last === undefined) {
      chunks.push({ key: key ?? "", text: comments + line });
      comments = "";
    } else {
      last.text += comments + line;
      comments = "";
    }
  }
  return comments === "" ? chunks : [...chunks, { key: "", text: comments }];
}

function completed(path: string, text: string): string {
  const chunks = chunksOf(text);
  if (path.endsWith(".test.yaml")) return testOf(chunks);
  if (path.endsWith(".strategy.yaml")) return strategyOf(chunks);
  if (path.endsWith("barwise.yaml")) return filled(chunks, VERSION);
  const rules = "\n  symbols: [SPY]\n  on: 5m\n  rules:\n    - {name: example, when: close < open, then: {close: {}}}";
  return path.endsWith(".template.yaml") ? filled(chunks, [...VERSION, ["strategy", rules]]) : text;
}

const joined = (chunks: readonly Chunk[], indent = ""): string =>
  chunks.map(({ text }) => text.replaceAll(/^(?=.)/gm, indent)).join("");

/** The fragment, then the keys that it does not have. */
function filled(chunks: readonly Chunk[], missing: readonly (readonly [string, string])[], indent = ""): string {
  const keys = new Set(chunks.map(({ key }) => key));
  const rest = missing.filter(([key]) => !keys.has(key));
  return joined(chunks, indent) + rest.map(([key, value]) => `${indent}${key}: ${value}\n`).join("");
}

function testOf(chunks: readonly Chunk[]): string {
  const isOfFile = ({ key }: Chunk): boolean => ["barwise", "strategy", "strategies", "tests"].includes(key);
  const own = chunks.filter((chunk) => !isOfFile(chunk));
  // Trades or quotes are data enough.
  const isPlayed = own.some(({ key }) => key === "trades" || key === "quotes");
  const test = filled(own, isPlayed ? TEST_PARTS.slice(1) : TEST_PARTS, "    ");
  return filled(chunks.filter(isOfFile), [
    ["strategy", "example.strategy.yaml"],
    ["tests", `\n  - name: example\n${test}`],
  ]);
}

const EXIT = "  - {name: leave, when: session.minutes_to_close <= 10, then: {close: {}}}\n";

function strategyOf(chunks: readonly Chunk[]): string {
  const of = (keys: ReadonlySet<string>): Chunk[] => chunks.filter(({ key }) => keys.has(key));
  const [items, trade, action, rule] = [of(new Set("-")), of(TRADE), of(ACTION), of(RULE)];
  const rest = chunks.filter((chunk) => ![items, trade, action, rule].some((own) => own.includes(chunk)));
  if (chunks.some(({ key }) => key === "template" || key === "extends")) return filled(chunks, HEAD.slice(0, 2));
  if (chunks.length > 0 && chunks.every(({ key }) => key === "")) return joined(chunks);
  const inside = joined([...items, ...trade, ...action, ...rule]);
  const exit = /\b(?:buy|sell|size|bracket):/.test(inside) && !/\bclose:/.test(inside) ? EXIT : "";
  if (items.length > 0) return filled(rest, [...HEAD, ["rules", `\n${joined(items, "  ")}${exit}`.trimEnd()]]);
  const order = trade.length === 0 ? "" : `      buy:\n${filled(trade, [["size", "{qty: 1}"]], "        ")}`;
  const then =
    trade.length + action.length > 0 ? `\n${order}${joined(action, "      ")}` : "{alert: {message: example}}";
  const parts = [["when", "close < open"] as const, ["then", then.trimEnd()] as const];
  const body = filled(rule, parts, "    ");
  // A fragment of an order has the limit that a whole strategy would have.
  const limits = trade.length + action.length > 0 ? ([["risk", "{max_position: 25%}"]] as const) : [];
  return filled(rest, [...HEAD, ...limits, ["rules", `\n  - name: example\n${body}${exit}`.trimEnd()]]);
}
