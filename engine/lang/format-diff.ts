/**
 * The difference of two texts, line by line, as `diff -u` shows it.
 */

const CONTEXT = 3;
/** Beyond this many pairs of lines the middle is shown as replaced: exactness is not worth the time. */
const MAX_CELLS = 25_000_000;

interface Line {
  readonly mark: " " | "-" | "+";
  readonly text: string;
}

/** Hunks with their heads, without the lines that name the files. */
export function differenceOf(before: string, after: string): readonly string[] {
  const lines = compared(linesOf(before), linesOf(after));
  const near = lines.map((_, index) =>
    lines.slice(Math.max(0, index - CONTEXT), index + CONTEXT + 1).some(({ mark }) => mark !== " "),
  );
  const shown: string[] = [];
  let [left, right] = [1, 1];
  for (const [index, { mark, text }] of lines.entries()) {
    if (near[index] === true) {
      if (near[index - 1] !== true) shown.push(`@@ -${left} +${right} @@`);
      shown.push(mark + text);
    }
    if (mark !== "+") left++;
    if (mark !== "-") right++;
  }
  return shown;
}

function linesOf(text: string): readonly string[] {
  const lines = text.split("\n");
  if (lines.at(-1) === "") return lines.slice(0, -1);
  return [...lines.slice(0, -1), `${lines.at(-1)}\n\\ No newline at end of file`];
}

function compared(before: readonly string[], after: readonly string[]): Line[] {
  let head = 0;
  while (head < before.length && head < after.length && before[head] === after[head]) head++;
  let tail = 0;
  const most = Math.min(before.length, after.length) - head;
  while (tail < most && before.at(-1 - tail) === after.at(-1 - tail)) tail++;
  const same = (texts: readonly string[]): Line[] => texts.map((text) => ({ mark: " ", text }));
  return [
    ...same(before.slice(0, head)),
    ...middle(before.slice(head, before.length - tail), after.slice(head, after.length - tail)),
    ...same(before.slice(before.length - tail)),
  ];
}

/** The longest common subsequence, from its table. */
function middle(before: readonly string[], after: readonly string[]): Line[] {
  const width = after.length + 1;
  const isTooLarge = (before.length + 1) * width > MAX_CELLS;
  const lengths = new Uint32Array(isTooLarge ? 0 : (before.length + 1) * width);
  const at = (i: number, j: number): number => lengths[i * width + j] ?? 0;
  if (!isTooLarge) {
    for (let i = before.length - 1; i >= 0; i--)
      for (let j = after.length - 1; j >= 0; j--)
        lengths[i * width + j] = before[i] === after[j] ? at(i + 1, j + 1) + 1 : Math.max(at(i + 1, j), at(i, j + 1));
  }
  const lines: Line[] = [];
  let [i, j] = [0, 0];
  while (i < before.length || j < after.length) {
    const [left, right] = [before[i], after[j]];
    if (left !== undefined && left === right) {
      lines.push({ mark: " ", text: left });
      i++;
      j++;
    } else if (left !== undefined && (right === undefined || at(i + 1, j) >= at(i, j + 1))) {
      lines.push({ mark: "-", text: left });
      i++;
    } else {
      lines.push({ mark: "+", text: right as string });
      j++;
    }
  }
  return lines;
}
