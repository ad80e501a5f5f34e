/**
 * What the YAML reader says, in words for people who do not know YAML's terms.
 *
 * Owns: one sentence per kind of syntax error, with what to do.
 */
import type { Code } from "./codes.ts";
import { advice } from "./fix.ts";
import type { Help } from "./fix.ts";
import { valueInQuotes } from "./fix-quotes.ts";

interface Sentence {
  readonly code: Code;
  readonly message: string;
  readonly help: Help;
  /** Length of what is wrong, when it is known better than YAML says. */
  readonly width?: number;
  /** How far behind the place that YAML names it begins. */
  readonly shift?: number;
}

const INDICATORS = ">!*&%@`|-?#";

export function sentenceOf(code: string, message: string, text: string, at: number): Sentence {
  switch (code) {
    case "DUPLICATE_KEY":
      return {
        code: "yaml/duplicate-key",
        message: `The key ${keyAt(text, at)} appears twice`,
        help: "Remove one.",
        width: rawKey(text, at).length,
      };
    case "MULTIPLE_DOCS":
      return {
        code: "yaml/multiple-documents",
        message: "The file holds more than one document",
        help: "Remove the `---` or split the file.",
        width: 3,
      };
    case "TAB_AS_INDENT":
      return { code: "yaml/tab", message: "A tab is used as indentation", help: "Use spaces." };
    case "TAG_RESOLVE_FAILED":
      return { code: "yaml/tag", message: "Tags (!name) are not allowed", help: helpFor(text, at) };
    case "NON_STRING_KEY":
      return { code: "yaml/syntax", message: "A key must be a word", help: "Quote it, or write it as plain text." };
    case "MISSING_CHAR":
      if (message.includes("flow")) {
        return syntax("Inside {…} and […] brackets and commas have a meaning of their own", "Quote the expression.");
      }
      if (message.includes("quote")) {
        return { ...syntax("A closing quote is missing", ""), shift: openQuote(text, at) - at, width: 1 };
      }
      return syntax(message, "");
    case "BLOCK_AS_IMPLICIT_KEY":
      if (message.includes("sequence")) {
        const said = "This list is neither as deep as the one above nor below a key";
        return { ...syntax(said, "Check the indentation."), shift: Math.max(0, text.slice(at).search(/\S/)), width: 1 };
      }
      return {
        ...syntax(
          "A colon followed by a space begins a second key on the same line",
          advice("Quote the whole value.", valueInQuotes()),
        ),
        shift: /^.*?(?=:(?:\s|$))/.exec(text.slice(at))?.[0].length ?? 0,
        width: 1,
      };
    case "BAD_ALIAS":
      return { code: "yaml/anchor", message: "An alias needs a name", help: helpFor(text, at) };
    case "BAD_INDENT":
    case "BAD_COLLECTION_TYPE": {
      const open = /^Flow (?:map|sequence)/.test(message) ? openBracket(text, at) : -1;
      if (open >= 0) {
        const help = "Close it, or indent what stands inside deeper than the key.";
        return { ...syntax(`This ${text[open]} is not closed`, help), shift: open - at, width: 1 };
      }
      return syntax(message.replace(/ in block collection/, ""), "Check the indentation and closing brackets.");
    }
    case "BAD_DQ_ESCAPE":
      return { ...syntax(message, "Use single quotes, or double the backslash."), width: 2 };
    default:
      if (/flow-(?:seq|map)-start/.test(message)) {
        return syntax("Inside {…} and […] brackets and commas have a meaning of their own", "Quote the expression.");
      }
      return syntax(message, helpFor(text, at));
  }
}

function syntax(message: string, help: Help): Sentence {
  return { code: "yaml/syntax", message, help };
}

/** As it is written, quotes included. */
function rawKey(text: string, at: number): string {
  return /^(?:"[^"\n]*"|'[^'\n]*'|[^\s:]+)/.exec(text.slice(at, at + 200))?.[0] ?? " ";
}

function keyAt(text: string, at: number): string {
  return `"${rawKey(text, at)
    .replace(/^["']|["']$/g, "")
    .slice(0, 60)}"`;
}

/** The quote that opened a text which never ends: the last one before that stands for itself. */
function openQuote(text: string, end: number): number {
  for (let at = end - 1; at >= 0; at--) {
    const quote = text[at];
    if (quote !== '"' && quote !== "'") continue;
    const before = quote === "'" ? text[at - 1] === "'" : isEscaped(text, at);
    if (!before) return at;
    if (quote === "'") at--;
  }
  return end;
}

function isEscaped(text: string, at: number): boolean {
  let backslashes = 0;
  while (text[at - 1 - backslashes] === "\\") backslashes++;
  return backslashes % 2 === 1;
}

/** The last bracket before an offset that nothing closes; -1 when there is none. */
function openBracket(text: string, end: number): number {
  const open: number[] = [];
  let quote = "";
  let isComment = false;
  for (let at = 0; at < end; at++) {
    const character = text[at] as string;
    if (character === "\n") isComment = false;
    if (isComment) continue;
    const begins = /^$|[\s,[{:]/.test(text[at - 1] ?? "");
    if (quote !== "") {
      if (character === quote && !(quote === '"' && isEscaped(text, at))) quote = "";
    } else if ((character === '"' || character === "'") && begins) quote = character;
    else if (character === "#" && /^$|\s/.test(text[at - 1] ?? "")) isComment = true;
    else if ((character === "[" || character === "{") && (begins || open.length > 0)) open.push(at);
    else if (character === "]" || character === "}") open.pop();
  }
  return open.at(-1) ?? -1;
}

/** An expression that begins with a character YAML keeps for itself is the usual cause. */
function helpFor(text: string, at: number): Help {
  const lineStart = text.lastIndexOf("\n", at - 1) + 1;
  const before = /[:-] +(\S)/.exec(text.slice(lineStart, at + 2))?.[1];
  if (before === '"' || before === "'") return "Put the whole value into quotes of the other kind.";
  if (before !== undefined && INDICATORS.includes(before)) {
    return advice(`A value that begins with ${before} must be quoted.`, valueInQuotes());
  }
  return "Quote the value if it is an expression with special characters.";
}
