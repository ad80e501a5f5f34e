/**
 * Corrections of expressions that need to know their syntax.
 *
 * Owns: how a chain of comparisons and a bare number of bars are written out.
 */
import { advice, becomes } from "./fix.ts";
import type { Help, Proposal } from "./fix.ts";
import type { Node } from "./syntax.ts";
import type { Token } from "./tokens.ts";

/** `a < b < c` says what it says in mathematics; other chains could mean several things. `token` begins the second half. */
export function unchained(node: Node, token: Token): Help {
  const help = 'Write "a < b and b < c".';
  if (node.kind !== "compare" || token.kind !== "sign" || !/^[<>]=?$/.test(token.text)) return help;
  const { right, relation } = node;
  if (token.text[0] !== relation[0]) return help;
  const write: Proposal = ({ place, source }) => {
    const middle = source(right.span);
    const edits = [{ ...place, text: `and ${middle} ${token.text}` }];
    return { title: "Write it as two comparisons", edits, safe: !middle.includes("\n") };
  };
  return advice(help, write);
}

/** `for 3`: bars or minutes, nobody can tell. */
export function barsOrUnit(count: Token): Help {
  const isNumber = count.kind === "number";
  const written = [`${count.text} bars`, ...(isNumber ? [`${count.text}m`] : [])];
  const fixes = written.map((text) => becomes(text, { safe: false }));
  return advice(`Write "${written.join('" or "')}".`, ...fixes);
}
