/**
 * The words and signs of expressions, for people who point at one.
 *
 * Owns: a sentence for each, the ones of docs/reference/language.md. May not hold anything that the catalogue documents.
 */

export interface WordDoc {
  /** How it is written. */
  readonly usage: string;
  readonly doc: string;
  /** What is inserted; `$1` is where the cursor goes. */
  readonly snippet: string;
  readonly after: "operand" | "operator" | "direction" | "comparison";
}

const CROSS = "On the other side, or equal, at the previous evaluation, and beyond now.";

const DOCS: readonly (WordDoc & { readonly word: string })[] = [
  { word: "and", usage: "A and B", doc: "Both hold.", snippet: "and ", after: "operator" },
  {
    word: "or",
    usage: "A or B",
    doc: "At least one holds. Binds looser than `and`. Each side of an outermost `or` is judged by its own facts alone.",
    snippet: "or ",
    after: "operator",
  },
  {
    word: "not",
    usage: "not A",
    doc: "A does not hold. An unknown A stays unknown.",
    snippet: "not ",
    after: "operand",
  },
  { word: "crosses", usage: "a crosses b", doc: `${CROSS} Either way.`, snippet: "crosses ", after: "operator" },
  { word: "crosses above", usage: "a crosses above b", doc: CROSS, snippet: "crosses above ", after: "operator" },
  { word: "crosses below", usage: "a crosses below b", doc: CROSS, snippet: "crosses below ", after: "operator" },
  {
    word: "above",
    usage: "a crosses above b, a is above b",
    doc: "Greater than.",
    snippet: "above ",
    after: "direction",
  },
  { word: "below", usage: "a crosses below b, a is below b", doc: "Less than.", snippet: "below ", after: "direction" },
  {
    word: "is",
    usage: "a is above b",
    doc: "A comparison in words: `is above` is `>`, `is below` is `<`.",
    snippet: "is ",
    after: "operator",
  },
  {
    word: "between",
    usage: "x between 1 and 2",
    doc: "Both bounds included.",
    snippet: "between ${1:low} and ${2:high}",
    after: "operator",
  },
  {
    word: "in",
    usage: "weekday in [1, 2]",
    doc: "One of a list of numbers; `not in`: none of them.",
    snippet: "in [$1]",
    after: "operator",
  },
  {
    word: "for",
    usage: "C for 3 bars, C for 10m",
    doc: "C held at each of the last 3 evaluations; without a break for 10 minutes. Binds to the comparison or the parentheses before it.",
    snippet: "for ${1:3} bars",
    after: "operator",
  },
  {
    word: "within",
    usage: "C within 5 bars, C within 2h",
    doc: "C held at least once lately, the current evaluation included.",
    snippet: "within ${1:5} bars",
    after: "operator",
  },
  {
    word: "then",
    usage: "A then B within 5 bars",
    doc: "B holds now, and A held at one of the 5 evaluations before. Used up by a firing.",
    snippet: "then $1 within ${2:5} bars",
    after: "operator",
  },
  {
    word: "last",
    usage: "within last 5 bars",
    doc: "Has no meaning of its own; it reads better.",
    snippet: "last ",
    after: "direction",
  },
  { word: "bars", usage: "for 3 bars", doc: "Evaluations of the strategy.", snippet: "bars", after: "direction" },
  { word: "bar", usage: "for 1 bar", doc: "An evaluation of the strategy.", snippet: "bar", after: "direction" },
];

export const WORD_DOCS: ReadonlyMap<string, WordDoc> = new Map(DOCS.map((doc) => [doc.word, doc]));

/** Arguments that every indicator takes beside its parameters. */
export const ARGUMENT_DOCS: Readonly<Record<string, string>> = {
  on: "Size of the bars it is computed on: `on: 1d`, `on: 500 ticks`. A larger bar is the last closed one.",
  symbol: "Another symbol's bars: `symbol: SPY`.",
  of: "What it is computed from instead of the close: `of: hl2`.",
  with: "What it is compared with: `with: close(symbol: SPY)`.",
  output: "Which of its values: the same as `.name` behind the call.",
  source: "Who computes it: our own kernel when left out.",
};

/** Bars that are complete when so much has been traded. */
export const ACTIVITY_DOCS: Readonly<Record<string, Pick<WordDoc, "usage" | "doc">>> = {
  ticks: { usage: "on: 500 ticks", doc: countedAs("trades that set a price") },
  volume: { usage: "on: 50_000 volume", doc: countedAs("shares") },
  dollars: { usage: "on: 2_000_000 dollars", doc: countedAs("dollars (price times size)") },
};

function countedAs(what: string): string {
  return `A bar closes at the trade with which so many ${what} have gone by, and with the session. It is counted from trades, never taken from history.`;
}

/** Bar sizes that people use. */
export const BAR_SIZES: readonly string[] = [
  "1m",
  "2m",
  "5m",
  "10m",
  "15m",
  "30m",
  "1h",
  "2h",
  "4h",
  "1d",
  "500 ticks",
  "50_000 volume",
  "2_000_000 dollars",
];

const SIGNS: Readonly<Record<string, string>> = {
  "<": "Less than.",
  "<=": "Less than or equal.",
  ">": "Greater than.",
  ">=": "Greater than or equal.",
  "==": "Equal. Computed numbers hardly ever are.",
  "=": "Equal; `==` is the usual spelling.",
  "!=": "Not equal.",
};

export function signDoc(sign: string): string | undefined {
  return Object.hasOwn(SIGNS, sign) ? SIGNS[sign] : undefined;
}
