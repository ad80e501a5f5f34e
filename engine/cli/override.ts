/**
 * `barwise override`: raising a limit for a while, by two people.
 *
 * Owns: reading the value as the risk file has it, and asking before a word goes out. May not: judge; that is the core's.
 */
import type { Command } from "commander";
import { LIMITS } from "../core/desk/risk/catalogue.ts";
import { parseDuration, durationText, parseRatio } from "../lang/values.ts";
import type { OverrideView } from "../ports/control.ts";
import { PROJECT_ARGUMENT, scopeOf, whoAsks, withEngine } from "./control-place.ts";
import { CliError, print, printable, table } from "./io.ts";

interface Flags {
  readonly for?: string;
  readonly strategy?: string;
  readonly symbol?: string;
  readonly confirm?: string;
  readonly by?: string;
  readonly reason: string;
  readonly format: string;
}

export function addOverride(program: Command): void {
  program
    .command("override")
    .description("raise a limit for a while; nothing holds before a second person has confirmed it")
    .argument("[limit]", "as the risk file has it, such as max_order_qty or max_position.qty")
    .argument("[value]", "as the risk file has it: 500, 10%, 2m")
    .argument(...PROJECT_ARGUMENT)
    .option("--for <duration>", "how long, from the confirmation on; a day at most")
    .option("--strategy <name>", "of this strategy alone")
    .option("--symbol <symbol>", "of this symbol alone")
    .option("--confirm <id>", "the word of the second person; the id is the one that `barwise risk` shows")
    .option("--by <name>", "who says so; kept in the journal (default: your user name)")
    .option("--reason <text>", "kept in the journal", "")
    .option("--format <format>", "pretty or json", "pretty")
    .action(override);
}

async function override(
  limit: string | undefined,
  value: string | undefined,
  folder: string,
  flags: Flags,
): Promise<void> {
  if (flags.confirm !== undefined) {
    // What is confirmed says limit and value itself: all that can stand there is the folder.
    if (value !== undefined) throw new CliError("--confirm takes no limit and no value: it is about what was asked");
    return confirm(flags.confirm, limit ?? ".", flags);
  }
  if (limit === undefined || value === undefined)
    throw new CliError("override LIMIT VALUE --for 30m --reason ..., or override --confirm ID");
  await ask(limit, value, folder, flags);
}

async function ask(limit: string, value: string, folder: string, flags: Flags): Promise<void> {
  const forMs = parseDuration(flags.for);
  if (forMs === undefined || forMs <= 0) throw new CliError("--for: say how long, such as 30m or 2h");
  if (flags.reason.trim().length < 3) throw new CliError("--reason: say why the limit is to be raised");
  const body = { limit, value: numberOf(limit, value), for_ms: forMs, scope: scopeOf(flags), reason: flags.reason };
  await tell(flags, folder, "/v1/overrides", { ...body, by: flags.by ?? whoAsks() });
}

async function confirm(id: string, folder: string, flags: Flags): Promise<void> {
  const path = `/v1/overrides/${encodeURIComponent(id)}/confirm`;
  await tell(flags, folder, path, { by: flags.by ?? whoAsks(), reason: flags.reason });
}

async function tell(flags: Flags, folder: string, path: string, body: object): Promise<void> {
  if (flags.format !== "pretty" && flags.format !== "json")
    throw new CliError(`--format ${flags.format}: expected pretty or json`);
  const view = await withEngine(folder, (client) => client.post<OverrideView>(path, body));
  if (flags.format === "json") return print(JSON.stringify(view, undefined, 2));
  print(table([overrideRow(view)]));
  if (view.state === "asked") print(`somebody else confirms it: barwise override --confirm ${view.id ?? ""} --by NAME`);
}

/** A time where the limit is one, else a number or a percentage. */
function numberOf(limit: string, text: string): number {
  const name = limit.replace(/\..*$/, "");
  const spec = LIMITS.find((one) => one.name === name);
  if (spec === undefined) throw new CliError(`${limit}: no limit of that name; \`barwise controls\` lists them`);
  const value = spec.kind === "duration" ? parseDuration(text) : parseRatio(text);
  const expected = spec.kind === "duration" ? "a time such as 30s" : "a number or a percentage such as 500 or 10%";
  if (value === undefined) throw new CliError(`${limit} ${text}: expected ${expected}`);
  return value;
}

/** One line, for `risk` and `status` too. */
export function overrideRow({ id, state, limit, value, scope, by, reason, until, for_ms: ms }: OverrideView): string[] {
  const what = `${printable(limit)} ${value}${scope === "account" ? "" : ` (${printable(scope)})`}`;
  const who = by.map(printable).join(" and ");
  return state === "holds"
    ? ["raised", what, `by ${who}`, `until ${until}`, printable(reason)]
    : [
        id ?? "",
        what,
        `asked by ${who}`,
        `for ${durationText(ms ?? 0)}, to be confirmed by ${until}`,
        printable(reason),
      ];
}
