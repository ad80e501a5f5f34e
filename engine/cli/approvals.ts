/**
 * `barwise approvals`, `approve`, `reject`: orders that wait for a person.
 *
 * Owns: showing a request, and that a word is about what was shown: the hash goes with it. May not: judge whose word counts;
 * that is the core's.
 */
import { createInterface } from "node:readline/promises";
import type { Command } from "commander";
import type { ControlClient } from "../adapters/control/client.ts";
import type { ApprovalView, OrderEdit } from "../core/approval.ts";
import { isoTime } from "../core/time.ts";
import type { StatusView } from "../ports/control.ts";
import { PROJECT_ARGUMENT, whoAsks, withEngine } from "./control-place.ts";
import { CliError, print, printable, table } from "./io.ts";

interface ListFlags {
  readonly all: boolean;
  readonly format: string;
}

interface Flags {
  readonly hash?: string;
  readonly qty?: string;
  readonly limit?: string;
  readonly timeInForce?: string;
  readonly reason: string;
  readonly format: string;
}

/** As many hex digits of a hash as a person types. */
const SHORT = 8;
const LEAST = 4;

export function addApprovals(program: Command): void {
  program
    .command("approvals")
    .description("orders that wait for a person")
    .argument(...PROJECT_ARGUMENT)
    .option("--all", "also those that were decided lately", false)
    .option("--format <format>", "pretty or json", "pretty")
    .action(list);
  decision(program, "approve", "let an order go that waits for a person; everything is checked again first")
    .option("--qty <n>", "another size, as far as the policy lets you")
    .option("--limit <price>", "another limit price")
    .option("--time-in-force <word>", "day, gtc, opg, cls, ioc or fok");
  decision(program, "reject", "refuse an order that waits for a person");
}

function decision(program: Command, word: "approve" | "reject", description: string): Command {
  return program
    .command(word)
    .description(description)
    .argument("<approval>", "its id, or the beginning of it")
    .argument(...PROJECT_ARGUMENT)
    .option(
      "--hash <digits>",
      "of the order that you were shown, the first four digits or more; without it you are asked",
    )
    .option("--reason <text>", "kept in the journal", "")
    .option("--format <format>", "pretty or json", "pretty")
    .action(async (id: string, folder: string, flags: Flags) => decide(word, id, folder, flags));
}

async function list(folder: string, { all, format }: ListFlags): Promise<void> {
  const asJson = isJson(format);
  const found = await withEngine(folder, (client) =>
    client.get<readonly ApprovalView[]>(`/v1/approvals${all ? "?all=true" : ""}`),
  );
  if (asJson) return print(JSON.stringify(found, undefined, 2));
  if (found.length === 0) return print("No order waits for a person.");
  print(table(found.map(approvalRow)));
}

/** One line: the hash is what a word names. */
export function approvalRow(approval: ApprovalView): string[] {
  const { id, hash, state, strategy, rule, notional, expiresAt, needed, decisions, why, reason } = approval;
  const yes = decisions.filter((one) => one.decision === "approve" && one.hash === hash).length;
  const rest =
    state === "pending"
      ? `until ${isoTime(expiresAt)}, ${yes} of ${needed}: ${printable(why)}`
      : printable(reason ?? "");
  return [
    id,
    hash.slice(0, SHORT),
    state,
    printable(`${strategy}/${rule}`),
    orderWords(approval),
    `worth ${notional}`,
    rest,
  ];
}

function orderWords({ order }: ApprovalView): string {
  const { side, qty, symbol, type, limitPrice, stopPrice, timeInForce } = order;
  const prices = [
    limitPrice === undefined ? "" : `at ${limitPrice}`,
    stopPrice === undefined ? "" : `stop ${stopPrice}`,
  ];
  return [side, qty, printable(symbol), type, ...prices, timeInForce].filter((word) => word !== "").join(" ");
}

async function decide(word: "approve" | "reject", id: string, folder: string, flags: Flags): Promise<void> {
  const asJson = isJson(flags.format);
  const edit = editOf(flags);
  const after = await withEngine(folder, async (client) => {
    const request = await requestOf(client, id);
    await confirm(client, word, request, flags, edit);
    const { hash } = request;
    const body = { by: whoAsks(), channel: "cli", hash, decision: word, reason: flags.reason };
    const path = `/v1/approvals/${encodeURIComponent(request.id)}/decision`;
    return await client.post<ApprovalView>(path, edit === undefined ? body : { ...body, edit });
  });
  print(asJson ? JSON.stringify(after, undefined, 2) : table([approvalRow(after)]));
  // Everything was checked again, and the order may not have passed.
  const isDone =
    word === "reject" ? after.state === "rejected" : after.state === "approved" || after.state === "pending";
  if (!isDone) process.exitCode = 1;
}

async function requestOf(client: ControlClient, id: string): Promise<ApprovalView> {
  const waiting = await client.get<readonly ApprovalView[]>("/v1/approvals");
  const [found, ...more] = waiting.filter((one) => one.id.startsWith(id));
  if (found === undefined) {
    // One that is over says why.
    if (/^[\w-]{1,64}$/.test(id)) {
      const over = (await client.get<readonly ApprovalView[]>("/v1/approvals?all=true")).find((one) =>
        one.id.startsWith(id),
      );
      if (over !== undefined)
        throw new CliError(`${over.id}: already ${over.state}: ${printable(over.reason ?? "")}`, 1);
    }
    throw new CliError(`${id}: nobody is asked about such an order; \`barwise approvals\` lists those`, 1);
  }
  if (more.length > 0) throw new CliError(`${id}: the beginning of ${more.length + 1} requests; write more of it`);
  return found;
}

/** A word counts for what was shown: by the hash, or by a look at it now. */
async function confirm(
  client: ControlClient,
  word: "approve" | "reject",
  request: ApprovalView,
  { hash }: Flags,
  edit: OrderEdit | undefined,
): Promise<void> {
  if (hash !== undefined) {
    if (hash.length < LEAST) throw new CliError(`--hash: write ${LEAST} digits or more`);
    if (request.hash.startsWith(hash.toLowerCase())) return;
    throw new CliError("the request has changed since: look at it again with `barwise approvals`", 1);
  }
  if (!process.stdin.isTTY)
    throw new CliError("--hash is needed where nobody can be asked; `barwise approvals` shows it");
  const { banner } = await client.get<StatusView>("/v1/status");
  print(`${printable(banner)}\n${table([approvalRow(request)])}`);
  if (edit !== undefined) print(`changed: ${JSON.stringify(edit)}`);
  const prompt = createInterface({ input: process.stdin, output: process.stderr });
  // Ctrl-C and Ctrl-D at the question are an answer too.
  const closed = new Promise<string>((done) => prompt.once("close", () => done("")));
  const typed = await Promise.race([prompt.question(`Type "${word}": `), closed]);
  prompt.close();
  if (typed.trim() !== word) throw new CliError("not confirmed, nothing was decided", 1);
}

function editOf({ qty, limit, timeInForce }: Flags): OrderEdit | undefined {
  const edit = {
    ...(qty === undefined ? {} : { qty }),
    ...(limit === undefined ? {} : { limitPrice: limit }),
    ...(timeInForce === undefined ? {} : { timeInForce: timeInForce as NonNullable<OrderEdit["timeInForce"]> }),
  };
  return Object.keys(edit).length === 0 ? undefined : edit;
}

function isJson(format: string): boolean {
  if (format !== "pretty" && format !== "json") throw new CliError(`--format ${format}: expected pretty or json`);
  return format === "json";
}
