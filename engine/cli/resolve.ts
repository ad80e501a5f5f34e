/**
 * `barwise resolve`: a person decides about an order that nobody finds at the broker.
 *
 * Owns: that only such an order is decided about. May not: change what runs; the engine takes the word if it still holds.
 */
import { userInfo } from "node:os";
import type { Command } from "commander";
import { openOrders } from "../core/view.ts";
import type { CoreState } from "../core/step.ts";
import type { OrderView } from "../core/event.ts";
import { saveWord } from "./acceptances.ts";
import { CliError, print, table } from "./io.ts";
import { RUNNING, placeOf, sideOf } from "./plan-sides.ts";

interface Flags {
  readonly notSent: boolean;
  readonly reason: string;
}

export function addResolve(program: Command): void {
  program
    .command("resolve")
    .description("say what became of an order that nobody finds at the broker; without an order, list those")
    .argument("[order]", "client order id, or its beginning")
    .argument("[project]", "folder with barwise.yaml", ".")
    .option("--not-sent", "you looked at the broker: the order is not there, and it may be forgotten", false)
    .option("--reason <text>", "kept in the journal", "")
    .action(async (order: string | undefined, folder: string, flags: Flags) => resolveOrder(order, folder, flags));
}

async function resolveOrder(id: string | undefined, folder: string, flags: Flags): Promise<void> {
  const place = await placeOf([folder]);
  const side = await sideOf(RUNNING, place);
  if (side.kind === "git") throw new CliError("nothing has run here");
  const parked = unresolvedOf(side.rebuilt.core);
  if (id === undefined) return list(parked);
  const [found, ...more] = parked.filter(({ clientOrderId }) => clientOrderId.startsWith(id));
  if (found === undefined)
    throw new CliError(`${id}: no order that waits for a person; \`barwise resolve\` lists them`, 1);
  if (more.length > 0) throw new CliError(`${id}: the beginning of ${more.length + 1} orders; write more of it`);
  if (!flags.notSent)
    throw new CliError(
      "say what you found at the broker: --not-sent when the order is not there. One that is there is found by itself.",
    );
  const { clientOrderId: order } = found;
  const { header } = side.rebuilt;
  const path = await saveWord(place.root, { order, run: header.id, by: userInfo().username, reason: flags.reason });
  const when = side.writer === null ? "the next start of this run takes it" : `process ${side.writer} takes it now`;
  print(`${found.side} ${found.qty} ${found.symbol} of ${found.strategy} counts as not sent, in ${path}; ${when}`);
}

function unresolvedOf(core: CoreState): readonly OrderView[] {
  const { orders } = core.desk.state;
  return openOrders(core).filter(({ clientOrderId }) => orders.get(clientOrderId)?.unresolved === true);
}

function list(orders: readonly OrderView[]): void {
  if (orders.length === 0) return print("No order waits for a person.");
  print(
    table(
      orders.map(({ clientOrderId, strategy, rule, side, qty, symbol, type, reason }) => [
        clientOrderId,
        `${strategy}/${rule}`,
        `${side} ${qty} ${symbol} ${type}`,
        reason ?? "",
      ]),
    ),
  );
}
