import { readFile, rm, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { WebSocketServer } from "ws";
import { build, folderOf, Process, STRATEGY } from "./support.ts";
import type { Built, Ended } from "./support.ts";

const SHIPPED = resolve(import.meta.dirname, "../../strategies");
const FILE = "strategies/a.strategy.yaml";

let built: Built;
let folder = "";
beforeAll(async () => {
  built = await build();
}, 120_000);
afterAll(() => built.remove());
afterEach(async () => {
  if (folder !== "") await rm(folder, { recursive: true });
  folder = "";
});

async function project(text: string, files: Readonly<Record<string, string>> = { [FILE]: STRATEGY }): Promise<void> {
  folder = await folderOf({ "barwise.yaml": text, ...files });
}

function start(args: readonly string[], env: Readonly<Record<string, string>> = {}): Process {
  return new Process(built.main, args, folder === "" ? SHIPPED : folder, env);
}

function run(...args: string[]): Promise<Ended> {
  return start(args).ended;
}

/** No stack, no colour, one sentence. */
function sentence({ code, out, err }: Ended): string {
  expect(out).toBe("");
  expect(err).not.toMatch(/\n\s+at /);
  return `${code} ${err.trim()}`;
}

describe("a command that cannot run says why and ends with 2", () => {
  it.concurrent.each([
    ["an unknown command", ["frobnicate"], "unknown command 'frobnicate'"],
    ["an unknown flag", ["lint", "--wat"], "unknown option '--wat'"],
    ["no project", ["run"], "no barwise.yaml here"],
    ["no such folder", ["run", "nosuch"], "nosuch: no such folder"],
    ["no data", ["backtest", "."], "required option '--data"],
    ["missing data", ["backtest", ".", "--data", "nosuch.csv"], "nosuch.csv: no such file or folder"],
    ["an unknown format", ["backtest", ".", "--data", "sp500", "--format", "xml"], "expected pretty or json"],
    [
      "a bad period",
      ["backtest", ".", "--data", "sp500", "--from", "2020-01-02", "--to", "2020-01-02"],
      "is not before",
    ],
    ["an unknown finding", ["explain", "risk/nope"], "no finding has this code"],
    [
      "a fault that is not one",
      ["venue", "--fault", "dealy=5ms"],
      '--fault dealy=5ms\n        ^ there is no fault "dealy". Did you mean "delay"?',
    ],
    ["a fault of a symbol that is not there", ["venue", "--fault", "reject=QQQ"], "the tape has SPX"],
    ["an unknown tape", ["run", "..", "--demo", "--tape", "nosuch"], "--tape nosuch: no such file"],
  ])("%s", async (_, args, expected) => {
    const text = sentence(await run(...args));
    expect(text).toMatch(/^2 /);
    expect(text).toContain(expected);
  });

  it("an Alpaca account without keys", async () => {
    await project("barwise: 1\naccount: {venue: alpaca-paper}\n");
    expect(sentence(await run("run"))).toMatch(/^2 error: Alpaca keys are missing: set APCA_API_KEY_ID/);
  });

  it("real money without --live, and --live without a terminal or without such an account", async () => {
    await project(
      "barwise: 1\naccount: {venue: alpaca-live}\nrisk: {max_order_notional: 1000, max_position: 10%, max_daily_loss: 2%}\n",
    );
    expect(sentence(await run("run"))).toContain("real money needs --live as well");
    const keys = { APCA_API_KEY_ID: "AKTEST", APCA_API_SECRET_KEY: "a-secret-that-is-never-printed" };
    const process = start(["run", "--live"], keys);
    process.child.stdin.end();
    const ended = await process.ended;
    expect(sentence(ended)).toContain("--live needs a terminal");
    expect(ended.err).not.toContain("a-secret");
    await writeFile(join(folder, "barwise.yaml"), "barwise: 1\n");
    expect(sentence(await run("run", "--live"))).toContain("does not say account: {venue: alpaca-live}");
  });

  it("feeds that cannot be had, that do not go together, or that do not tell what strategies need", async () => {
    const write = (text: string) => writeFile(join(folder, "barwise.yaml"), `barwise: 1\n${text}\n`);
    const own = "{websocket: {url: 'ws://127.0.0.1:1'}}";
    const bars = `{websocket: {url: 'ws://127.0.0.1:1', map: {type: bar, bar_size: 5m, symbol: $.s, start: $.t, open: $.o, high: $.h, low: $.l, close: $.c}}}`;
    await project("barwise: 1\n", { [FILE]: STRATEGY.replace("1d", "1m") });
    await write("feeds: [{alpaca: {}}, {tape: {file: sp500}}]");
    expect(sentence(await run("run"))).toContain("A tape has no second feed, and is none");
    await write("account: {venue: alpaca-paper}\nfeeds: [{tape: {file: sp500}}]");
    expect(sentence(await run("run"))).toContain("a tape tells of the past; an Alpaca account needs a stream");
    for (const feeds of [`${own}, {alpaca: {}}`, `{alpaca: {}}, ${own}`, "{alpaca: {}}"]) {
      await write(`feeds: [${feeds}]`);
      expect(sentence(await run("run"))).toContain("Alpaca keys are missing");
    }
    await write(`feeds: [${bars}]`);
    expect(sentence(await run("run"))).toContain("the data has 5m bars; a strategy needs 1m bars of SPX");
  });

  it("what is not built, rather than accepting and ignoring it", async () => {
    await project("barwise: 1\n");
    await writeFile(join(folder, "barwise.yaml"), "barwise: 1\nfeeds: [{tape: {file: sp500, loop: true}}]\n");
    expect(sentence(await run("run"))).toContain("(loop:) is not built yet");
    await writeFile(join(folder, "barwise.yaml"), "barwise: 1\nfeeds: [{websocket: {url: 'ws://127.0.0.1:1'}}]\n");
    expect(sentence(await run("run", "--tape", "sp500"))).toContain("--tape is for tapes");
  });

  it("no strategies, a journal that cannot be made, and a stream that nobody serves", async () => {
    await project("barwise: 1\n", {});
    expect(sentence(await run("run"))).toContain("there is nothing to trade");
    await rm(folder, { recursive: true });
    await project("barwise: 1\n", { [FILE]: STRATEGY, ".barwise/journal": "a file, not a folder" });
    expect(sentence(await run("run"))).toMatch(
      /^2 error: no journal, no trading: .* cannot be written \(ENOTDIR: a part of its path is not a folder\)/,
    );
    await writeFile(
      join(folder, "barwise.yaml"),
      "barwise: 1\njournal: j\nfeeds: [{websocket: {url: 'ws://127.0.0.1:1'}}]\n",
    );
    expect(sentence(await run("run"))).toContain("cannot be reached (ECONNREFUSED)");
  });
});

describe("findings and failures end with 1", () => {
  it("errors in strategies at the start, with their place", async () => {
    await project("barwise: 1\n", { [FILE]: STRATEGY.replaceAll("sma(3)", "smaa(3)") });
    const ended = await run("run");
    expect(ended.code).toBe(1);
    expect(ended.err).toContain(`${FILE}:7:19 error names/unknown`);
    expect(ended.err).toContain("nothing was started");
    const lint = await run("lint", "--format", "json");
    expect(lint.code).toBe(1);
    expect(JSON.parse(lint.out)).toMatchObject({ valid: false, errors: 2 });
  });

  it("bad rows, data coarser than needed, a period without data", async () => {
    const csv = "time,open,high,low,close,volume\n2024-01-02T14:30:00Z,1,1,1,1,1\n2024-01-02T14:31:00Z,1,1,1,abc,1\n";
    folder = await folderOf({ [FILE]: STRATEGY.replace("1d", "5m"), "bars.csv": csv });
    expect((await run("backtest", FILE, "--data", "bars.csv", "--symbol", "SPX")).err).toContain(
      "bars.csv:3: close is",
    );
    expect((await run("backtest", FILE, "--data", "sp500")).err).toContain("the data has 1d bars");
    const late = await run("backtest", FILE, "--data", "sp500", "--on", "1d", "--from", "2030-01-01");
    expect([late.code, late.err.includes("the data ends at")]).toEqual([1, true]);
  });

  it("data without trades for what counts trades", async () => {
    folder = await folderOf({
      [FILE]: STRATEGY.replace("1d", "500 ticks"),
      "b.strategy.yaml": STRATEGY.replace("sma(3)", "sma(3, on: 50_000 volume)"),
    });
    expect(sentence(await run("backtest", FILE, "--data", "sp500"))).toBe(
      "1 error: a counts trades (500 ticks); the data has 1d bars: give ticks, or --on 1d to judge it at the close of bars",
    );
    expect(sentence(await run("check", "lookahead", "b.strategy.yaml", "--data", "sp500"))).toBe(
      "1 error: a counts trades (50000 volume); the data has 1d bars: give ticks",
    );
    expect((await run("backtest", FILE, "--data", "sp500", "--on", "1d")).code).toBe(0);
    expect((await run("backtest", FILE, "--data", "sp500", "--on", "500 trades")).err).toContain("expected a bar size");
  });

  it("a journal folder that is in use is not written to", async () => {
    folder = await folderOf({ [FILE]: STRATEGY });
    expect((await run("backtest", FILE, "--data", "sp500", "--journal", "j")).code).toBe(0);
    const again = await run("backtest", FILE, "--data", "sp500", "--journal", "j");
    expect([again.code, again.err.includes("not empty")]).toEqual([2, true]);
  });
});

describe("a result is one JSON document on standard output", () => {
  it.concurrent.each([
    ["lint", ["lint", ".", "--format", "json"]],
    ["explain", ["explain", "rsi-dip.strategy.yaml", "--format", "json"]],
    ["backtest", ["backtest", "rsi-dip.strategy.yaml", "--data", "sp500", "--format", "json"]],
  ])("of %s", async (_, args) => {
    const { code, out } = await run(...args);
    expect(code).toBe(0);
    expect(JSON.parse(out)).toMatchObject({ format_version: 1 });
  });

  it("also when its reader goes away early", async () => {
    const process = start(["backtest", "rsi-dip.strategy.yaml", "--data", "sp500", "--format", "json"]);
    process.child.stdout.destroy();
    const { code, err } = await process.ended;
    expect(code).toBe(0);
    expect(err).not.toContain("EPIPE");
  });
});

describe("barwise run", () => {
  const FAST = "barwise: 1\nfeeds: [{tape: {file: sp500, speed: max}}]\n";

  it("says what it trades, plays the tape to its end and sums up", async () => {
    await project(FAST);
    const { code, out } = await run("run", "--from", "2019-01-02");
    expect(code).toBe(0);
    expect(out).toMatch(/^barwise \S+ {3}paper on the local venue, S&P 500 daily/);
    expect(out).toMatch(/\nstrategy\s+a: SPX, 1d\njournal\s+\S+\.barwise\/journal\//);
    expect(out).toMatch(/paper order buy 1 SPX market/);
    expect(out).toMatch(/Difference +0\.00\n/);
    expect(out).not.toContain("\u001B");
  });

  it("says SYNTHETIC at the start, with every order, and at the end", async () => {
    await project(FAST.replace("sp500", "synthetic"), { [FILE]: STRATEGY.replace("1d", "5m").replace("SPX", "SYN-A") });
    const { out } = await run("run", "--from", "2024-03-22");
    const orders = out.split("\n").filter((line) => / (order|filled) /.test(line));
    expect(orders.length).toBeGreaterThan(2);
    expect(orders.every((line) => line.includes("paper SYNTHETIC"))).toBe(true);
    expect(out.match(/SYNTHETIC DATA/g)?.length).toBe(2);
  });

  it("refuses faults that nobody would make", async () => {
    await project("barwise: 1\naccount: {venue: local, url: 'http://127.0.0.1:1'}\n");
    expect(sentence(await run("run", "--fault", "drop-ack=50%"))).toContain("for a local venue that this run starts");
  });

  it("rehearses failures: what the broker says twice or in disorder, and answers that are lost", async () => {
    await project(FAST);
    const faults = ["duplicate-updates", "reorder-updates=50%", "drop-ack=50%", "partial-fills=50%"];
    const flags = faults.flatMap((fault) => ["--fault", fault]);
    const { code, out } = await run("run", "--from", "2020-01-02", "--seed", "9", ...flags);
    expect(code).toBe(0);
    expect(out).toContain(`FAULTS: ${faults.join(", ")}`);
    expect(out).toMatch(/\nfault drop-ack: POST \/v2\/orders was executed\n/);
    expect(out).toMatch(/Difference +0\.00\n/);
    const fills = out.split("\n").filter((line) => line.includes(" filled "));
    expect(fills.length).toBeGreaterThan(0);
    expect(new Set(fills).size).toBe(fills.length);
  });

  it("stops cleanly at the first Ctrl-C", async () => {
    await project("barwise: 1\n");
    const process = start(["run"]);
    await process.until("an order", () => process.out.includes("order buy"));
    process.child.kill("SIGINT");
    const { code, out } = await process.ended;
    expect(code).toBe(0);
    expect(out).toContain("stopping");
    expect(out).toContain("Statement");
  });

  it("stops trading loudly when nobody reads its output any more", async () => {
    await project("barwise: 1\n");
    const process = start(["run", "--rate", "200"]);
    await process.until("an order", () => process.out.includes("order buy"));
    process.child.stdout.destroy();
    const { code, err } = await process.ended;
    expect([code, err.includes("trading stopped: nobody reads the output")]).toEqual([1, true]);
  });

  it("shows an error of a save at its place, keeps the old rules, and loads the next good save", async () => {
    await project("barwise: 1\n");
    const process = start(["run"]);
    await process.until("the start", () => process.out.includes("order buy"));
    await writeFile(join(folder, FILE), STRATEGY.replaceAll("sma(3)", "smaa(3)"));
    await process.until("the error", () => process.out.includes(`${FILE}:7:19`));
    expect(process.out).toContain("not reloaded, the old rules keep running: 2 errors");
    await rm(join(folder, FILE));
    await process.until("the missing file", () => process.out.includes("every strategy file is gone"));
    await writeFile(join(folder, FILE), STRATEGY.replaceAll("sma(3)", "sma(4)"));
    await process.until("the reload", () => process.out.includes("reloaded   ~ enter"));
    await writeFile(join(folder, FILE), STRATEGY.replaceAll("sma(3)", "sma(4)").replace("SPX", "QQQ"));
    await writeFile(join(folder, "barwise.yaml"), "barwise: 1\naccount: {cash: 5}\n");
    await process.until("what waits for the next start", () => process.out.includes("take effect at the next start"));
    process.child.kill("SIGTERM");
    expect((await process.ended).code).toBe(0);
  });

  it("holds back a save that takes an exit away, until a person accepts it", async () => {
    await project("barwise: 1\njournal: runs\n");
    const process = start(["run", ".", "--rate", "12", "--from", "2019-01-02", "--no-screen"]);
    await process.until("the start", () => process.out.includes("strategy  a"));
    const withoutExit = STRATEGY.slice(0, STRATEGY.indexOf("  - name: leave"));
    await writeFile(join(folder, FILE), withoutExit);
    await process.until("the guard", () => process.out.includes("not reloaded"));
    expect(process.out).toContain("held back   - leave");
    expect(process.out).toMatch(/1 finding needs a person's word; `barwise accept` lets it in/);
    expect(process.out).not.toContain("reloaded   - leave");

    const asked = await run("accept");
    expect(asked.code).toBe(2);
    expect(asked.err).toContain("not asked on a terminal: say --yes");
    const accepted = await run("accept", "--yes", "--reason", "sold by hand");
    expect(accepted).toMatchObject({ code: 0 });
    expect(accepted.out).toMatch(/! plan\/exit-removed: .*\n/);
    expect(accepted.out).toMatch(/accepted, in \.barwise\/accepted\/.*\.yaml; process \d+ loads it now/);
    await process.until("the reload", () => /reloaded on the word of .+: sold by hand/.test(process.out));
    expect(process.out).toContain("reloaded   - leave");
    expect((await run("accept")).out).toContain("Nothing is held back");
    process.child.kill("SIGINT");
    expect((await process.ended).code).toBe(0);
    expect(sentence(await run("accept"))).toMatch(/^2 .*nothing is running here/s);
    // Two saves are compiled, each by a thread of its own that loads the compiler first.
  }, 60_000);

  it("refuses a saved strategy whose data nobody subscribed to", async () => {
    const server = new WebSocketServer({ host: "127.0.0.1", port: 0 });
    await new Promise<void>((done) => server.once("listening", () => done()));
    const { port } = server.address() as { port: number };
    const text = STRATEGY.replace("SPX", "ACME/USD")
      .replace("1d", "1s")
      .replace("close: {}", "close: {time_in_force: gtc}");
    await project("barwise: 1\ngrace: 100ms\nfeeds: [{websocket: {url: 'ws://127.0.0.1:${env:STREAM_PORT}'}}]\n", {
      [FILE]: text,
    });
    const process = start(["run"], { STREAM_PORT: String(port) });
    await process.until("the start", () => process.out.includes("journal"));
    for (const client of server.clients) client.send('{"symbol":"ACME/USD","price":"\\u001b[2Jx"}');
    await process.until("the refusal", () => process.out.includes("message refused"));
    expect(process.out).not.toContain("\u001B");
    await writeFile(join(folder, FILE), text.replace("ACME/USD", "OTHER/USD"));
    await process.until("the reason", () => process.out.includes("there is no data for OTHER/USD here"));
    process.child.kill("SIGINT");
    expect((await process.ended).out).toContain("1 messages of the feed were refused");
    for (const client of server.clients) client.terminate();
    await new Promise<void>((done) => server.close(() => done()));
  });
});

describe("barwise venue", () => {
  it("serves another process with the keys that it prints", async () => {
    const process = start(["venue", "--port", "0", "--data", "sp500", "--log", "--fault", "delay=1ms"]);
    await process.until("the keys", () => process.out.includes("Ctrl-C stops"));
    const found = (pattern: RegExp): string => pattern.exec(process.out)?.[1] ?? "";
    const headers = {
      "APCA-API-KEY-ID": found(/APCA_API_KEY_ID=(\S+)/),
      "APCA-API-SECRET-KEY": found(/APCA_API_SECRET_KEY=(\S+)/),
    };
    const url = `${found(/REST and data\s+(\S+)/)}/v2/account`;
    expect((await fetch(url, { headers })).status).toBe(200);
    expect((await fetch(url, { headers: { ...headers, "APCA-API-SECRET-KEY": "wrong" } })).status).toBe(401);
    await process.until("the log", () => process.err.includes("GET /v2/account 401"));
    expect(process.out).toContain("delay=1ms, seed venue");
    process.child.kill("SIGINT");
    expect((await process.ended).code).toBe(0);
  });
});

it("the version is that of the package", async () => {
  const manifest = JSON.parse(await readFile(resolve(SHIPPED, "../package.json"), "utf8")) as { version: string };
  expect((await run("--version")).out).toBe(`${manifest.version}\n`);
});
