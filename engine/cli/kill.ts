/**
 * `barwise kill`: stops everything, whether the engine answers or not.
 *
 * Owns: the order of things: first the file that holds every engine of this project, then the orders at the broker itself,
 * then a look whether the engine has heard. It loads nothing that it does not need, because somebody waits for it. May not:
 * close positions, or depend on files of the project that may be broken.
 */
import { readFileSync } from "node:fs";
import { relative, join } from "node:path";
import type { Command } from "commander";
import { cancelAll } from "../adapters/alpaca/cancel-all.ts";
import type { CancelAllResult } from "../adapters/alpaca/cancel-all.ts";
import { MISSING_KEYS, credentialsFrom } from "../adapters/alpaca/credentials.ts";
import type { AlpacaAccount } from "../adapters/alpaca/endpoints.ts";
import { ControlClient } from "../adapters/control/client.ts";
import { findControlFile } from "../adapters/control/control-file.ts";
import type { ControlFile, OrdersAt } from "../adapters/control/control-file.ts";
import { LATCH_FILE, Latch } from "../adapters/control/latch.ts";
import { WALL_CLOCK } from "../adapters/wall-clock.ts";
import { isoTime } from "../core/time.ts";
import { PROJECT_ARGUMENT, controlRoot, whoAsks } from "./control-place.ts";
import { CliError, print, say } from "./io.ts";

interface Flags {
  readonly url?: string;
  readonly account?: string;
  readonly reason: string;
  readonly timeout: string;
  readonly format: string;
}

interface Outcome {
  readonly latch: string;
  /** Null: the exchange is inside the engine's process. */
  readonly orders: (CancelAllResult & { readonly at: string }) | null;
  /** `none`: no engine runs. `silent`: it does not answer, and obeys the file when it goes on. `running`: not HALTED yet. */
  readonly engine: "halted" | "silent" | "running" | "none";
  readonly pid: number | null;
}

/** How long a healthy engine may take to see the file. */
const ENGINE_MS = 2_000;
const ASK_MS = 500;

export function addKill(program: Command): void {
  program
    .command("kill")
    .description(
      "kill switch: cancel all orders at the broker itself, engine or not, and keep every engine here HALTED",
    )
    .argument(...PROJECT_ARGUMENT)
    .option("--reason <text>", "kept in the file and in the journal", "")
    .option("--url <address>", "of a venue on this machine, instead of what barwise.yaml says")
    .option("--account <kind>", "alpaca-paper or alpaca-live, instead of what barwise.yaml says")
    .option("--timeout <seconds>", "gives up on the broker after this", "10")
    .option("--format <format>", "pretty or json", "pretty")
    .action(kill);
}

async function kill(folder: string, flags: Flags): Promise<void> {
  const patienceMs = Number(flags.timeout) * 1_000;
  if (!(patienceMs > 0 && patienceMs <= 600_000))
    throw new CliError(`--timeout ${flags.timeout}: expected seconds, 600 at most`);
  const root = controlRoot(folder);
  const latch = new Latch(root);
  const shown = relative(process.cwd(), latch.path) || LATCH_FILE;
  const problems: string[] = [];
  try {
    latch.set(
      { by: whoAsks(), reason: flags.reason === "" ? "barwise kill" : flags.reason },
      isoTime(WALL_CLOCK.now()),
    );
  } catch (error) {
    // The orders are cancelled all the same.
    problems.push(`${shown} could not be written, so an engine may go on trading: ${(error as Error).message}`);
  }
  const file = await findControlFile(root);
  const [orders, engine] = await Promise.all([
    whereOf(root, file, flags).then((where) => cancelAt(where, patienceMs, problems)),
    engineOf(file),
  ]);
  const outcome: Outcome = { latch: shown, orders, engine, pid: file?.pid ?? null };
  if (flags.format === "json") print(JSON.stringify({ ...outcome, problems }, undefined, 2));
  else for (const line of linesOf(outcome, latch.isSet)) print(line);
  for (const problem of problems) say(`error: ${problem}`);
  const isDone = orders === null ? engine === "halted" || engine === "none" : orders.left === 0;
  if (problems.length > 0 || !isDone) process.exitCode = 1;
}

/** Where the orders are: as told, as the running engine says, as barwise.yaml says. */
async function whereOf(root: string, file: ControlFile | undefined, { url, account }: Flags): Promise<OrdersAt> {
  if (url !== undefined) return { kind: "venue", url };
  if (account !== undefined) return alpaca(account, "--account");
  if (file !== undefined) return file.orders;
  let settings: unknown;
  try {
    // Loaded only here: it takes as long as everything else together.
    const { parse } = await import("yaml");
    settings = parse(readFileSync(join(root, "barwise.yaml"), "utf8"));
  } catch (error) {
    const why = (error as Error).message.split("\n", 1)[0];
    throw new CliError(
      `${LATCH_FILE} is left, but whose orders to cancel is unknown: ${why}. Say --account or --url.`,
      1,
    );
  }
  const { venue, url: at } = ((settings as { account?: unknown } | null)?.account ?? {}) as Readonly<
    Record<string, unknown>
  >;
  if (typeof at === "string") return { kind: "venue", url: at };
  return venue === undefined || venue === "local"
    ? { kind: "inside" }
    : alpaca(typeof venue === "string" ? venue : "", "barwise.yaml: venue");
}

function alpaca(name: string, source: string): OrdersAt {
  if (name === "alpaca-paper") return { kind: "alpaca", account: "paper" };
  if (name === "alpaca-live") return { kind: "alpaca", account: "live" };
  throw new CliError(`${source} ${name}: expected alpaca-paper or alpaca-live; ${LATCH_FILE} is left`, 1);
}

async function cancelAt(where: OrdersAt, patienceMs: number, problems: string[]): Promise<Outcome["orders"]> {
  if (where.kind === "inside") return null;
  const at = where.kind === "venue" ? `the venue at ${where.url}` : `Alpaca, ${where.account} account`;
  const account: AlpacaAccount =
    where.kind === "venue"
      ? { kind: "loopback", url: where.url }
      : where.account === "live"
        ? { kind: "live", confirmed: true }
        : { kind: "paper" };
  const credentials = credentialsFrom(process.env);
  if (credentials === undefined) {
    problems.push(`no order was cancelled at ${at}: ${MISSING_KEYS}`);
    return { at, cancelled: 0, left: null, ms: null, problem: "keys" };
  }
  const result = await cancelAll({ account, credentials, patienceMs });
  if (result.left === null) problems.push(`orders at ${at} may still work: ${result.problem}. Look there.`);
  else if (result.left > 0) problems.push(`${result.left} orders at ${at} still work. Look there.`);
  return { at, ...result };
}

/** Whether a living engine has heard. */
async function engineOf(file: ControlFile | undefined): Promise<Outcome["engine"]> {
  if (file === undefined) return "none";
  const client = new ControlClient(file);
  const deadline = performance.now() + ENGINE_MS;
  do {
    const seen = await client.get<{ readonly state?: string }>("/v1/health", ASK_MS).catch(() => undefined);
    if (seen?.state === "HALTED") return "halted";
    // One that stands still is not waited for.
    if (seen === undefined) return "silent";
    await new Promise((resolve) => setTimeout(resolve, 25));
  } while (performance.now() < deadline);
  return "running";
}

function linesOf({ latch, orders, engine, pid }: Outcome, isSet: boolean): string[] {
  const held = isSet ? [`${latch}: every engine of this project is HALTED until \`barwise resume\``] : [];
  const engineLine = {
    halted: `the engine (process ${pid}) is HALTED`,
    silent: `the engine (process ${pid}) does not answer; it sends nothing more when it goes on`,
    running: `the engine (process ${pid}) answers and is not HALTED yet: look again with \`barwise status\``,
    none: "no engine with a control API runs here; one that runs or starts obeys the file",
  }[engine];
  const ordersLine =
    orders === null
      ? "the exchange of this account is inside the engine's process: the engine cancels its orders"
      : orders.ms === null
        ? `orders at ${orders.at} were not all cancelled`
        : `${orders.cancelled} orders cancelled at ${orders.at}, none left after ${Math.round(orders.ms)} ms`;
  return [...held, ordersLine, engineLine, "Positions stay as they are, without protection."];
}
