/**
 * `--approvals`: what stands for a person in a backtest.
 *
 * Owns: the flag, and saying what it did. May not: answer anything (runtime/stand-in.ts does).
 */
import type { BacktestResult } from "../runtime/backtest.ts";
import type { ApprovalMode } from "../runtime/stand-in.ts";
import { CliError } from "./io.ts";

export function approvalMode(source: string): ApprovalMode {
  if (source === "auto" || source === "none" || source === "expire") return source;
  throw new CliError(`--approvals ${source}: expected auto, none or expire`);
}

const APPROVALS: Readonly<Record<ApprovalMode, string>> = {
  auto: "all answered at once with yes",
  none: "all answered at once with no",
  expire: "nobody answers",
};

/** A backtest has nobody to ask: what stood for a person is said wherever it mattered. */
export function approvalLine(mode: ApprovalMode, { approvals }: BacktestResult): string | undefined {
  const counts = Object.entries(approvals);
  if (counts.length === 0) return undefined;
  const asked = counts.reduce((sum, [, count]) => sum + count, 0);
  const ends = counts.map(([state, count]) => `${count} ${state}`).join(", ");
  return `${asked} ${asked === 1 ? "order" : "orders"} for a person to approve, ${APPROVALS[mode]} (--approvals ${mode}): ${ends}`;
}
