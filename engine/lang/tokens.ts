/**
 * The tokenizer of expressions.
 *
 * Owns: which characters make which token. Offsets are those of the expression's text. May not know the grammar.
 */

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
      readonly help: string;
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
  readonly help: string;
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
  const letters = /[A-Za-z_]+/y;
  const suffix = match(letters, text, end)?.[0];
  if (suffix === undefined) return { kind: "number", text: found[0], start: at, end, value };
  end += suffix.length;
  const unit = Object.hasOwn(UNIT_MS, suffix) ? UNIT_MS[suffix] : undefined;
  if (unit !== undefined) return { kind: "duration", text: text.slice(at, end), start: at, end, value: value * unit };
  const help = /^e\d*$/i.test(suffix)
    ? `Write the number out, e.g. 1_000.`
    : `Write "${found[0]} bars" or a unit directly after the number (s, m, h, d), e.g. "${found[0]}m".`;
  const bad = text.slice(at, end);
  return { kind: "bad", text: bad, start: at, end, message: `"${bad}" is neither a number nor a duration`, help };
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

const HINTS: Readonly<Record<string, string>> = {
  "&": 'Write "and".',
  "|": 'Write "or".',
  "!": 'Write "not".',
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
    if (/\d/.test(text[at + 1] ?? "")) {
      const digits = match(/\d+/y, text, at + 1)?.[0] ?? "";
      const end = at + 1 + digits.length;
      return { start: at, end, message: `".${digits}" is no number`, help: `Write 0.${digits}.` };
    }
    return { kind: "sign", text: sign, start: at, end: at + 1 };
  }
  const character = String.fromCodePoint(text.codePointAt(at) ?? 0);
  const shown = /[\p{C}\p{Z}]/u.test(character)
    ? `U+${character.codePointAt(0)?.toString(16).toUpperCase().padStart(4, "0")}`
    : character;
  const help = HINTS[character] ?? "";
  return { start: at, end: at + character.length, message: `Unexpected character "${shown}"`, help };
}
