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
}

const INDICATORS = ">!*&%@`|-?#";

export function sentenceOf(code: string, message: string, text: string, at: number): Sentence {
  switch (code) {
    case "DUPLICATE_KEY":
      return {
        code: "yaml/duplicate-key",
        message: `The key ${keyAt(text, at)} appears twice`,
        help: "Remove one.",
        width: keyAt(text, at).length - 2,
      };
    case "MULTIPLE_DOCS":
      return {
        code: "yaml/multiple-documents",
        message: "The file holds more than one document",
        help: "Remove the `---` or split the file.",
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
      return syntax(message.includes("quote") ? "A closing quote is missing" : message, "");
    case "BLOCK_AS_IMPLICIT_KEY":
      return syntax(
        "A colon followed by a space begins a second key on the same line",
        advice("Quote the whole value.", valueInQuotes()),
      );
    case "BAD_ALIAS":
      return { code: "yaml/anchor", message: "An alias needs a name", help: helpFor(text, at) };
    case "BAD_INDENT":
    case "BAD_COLLECTION_TYPE":
      return syntax(message.replace(/ in block collection/, ""), "Check the indentation and closing brackets.");
    case "BAD_DQ_ESCAPE":
      return syntax(message, "Use single quotes, or double the backslash.");
    default:
      return syntax(message, helpFor(text, at));
  }
}

function syntax(message: string, help: Help): Sentence {
  return { code: "yaml/syntax", message, help };
}

function keyAt(text: string, at: number): string {
  const key = /^[^\s:]{1,60}/.exec(text.slice(at, at + 80))?.[0] ?? "";
  return `"${key.replace(/^["']|["']$/g, "")}"`;
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
