/**
 * Rules of the house that no compiler knows: who may import whom, how long a file may grow, what the core never says.
 * Each rule is a function from a file to sentences, so that the same function is shown a breach first.
 */
import { readFileSync, readdirSync } from "node:fs";
import { builtinModules } from "node:module";
import { posix } from "node:path";
import { describe, expect, it } from "vitest";

interface Source {
  /** Relative to the root, with forward slashes. */
  readonly path: string;
  readonly text: string;
}

const ROOT = new URL("../", import.meta.url);
const SKIPPED = new Set(["node_modules", "dist", ".git", ".barwise", "coverage"]);

function filesBelow(folder: string, keep: (path: string) => boolean): Source[] {
  return readdirSync(new URL(folder === "" ? "." : `${folder}/`, ROOT), { withFileTypes: true }).flatMap((entry) => {
    const path = folder === "" ? entry.name : `${folder}/${entry.name}`;
    if (entry.isDirectory()) return SKIPPED.has(entry.name) ? [] : filesBelow(path, keep);
    return entry.isFile() && keep(path) ? [{ path, text: readFileSync(new URL(path, ROOT), "utf8") }] : [];
  });
}

// ------------------------------------------------------------------------------------------------ imports

const CORE_TYPES = [
  "core/approval.ts",
  "core/event.ts",
  "core/feed-event.ts",
  "core/program.ts",
  "core/risk-limits.ts",
];
/** Small pure helpers of the core that others may use beside its types. */
const CORE_HELPERS = [
  "core/actions.ts",
  "core/adjusted.ts",
  "core/arithmetic.ts",
  "core/assert.ts",
  "core/canonical.ts",
  "core/decimal.ts",
  "core/hash.ts",
  "core/known-at.ts",
];

/**
 * What each folder may import: other folders or single files of engine/, and packages. `node:` stands for all of Node.
 * The table is that of docs/internals/ARCHITECTURE.md.
 */
const MAY_IMPORT: readonly (readonly [folder: string, allowed: readonly string[]])[] = [
  ["market", ["core/decimal.ts"]],
  ["catalog", ["market"]],
  ["core/signals", ["core/*", "catalog", "market"]],
  ["core/desk", ["core/*", "market"]],
  ["core", ["core", "catalog", "market", "bignumber.js"]],
  ["exchange", [...CORE_TYPES, ...CORE_HELPERS, "market"]],
  [
    "lang",
    [
      ...[...CORE_TYPES, ...CORE_HELPERS, "core/desk/risk/catalogue.ts", "catalog", "market"],
      ...["yaml", "ajv", "fastest-levenshtein", "node:crypto"],
    ],
  ],
  ["report", [...CORE_TYPES, ...CORE_HELPERS, "lang"]],
  ["editor", [...CORE_TYPES, ...CORE_HELPERS, "catalog", "lang", "report/words.ts", "yaml"]],
  ["ports", [...CORE_TYPES, "market"]],
  // What a thread loads as it is, from the sources too, cannot reach a file with types.
  ["adapters/journal/thread", ["node:"]],
  [
    "adapters",
    [
      ...[...CORE_TYPES, ...CORE_HELPERS, "core/time.ts", "ports", "market", "exchange"],
      ...["node:", "ws", "chokidar", "@alpacahq/alpaca-trade-api", "@msgpack/msgpack", "vega-datasets", "sql.js"],
      ...["ajv", "prom-client", "nodemailer"],
    ],
  ],
  ["runtime", ["core", "lang", "ports", "market", "json-rules-engine"]],
  ["cli", ["*"]],
];

/** Packages with one home. */
const ONLY_IN: readonly (readonly [specifier: string, homes: readonly string[]])[] = [
  ["technicalindicators", ["catalog/sources/"]],
  ["@alpacahq/alpaca-trade-api", ["adapters/alpaca/sdk.ts"]],
  ["json-rules-engine", ["runtime/"]],
  ["ws", ["adapters/"]],
  ["chokidar", ["adapters/"]],
  ["bignumber.js", ["core/decimal.ts"]],
  ["commander", ["cli/"]],
  ["ajv", ["lang/", "adapters/control/requests.ts"]],
  ["prom-client", ["adapters/prometheus/exporter.ts"]],
  ["nodemailer", ["adapters/notify/email.ts"]],
  ["sql.js", ["adapters/journal/sqlite.ts", "adapters/journal/sql.js.d.ts"]],
  ["vscode-languageserver", ["cli/lsp/"]],
  ["vscode-languageserver-textdocument", ["cli/lsp/"]],
];

function importsOf(text: string): string[] {
  const code = text.replaceAll(/\/\*[\s\S]*?\*\//g, "").replaceAll(/^\s*\/\/.*$/gm, "");
  const statements = code.matchAll(/^\s*(?:import|export)\b[^;"]*?\bfrom\s+"([^"]+)"|^\s*import\s+"([^"]+)"/gm);
  const calls = code.matchAll(/\b(?:import|require)\(\s*"([^"]+)"/g);
  return [...statements, ...calls].map((match) => (match[1] ?? match[2]) as string);
}

function packageOf(specifier: string): string {
  if (specifier.startsWith("node:") || builtinModules.includes(specifier)) return "node:";
  return specifier
    .split("/")
    .slice(0, specifier.startsWith("@") ? 2 : 1)
    .join("/");
}

/** `core/*` allows the files directly in that folder; `core` allows everything below. */
function covers(allowed: string, target: string): boolean {
  if (allowed === "*" || allowed === target) return true;
  if (allowed.endsWith("/*")) return posix.dirname(target) === allowed.slice(0, -2);
  return !allowed.endsWith(".ts") && target.startsWith(`${allowed}/`);
}

function importBreaches({ path, text }: Source): string[] {
  const inside = path.replace(/^engine\//, "");
  const [folder, allowed] = MAY_IMPORT.find(([name]) => inside.startsWith(`${name}/`)) ?? ["(unknown folder)", []];
  return importsOf(text).flatMap((specifier) => {
    if (specifier.startsWith(".")) {
      const target = posix.normalize(posix.join(posix.dirname(inside), specifier));
      if (target.startsWith("..")) return [`${path} imports ${specifier}, which is outside engine/`];
      const own = covers(folder, target);
      return own || allowed.some((item) => covers(item, target)) ? [] : [`${path}: ${folder} may not import ${target}`];
    }
    const name = packageOf(specifier);
    const homes = ONLY_IN.find(([item]) => item === name)?.[1];
    if (homes !== undefined)
      return homes.some((home) => inside.startsWith(home)) ? [] : [`${path}: only ${homes.join(", ")} imports ${name}`];
    return allowed.some((item) => item === "*" || item === name || item === specifier)
      ? []
      : [`${path}: ${folder} may not import ${specifier}`];
  });
}

// ------------------------------------------------------------------------------------------------ shape

const FILE_LINES = 400;
const FUNCTION_LINES = 70;

/** Files are formatted, so a head and its body end where their indentation comes back. */
function functionsOf(text: string): { readonly line: number; readonly lines: number }[] {
  const lines = text.split("\n");
  return lines.flatMap((line, i) => {
    const indent = /^ */.exec(line)?.[0] ?? "";
    if (!isHead(line.trim())) return [];
    const opens = line.endsWith("(") ? lines.findIndex((other, j) => j > i && other.startsWith(`${indent})`)) : i;
    if (opens < 0 || !/\)(?:: .+)?(?: =>)? \{$/.test(lines[opens] as string)) return [];
    const end = lines.findIndex(
      (other, j) => j > opens && [`${indent}}`, `${indent}},`, `${indent}};`].includes(other),
    );
    return end < 0 ? [] : [{ line: i + 1, lines: end - i + 1 }];
  });
}

/** Functions, methods and functions that a constant names; not statements and not calls with a callback. */
function isHead(line: string): boolean {
  if (/^(?:if|for|while|switch|catch|return|else|new|super|throw|await|\})/.test(line)) return false;
  const named = /^(?:export )?(?:async )?function\*? \w+/.test(line);
  const constant = /^(?:export )?const \w+.* = (?:async )?\(/.test(line);
  const method = /^(?:(?:static|async|get|set|protected|override) )*\*?#?\w+\(/.test(line) && !line.endsWith("=> {");
  return named || constant || method;
}

function shapeBreaches({ path, text }: Source): string[] {
  const found: string[] = [];
  const lines = text.split("\n").length - 1;
  if (lines > FILE_LINES) found.push(`${path}: ${lines} lines, ${FILE_LINES} at most`);
  for (const { line, lines: length } of functionsOf(text))
    if (length > FUNCTION_LINES)
      found.push(`${path}:${line}: a function of ${length} lines, ${FUNCTION_LINES} at most`);
  if (!/^(?:#!.*\n|\/\* oxlint-disable .*\*\/\n)*\/\*\*/.test(text))
    found.push(`${path}: does not open with what it owns`);
  if (/^export default\b/m.test(text)) found.push(`${path}: a default export`);
  return found;
}

// ------------------------------------------------------------------------------------------------ words

/** The code alone: comments and the text of strings become blanks, `${…}` in templates stays. */
function codeOf(text: string): string {
  let code = "";
  const nesting: number[] = [];
  let inTemplate = false;
  for (let i = 0; i < text.length;) {
    const two = text.slice(i, i + 2);
    const one = text[i] as string;
    if (inTemplate) {
      if (two === "${") {
        nesting.push(0);
        inTemplate = false;
        i += 2;
      } else if (one === "`") {
        inTemplate = false;
        i++;
      } else i += one === "\\" ? 2 : 1;
    } else if (two === "//") i = endOf(text, i, "\n");
    else if (two === "/*") i = endOf(text, i + 2, "*/") + 2;
    else if (one === '"' || one === "'") {
      for (i++; i < text.length && text[i] !== one; i += text[i] === "\\" ? 2 : 1);
      i++;
      code += '""';
    } else {
      if (one === "`") inTemplate = true;
      const depth = nesting.length - 1;
      if (depth >= 0 && one === "{") nesting[depth] = (nesting[depth] as number) + 1;
      if (depth >= 0 && one === "}") {
        if (nesting[depth] === 0) {
          nesting.pop();
          inTemplate = true;
        } else nesting[depth] = (nesting[depth] as number) - 1;
      }
      code += one;
      i++;
    }
  }
  return code;
}

function endOf(text: string, from: number, mark: string): number {
  const at = text.indexOf(mark, from);
  return at < 0 ? text.length : at;
}

/** The core has no clock, no randomness, no promise; powers have other bits on other versions of Node. */
const BANNED_IN_CORE: readonly (readonly [RegExp, string])[] = [
  [/\bDate\b/, "Date"],
  [/\bMath\.random\b/, "Math.random"],
  [/\bMath\.(?:pow|exp|log\w*|sin|cos|tan\w*)\b/, "a function of Math whose bits differ between versions"],
  [/\*\*/, "**"],
  [/\bPromise\b/, "Promise"],
  [/\basync\b/, "async"],
  [/\bawait\b/, "await"],
  [/\b(?:setTimeout|setInterval|setImmediate|queueMicrotask)\b/, "a timer of the machine"],
  [/\b(?:process|globalThis|Intl|fetch|performance|crypto)\b(?!["'])/, "something of the machine"],
];

function coreBreaches({ path, text }: Source): string[] {
  const code = codeOf(text);
  return BANNED_IN_CORE.filter(([pattern]) => pattern.test(code)).map(
    ([, what]) => `${path}: the core may not say ${what}`,
  );
}

const LATER = /\b(?:TOD[O]|FIXM[E])\b/;
/** Folders of one person's machine. Each pattern is written so that it does not match itself. */
const MACHINE = /\/home\/[a-z]|\/Users\/[A-Za-z]|\/roo[t]\/|[A-Z]:\\Users|\/wor[k]\/(?:main|shared)/;

function wordBreaches({ path, text }: Source): string[] {
  const found: string[] = [];
  if (LATER.test(text)) found.push(`${path}: a note to do something later belongs into an issue`);
  if (MACHINE.test(text)) found.push(`${path}: names a folder of one machine`);
  return found;
}

// ------------------------------------------------------------------------------------------------ the tests

const engine = filesBelow("engine", (path) => /\.[jt]s$/.test(path));
const written = filesBelow(
  "",
  (path) => /\.(?:[jt]s|md|ya?ml|json|txt|csv)$/.test(path) && path !== "package-lock.json",
);

describe("imports", () => {
  it("stay inside the table of the architecture", () => {
    expect(engine.length).toBeGreaterThan(100);
    expect(engine.flatMap(importBreaches)).toEqual([]);
  });

  it("are seen when they break it", () => {
    const breach = (path: string, text: string): string[] => importBreaches({ path: `engine/${path}`, text });
    expect(breach("core/signals/x.ts", 'import { Desk } from "../desk/desk.ts";')).toHaveLength(1);
    expect(breach("core/desk/x.ts", 'import type { Signals } from "../signals/signals.ts";')).toHaveLength(1);
    expect(breach("core/x.ts", 'import { readFileSync } from "node:fs";')).toHaveLength(1);
    expect(breach("core/x.ts", 'import {\n  a,\n  b,\n} from "../runtime/engine.ts";')).toHaveLength(1);
    expect(breach("catalog/indicators/x.ts", 'import { SMA } from "technicalindicators";')).toHaveLength(1);
    expect(breach("adapters/journal/thread/x.js", 'import { encode } from "../encode.ts";')).toHaveLength(1);
    expect(breach("adapters/sim/x.ts", 'import { step } from "../../core/step.ts";')).toHaveLength(1);
    expect(breach("adapters/venue/x.ts", 'export { a } from "@alpacahq/alpaca-trade-api";')).toHaveLength(1);
    expect(breach("cli/x.ts", 'const ws = await import("ws");')).toHaveLength(1);
    expect(breach("cli/x.ts", 'import { watch } from "chokidar";')).toHaveLength(1);
    expect(breach("exchange/x.ts", 'import { Engine } from "json-rules-engine";')).toHaveLength(1);
    expect(breach("exchange/x.ts", 'import { step } from "../core/step.ts";')).toHaveLength(1);
    expect(breach("lang/x.ts", 'import "../report/words.ts";')).toHaveLength(1);
    expect(breach("ports/x.ts", 'import { a } from "../../tests/support/program.ts";')).toHaveLength(1);
    expect(breach("editor/x.ts", 'import { TextDocument } from "vscode-languageserver-textdocument";')).toHaveLength(1);
    expect(breach("editor/x.ts", 'import { run } from "../cli/lint.ts";')).toHaveLength(1);
    expect(breach("cli/x.ts", 'import { createConnection } from "vscode-languageserver/node";')).toHaveLength(1);
    expect(breach("new-folder/x.ts", 'import { a } from "../core/event.ts";')).toHaveLength(1);
  });

  it("are left alone when they keep it", () => {
    const kept = (path: string, text: string): string[] => importBreaches({ path: `engine/${path}`, text });
    expect(
      kept(
        "core/signals/x.ts",
        'import type { Bar } from "../event.ts";\nimport { nyse } from "../../market/nyse.ts";',
      ),
    ).toEqual([]);
    expect(
      kept(
        "adapters/venue/x.ts",
        'import { createExchange } from "../../exchange/exchange.ts";\nimport { WebSocket } from "ws";',
      ),
    ).toEqual([]);
    expect(kept("catalog/sources/x.ts", 'import { SMA } from "technicalindicators";')).toEqual([]);
    expect(kept("cli/x.ts", '// import { watch } from "chokidar";\nimport { step } from "../core/step.ts";')).toEqual(
      [],
    );
  });
});

describe("shape of a file", () => {
  it("keeps files and functions short, says what each owns, has no default export", () => {
    expect(engine.flatMap(shapeBreaches)).toEqual([]);
  });

  it("is measured", () => {
    const body = "  x();\n".repeat(69);
    const breach = (text: string): string[] => shapeBreaches({ path: "engine/core/x.ts", text });
    expect(breach("export const a = 1;\n")).toEqual(["engine/core/x.ts: does not open with what it owns"]);
    expect(breach("/** Owns x. */\nexport default 1;\n")).toEqual(["engine/core/x.ts: a default export"]);
    expect(breach(`/** Owns x. */\n${"x();\n".repeat(400)}`)).toHaveLength(1);
    expect(breach(`/** Owns x. */\nexport function a(): void {\n${body}}\n`)).toHaveLength(1);
    expect(breach(`/** Owns x. */\nclass A {\n  #a(\n    b: number,\n  ): void {\n  ${body}  }\n}\n`)).toHaveLength(1);
    expect(
      breach(`/** Owns x. */\nfunction a(): void {\n  x();\n}\nfunction b(): void {\n${"  x();\n".repeat(60)}}\n`),
    ).toEqual([]);
  });
});

describe("words", () => {
  it("keep the core free of clocks, randomness and promises", () => {
    expect(engine.filter(({ path }) => path.startsWith("engine/core/")).flatMap(coreBreaches)).toEqual([]);
  });

  it("keep notes to self and names of machines out of everything", () => {
    expect(written.flatMap(wordBreaches)).toEqual([]);
  });

  it("are seen in code and not in comments or texts", () => {
    const breach = (text: string): string[] => coreBreaches({ path: "engine/core/x.ts", text });
    expect(breach("const a = Date.now();")).toHaveLength(1);
    expect(breach("const a = b ** 2;")).toHaveLength(1);
    expect(breach("const a = `${Math.random()} of ${`${1}`}`;")).toHaveLength(1);
    expect(breach("async function a(): Promise<void> {}")).toHaveLength(2);
    expect(breach('/** No Date, no Promise. */\n// async\nconst a = "Date ** 2" + `Promise`;')).toEqual([]);
    const word = (text: string): string[] => wordBreaches({ path: "docs/x.md", text });
    expect(word(["TO", "DO"].join(""))).toHaveLength(1);
    expect(word(["see ", "home", "ann"].join("/"))).toHaveLength(1);
  });
});
