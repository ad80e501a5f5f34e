/**
 * The expression grammar: a hand-written recursive descent with one precedence ladder.
 *
 * Owns: syntax and its error messages. Whether a node is a number or a condition is checked later (lower.ts), so that
 * errors point at what a person wrote. May not: know names.
 */
import type { Comparison, NamedArgument, Node, Span } from "./ast.ts";
import { closest } from "./diagnostic.ts";
import { ExpressionError, KEYWORDS, tokenize } from "./tokens.ts";
import type { Token } from "./tokens.ts";

const COMPARISONS: ReadonlySet<string> = new Set(["<", "<=", ">", ">=", "==", "=", "!="]);
const MAX_DEPTH = 64;

export function parseExpression(source: string): Node {
  return new Parser(tokenize(source)).whole();
}

class Parser {
  readonly #tokens: readonly Token[];
  #at = 0;
  #depth = 0;

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens;
  }

  whole(): Node {
    if (this.#peek().kind === "end") throw new ExpressionError(0, 0, "the expression is empty");
    const node = this.#or();
    const token = this.#peek();
    if (token.kind !== "end") this.#unexpected(token);
    return node;
  }

  #peek(ahead = 0): Token {
    return this.#tokens[Math.min(this.#at + ahead, this.#tokens.length - 1)] as Token;
  }

  #take(): Token {
    const token = this.#peek();
    if (token.kind !== "end") this.#at++;
    return token;
  }

  #isWord(word: string, ahead = 0): boolean {
    const token = this.#peek(ahead);
    return token.kind === "keyword" && token.text === word;
  }

  #isOperator(text: string, ahead = 0): boolean {
    const token = this.#peek(ahead);
    return token.kind === "operator" && token.text === text;
  }

  #accept(text: string): boolean {
    if (!this.#isWord(text) && !this.#isOperator(text)) return false;
    this.#at++;
    return true;
  }

  #expect(text: string, what: string): Token {
    const token = this.#peek();
    if (this.#isWord(text) || this.#isOperator(text)) return this.#take();
    throw new ExpressionError(token.start, token.end, `expected ${what}${found(token)}`);
  }

  #unexpected(token: Token): never {
    const { start, end, text } = token;
    if (token.kind === "name") {
      const keyword = closest(text, KEYWORDS);
      const help = keyword === undefined ? 'join conditions with "and" or "or"' : `did you mean "${keyword}"?`;
      throw new ExpressionError(start, end, `unexpected "${text}"`, help);
    }
    if (COMPARISONS.has(text))
      throw new ExpressionError(start, end, "comparisons cannot be chained", 'write "a < b and b < c"');
    if (text === ")") throw new ExpressionError(start, end, 'this ")" closes nothing');
    throw new ExpressionError(
      start,
      end,
      `unexpected "${text}"`,
      token.kind === "number" || text === "(" ? 'join conditions with "and" or "or"' : "",
    );
  }

  #or(): Node {
    return this.#chain("or", () => this.#and());
  }

  #and(): Node {
    return this.#chain("and", () => this.#not());
  }

  #chain(kind: "and" | "or", next: () => Node): Node {
    const first = next();
    if (!this.#isWord(kind)) return first;
    const items = [first];
    while (this.#accept(kind)) items.push(next());
    return { kind, items, start: first.start, end: (items.at(-1) as Node).end };
  }

  #not(): Node {
    if (!this.#isWord("not")) return this.#suffix();
    const { start } = this.#take();
    const of = this.#deeper(() => this.#not());
    return { kind: "not", of, start, end: of.end };
  }

  #suffix(): Node {
    let node = this.#comparison();
    for (;;) {
      if (this.#accept("for")) {
        const span = this.#span();
        node = { kind: "for", of: node, span, start: node.start, end: span.end };
      } else if (this.#accept("within")) {
        const span = this.#span();
        node = { kind: "within", of: node, span, start: node.start, end: span.end };
      } else if (this.#accept("then")) {
        node = this.#then(node);
      } else return node;
    }
  }

  #then(first: Node): Node {
    const second = this.#comparison();
    this.#expect("within", '"within N bars" after "A then B"');
    const span = this.#span();
    if (!("bars" in span))
      throw new ExpressionError(span.start, span.end, '"A then B" is counted in bars', 'write "within 5 bars"');
    return { kind: "then", first, second, bars: span.bars, start: first.start, end: span.end };
  }

  #span(): Span {
    const token = this.#take();
    if (token.kind === "duration") return { ms: token.value, start: token.start, end: token.end };
    if (token.kind !== "number") {
      throw new ExpressionError(
        token.start,
        token.end,
        `expected a number of bars or a duration such as 30s${found(token)}`,
      );
    }
    if (!this.#isWord("bars") && !this.#isWord("bar")) {
      const next = this.#peek();
      throw new ExpressionError(
        next.start,
        next.end,
        `expected "bars" or a unit (s, m, h) after ${token.text}`,
        `write "${token.text} bars" or "${token.text}m"`,
      );
    }
    const { end } = this.#take();
    if (!Number.isInteger(token.value) || token.value < 1 || token.value > 10_000) {
      throw new ExpressionError(
        token.start,
        token.end,
        `the number of bars must be a whole number from 1 to 10000, not ${token.text}`,
      );
    }
    return { bars: token.value, start: token.start, end };
  }

  #comparison(): Node {
    const left = this.#sum();
    this.#accept("is");
    const token = this.#peek();
    if (token.kind === "operator" && COMPARISONS.has(token.text)) return this.#compare(left);
    if (this.#accept("between")) {
      const low = this.#sum();
      this.#expect("and", '"and" between the two limits');
      const high = this.#sum();
      return { kind: "between", of: left, low, high, start: left.start, end: high.end };
    }
    if (this.#isWord("in") || (this.#isWord("not") && this.#isWord("in", 1))) return this.#in(left);
    if (this.#accept("crosses")) {
      const direction = this.#accept("above") ? "above" : this.#accept("below") ? "below" : "any";
      const right = this.#sum();
      return { kind: "crosses", direction, left, right, start: left.start, end: right.end };
    }
    if (this.#isWord("above") || this.#isWord("below")) {
      const operator = this.#take().text === "above" ? ">" : "<";
      const right = this.#sum();
      return { kind: "compare", operator, left, right, start: left.start, end: right.end };
    }
    return left;
  }

  #compare(left: Node): Node {
    const token = this.#take();
    const operator = (token.text === "=" ? "==" : token.text) as Comparison;
    const right = this.#sum();
    const next = this.#peek();
    if (next.kind === "operator" && COMPARISONS.has(next.text)) this.#unexpected(next);
    return { kind: "compare", operator, left, right, start: left.start, end: right.end };
  }

  #in(of: Node): Node {
    const negated = this.#accept("not");
    this.#expect("in", '"in"');
    this.#expect("[", 'a list such as [1, 2] after "in"');
    const items: Node[] = [];
    do items.push(this.#sum());
    while (this.#accept(","));
    const { end } = this.#expect("]", '"]" to close the list');
    return { kind: "in", of, items, negated, start: of.start, end };
  }

  #sum(): Node {
    return this.#arithmetic(["+", "-"], () => this.#term());
  }

  #term(): Node {
    return this.#arithmetic(["*", "/"], () => this.#unary());
  }

  #arithmetic(operators: readonly string[], next: () => Node): Node {
    let left = next();
    for (;;) {
      const token = this.#peek();
      if (token.kind !== "operator" || !operators.includes(token.text)) return left;
      this.#take();
      const right = next();
      left = { kind: "arithmetic", operator: token.text as "+", left, right, start: left.start, end: right.end };
    }
  }

  #unary(): Node {
    if (!this.#isOperator("-")) return this.#postfix();
    const { start } = this.#take();
    const of = this.#deeper(() => this.#unary());
    if (of.kind === "number") return { ...of, value: -of.value, start };
    return { kind: "negative", of, start, end: of.end };
  }

  #postfix(): Node {
    let node = this.#atom();
    while (this.#accept("[")) {
      const token = this.#take();
      if (token.kind !== "number" || !Number.isInteger(token.value) || token.value > 10_000) {
        throw new ExpressionError(
          token.start,
          token.end,
          `expected a whole number of bars, e.g. close[1]${found(token)}`,
        );
      }
      const { end } = this.#expect("]", '"]" after the number of bars');
      node = { kind: "lookback", of: node, bars: token.value, start: node.start, end };
    }
    return node;
  }

  #atom(): Node {
    const token = this.#take();
    const { start, end } = token;
    switch (token.kind) {
      case "number":
        return { kind: "number", value: token.value, unit: "none", start, end };
      case "percent":
        return { kind: "number", value: token.value, unit: "ratio", start, end };
      case "clock":
        return { kind: "number", value: token.value, unit: "clock", start, end };
      case "duration":
        return { kind: "number", value: token.value / 1_000, unit: "seconds", start, end };
      case "name":
        return this.#isOperator("(") ? this.#call(token) : { kind: "name", name: token.text, start, end };
      case "end":
        throw new ExpressionError(start, end, "the expression ends too early: expected a fact or a number");
      default:
        if (token.text === "(") return this.#parentheses(token);
        throw new ExpressionError(start, end, `expected a fact or a number${found(token)}`);
    }
  }

  #parentheses(open: Token): Node {
    const node = this.#deeper(() => this.#or());
    const { end } = this.#expect(")", '")" to close the parenthesis');
    return { ...node, start: open.start, end };
  }

  #call(name: Token): Node {
    this.#take();
    const args: Node[] = [];
    const named: NamedArgument[] = [];
    if (!this.#isOperator(")")) {
      do {
        if (this.#peek().kind === "name" && this.#isOperator(":", 1)) named.push(this.#namedArgument());
        else if (named.length > 0) {
          const token = this.#peek();
          throw new ExpressionError(token.start, token.end, "a plain parameter cannot follow a named one");
        } else args.push(this.#deeper(() => this.#or()));
      } while (this.#accept(","));
    }
    const { end } = this.#expect(")", `")" to close the parameters of ${name.text}`);
    return { kind: "call", name: name.text, args, named, nameEnd: name.end, start: name.start, end };
  }

  #namedArgument(): NamedArgument {
    const name = this.#take();
    this.#take();
    if (name.text === "on" || name.text === "symbol") {
      const first = this.#take();
      let { text, end } = first;
      if (first.kind === "end" || (first.kind === "operator" && first.text !== "-")) {
        throw new ExpressionError(
          first.start,
          first.end,
          `expected ${name.text === "on" ? "a bar size such as 1d" : "a symbol"}${found(first)}`,
        );
      }
      // BTC/USD is one symbol, not a division.
      while (this.#isOperator("/") && this.#peek().start === end && this.#peek(1).kind === "name") {
        this.#take();
        const part = this.#take();
        text += `/${part.text}`;
        end = part.end;
      }
      return { name: name.text, word: text, value: undefined, start: name.start, end };
    }
    const value = this.#deeper(() => this.#or());
    return { name: name.text, word: "", value, start: name.start, end: value.end };
  }

  #deeper<T>(parse: () => T): T {
    if (++this.#depth > MAX_DEPTH) {
      const token = this.#peek();
      throw new ExpressionError(
        token.start,
        token.end,
        `the expression is nested more than ${MAX_DEPTH} deep`,
        "split it into named facts and conditions",
      );
    }
    const result = parse();
    this.#depth--;
    return result;
  }
}

function found(token: Token): string {
  return token.kind === "end" ? ", but the expression ends here" : `, found "${token.text}"`;
}
