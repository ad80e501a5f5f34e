/**
 * `barwise accept`: a person lets a change in that the running engine holds back.
 *
 * Owns: showing the plan, asking, and leaving the answer where the engine finds it. May not: change what runs; the engine
 * makes the plan again and takes the answer for exactly the findings that were seen.
 */
import { userInfo } from "node:os";
import { createInterface } from "node:readline/promises";
import { relative } from "node:path";
import type { Command } from "commander";
import type { PlanFinding } from "../lang/plan/types.ts";
import { findingName, heldBy } from "../runtime/acceptance.ts";
import { saveWord } from "./acceptances.ts";
import { CliError, print, say } from "./io.ts";
import { movedSince, readPlan } from "./plan-file.ts";
import { RUNNING, placeOf } from "./plan-sides.ts";
import { makePlan, printPlan } from "./plan.ts";
import type { Made } from "./plan.ts";

interface Flags {
  readonly plan?: string;
  readonly reason: string;
  readonly yes: boolean;
}

export function addAccept(program: Command): void {
  program
    .command("accept")
    .description("let a change in that the running engine holds back because it takes protection away, or lets more in")
    .argument("[project]", "folder with barwise.yaml", ".")
    .option("--plan <file>", "accept only what this kept plan says; exit code 1 when it does not hold any more")
    .option("--reason <text>", "kept in the journal", "")
    .option("--yes", "do not ask", false)
    .action(async (folder: string, flags: Flags) => accept(folder, flags));
}

async function accept(folder: string, flags: Flags): Promise<void> {
  const made = await makePlan([folder], RUNNING);
  const { plan, side } = made;
  if (side.kind === "git" || side.writer === null)
    throw new CliError("nothing is running here: a change takes effect at the next start");
  if (flags.plan !== undefined) await mustHold(flags.plan, made);
  printPlan(made);
  const { header } = side.rebuilt;
  const held = heldBy(plan, isLive(header.account));
  if (held.length === 0) return print("Nothing is held back: the engine loads this by itself.");
  if (!flags.yes) await ask(held);
  const { root } = await placeOf([folder]);
  const path = await saveWord(root, {
    from: plan.from,
    to: plan.to,
    run: header.id,
    by: userInfo().username,
    reason: flags.reason,
    findings: held.map((finding) => findingName(finding)),
  });
  print(`accepted, in ${path}; process ${side.writer} loads it now, if nothing else has changed`);
}

/** As the session names its account. */
function isLive(account: string): boolean {
  return account === "alpaca-live";
}

async function mustHold(file: string, { saved }: Made): Promise<void> {
  const moved = movedSince(await readPlan(file), saved);
  if (moved.length === 0) return;
  const shown = relative(process.cwd(), file) || file;
  throw new CliError([`${shown} is stale:`, ...moved.map(({ text }) => `  ${text}`)].join("\n"), 1);
}

async function ask(held: readonly PlanFinding[]): Promise<void> {
  if (!process.stdin.isTTY) throw new CliError("not asked on a terminal: say --yes to accept what stands above");
  for (const { code, message } of held) say(`  ${code}: ${message}`);
  const prompt = createInterface({ input: process.stdin, output: process.stderr });
  const closed = new Promise<string>((done) => prompt.once("close", () => done("")));
  const answer = await Promise.race([prompt.question('Type "accept" to let it in: '), closed]);
  prompt.close();
  if (answer.trim() !== "accept") throw new CliError("not accepted, nothing was changed", 1);
}
