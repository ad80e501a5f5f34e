/** `barwise resolve` against the journal of a run in which an order was lost. */
import { mkdirSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Command } from "commander";
import { beforeEach, expect, it, vi } from "vitest";
import { parse } from "yaml";
import { openJournal } from "../../engine/adapters/journal/open.ts";
import { openAcceptances } from "../../engine/cli/acceptances.ts";
import { CliError } from "../../engine/cli/io.ts";
import { addResolve } from "../../engine/cli/resolve.ts";
import { HEADER } from "../e2e/support.ts";
import { programOf, rig, START, threshold, turns } from "../runtime/support.ts";
import { inFolderOfItsOwn } from "./in-process.ts";

const folder = inFolderOfItsOwn("resolve");

beforeEach(() => {
  mkdirSync("strategies");
  writeFileSync("barwise.yaml", "barwise: 1\n");
  writeFileSync("strategies/a.strategy.yaml", threshold(100));
});

/** An entry leaves and nobody ever hears of it. */
async function lost(): Promise<string> {
  const made = rig(programOf(threshold(100)), "data", { "strategies/a.strategy.yaml": threshold(100) });
  await made.start();
  made.feed.bar("ACME/USD", START, 90);
  made.feed.bar("ACME/USD", START + 60_000, 110);
  await turns();
  const clientOrderId = made.broker.submitted[0]?.clientOrderId ?? "";
  made.broker.say({ kind: "order.unknown", clientOrderId, reason: "timeout" });
  for (let i = 0; i < 7; i++)
    made.broker.say({ kind: "order.rejected", clientOrderId, code: "not_found", reason: "unknown id" });
  const journal = await openJournal(".barwise/journal/run", { ...HEADER, id: "t", account: "t" });
  for (const record of made.journal.records) if ("n" in record) journal.append(record);
  await journal.close();
  return clientOrderId;
}

async function resolve(...args: readonly string[]): Promise<string> {
  let out = "";
  const program = new Command("barwise").exitOverride();
  addResolve(program);
  vi.spyOn(process.stdout, "write").mockImplementation((text) => ((out += String(text)), true));
  try {
    await program.parseAsync(["resolve", ...args], { from: "user" });
    return out;
  } catch (error) {
    if (!(error instanceof CliError)) throw error;
    return `${error.exitCode} ${error.message}`;
  } finally {
    vi.restoreAllMocks();
  }
}

it("lists what waits for a person, asks what was found, and keeps the word where the engine finds it", async () => {
  const id = await lost();
  expect(await resolve()).toMatch(new RegExp(`^${id}  a/enter  buy 1 ACME/USD market  timeout$`, "m"));
  expect(await resolve(id.slice(0, 8))).toMatch(/^2 say what you found at the broker/);
  expect(await resolve("bw-nothing", ".", "--not-sent")).toMatch(/^1 bw-nothing: no order that waits/);
  expect(await resolve(id.slice(0, 8), ".", "--not-sent", "--reason", "looked: none")).toMatch(
    /^buy 1 ACME\/USD of a counts as not sent, in \.barwise\/accepted\/.*; the next start of this run takes it$/m,
  );
  const [file = ""] = readdirSync(".barwise/accepted");
  expect(parse(readFileSync(join(".barwise/accepted", file), "utf8"))).toMatchObject({
    order: id,
    run: "t",
    reason: "looked: none",
  });
  const words = await (await openAcceptances(folder.path)).read();
  expect(words).toMatchObject({ reloads: [], orders: [{ order: id }] });
  writeFileSync(join(".barwise/accepted", "other.yaml"), "hello: world\n");
  await expect((await openAcceptances(folder.path)).read()).rejects.toThrow(/other\.yaml: nothing that/);
});

it("says that nothing waits", async () => {
  const journal = await openJournal(".barwise/journal/run", { ...HEADER, id: "t", account: "t" });
  const made = rig(programOf(threshold(100)), "data", { "strategies/a.strategy.yaml": threshold(100) });
  await made.start();
  for (const record of made.journal.records) if ("n" in record) journal.append(record);
  await journal.close();
  expect(await resolve()).toBe("No order waits for a person.\n");
});
