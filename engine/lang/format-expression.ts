/**
 * The house style of expressions: one blank around operators, none inside parentheses, keywords in lower case.
 *
 * Owns: the spelling of what the parser accepts; text that it does not accept comes back as it is. Line ends between
 * tokens stay where the author put them.
 */
import { parseExpression } from "./parser.ts";
import { asWritten } from "./places.ts";
import { WORD_ARGUMENTS, wordAt } from "./syntax.ts";
import { tokenize } from "./tokens.ts";
import type { Token } from "./tokens.ts";

interface Piece {
  readonly text: string;
  readonly kind: Token["kind"] | "unary";
  /** The author began a new line here. */
  readonly newLine: boolean;
}

/** `$name` of a template stands for a value; among tokens it is a name like any other. */
const INPUT = "__input_";

function withNames(text: string): string {
  return text.replaceAll(/\$(?=[A-Za-z_])/g, INPUT);
}

/** The lines of an expression in the house style; undefined when it cannot be parsed. */
export function formatExpression(text: string): readonly string[] | undefined {
  if (!text.includes("$")) return formatted(text);
  return text.includes(INPUT) ? undefined : formatted(withNames(text))?.map((line) => line.replaceAll(INPUT, "$"));
}

function formatted(text: string): readonly string[] | undefined {
  if ("problem" in parseExpression(text, asWritten)) return undefined;
  const pieces = piecesOf(text);
  if (pieces === undefined) return undefined;
  const lines: string[] = [];
  let line = "";
  for (const [index, piece] of pieces.entries()) {
    const before = pieces[index - 1];
    if (before === undefined) line = piece.text;
    else if (piece.newLine) {
      lines.push(line);
      line = piece.text;
    } else line += (isSpaced(before, piece) ? " " : "") + piece.text;
  }
  lines.push(line);
  return lines;
}

/** Two texts mean the same when they consist of the same tokens. */
export function sameExpression(a: string, b: string): boolean {
  const left = piecesOf(withNames(a));
  const right = piecesOf(withNames(b));
  if (left === undefined || right === undefined || left.length !== right.length) return false;
  return left.every((piece, index) => piece.text === right[index]?.text && piece.kind === right[index]?.kind);
}

function piecesOf(text: string): Piece[] | undefined {
  const tokens = tokenize(text);
  if ("message" in tokens) return undefined;
  const pieces: Piece[] = [];
  let end = 0;
  for (let i = 0; i < tokens.length; i++) {
    const token = tokens[i] as Token;
    if (token.kind === "end") break;
    const newLine = text.slice(end, token.start).includes("\n");
    const last = pieces.at(-1);
    const raw = last?.text === ":" ? rawArgument(text, pieces.at(-2)?.text ?? "", token.start) : undefined;
    if (raw !== undefined) {
      pieces.push({ text: raw.replaceAll(/\s+/g, " "), kind: "name", newLine });
      end = token.start + raw.length;
      while ((tokens[i + 1]?.start ?? end) < end) i++;
      continue;
    }
    const unary = token.kind === "sign" && token.text === "-" && !endsValue(last);
    // The price of the last trade, unless it belongs to `within last 5 bars`.
    const isFact = token.kind === "word" && token.text === "last" && last?.text !== "within";
    const kind = unary ? "unary" : isFact ? "name" : token.kind;
    pieces.push({ text: token.text === "=" ? "==" : token.text, kind, newLine });
    end = token.end;
  }
  return pieces;
}

/** A bar size or a symbol is text, not tokens: `BTC/USD` has no blanks around its slash. */
function rawArgument(text: string, name: string, at: number): string | undefined {
  return WORD_ARGUMENTS.has(name) ? wordAt(text, name, at) : undefined;
}

/** True when a minus after this piece subtracts. */
function endsValue(piece: Piece | undefined): boolean {
  if (piece === undefined || piece.kind === "unary" || piece.kind === "word") return false;
  return piece.kind !== "sign" || piece.text === ")" || piece.text === "]";
}

function isSpaced(before: Piece, piece: Piece): boolean {
  if (before.kind === "unary" || before.text === "." || piece.text === ".") return false;
  if (before.text === "(" || before.text === "[") return false;
  if ([")", "]", ",", ":"].includes(piece.text)) return false;
  // A call and a lookback follow their fact without a blank.
  if (piece.text === "(") return before.kind !== "name";
  if (piece.text === "[") return !endsValue(before);
  return true;
}
