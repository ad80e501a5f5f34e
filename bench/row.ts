/**
 * One figure of the benchmarks: what was measured, its target, and the baseline of the same run.
 *
 * Owns: the shape and how it is printed. May not: measure. Numbers depend on the machine; the ratio is the one to compare.
 */
export interface Row {
  readonly what: string;
  readonly unit: string;
  /** At most this much (`at least` where more is better); null where nothing was promised. */
  readonly target: { readonly value: number; readonly atLeast?: true } | null;
  readonly measured: number;
  readonly baseline: { readonly what: string; readonly value: number };
  readonly detail: string;
}

export function ratioOf({ measured, baseline }: Row): number {
  return measured / baseline.value;
}

export function isMet({ target, measured }: Row): boolean | null {
  if (target === null) return null;
  return target.atLeast === true ? measured >= target.value : measured <= target.value;
}

export function lines(rows: readonly Row[]): string {
  const head = ["", "target", "measured", "baseline", "ratio"];
  const cells = rows.map((row) => {
    const { what, unit, target, measured, baseline } = row;
    const wanted = target === null ? "" : `${target.atLeast === true ? ">=" : "<="} ${number(target.value)} ${unit}`;
    const mark = isMet(row) === false ? " missed" : "";
    const beside = `${number(baseline.value)} ${unit} ${baseline.what}`;
    return [what, wanted, `${number(measured)} ${unit}${mark}`, beside, `x${number(ratioOf(row))}`, row.detail];
  });
  const table = [head, ...cells];
  const widths = head.map((_, column) => Math.max(...table.map((line) => line[column]?.length ?? 0)));
  return table
    .map((line) => line.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join("  "))
    .map((line) => line.trimEnd())
    .join("\n");
}

function number(value: number): string {
  if (value !== 0 && Math.abs(value) < 10) return value.toPrecision(2);
  return Math.round(value).toLocaleString("en-US");
}

/** The least of several rounds, taken in turn: on a machine with neighbours the fastest round is the least disturbed. */
export async function fastest<K extends string>(
  rounds: number,
  work: Readonly<Record<K, () => number | Promise<number>>>,
): Promise<Record<K, number>> {
  const least = {} as Record<K, number>;
  const names = Object.keys(work) as K[];
  for (let round = 0; round < rounds; round++) {
    for (const name of names) least[name] = Math.min(least[name] ?? Number.POSITIVE_INFINITY, await work[name]());
  }
  return least;
}

/**
 * Starts counting seconds of processor time, those of the garbage collector's and the compiler's threads included. On an
 * idle machine that is never less than the wall clock shows, and on a busy one it leaves out who else was running.
 */
export function stopwatch(): () => number {
  const before = process.cpuUsage();
  return () => {
    const { user, system } = process.cpuUsage(before);
    return (user + system) / 1e6;
  };
}
