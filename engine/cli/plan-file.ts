/**
 * Plans that were saved, and whether they still hold.
 *
 * Owns: reading one back, and naming what moved since it was made.
 */
import { writeAtomically } from "../adapters/files/write-atomically.ts";
import { shortDigest } from "../report/plan.ts";
import type { SavedPlan } from "../report/plan-json.ts";
import { CliError } from "./io.ts";
import { readText } from "./program.ts";

export async function savePlan(path: string, plan: SavedPlan): Promise<void> {
  try {
    await writeAtomically(path, `${JSON.stringify(plan, undefined, 2)}\n`);
  } catch (error) {
    throw new CliError(`--out ${path}: ${(error as Error).message}`, 2, { cause: error });
  }
}

/** A file that this version wrote. What a person changed in it is not looked for: every part is compared anyway. */
export async function readPlan(path: string): Promise<SavedPlan> {
  let plan: Partial<SavedPlan> | null;
  try {
    plan = JSON.parse(await readText(path)) as Partial<SavedPlan> | null;
  } catch (error) {
    throw new CliError(`${path}: not a saved plan: ${(error as Error).message}`, 2, { cause: error });
  }
  const texts = [plan?.from, plan?.to, plan?.against?.given, plan?.against?.kind];
  const lists = [plan?.paths, plan?.positions, plan?.orders, plan?.fires_at_once];
  const isPlan = texts.every((text) => typeof text === "string") && lists.every((list) => Array.isArray(list));
  if (plan?.format_version !== 1 || !isPlan)
    throw new CliError(`${path}: not a saved plan of format_version 1; barwise plan --out FILE writes one`);
  return plan as SavedPlan;
}

export interface Moved {
  readonly what: "files" | "program" | "run" | "positions" | "orders" | "fires";
  readonly text: string;
}

/** What is different from when the plan was made; empty while it holds. */
export function movedSince(saved: SavedPlan, now: SavedPlan): readonly Moved[] {
  const moved: Moved[] = [];
  const digests = (a: string, b: string): string => `digest ${shortDigest(a)} -> ${shortDigest(b)}`;
  if (saved.to !== now.to) moved.push({ what: "files", text: `the files changed: ${digests(saved.to, now.to)}` });
  const [before, after] = [runOf(saved), runOf(now)];
  if (before !== after) moved.push({ what: "run", text: `another run: ${before} -> ${after}` });
  if (saved.from !== now.from) {
    const what =
      now.against.kind === "git" ? `${now.against.given} says something else` : "the running program changed";
    moved.push({ what: "program", text: `${what}: ${digests(saved.from, now.from)}` });
  }
  const lists = [
    ["positions", "positions changed", saved.positions.map(positionText), now.positions.map(positionText)],
    ["orders", "working orders changed", saved.orders.map(orderText), now.orders.map(orderText)],
    ["fires", "what would fire at once changed", saved.fires_at_once.map(fireText), now.fires_at_once.map(fireText)],
  ] as const;
  for (const [what, text, old, current] of lists)
    if (old.join("\n") !== current.join("\n"))
      moved.push({ what, text: `${text}: ${shown(old)} -> ${shown(current)}` });
  return moved;
}

function runOf({ against }: SavedPlan): string {
  return against.kind === "git" ? "a git revision" : against.journal;
}

function shown(items: readonly string[]): string {
  return items.length === 0 ? "none" : items.join(", ");
}

function positionText({ strategy, symbol, qty }: SavedPlan["positions"][number]): string {
  return `${strategy} ${symbol} ${qty}`;
}

function orderText({ strategy, side, qty, symbol, type, state, filledQty }: SavedPlan["orders"][number]): string {
  return `${strategy} ${side} ${qty} ${symbol} ${type} ${state}${filledQty === "0" ? "" : ` (${filledQty} filled)`}`;
}

function fireText({ strategy, rule, symbol, refused }: SavedPlan["fires_at_once"][number]): string {
  return `${strategy}/${rule} ${symbol}${refused === null ? "" : " (refused)"}`;
}
