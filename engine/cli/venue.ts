/**
 * `barwise venue`: the local venue alone, for any Alpaca client.
 */
import type { Command } from "commander";
import { amount, dateOf, leverageOf, ratioOf } from "./backtest.ts";
import { addFaultFlags, faultLine, faultsIn, rehearsalOf } from "./fault-flags.ts";
import type { FaultFlags } from "./fault-flags.ts";
import { CliError, print, say } from "./io.ts";
import { startLocalVenue } from "./local-venue.ts";
import { addSplitFlag, splitsOf } from "./split-flags.ts";
import type { SplitFlags } from "./split-flags.ts";
import { openTape } from "./tapes.ts";

interface Flags extends FaultFlags, SplitFlags {
  readonly data: readonly string[];
  readonly port: string;
  readonly rate: string;
  readonly from?: string;
  readonly cash: string;
  readonly fees: string;
  readonly slippage: string;
  readonly leverage: string;
  readonly symbol?: string;
  readonly log: boolean;
}

export function addVenue(program: Command): void {
  const command = program
    .command("venue")
    .description("a local venue that speaks Alpaca's REST and WebSocket protocols on 127.0.0.1")
    .option("--data <source...>", "sp500, synthetic, or files", ["sp500"])
    .option("--port <n>", "port on 127.0.0.1; 0 takes a free one", "8799")
    .option("--rate <n>", "distinct times of the tape per second", "12")
    .option("--from <date>", "where the tape starts; earlier bars are history")
    .option("--cash <amount>", "cash of the account", "100000")
    .option("--fees <model>", "none, alpaca, ib, or a percentage", "none")
    .option("--slippage <percent>", "against the taker on market and stop fills, e.g. 0.02%", "0%")
    .option("--leverage <n>", "1, 2 or 4", "1")
    .option("--symbol <name>", "symbol of the data, where the file does not say it")
    .option("--log", "tell each answer and each fault on stderr", false);
  faultsIn(addFaultFlags(addSplitFlag(command))).action(async (flags: Flags) => runVenue(flags));
}

async function runVenue(flags: Flags): Promise<void> {
  const port = Number(flags.port);
  if (!Number.isInteger(port) || port < 0 || port > 65_535)
    throw new CliError(`--port ${flags.port}: expected 0 to 65535`);
  const rate = Number(flags.rate);
  if (!(rate > 0 && rate <= 10_000)) throw new CliError(`--rate ${flags.rate}: expected 0.1 to 10000`);
  const { tape, notes } = await openTape(flags.data, { symbol: flags.symbol });
  const { faults, partialFills, seed } = rehearsalOf(flags, tape.symbols);
  let struck = 0;
  const { venue, credentials } = await startLocalVenue({
    tape,
    pace: { delayMs: 1_000 / rate },
    port,
    from: flags.from === undefined ? undefined : dateOf("--from", flags.from),
    symbols: tape.symbols,
    cash: amount("--cash", flags.cash),
    fees: flags.fees,
    slippage: ratioOf("--slippage", flags.slippage),
    leverage: leverageOf(flags.leverage),
    seed: seed ?? "venue",
    partialFills,
    faults,
    splits: splitsOf(flags, tape.symbols),
    onFault: (line) => {
      struck += 1;
      if (flags.log) say(faultLine(line));
    },
    onAnswer: ({ method, path, status }) => {
      if (flags.log) say(`${method} ${path} ${status}`);
    },
  });
  print(`${tape.name}${tape.label === "synthetic" ? " (SYNTHETIC)" : ""}: ${tape.symbols.join(", ")}`);
  for (const note of notes) print(note);
  print(`REST and data    ${venue.url}`);
  print(`market data      ${venue.marketStreamUrl("iex")}`);
  print(`trade updates    ${venue.tradingStreamUrl}`);
  print(`APCA_API_KEY_ID=${credentials.keyId}`);
  print(`APCA_API_SECRET_KEY=${credentials.secret}`);
  if (faults.length > 0) print(`faults           ${flags.fault.join(", ")}, seed ${seed ?? "venue"}`);
  print("The tape starts with the first market-data subscription. Ctrl-C stops.");
  await new Promise<void>((resolve) => {
    process.once("SIGINT", resolve);
    process.once("SIGTERM", resolve);
    void venue.finished.then(() => print("The tape is over."));
  });
  const stats = venue.stats();
  await venue.stop();
  print(`${stats.requests} requests, ${stats.tradeUpdates} trade updates, ${stats.marketMessages} market messages`);
  if (faults.length > 0) print(`${struck} faults struck`);
}
