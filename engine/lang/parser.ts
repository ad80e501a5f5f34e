/**
 * The expression grammar: hand-written recursive descent, one precedence grammar for numbers and conditions.
 *
 * Owns: text -> syntax tree, with exact places. May not: resolve names or decide kinds beyond what the syntax itself
 * says (see lower-*.ts). Loosest first: or, and, not, (for | within | then), comparison, + -, * /, unary -, atom.
 */
import type { Span } from "./diagnostic.ts";
import { helpText } from "./fix.ts";
import { barsOrUnit, unchained } from "./fix-expression.ts";
import type { Places } from "./places.ts";
import { didYouMean } from "./suggest.ts";
import { WORD_ARGUMENTS, isCondition, joined, wordAt } from "./syntax.ts";
import type { Argument, Node, Quantity, Relation } from "./syntax.ts";
import { Cursor, Refusal } from "./cursor.ts";
import type { SyntaxProblem } from "./cursor.ts";
import { KEYWORD_LIST, tokenize } from "./tokens.ts";
import type { Token } from "./tokens.ts";

const MAX_LENGTH = 10_000;

/** Parses one expression. `place` maps an offset of the text to an offset of the file. */
export function parseExpression(
  text: string,
  place: Places,
): { readonly node: Node } | { readonly problem: SyntaxProblem } {
  const spanOf = (start: number, end: number): Span => {
    const from = place(start);
    // In a filled template the end may be written in another file, at any offset.
    return { start: from, end: end > start ? place(end - 1, "end") : from };
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
  readonly #tokens: Cursor;
  readonly #spanOf: (start: number, end: number) => Span;

  constructor(text: string, tokens: readonly Token[], spanOf: (start: number, end: number) => Span) {
    this.#text = text;
    this.#tokens = new Cursor(tokens, spanOf);
    this.#spanOf = spanOf;
  }

  whole(): Node {
    const node = this.#or();
    const token = this.#tokens.peek();
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
    if (!this.#tokens.isWord(word)) return first;
    const kids = [first];
    while (this.#tokens.takeWord(word)) kids.push(next());
    return { kind, kids, span: joined(first.span, (kids.at(-1) as Node).span) };
  }

  #not(): Node {
    const token = this.#tokens.peek();
    if (!this.#tokens.takeWord("not")) return this.#suffixed();
    return this.#tokens.deeper(() => {
      const kid = this.#not();
      return { kind: "not", kid, span: joined(this.#tokens.span(token), kid.span) };
    });
  }

  #suffixed(): Node {
    let node = this.#lasting(this.#comparison());
    while (this.#tokens.takeWord("then")) {
      this.#tokens.link();
      const second = this.#comparison();
      if (!this.#tokens.takeWord("within")) {
        this.#tokens.refuse(
          this.#tokens.peek(),
          'Expected "within" and a number of bars or a duration',
          "Write: A then B within 5 bars.",
        );
      }
      const quantity = this.#quantity();
      node = { kind: "then", first: node, second, quantity, span: joined(node.span, quantity.span) };
    }
    return node;
  }

  #lasting(of: Node): Node {
    let node = of;
    for (;;) {
      const kind = this.#tokens.isWord("for") ? "for" : this.#tokens.isWord("within") ? "within" : undefined;
      if (kind === undefined) return node;
      this.#tokens.link();
      this.#tokens.next();
      if (kind === "within") this.#tokens.takeWord("last");
      const quantity = this.#quantity();
      node = { kind, of: node, quantity, span: joined(node.span, quantity.span) };
    }
  }

  #quantity(): Quantity {
    const token = this.#tokens.next();
    const span = this.#tokens.span(token);
    if (token.kind === "duration") return { ms: token.value, span };
    if (token.kind !== "number" && token.kind !== "name") {
      this.#tokens.refuse(token, "Expected a number of bars or a duration such as 30s", 'Write "3 bars" or "10m".');
    }
    const unit = this.#tokens.peek();
    if (!this.#tokens.takeWord("bars") && !this.#tokens.takeWord("bar")) {
      const shown = token.text;
      const help = barsOrUnit(token);
      this.#tokens.refuse(
        unit.kind === "end" ? token : unit,
        `Expected "bars" or a unit (s, m, h) after ${shown}`,
        unit.kind === "end" ? help : helpText(help),
      );
    }
    const bars: Node =
      token.kind === "number"
        ? { kind: "number", value: token.value, form: "number", span }
        : { kind: "name", name: token.text, span };
    return { bars, span: joined(span, this.#tokens.span(unit)) };
  }

  // -------------------------------------------------------------------------------------------- comparisons

  #comparison(): Node {
    const left = this.#sum();
    if (isCondition(left)) {
      this.#refuseChain(left);
      return left;
    }
    const is = this.#tokens.peek();
    const said = this.#tokens.takeWord("is");
    const negated = this.#tokens.isWord("not") && ["in", "between"].includes(this.#tokens.after()?.text ?? "");
    if (negated) this.#tokens.next();
    const token = this.#tokens.peek();
    const node = this.#compared(left, token, said, negated);
    if (node === undefined) {
      if (said)
        this.#tokens.refuse(token, `Expected a comparison after "${is.text}"`, 'Write "is above 30" or "> 30".');
      return left;
    }
    this.#refuseChain(node);
    return node;
  }

  #compared(left: Node, token: Token, said: boolean, negated: boolean): Node | undefined {
    if (token.kind === "sign" && RELATIONS.has(token.text)) {
      this.#tokens.next();
      return this.#relation((token.text === "=" ? "==" : token.text) as Relation, left, this.#number());
    }
    if (said && (this.#tokens.takeWord("above") || this.#tokens.takeWord("below"))) {
      this.#tokens.refuseName("than", `Write: is ${token.text} 30.`);
      return this.#relation(token.text === "above" ? ">" : "<", left, this.#number());
    }
    if (this.#tokens.takeWord("crosses")) {
      const direction = this.#tokens.takeWord("above") ? "above" : this.#tokens.takeWord("below") ? "below" : "any";
      const right = this.#number();
      return { kind: "crosses", direction, left, right, span: joined(left.span, right.span) };
    }
    if (this.#tokens.takeWord("between")) {
      const low = this.#number();
      if (!this.#tokens.takeWord("and")) {
        this.#tokens.refuse(this.#tokens.peek(), 'Expected "and" between the two bounds', "Write: x between 1 and 2.");
      }
      const high = this.#number();
      const span = joined(left.span, high.span);
      const kid: Node = { kind: "between", of: left, low, high, span };
      return negated ? { kind: "not", kid, span } : kid;
    }
    if (this.#tokens.takeWord("in")) return this.#list(left, negated);
    return undefined;
  }

  #relation(relation: Relation, left: Node, right: Node): Node {
    return { kind: "compare", relation, left, right, span: joined(left.span, right.span) };
  }

  #list(of: Node, negated: boolean): Node {
    this.#tokens.expect("[", 'Expected "[" and a list of numbers', "Write: weekday in [1, 2, 3].");
    const values: Node[] = [];
    do values.push(this.#number());
    while (this.#tokens.takeSign(","));
    const close = this.#tokens.expect("]", 'Expected "]" to close the list', "");
    return { kind: "in", of, values, negated, span: joined(of.span, this.#tokens.span(close)) };
  }

  #refuseChain(node: Node): void {
    const token = this.#tokens.peek();
    const relation = token.kind === "sign" && RELATIONS.has(token.text);
    if (!relation && !this.#tokens.isWord("between") && !this.#tokens.isWord("crosses") && !this.#tokens.isWord("is"))
      return;
    if (node.kind === "all" || node.kind === "any" || node.kind === "not") {
      this.#tokens.refuse(
        token,
        "A condition cannot be compared",
        "Only numbers can; join conditions with and, or, not.",
      );
    }
    this.#tokens.refuse(token, "Comparisons cannot be chained", unchained(node, token));
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
      const token = this.#tokens.peek();
      if (token.kind !== "sign" || !signs.includes(token.text)) return left;
      this.#mustBeNumber(left);
      this.#tokens.link();
      this.#tokens.next();
      const right = next();
      this.#mustBeNumber(right);
      const operator = token.text as "+" | "-" | "*" | "/";
      left = { kind: "calc", operator, args: [left, right], span: joined(left.span, right.span) };
    }
  }

  #unary(): Node {
    const token = this.#tokens.peek();
    if (this.#tokens.takeSign("+")) this.#tokens.refuse(token, 'Unexpected "+"', "A number needs no plus sign.");
    if (!this.#tokens.takeSign("-")) return this.#postfix();
    return this.#tokens.deeper(() => {
      const of = this.#unary();
      this.#mustBeNumber(of);
      const span = joined(this.#tokens.span(token), of.span);
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
      const token = this.#tokens.peek();
      if (token.kind !== "sign") return node;
      if (token.text === "." && node.kind === "call" && node.output === undefined) {
        this.#tokens.next();
        const name = this.#tokens.next();
        if (name.kind !== "name") this.#tokens.refuse(name, "Expected the name of an output after the dot", "");
        node = { ...node, output: name.text, span: joined(node.span, this.#tokens.span(name)) };
      } else if (token.text === "[") {
        this.#mustBeNumber(node);
        this.#tokens.link();
        this.#tokens.next();
        const bars = this.#number();
        const close = this.#tokens.expect("]", 'Expected "]" to close the lookback', "Write: close[3].");
        node = { kind: "lookback", of: node, bars, span: joined(node.span, this.#tokens.span(close)) };
      } else return node;
    }
  }

  #atom(): Node {
    const token = this.#tokens.next();
    const span = this.#tokens.span(token);
    switch (token.kind) {
      case "number":
        return { kind: "number", value: token.value, form: "number", span };
      case "percent":
      case "clock":
      case "duration":
        return { kind: "number", value: token.value, form: token.kind, span };
      case "name":
        return this.#tokens.isSign("(") ? this.#call(token) : { kind: "name", name: token.text, span };
      case "sign":
        if (token.text === "(") return this.#parenthesised(token);
        break;
      case "word":
        // After "within" it is a word of the language; anywhere else it is the price of the latest trade.
        if (token.text === "last") return { kind: "name", name: token.text, span };
        break;
      case "end":
      case "bad":
        break;
    }
    return this.#unexpectedAtom(token);
  }

  #unexpectedAtom(token: Token): never {
    if (token.kind === "end") {
      this.#tokens.refuse(token, "Expression ends too early: expected a fact or a number", "");
    }
    const help = RELATIONS.has(token.text)
      ? "A comparison has a value on both sides."
      : token.text === "["
        ? "A list stands only after in: weekday in [1, 2]."
        : "";
    return this.#tokens.refuse(token, `Expected a fact or a number, found "${token.text}"`, help);
  }

  #parenthesised(open: Token): Node {
    return this.#tokens.deeper(() => {
      const node = this.#or();
      if (!this.#tokens.isSign(")")) this.#expectedClose(open, 'Expected ")" to close the parenthesis');
      const close = this.#tokens.next();
      return { ...node, span: joined(this.#tokens.span(open), this.#tokens.span(close)) };
    });
  }

  #expectedClose(_open: Token, message: string): never {
    const token = this.#tokens.peek();
    return this.#tokens.refuse(token, message, "");
  }

  // -------------------------------------------------------------------------------------------- calls

  #call(name: Token): Node {
    this.#tokens.next();
    return this.#tokens.deeper(() => {
      const args: Argument[] = [];
      if (!this.#tokens.isSign(")")) {
        do args.push(this.#argument());
        while (this.#tokens.takeSign(","));
      }
      if (!this.#tokens.isSign(")")) this.#expectedClose(name, `Expected ")" to close the parameters of ${name.text}`);
      const close = this.#tokens.next();
      const nameSpan = this.#tokens.span(name);
      return { kind: "call", name: name.text, nameSpan, args, span: joined(nameSpan, this.#tokens.span(close)) };
    });
  }

  #argument(): Argument {
    const token = this.#tokens.peek();
    const colon = this.#tokens.after();
    const named = token.kind === "name" && colon?.kind === "sign" && colon.text === ":";
    if (!named) return { value: this.#number() };
    this.#tokens.next();
    this.#tokens.next();
    const nameSpan = this.#tokens.span(token);
    const raw = WORD_ARGUMENTS.has(token.text);
    return { name: token.text, nameSpan, value: raw ? this.#word(token.text) : this.#number() };
  }

  /** A bar size or a symbol is read as text. */
  #word(what: string): Node {
    const first = this.#tokens.peek();
    const word = wordAt(this.#text, what, first.start);
    if (word === undefined) this.#tokens.refuse(first, `Expected a value after "${what}:"`, "");
    const end = first.start + word.length;
    while (this.#tokens.peek().kind !== "end" && this.#tokens.peek().start < end) this.#tokens.next();
    return { kind: "word", word, span: this.#spanOf(first.start, end) };
  }

  #unexpected(token: Token): never {
    const join = 'Join conditions with "and" or "or".';
    const help = token.kind === "name" ? didYouMean(token.text, KEYWORD_LIST, join) : token.kind === "sign" ? "" : join;
    return this.#tokens.refuse(token, `Unexpected "${token.text}"`, help);
  }
}
