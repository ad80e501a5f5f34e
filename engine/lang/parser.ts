/**
 * The expression grammar: hand-written recursive descent, one precedence grammar for numbers and conditions.
 *
 * Owns: text -> syntax tree, with exact places. May not: resolve names or decide kinds beyond what the syntax itself
 * says (see lower-*.ts). Loosest first: or, and, not, (for | within | then), comparison, + -, * /, unary -, atom.
 */
import type { Span } from "./diagnostic.ts";
import { didYouMean } from "./suggest.ts";
import { isCondition, joined } from "./syntax.ts";
import type { Argument, Node, Quantity, Relation } from "./syntax.ts";
import { KEYWORD_LIST, tokenize } from "./tokens.ts";
import type { Token } from "./tokens.ts";

/** Deeper nesting is refused before it can exhaust the stack. */
const MAX_DEPTH = 64;
const MAX_LENGTH = 10_000;
/** Operators, lookbacks and durations of one expression: each makes the tree one level higher. */
const MAX_LINKS = 500;

export interface SyntaxProblem {
  readonly span: Span;
  readonly message: string;
  readonly help: string;
}

class Refusal extends Error {
  readonly problem: SyntaxProblem;
  constructor(problem: SyntaxProblem) {
    super(problem.message);
    this.problem = problem;
  }
}

/** Parses one expression. `place` maps an offset of the text to an offset of the file. */
export function parseExpression(
  text: string,
  place: (offset: number) => number,
): { readonly node: Node } | { readonly problem: SyntaxProblem } {
  const spanOf = (start: number, end: number): Span => {
    const from = place(start);
    return { start: from, end: end > start ? Math.max(from, place(end - 1) + 1) : from };
  };
  if (text.length > MAX_LENGTH) {
    const help = "Split it with named facts and conditions.";
    return {
      problem: { span: spanOf(0, 1), message: `This expression is longer than ${MAX_LENGTH} characters`, help },
    };
  }
  const tokens = tokenize(text);
  if ("message" in tokens) {
    return { problem: { span: spanOf(tokens.start, tokens.end), message: tokens.message, help: tokens.help } };
  }
  try {
    return { node: new Parser(text, tokens, spanOf).whole() };
  } catch (error) {
    if (error instanceof Refusal) return { problem: error.problem };
    throw error;
  }
}

const RELATIONS: ReadonlySet<string> = new Set(["<", "<=", ">", ">=", "==", "=", "!="]);

class Parser {
  readonly #text: string;
  readonly #tokens: readonly Token[];
  readonly #spanOf: (start: number, end: number) => Span;
  #at = 0;
  #depth = 0;
  #links = 0;

  constructor(text: string, tokens: readonly Token[], spanOf: (start: number, end: number) => Span) {
    this.#text = text;
    this.#tokens = tokens;
    this.#spanOf = spanOf;
  }

  whole(): Node {
    const node = this.#or();
    const token = this.#peek();
    if (token.kind !== "end") this.#unexpected(token);
    return node;
  }

  // -------------------------------------------------------------------------------------------- conditions

  #or(): Node {
    return this.#joined("or", "any", () => this.#and());
  }

  #and(): Node {
    return this.#joined("and", "all", () => this.#not());
  }

  #joined(word: string, kind: "all" | "any", next: () => Node): Node {
    const first = next();
    if (!this.#isWord(word)) return first;
    const kids = [first];
    while (this.#takeWord(word)) kids.push(next());
    return { kind, kids, span: joined(first.span, (kids.at(-1) as Node).span) };
  }

  #not(): Node {
    const token = this.#peek();
    if (!this.#takeWord("not")) return this.#suffixed();
    return this.#deeper(() => {
      const kid = this.#not();
      return { kind: "not", kid, span: joined(this.#span(token), kid.span) };
    });
  }

  #suffixed(): Node {
    let node = this.#lasting(this.#comparison());
    while (this.#takeWord("then")) {
      const second = this.#comparison();
      if (!this.#takeWord("within")) {
        this.#refuse(this.#peek(), 'Expected "within" and a number of bars', "Write: A then B within 5 bars.");
      }
      const quantity = this.#quantity();
      node = { kind: "then", first: node, second, quantity, span: joined(node.span, quantity.span) };
      if (this.#isWord("then")) {
        this.#refuse(this.#peek(), "A sequence of more than two steps is not built yet", "Use two rules.");
      }
    }
    return node;
  }

  #lasting(of: Node): Node {
    let node = of;
    for (;;) {
      const kind = this.#isWord("for") ? "for" : this.#isWord("within") ? "within" : undefined;
      if (kind === undefined) return node;
      this.#link();
      this.#next();
      if (kind === "within") this.#takeWord("last");
      const quantity = this.#quantity();
      node = { kind, of: node, quantity, span: joined(node.span, quantity.span) };
    }
  }

  #quantity(): Quantity {
    const token = this.#next();
    const span = this.#span(token);
    if (token.kind === "duration") return { ms: token.value, span };
    if (token.kind !== "number" && token.kind !== "name") {
      this.#refuse(token, "Expected a number of bars or a duration such as 30s", 'Write "3 bars" or "10m".');
    }
    const unit = this.#peek();
    if (!this.#takeWord("bars") && !this.#takeWord("bar")) {
      const shown = token.text;
      this.#refuse(
        unit.kind === "end" ? token : unit,
        `Expected "bars" or a unit (s, m, h) after ${shown}`,
        `Write "${shown} bars"${token.kind === "number" ? ` or "${shown}m"` : ""}.`,
      );
    }
    const bars: Node =
      token.kind === "number"
        ? { kind: "number", value: token.value, form: "number", span }
        : { kind: "name", name: token.text, span };
    return { bars, span: joined(span, this.#span(unit)) };
  }

  // -------------------------------------------------------------------------------------------- comparisons

  #comparison(): Node {
    const left = this.#sum();
    if (isCondition(left)) {
      this.#refuseChain(left);
      return left;
    }
    const negated = this.#isWord("not") && this.#tokens[this.#at + 1]?.text === "in";
    if (negated) this.#next();
    const is = this.#peek();
    const said = this.#takeWord("is");
    const token = this.#peek();
    const node = this.#compared(left, token, said, negated);
    if (node === undefined) {
      if (said) this.#refuse(token, `Expected a comparison after "${is.text}"`, 'Write "is above 30" or "> 30".');
      return left;
    }
    this.#refuseChain(node);
    return node;
  }

  #compared(left: Node, token: Token, said: boolean, negated: boolean): Node | undefined {
    if (token.kind === "sign" && RELATIONS.has(token.text)) {
      this.#next();
      return this.#relation((token.text === "=" ? "==" : token.text) as Relation, left, this.#number());
    }
    if (said && (this.#takeWord("above") || this.#takeWord("below"))) {
      return this.#relation(token.text === "above" ? ">" : "<", left, this.#number());
    }
    if (this.#takeWord("crosses")) {
      const direction = this.#takeWord("above") ? "above" : this.#takeWord("below") ? "below" : "any";
      const right = this.#number();
      return { kind: "crosses", direction, left, right, span: joined(left.span, right.span) };
    }
    if (this.#takeWord("between")) {
      const low = this.#number();
      if (!this.#takeWord("and")) {
        this.#refuse(this.#peek(), 'Expected "and" between the two bounds', "Write: x between 1 and 2.");
      }
      const high = this.#number();
      return { kind: "between", of: left, low, high, span: joined(left.span, high.span) };
    }
    if (this.#takeWord("in")) return this.#list(left, negated);
    return undefined;
  }

  #relation(relation: Relation, left: Node, right: Node): Node {
    return { kind: "compare", relation, left, right, span: joined(left.span, right.span) };
  }

  #list(of: Node, negated: boolean): Node {
    this.#expect("[", 'Expected "[" and a list of numbers', "Write: weekday in [1, 2, 3].");
    const values: Node[] = [];
    do values.push(this.#number());
    while (this.#takeSign(","));
    const close = this.#expect("]", 'Expected "]" to close the list', "");
    return { kind: "in", of, values, negated, span: joined(of.span, this.#span(close)) };
  }

  #refuseChain(node: Node): void {
    const token = this.#peek();
    const relation = token.kind === "sign" && RELATIONS.has(token.text);
    if (!relation && !this.#isWord("between") && !this.#isWord("crosses") && !this.#isWord("is")) return;
    if (node.kind === "all" || node.kind === "any" || node.kind === "not") {
      this.#refuse(token, "A condition cannot be compared", "Only numbers can; join conditions with and, or, not.");
    }
    this.#refuse(token, "Comparisons cannot be chained", 'Write "a < b and b < c".');
  }

  // -------------------------------------------------------------------------------------------- arithmetic

  /** A sum that must not be a condition. */
  #number(): Node {
    const node = this.#sum();
    this.#mustBeNumber(node);
    return node;
  }

  #sum(): Node {
    return this.#binary(["+", "-"], () => this.#product());
  }

  #product(): Node {
    return this.#binary(["*", "/"], () => this.#unary());
  }

  #binary(signs: readonly string[], next: () => Node): Node {
    let left = next();
    for (;;) {
      const token = this.#peek();
      if (token.kind !== "sign" || !signs.includes(token.text)) return left;
      this.#mustBeNumber(left);
      this.#link();
      this.#next();
      const right = next();
      this.#mustBeNumber(right);
      const operator = token.text as "+" | "-" | "*" | "/";
      left = { kind: "calc", operator, args: [left, right], span: joined(left.span, right.span) };
    }
  }

  #unary(): Node {
    const token = this.#peek();
    if (this.#takeSign("+")) this.#refuse(token, 'Unexpected "+"', "A number needs no plus sign.");
    if (!this.#takeSign("-")) return this.#postfix();
    return this.#deeper(() => {
      const of = this.#unary();
      this.#mustBeNumber(of);
      const span = joined(this.#span(token), of.span);
      if (of.kind === "number") return { ...of, value: -of.value, span };
      return { kind: "calc", operator: "neg", args: [of], span };
    });
  }

  #mustBeNumber(node: Node): void {
    if (!isCondition(node)) return;
    throw new Refusal({ span: node.span, message: "Expected a number or a fact, found a condition", help: "" });
  }

  #postfix(): Node {
    let node = this.#atom();
    for (;;) {
      const token = this.#peek();
      if (token.kind !== "sign") return node;
      if (token.text === "." && node.kind === "call" && node.output === undefined) {
        this.#next();
        const name = this.#next();
        if (name.kind !== "name") this.#refuse(name, "Expected the name of an output after the dot", "");
        node = { ...node, output: name.text, span: joined(node.span, this.#span(name)) };
      } else if (token.text === "[") {
        this.#mustBeNumber(node);
        this.#link();
        this.#next();
        const bars = this.#number();
        const close = this.#expect("]", 'Expected "]" to close the lookback', "Write: close[3].");
        node = { kind: "lookback", of: node, bars, span: joined(node.span, this.#span(close)) };
      } else return node;
    }
  }

  #atom(): Node {
    const token = this.#next();
    const span = this.#span(token);
    switch (token.kind) {
      case "number":
        return { kind: "number", value: token.value, form: "number", span };
      case "percent":
      case "clock":
      case "duration":
        return { kind: "number", value: token.value, form: token.kind, span };
      case "name":
        return this.#isSign("(") ? this.#call(token) : { kind: "name", name: token.text, span };
      case "sign":
        if (token.text === "(") return this.#parenthesised(token);
        break;
      case "end":
      case "word":
        break;
    }
    return this.#unexpectedAtom(token);
  }

  #unexpectedAtom(token: Token): never {
    if (token.kind === "end") {
      this.#refuse(token, "Expression ends too early: expected a fact or a number", "");
    }
    const help = RELATIONS.has(token.text)
      ? "A comparison has a value on both sides."
      : token.text === "["
        ? "A list stands only after in: weekday in [1, 2]."
        : "";
    return this.#refuse(token, `Expected a fact or a number, found "${token.text}"`, help);
  }

  #parenthesised(open: Token): Node {
    return this.#deeper(() => {
      const node = this.#or();
      if (!this.#isSign(")")) this.#expectedClose(open, 'Expected ")" to close the parenthesis');
      const close = this.#next();
      return { ...node, span: joined(this.#span(open), this.#span(close)) };
    });
  }

  #expectedClose(_open: Token, message: string): never {
    const token = this.#peek();
    return this.#refuse(token, message, "");
  }

  // -------------------------------------------------------------------------------------------- calls

  #call(name: Token): Node {
    this.#next();
    return this.#deeper(() => {
      const args: Argument[] = [];
      if (!this.#isSign(")")) {
        do args.push(this.#argument());
        while (this.#takeSign(","));
      }
      if (!this.#isSign(")")) this.#expectedClose(name, `Expected ")" to close the parameters of ${name.text}`);
      const close = this.#next();
      const nameSpan = this.#span(name);
      return { kind: "call", name: name.text, nameSpan, args, span: joined(nameSpan, this.#span(close)) };
    });
  }

  #argument(): Argument {
    const token = this.#peek();
    const colon = this.#tokens[this.#at + 1];
    const named = token.kind === "name" && colon?.kind === "sign" && colon.text === ":";
    if (!named) return { value: this.#number() };
    this.#next();
    this.#next();
    const nameSpan = this.#span(token);
    const raw = token.text === "on" || token.text === "symbol" || token.text === "output" || token.text === "forming";
    return { name: token.text, nameSpan, value: raw ? this.#word(token.text) : this.#number() };
  }

  /** A bar size or a symbol is read as text: `BRK.B`, `BTC/USD`, `0700.HK`. */
  #word(what: string): Node {
    const first = this.#peek();
    const pattern = /[A-Za-z0-9._/-]+/y;
    pattern.lastIndex = first.start;
    const word = pattern.exec(this.#text)?.[0];
    if (word === undefined) this.#refuse(first, `Expected a value after "${what}:"`, "");
    const end = first.start + word.length;
    while (this.#peek().kind !== "end" && this.#peek().start < end) this.#next();
    return { kind: "word", word, span: this.#spanOf(first.start, end) };
  }

  // -------------------------------------------------------------------------------------------- tokens

  #deeper<T>(parse: () => T): T {
    if (this.#depth >= MAX_DEPTH) {
      const help = "Split the expression with named facts and conditions.";
      this.#refuse(this.#peek(), `Nested more than ${MAX_DEPTH} levels deep`, help);
    }
    this.#depth++;
    const result = parse();
    this.#depth--;
    return result;
  }

  #link(): void {
    if (++this.#links <= MAX_LINKS) return;
    this.#refuse(this.#peek(), `More than ${MAX_LINKS} operators in one expression`, "Split it with named facts.");
  }

  #peek(): Token {
    return this.#tokens[this.#at] as Token;
  }

  #next(): Token {
    const token = this.#peek();
    if (token.kind !== "end") this.#at++;
    return token;
  }

  #isWord(word: string): boolean {
    const token = this.#peek();
    return token.kind === "word" && token.text === word;
  }

  #takeWord(word: string): boolean {
    if (!this.#isWord(word)) return false;
    this.#at++;
    return true;
  }

  #isSign(sign: string): boolean {
    const token = this.#peek();
    return token.kind === "sign" && token.text === sign;
  }

  #takeSign(sign: string): boolean {
    if (!this.#isSign(sign)) return false;
    this.#at++;
    return true;
  }

  #expect(sign: string, message: string, help: string): Token {
    const token = this.#peek();
    if (!this.#takeSign(sign)) this.#refuse(token, message, help);
    return token;
  }

  #span(token: Token): Span {
    return this.#spanOf(token.start, token.end);
  }

  #unexpected(token: Token): never {
    const join = 'Join conditions with "and" or "or".';
    const help = token.kind === "name" ? didYouMean(token.text, KEYWORD_LIST, join) : token.kind === "sign" ? "" : join;
    return this.#refuse(token, `Unexpected "${token.text}"`, help);
  }

  #refuse(token: Token, message: string, help: string): never {
    throw new Refusal({ span: this.#span(token), message, help });
  }
}
