/**
 * What is being typed inside an expression.
 *
 * Owns: the word before the cursor, what it hangs on (a dot, a call, an argument), and whether a value or an operator
 * comes next. Works on the tokens of the language; may not parse.
 */
import { WORD_ARGUMENTS } from "../lang/syntax.ts";
import { tokenize } from "../lang/tokens.ts";
import type { Token } from "../lang/tokens.ts";

export interface OpenCall {
  readonly name: string;
  /** Position of the argument under the cursor, from 0. */
  readonly index: number;
  /** `on`, `of`, …: the argument under the cursor is named. */
  readonly argument: string | undefined;
  /** Names given so far. */
  readonly given: readonly string[];
}

type Expects = "operand" | "operator" | "quantity" | "bars" | "direction" | "comparison" | "list" | "argument-word";

export interface TypedExpression {
  /** The letters directly before the cursor. */
  readonly word: string;
  /** What stands before the dot: `band`, `position`, or the name of a call. */
  readonly base: string | undefined;
  readonly call: OpenCall | undefined;
  readonly expects: Expects;
  /** Nothing of the argument but the word has been typed: it may become a name with a colon. */
  readonly beginsArgument: boolean;
}

/** `before`: the expression up to the cursor. */
export function typedExpression(before: string): TypedExpression {
  const tokens = tokensOf(before);
  const last = tokens.at(-1);
  const isTyping = last !== undefined && last.end === before.length && (last.kind === "name" || last.kind === "word");
  const typed = isTyping ? (tokens.pop() as Token) : undefined;
  const raw = typed === undefined ? "" : before.slice(typed.start, typed.end);
  const dot = raw.lastIndexOf(".");
  const call = openCall(tokens);
  const hangsOn = typed === undefined || dot < 0 ? baseBefore(tokens) : raw.slice(0, dot);
  const previous = tokens.at(-1);
  return {
    word: raw.slice(dot + 1),
    base: hangsOn,
    call,
    expects: expected(tokens, call),
    beginsArgument: call !== undefined && previous?.kind === "sign" && (previous.text === "(" || previous.text === ","),
  };
}

/** Tokens as far as they go; what cannot be a token is left out. */
function tokensOf(text: string): Token[] {
  let rest = text;
  let shift = 0;
  const found: Token[] = [];
  for (let i = 0; i < 100; i++) {
    const tokens = tokenize(rest);
    if (!("message" in tokens)) {
      found.push(...tokens.filter(({ kind }) => kind !== "end").map((token) => moved(token, shift)));
      return found;
    }
    const head = tokenize(rest.slice(0, tokens.start));
    if (!("message" in head)) {
      found.push(...head.filter(({ kind }) => kind !== "end").map((token) => moved(token, shift)));
    }
    shift += tokens.end;
    rest = rest.slice(tokens.end);
  }
  return found;
}

function moved(token: Token, by: number): Token {
  return { ...token, start: token.start + by, end: token.end + by };
}

/** `bollinger(20, 2).`, `band.`: the name before the dot that is the last token. */
function baseBefore(tokens: readonly Token[]): string | undefined {
  const dot = tokens.at(-1);
  if (dot?.kind !== "sign" || dot.text !== ".") return undefined;
  let at = tokens.length - 2;
  if (tokens[at]?.text === ")") {
    for (let depth = 0; at >= 0; at--) {
      const { kind, text } = tokens[at] as Token;
      if (kind !== "sign") continue;
      if (text === ")") depth++;
      if (text === "(" && --depth === 0) break;
    }
    at--;
  }
  const name = tokens[at];
  return name?.kind === "name" ? name.text : undefined;
}

function openCall(tokens: readonly Token[]): OpenCall | undefined {
  interface Frame {
    readonly name: string | undefined;
    index: number;
    argument: string | undefined;
    readonly given: string[];
  }
  const frames: Frame[] = [];
  for (const [i, { kind, text }] of tokens.entries()) {
    if (kind !== "sign") continue;
    const frame = frames.at(-1);
    const previous = tokens[i - 1];
    if (text === "(" || text === "[") {
      const name = text === "(" && previous?.kind === "name" ? previous.text : undefined;
      frames.push({ name, index: 0, argument: undefined, given: [] });
    } else if (text === ")" || text === "]") frames.pop();
    else if (text === "," && frame !== undefined) {
      frame.index++;
      frame.argument = undefined;
    } else if (text === ":" && frame !== undefined && previous?.kind === "name") {
      frame.argument = previous.text;
      frame.given.push(previous.text);
    }
  }
  // Parentheses that only group belong to the call around them.
  const frame = frames.findLast(({ name }) => name !== undefined);
  if (frame?.name === undefined) return undefined;
  return { name: frame.name, index: frame.index, argument: frame.argument, given: frame.given };
}

function expected(tokens: readonly Token[], call: OpenCall | undefined): Expects {
  const last = tokens.at(-1);
  if (call?.argument !== undefined && WORD_ARGUMENTS.has(call.argument)) return "argument-word";
  if (last === undefined) return "operand";
  switch (last.kind) {
    case "sign":
      return last.text === ")" || last.text === "]" ? "operator" : "operand";
    case "word":
      return afterWord(last.text);
    case "number":
      return tokens.at(-2)?.kind === "word" && ["for", "within", "last"].includes(tokens.at(-2)?.text ?? "")
        ? "bars"
        : "operator";
    default:
      return "operator";
  }
}

function afterWord(word: string): Expects {
  switch (word) {
    case "for":
    case "within":
    case "last":
      return "quantity";
    case "crosses":
      return "direction";
    case "is":
      return "comparison";
    case "in":
      return "list";
    case "bar":
    case "bars":
      return "operator";
    default:
      return "operand";
  }
}
