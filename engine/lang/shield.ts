/**
 * Named arguments in plain YAML text: `trend: sma(200, on: 1d)`.
 *
 * Owns: a rewrite of the same length that lets YAML read `: ` inside parentheses as text. It is applied only to files
 * that YAML refuses (or reads as a key with an open parenthesis), so no valid document changes its meaning.
 */

/** Stands for the blank after the colon; refused in users' files, so it can be turned back without loss. */
export const SHIELD = "\ue000";

/** True when some line holds `name: ` inside parentheses. */
export function needsShield(text: string): boolean {
  return /\([^()\n]*[A-Za-z]: /.test(text);
}

export function shield(text: string): string {
  return text
    .split("\n")
    .map((line) => shieldLine(line))
    .join("\n");
}

export function unshield(text: string): string {
  return text.replaceAll(SHIELD, " ");
}

function shieldLine(line: string): string {
  let depth = 0;
  let result = "";
  let quote = "";
  for (let i = 0; i < line.length; i++) {
    const character = line[i] as string;
    if (quote !== "") {
      if (character === quote) quote = "";
    } else if ((character === '"' || character === "'") && opensQuote(line, i)) quote = character;
    else if (character === "#" && (i === 0 || line[i - 1] === " ")) return result + line.slice(i);
    else if (character === "(") depth++;
    else if (character === ")") depth = Math.max(0, depth - 1);
    result += depth > 0 && quote === "" && character === " " && line[i - 1] === ":" ? SHIELD : character;
  }
  return result;
}

/** A quote opens a quoted scalar only where a value may begin. */
function opensQuote(line: string, at: number): boolean {
  const before = line.slice(0, at).trimEnd();
  return before === "" || /[:\-,[{]$/.test(before);
}
