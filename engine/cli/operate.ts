/**
 * `barwise halt`, `reduce`, `cancel-all`, `flatten`, `resume`: what an operator tells a running engine.
 *
 * Owns: scopes and reasons on the command line, and asking before something that cannot be taken back. May not: decide what a
 * command does; that is the core's.
 */
import { createInterface } from "node:readline/promises";
import type { Command } from "commander";
import type { ControlClient } from "../adapters/control/client.ts";
import type { CommandName, CommandResult, HeldPosition, StatusView } from "../ports/control.ts";
import { PROJECT_ARGUMENT, scopeOf, whoAsks, withEngine } from "./control-place.ts";
import { CliError, print, printable } from "./io.ts";

interface Flags {
  readonly strategy?: string;
  readonly symbol?: string;
  readonly reason: string;
  readonly format: string;
  readonly yes?: boolean;
}

export function addOperate(program: Command): void {
  add(program, "halt", "stop: nothing is sent any more, entries are cancelled, protective orders stay");
  add(program, "reduce", "only reduce: exits go on, nothing opens, entries are cancelled");
  add(program, "cancel-all", "cancel every working order, protective ones included");
  add(program, "flatten", "only reduce, and close every position at the market").option("--yes", "do not ask", false);
  add(program, "resume", "trade again: lifts everything that stopped it, of the whole account the kill switch too");
}

function add(program: Command, name: CommandName, description: string): Command {
  return program
    .command(name)
    .description(description)
    .argument(...PROJECT_ARGUMENT)
    .option("--strategy <name>", "of this strategy alone")
    .option("--symbol <symbol>", "of this symbol alone")
    .option("--reason <text>", "kept in the journal", "")
    .option("--format <format>", "pretty or json", "pretty")
    .action(async (folder: string, flags: Flags) => operate(name, folder, flags));
}

async function operate(command: CommandName, folder: string, flags: Flags): Promise<void> {
  const scope = scopeOf(flags);
  if (flags.format !== "pretty" && flags.format !== "json")
    throw new CliError(`--format ${flags.format}: expected pretty or json`);
  const result = await withEngine(folder, async (client) => {
    if (command === "flatten" && flags.yes !== true) await confirmFlatten(client, scope);
    const reason = command === "resume" ? await reasonOf(flags.reason, client) : flags.reason;
    return await client.post<CommandResult>(`/v1/${command}`, { by: whoAsks(), reason, scope });
  });
  if (flags.format === "json") return print(JSON.stringify(result, undefined, 2));
  const why = result.reason === "" ? "" : `: ${printable(result.reason)}`;
  const orders = result.cancelling === 0 ? "" : `; ${result.cancelling} orders are being cancelled`;
  print(`${result.scope} is ${result.state}${why}${orders}`);
}

/** Trading again needs a reason that somebody typed. */
async function reasonOf(given: string, client: ControlClient): Promise<string> {
  if (given.trim().length >= 3) return given;
  if (!process.stdin.isTTY)
    throw new CliError("resume needs a --reason of three characters or more: why it is right to trade again");
  const { banner, state, reason } = await client.get<StatusView>("/v1/status");
  const typed = await ask(`${printable(banner)}: ${state} ${printable(reason)}\nWhy is it right to trade again? `);
  if (typed.length < 3) throw new CliError("no reason, nothing was resumed", 1);
  return typed;
}

async function confirmFlatten(client: ControlClient, scope: string): Promise<void> {
  if (!process.stdin.isTTY) throw new CliError("flatten needs a terminal to ask, or --yes");
  const held = await client.get<readonly HeldPosition[]>("/v1/positions");
  const { banner } = await client.get<StatusView>("/v1/status");
  const inScope = held.filter(({ strategy, symbol }) =>
    ["account", `strategy:${strategy}`, `symbol:${symbol}`].includes(scope),
  );
  for (const { strategy, qty, symbol } of inScope) print(`  ${qty} ${symbol} (${strategy})`);
  const typed = await ask(`${printable(banner)}: close these at the market? Type "flatten": `);
  if (typed !== "flatten") throw new CliError("not confirmed, nothing was closed", 1);
}

async function ask(question: string): Promise<string> {
  const prompt = createInterface({ input: process.stdin, output: process.stderr });
  // Ctrl-C and Ctrl-D at the question are an answer too.
  const closed = new Promise<string>((done) => prompt.once("close", () => done("")));
  const answer = await Promise.race([prompt.question(question), closed]);
  prompt.close();
  return answer.trim();
}
