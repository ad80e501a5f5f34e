/**
 * A cursor over tokens, for the parser.
 *
 * Owns: looking ahead, taking, limits of depth and length, and the refusal that ends a parse.
 */
import type { Span } from "./diagnostic.ts";
import type { Help } from "./fix.ts";
import type { Token } from "./tokens.ts";

/** Deeper nesting is refused before it can exhaust the stack. */
const MAX_DEPTH = 64;
/** Operators, lookbacks and durations of one expression: each makes the tree one level higher. */
const MAX_LINKS = 500;

/** Why an expression cannot be read, and where. */
export interface SyntaxProblem {
  readonly span: Span;
  readonly message: string;
  readonly help: Help;
}

/** Unwinds the parser; caught where the parse began. */
export class Refusal extends Error {
  readonly problem: SyntaxProblem;
  constructor(problem: SyntaxProblem) {
    super(problem.message);
    this.problem = problem;
  }
}

export class Cursor {
  readonly #tokens: readonly Token[];
  readonly #spanOf: (start: number, end: number) => Span;
  #at = 0;
  #depth = 0;
  #links = 0;

  constructor(tokens: readonly Token[], spanOf: (start: number, end: number) => Span) {
    this.#tokens = tokens;
    this.#spanOf = spanOf;
  }

  /** The token after the next. */
  after(): Token | undefined {
    return this.#tokens[this.#at + 1];
  }

  deeper<T>(parse: () => T): T {
    if (this.#depth >= MAX_DEPTH) {
      const help = "Split the expression with named facts and conditions.";
      this.refuse(this.peek(), `Nested more than ${MAX_DEPTH} levels deep`, help);
    }
    this.#depth++;
    const result = parse();
    this.#depth--;
    return result;
  }

  link(): void {
    if (++this.#links <= MAX_LINKS) return;
    this.refuse(this.peek(), `More than ${MAX_LINKS} operators in one expression`, "Split it with named facts.");
  }

  peek(): Token {
    return this.#tokens[this.#at] as Token;
  }

  next(): Token {
    const token = this.peek();
    if (token.kind !== "end") this.#at++;
    return token;
  }

  isWord(word: string): boolean {
    const token = this.peek();
    return token.kind === "word" && token.text === word;
  }

  takeWord(word: string): boolean {
    if (!this.isWord(word)) return false;
    this.#at++;
    return true;
  }

  isSign(sign: string): boolean {
    const token = this.peek();
    return token.kind === "sign" && token.text === sign;
  }

  takeSign(sign: string): boolean {
    if (!this.isSign(sign)) return false;
    this.#at++;
    return true;
  }

  expect(sign: string, message: string, help: Help): Token {
    const token = this.peek();
    if (!this.takeSign(sign)) this.refuse(token, message, help);
    return token;
  }

  /** A word of plain English that the grammar does not have. */
  refuseName(word: string, help: Help): void {
    const token = this.peek();
    if (token.kind === "name" && token.text === word) this.refuse(token, `Unexpected "${word}"`, help);
  }

  span(token: Token): Span {
    return this.#spanOf(token.start, token.end);
  }

  refuse(token: Token, message: string, help: Help): never {
    const span = this.span(token);
    if (token.kind === "bad") throw new Refusal({ span, message: token.message, help: token.help });
    throw new Refusal({ span: this.span(token), message, help });
  }
}
