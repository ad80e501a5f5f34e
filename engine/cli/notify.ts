/**
 * `barwise notify test`: whether the people of a project are reached.
 *
 * Owns: one test message to each channel and what the other side answered. May not: touch a run; no decision is taken.
 */
import type { Command } from "commander";
import { Settings } from "../adapters/notify/settings.ts";
import { WALL_CLOCK } from "../adapters/wall-clock.ts";
import type { Delivery, Message } from "../ports/notifier.ts";
import { openChannels, openCheckIn } from "./channels.ts";
import { CliError, LIST_FORMAT, listFormat, print, printable, table } from "./io.ts";
import { compileFiles, loadProject } from "./program.ts";
import type { LoadedProject } from "./program.ts";

const DEAD_MAN = "dead_man";

interface Tested {
  readonly channel: string;
  readonly ok: boolean;
  readonly answer: string;
}

export function addNotify(program: Command): void {
  program
    .command("notify")
    .description("the channels under notify: in barwise.yaml")
    .command("test")
    .description("send a test message and say what was answered; dead_man is called only when it is named")
    .argument("[channel]", "telegram, slack-2, …; default: all")
    .argument("[project]", "folder with barwise.yaml", ".")
    .option(...LIST_FORMAT)
    .action(async (channel: string | undefined, folder: string, { format }: { readonly format: string }) =>
      test(channel, folder, listFormat(format)),
    );
}

async function test(only: string | undefined, folder: string, format: ReturnType<typeof listFormat>): Promise<void> {
  const project = await loadProject(folder, { demo: false });
  if (project.refused !== undefined) throw new CliError(project.refused, 1);
  compileFiles(project.files, {}, "no message was sent: the files have errors");
  const results = await Promise.all(chosen(project, only).map((one) => one()));
  if (format === "json") print(JSON.stringify(results, null, 2));
  else if (format === "ndjson") for (const result of results) print(JSON.stringify(result));
  else print(table(results.map(({ channel, ok, answer }) => [channel, ok ? "reached" : "NOT REACHED", answer])));
  if (results.some(({ ok }) => !ok)) process.exitCode = 1;
}

function chosen({ settings }: LoadedProject, only: string | undefined): readonly (() => Promise<Tested>)[] {
  const { notify, deadMan } = settings;
  const configs = notify.filter(({ name }) => only === undefined || only === name);
  if (only === DEAD_MAN && deadMan !== undefined) {
    const checkIn = openCheckIn(deadMan, new Settings(process.env));
    return [
      async () => {
        const reason = await checkIn.call("well", "a test");
        return testedOf(
          DEAD_MAN,
          reason === undefined ? { ok: true, answer: "called" } : { ok: false, reason, retry: false },
        );
      },
    ];
  }
  if (configs.length === 0) throw new CliError(missing(only, [...notify.map(({ name }) => name), DEAD_MAN]));
  return openChannels(configs, new Settings(process.env)).map(({ notifier }) => async () => {
    const delivery = await notifier.notify(message());
    await notifier.stop();
    return testedOf(notifier.name, delivery);
  });
}

function missing(only: string | undefined, names: readonly string[]): string {
  if (only === undefined) return "barwise.yaml names nobody to tell: write notify: with a channel";
  return `${only}: no such channel in barwise.yaml; there are ${names.join(", ")}`;
}

function testedOf(channel: string, delivery: Delivery): Tested {
  return { channel, ok: delivery.ok, answer: printable(delivery.ok ? delivery.answer : delivery.reason) };
}

function message(): Message {
  const time = WALL_CLOCK.now();
  return {
    ...{ id: `test-${time}`, kind: "test", level: "info", time, count: 1, alike: "test" },
    title: "barwise: a test message",
    text: "Somebody typed `barwise notify test`. Nothing has happened.",
  };
}
