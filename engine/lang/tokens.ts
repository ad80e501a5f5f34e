/**
 * Words of the expression language.
 *
 * Owns: turning text into tokens with offsets. May not: know what a name means.
 */
export type TokenKind = "number" | "percent" | "duration" | "clock" | "name" | "keyword" | "operator" | "end";

export interface Token {
  readonly kind: TokenKind;
  /** As written; keywords in lower case. */
  readonly text: string;
  /** Of numbers; percent is already divided by 100, clock is minutes after midnight, durations are milliseconds. */
  readonly value: number;
  readonly start: number;
  readonly end: number;
}

/** A place in an expression that is wrong, and how. */
export class ExpressionError extends Error {
  override readonly name = "ExpressionError";
  readonly code: string;
  readonly start: number;
  readonly end: number;
  readonly help: string;
  constructor(start: number, end: number, message: string, help = "", code = "yaml/expression") {
    super(message);
    this.start = start;
    this.end = end;
    this.help = help;
    this.code = code;
  }
}

export const KEYWORDS: ReadonlySet<string> = new Set([
  "and", "or", "not", "crosses", "above", "below", "is", "for", "within", "then", "between", "in", "bars", "bar",
]);

const UNIT_MS: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };
const OPERATORS = ["<=", ">=", "==", "!=", "<", ">", "=", "+", "-", "*", "/", "(", ")", "[", "]", ",", ":"];
const NUMBER = /^(\d[\d_]*(?:\.\d+)?|\.\d+)/;
const NAME = /^[A-Za-z_][A-Za-z0-9_]*(?:\.[A-Za-z_][A-Za-z0-9_]*)*/;
const CLOCK = /^([01]?\d|2[0-3]):([0-5]\d)(?![\d])/;
/** Longer expressions are refused before anything looks at them. */
export const MAX_EXPRESSION = 4_000;

export function tokenize(source: string): Token[] {
  if (source.length > MAX_EXPRESSION) {
    throw new ExpressionError(0, source.length, `an expression may have at most ${MAX_EXPRESSION} characters, this one has ${source.length}`, "split it into named facts and conditions");
  }
  const tokens: Token[] = [];
  let at = 0;
  while (at < source.length) {
    if (/\s/.test(source[at] as string)) {
      at++;
      continue;
    }
    const token = next(source, at);
    tokens.push(token);
    at = token.end;
  }
  tokens.push({ kind: "end", text: "", value: Number.NaN, start: source.length, end: source.length });
  return tokens;
}

function next(source: string, at: number): Token {
  const rest = source.slice(at);
  const clock = CLOCK.exec(rest);
  if (clock !== null) return token("clock", clock[0], Number(clock[1]) * 60 + Number(clock[2]), at);
  const number = NUMBER.exec(rest);
  if (number !== null) return numberToken(rest, number[0], at);
  const name = NAME.exec(rest);
  if (name !== null) {
    const word = name[0].toLowerCase();
    return KEYWORDS.has(word) ? { ...token("keyword", name[0], Number.NaN, at), text: word } : token("name", name[0], Number.NaN, at);
  }
  if (rest.startsWith("&&") || rest.startsWith("||")) return { ...token("keyword", rest.slice(0, 2), Number.NaN, at), text: rest.startsWith("&") ? "and" : "or" };
  const operator = OPERATORS.find((candidate) => rest.startsWith(candidate));
  if (operator !== undefined) return token("operator", operator, Number.NaN, at);
  const character = String.fromCodePoint(rest.codePointAt(0) as number);
  const hint = character === "&" ? 'write "and"' : character === "|" ? 'write "or"' : character === "!" ? 'write "not"' : "";
  throw new ExpressionError(at, at + character.length, `unexpected character "${character}"`, hint);
}

function numberToken(rest: string, digits: string, at: number): Token {
  const value = Number(digits.replaceAll("_", ""));
  const after = rest.slice(digits.length);
  if (after.startsWith("%")) return token("percent", `${digits}%`, value / 100, at);
  const unit = /^[A-Za-z]+/.exec(after)?.[0];
  if (unit === undefined) return token("number", digits, value, at);
  const ms = UNIT_MS[unit];
  if (ms === undefined) {
    throw new ExpressionError(at, at + digits.length + unit.length, `"${digits}${unit}" is not a number or a duration`, "durations end in s, m, h or d, e.g. 30m");
  }
  return token("duration", `${digits}${unit}`, value * ms, at);
}

function token(kind: TokenKind, text: string, value: number, start: number): Token {
  return { kind, text, value, start, end: start + text.length };
}
