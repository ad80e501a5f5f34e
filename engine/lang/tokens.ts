/**
 * The tokenizer of expressions.
 *
 * Owns: which characters make which token. Offsets are those of the expression's text. May not know the grammar.
 */

import { advice, becomes, editing } from "./fix.ts";
import type { Help } from "./fix.ts";
import { unitOf } from "./fix-spelling.ts";

export type Token =
  | {
      readonly kind: "number";
      readonly text: string;
      readonly start: number;
      readonly end: number;
      readonly value: number;
    }
  | {
      readonly kind: "percent";
      readonly text: string;
      readonly start: number;
      readonly end: number;
      readonly value: number;
    }
  /** Minutes after midnight. */
  | {
      readonly kind: "clock";
      readonly text: string;
      readonly start: number;
      readonly end: number;
      readonly value: number;
    }
  /** Milliseconds. */
  | {
      readonly kind: "duration";
      readonly text: string;
      readonly start: number;
      readonly end: number;
      readonly value: number;
    }
  /** Digits and letters that are no number: a mistake, but for a symbol such as `3M`. */
  | {
      readonly kind: "bad";
      readonly text: string;
      readonly start: number;
      readonly end: number;
      readonly message: string;
      readonly help: Help;
    }
  | {
      readonly kind: "name" | "word" | "sign" | "end";
      readonly text: string;
      readonly start: number;
      readonly end: number;
    };

export interface TokenProblem {
  readonly start: number;
  readonly end: number;
  readonly message: string;
  readonly help: Help;
}

export const UNIT_MS: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };

const KEYWORDS: ReadonlySet<string> = new Set([
  "and",
  "or",
  "not",
  "crosses",
  "above",
  "below",
  "is",
  "for",
  "within",
  "last",
  "bars",
  "bar",
  "between",
  "in",
  "then",
]);

export const KEYWORD_LIST: readonly string[] = [...KEYWORDS];

const BLANK = /[\s\u00a0]+/y;
const CLOCK = /(\d{1,2}):(\d{2})(?![\d:])/y;
const CLOCK_WITH_SECONDS = /\d{1,2}:\d{2}(?::\d{2})+(?![\d:])/y;
const NUMBER = /\d+(?:_\d+)*(?:\.\d+)?/y;
const NAME = /[A-Za-z_][A-Za-z0-9_]*(?:\.[A-Za-z_][A-Za-z0-9_]*)*/y;
const SIGN = /<=|>=|==|!=|&&|\|\||[<>=()[\],:+\-*/.]/y;

function match(pattern: RegExp, text: string, at: number): RegExpExecArray | null {
  pattern.lastIndex = at;
  return pattern.exec(text);
}

/** All tokens and an `end`, or the first problem. Keywords are case-insensitive and come as lower-case words. */
export function tokenize(text: string): readonly Token[] | TokenProblem {
  const tokens: Token[] = [];
  let at = 0;
  while (at < text.length) {
    const blank = match(BLANK, text, at);
    if (blank !== null) {
      at += blank[0].length;
      continue;
    }
    const token = clockAt(text, at) ?? numberAt(text, at) ?? nameAt(text, at) ?? signAt(text, at);
    if (!("kind" in token)) return token;
    tokens.push(token);
    at = token.end;
  }
  tokens.push({ kind: "end", text: "", start: text.length, end: text.length });
  return tokens;
}

function clockAt(text: string, at: number): Token | TokenProblem | undefined {
  const seconds = match(CLOCK_WITH_SECONDS, text, at)?.[0];
  if (seconds !== undefined) {
    const [hours, minutes] = seconds.split(":");
    const message = `${seconds} is no time of day`;
    return { start: at, end: at + seconds.length, message, help: `Write hours and minutes: ${hours}:${minutes}.` };
  }
  const found = match(CLOCK, text, at);
  if (found === null) return undefined;
  const value = Number(found[1]) * 60 + Number(found[2]);
  const end = at + found[0].length;
  if (Number(found[2]) > 59 || value > 1440) {
    return { start: at, end, message: `${found[0]} is no time of day`, help: "Write a time from 00:00 to 24:00." };
  }
  return { kind: "clock", text: found[0], start: at, end, value };
}

function numberAt(text: string, at: number): Token | TokenProblem | undefined {
  const found = match(NUMBER, text, at);
  if (found === null) return undefined;
  const value = Number(found[0].replaceAll("_", ""));
  let end = at + found[0].length;
  if (!Number.isFinite(value)) {
    return { start: at, end, message: "This number is too large", help: "" };
  }
  if (text[end] === "%") {
    return { kind: "percent", text: text.slice(at, end + 1), start: at, end: end + 1, value: percentOf(value) };
  }
  const letters = /[eE][+-]?\d+(?![A-Za-z_])|[A-Za-z_]+/y;
  const suffix = match(letters, text, end)?.[0];
  if (suffix === undefined) return { kind: "number", text: found[0], start: at, end, value };
  end += suffix.length;
  const unit = Object.hasOwn(UNIT_MS, suffix) ? UNIT_MS[suffix] : undefined;
  if (unit !== undefined) return { kind: "duration", text: text.slice(at, end), start: at, end, value: value * unit };
  const bad = text.slice(at, end);
  return {
    kind: "bad",
    text: bad,
    start: at,
    end,
    message: `"${bad}" is neither a number nor a duration`,
    help: helpForSuffix(found[0], suffix),
  };
}

function helpForSuffix(number: string, suffix: string): Help {
  if (/^e[+-]?\d*$/i.test(suffix)) {
    return advice("Write the number out, e.g. 1_000.", becomes(writtenOut, { safe: true }));
  }
  const unit = unitOf(suffix);
  const help = `Write "${number} bars" or a unit directly after the number (s, m, h, d), e.g. "${number}m".`;
  return unit === undefined ? help : advice(help, becomes(`${number}${unit}`, { safe: true }));
}

/** `1.5e3` is 1500; undefined when no plain number says the same. */
function writtenOut(source: string): string | undefined {
  const value = Number(source.replaceAll("_", ""));
  const plain = String(value);
  return source.length > 0 && Number.isFinite(value) && /^\d+(?:\.\d+)?$/.test(plain) ? plain : undefined;
}

/** `0.1%` must be the same float as `0.001`, which dividing by 100 does not always give. */
export function percentOf(value: number): number {
  const text = String(value);
  return text.includes("e") ? value / 100 : Number(`${text}e-2`);
}

function nameAt(text: string, at: number): Token | undefined {
  const found = match(NAME, text, at);
  if (found === null) return undefined;
  const end = at + found[0].length;
  const lower = found[0].toLowerCase();
  if (KEYWORDS.has(lower)) return { kind: "word", text: lower, start: at, end };
  return { kind: "name", text: found[0], start: at, end };
}

const HINTS: Readonly<Record<string, Help>> = {
  "&": advice('Write "and".', becomes("and", { safe: true })),
  "|": advice('Write "or".', becomes("or", { safe: true })),
  // Elsewhere it binds to the next name only; here `not` takes the whole comparison.
  "!": advice('Write "not".', becomes("not ", { safe: false })),
  "?": "There is no ?: operator; write two rules.",
  '"': "Text has no place in an expression; write the name without quotes.",
  "'": "Text has no place in an expression; write the name without quotes.",
  "%": "A percent sign stands directly after a number: 2%.",
  "^": "There is no power operator; multiply.",
  "{": "A json-rules-engine object cannot stand inside text; use any/all around both.",
};

function signAt(text: string, at: number): Token | TokenProblem {
  const found = match(SIGN, text, at);
  if (found !== null) {
    const sign = found[0];
    if (sign === "&&" || sign === "||") {
      return { kind: "word", text: sign === "&&" ? "and" : "or", start: at, end: at + 2 };
    }
    if (sign !== ".") return { kind: "sign", text: sign, start: at, end: at + sign.length };
    // Behind a number or a call it is no decimal point.
    if (/\d/.test(text[at + 1] ?? "") && !/[\w)\]]/.test(text[at - 1] ?? "")) {
      const digits = match(/\d+/y, text, at + 1)?.[0] ?? "";
      const end = at + 1 + digits.length;
      return {
        start: at,
        end,
        message: `".${digits}" is no number`,
        help: advice(`Write 0.${digits}.`, becomes(`0.${digits}`, { safe: true })),
      };
    }
    return { kind: "sign", text: sign, start: at, end: at + 1 };
  }
  const character = String.fromCodePoint(text.codePointAt(at) ?? 0);
  const shown = /[\p{C}\p{Z}]/u.test(character)
    ? `U+${character.codePointAt(0)?.toString(16).toUpperCase().padStart(4, "0")}`
    : character;
  const help = (character === "%" ? detachedPercent(text, at) : undefined) ?? HINTS[character] ?? "";
  return { start: at, end: at + character.length, message: `Unexpected character "${shown}"`, help };
}

/** `2 %`, where nothing follows that it could divide. */
function detachedPercent(text: string, at: number): Help | undefined {
  const blanks = /\d([ \t]+)$/.exec(text.slice(0, at))?.[1]?.length ?? 0;
  if (blanks === 0 || !/^\s*(?:$|[,)\]<>=]|(?:and|or|then|for|within)\b)/i.test(text.slice(at + 1))) return undefined;
  const attach = editing("Remove the blank before %", true, ({ place, source }) => {
    const span = { start: place.start - blanks, end: place.start };
    return source(span).trim() === "" ? [{ ...span, text: "" }] : undefined;
  });
  return advice(HINTS["%"] as string, attach);
}
