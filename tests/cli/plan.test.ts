/** `barwise plan` as a person runs it: against a journal, against a git repository, saved and verified. */
import { execFileSync, spawnSync } from "node:child_process";
import { appendFileSync, existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { beforeEach, describe, expect, it } from "vitest";
import { openJournal } from "../../engine/adapters/journal/open.ts";
import { addBacktest } from "../../engine/cli/backtest.ts";
import { addPlan } from "../../engine/cli/plan.ts";
import { HEADER } from "../e2e/support.ts";
import { barwiseWith, inFolderOfItsOwn } from "./in-process.ts";
import type { Run } from "./in-process.ts";

const HAS_GIT = spawnSync("git", ["--version"]).status === 0;

const folder = inFolderOfItsOwn("plan");

beforeEach(() => {
  write("barwise.yaml", "barwise: 1\nrisk: {max_daily_loss: 5%}\n");
  write("strategies/dip.strategy.yaml", DIP);
});

/** Holds the index from its first day above the average until it falls below half of it. */
const DIP = `barwise: 1
name: dip
symbols: [SPX]
on: 1d
params: { line: 50 }
rules:
  - name: enter
    when: close > sma(5)
    then: { buy: { size: { qty: 10 }, time_in_force: gtc, bracket: { stop_loss: close * 0.4 } } }
  - name: leave
    when: close < sma(5) * 0.5
    then: { close: {} }
  - name: strong
    when: rsi(14) > line + 49
    then: { close: {} }
`;

function write(name: string, text: string): void {
  mkdirSync(dirname(join(folder.path, name)), { recursive: true });
  writeFileSync(join(folder.path, name), text);
}

const barwise = barwiseWith(addPlan, addBacktest);

const plan = (...args: readonly string[]): Promise<Run> => barwise("plan", ...args);

/** A run of the strategies on sixty days, in the project's journal. */
async function ran(to = "2000-04-01", name = "2024-01-01"): Promise<void> {
  const journal = join(".barwise/journal", name);
  mkdirSync(".barwise/journal", { recursive: true });
  const { code, err } = await barwise("backtest", "strategies", "--data", "sp500", "--to", to, "--journal", journal);
  expect({ code, err }).toMatchObject({ code: 0 });
}

function lines(text: string): string[] {
  return text
    .trimEnd()
    .split("\n")
    .map((line) => line.replaceAll(/ {2,}/g, "  "));
}

describe("plan against what is running", () => {
  it("says that nothing changes", async () => {
    await ran();
    const { out, err, code } = await plan();
    expect(lines(out)).toEqual([
      "= dip  1 open position: SPX 10 @ 1449.68",
      "  1 working order: stop_loss sell 10 SPX stop",
      "  unchanged, state kept",
      expect.stringMatching(/^Plan: 0 to add, 0 to change, 0 to remove\. digest [0-9a-f]{6}$/),
    ]);
    expect(err).toContain(
      "against .barwise/journal/2024-01-01: account backtest, the last run; nothing is running now",
    );
    expect(code).toBe(0);
    expect((await plan("--detailed-exitcode")).code).toBe(0);
  });

  it("says what changes, what would fire at once, and ends with 1 when protection goes", async () => {
    await ran();
    write("strategies/dip.strategy.yaml", DIP.replace("sma(5) * 0.5", "sma(5) * 1.5").replace("line: 50", "line: 40"));
    const changed = await plan();
    expect(lines(changed.out).slice(2)).toEqual([
      "  param line 50 -> 40",
      "  ~ leave  close < sma(5) * 0.5 -> close < sma(5) * 1.5",
      "  anew: latch",
      "  ! plan/exit-narrowed: there are moments at which this exit fired and would not any more, while a position is open",
      "  ~ strong  rsi(14) > 99 -> rsi(14) > 89 (threshold 99 -> 89)",
      "  anew: latch",
      "Would fire at once, at the next evaluation with the values of now:",
      "  dip/leave  close SPX",
      expect.stringMatching(/^Plan: 0 to add, 1 to change, 0 to remove\. digest [0-9a-f]{6} -> [0-9a-f]{6}$/),
    ]);
    expect(changed.code).toBe(0);
    expect((await plan("--detailed-exitcode")).code).toBe(2);
    write("strategies/dip.strategy.yaml", DIP.slice(0, DIP.indexOf("  - name: leave")));
    const removed = await plan();
    expect(removed.out).toContain("! plan/exit-removed: an exit goes while a position is open");
    expect(removed.out).toContain("Nothing would fire at once.");
    expect(removed.code).toBe(1);
    expect((await plan("--detailed-exitcode")).code).toBe(2);
  });

  it("says what a price that is computed another way is worth now", async () => {
    await ran();
    write("strategies/dip.strategy.yaml", DIP.replace("close * 0.4", "close * 0.3"));
    const { out } = await plan();
    const [, before, after] =
      /bracket\.stop_loss close \* 0\.4 -> close \* 0\.3 \(now SPX ([\d.]+) -> ([\d.]+)\)/.exec(out) ?? [];
    expect(Number(before) / Number(after)).toBeCloseTo(4 / 3, 4);
    expect(Number(before)).toBeCloseTo(1498.58 * 0.4, 0);
    const answer = JSON.parse((await plan("--format", "json")).out) as { strategies: { rules: unknown[] }[] };
    expect(answer.strategies[0]?.rules[0]).toMatchObject({
      changes: [{ name: "bracket.stop_loss", now: [{ symbol: "SPX" }] }],
    });
  });

  it("takes a folder with strategies for a project of its own, and says where else the project is", async () => {
    await ran();
    mkdirSync("other/strategies", { recursive: true });
    write("other/strategies/dip.strategy.yaml", DIP);
    process.chdir(join(folder.path, "other"));
    expect((await plan()).err).toContain("no journal, so nothing has run here");
    process.chdir(join(folder.path, "strategies"));
    const { err, code } = await plan();
    expect(err).toMatch(/^project \.\.\nagainst \.\.[/\\]/);
    expect(code).toBe(0);
  });

  it("takes the newest run, or the folder that is named", async () => {
    await ran("2000-04-01", "2024-01-01");
    write("strategies/dip.strategy.yaml", DIP.replace("line: 50", "line: 45"));
    await ran("2000-04-01", "2024-01-02");
    expect((await plan()).out).toContain("unchanged, state kept");
    expect((await plan("--against", ".barwise/journal/2024-01-01")).out).toContain("param line 50 -> 45");
    expect((await plan("--against", ".barwise/journal")).out).toContain("unchanged, state kept");
  });

  it("looks at the strategies that are named, and knows what the others hold already", async () => {
    await ran();
    write("strategies/more.strategy.yaml", DIP.replace("name: dip", "name: more"));
    const { out, code } = await plan("strategies/more.strategy.yaml");
    expect(lines(out)[0]).toBe('+ more  ! plan/entry-added: new strategy "more" enters SPX by "enter"');
    expect(out).not.toContain("dip");
    expect(code).toBe(0);
    process.chdir(join(folder.path, "strategies"));
    expect((await plan("more.strategy.yaml")).out).toBe(out);
    expect((await plan("--detailed-exitcode")).code).toBe(2);
    expect(await plan("nowhere.yaml")).toMatchObject({ code: 2, err: "error: nowhere.yaml: no such file or folder\n" });
  });

  it("has every list in JSON", async () => {
    await ran();
    const { out } = await plan("--format", "json");
    const answer = JSON.parse(out) as Record<string, unknown>;
    expect(answer).toMatchObject({
      format_version: 1,
      against: { kind: "journal", given: "running", account: "backtest", is_running: false },
      has_changes: false,
      summary: { add: 0, change: 0, remove: 0, keep: 1 },
      account: [],
      findings: [],
      fires_at_once: [],
      is_state_known: true,
      positions: [{ strategy: "dip", symbol: "SPX", qty: "10" }],
      strategies: [{ name: "dip", mark: "keep", changes: [], rules: [], warmup: [] }],
    });
    write("strategies/dip.strategy.yaml", DIP.replace("sma(5) * 0.5", "sma(6) * 0.5"));
    const changed = JSON.parse((await plan("--format", "json")).out) as Record<string, unknown>;
    expect(changed["strategies"]).toMatchObject([
      {
        mark: "change",
        warmup: [{ symbol: "SPX", size: "1d", bars: 6 }],
        rules: [
          { name: "enter", mark: "keep", changes: [], state: { latch: "kept" } },
          { name: "leave", mark: "change", changes: [{ kind: "comparison", text: expect.any(String) as string }] },
          { name: "strong", mark: "keep" },
        ],
      },
    ]);
  });

  it("reads a journal that is being written, and leaves it alone", async () => {
    await ran();
    const journal = join(folder.path, ".barwise/journal/2024-01-01");
    // Another process writes: its lock stays, and the record that it has not finished is no damage.
    const lock = join(journal, "LOCK");
    writeFileSync(lock, JSON.stringify({ pid: process.ppid, started: null }));
    appendFileSync(join(journal, "000001.journal"), Buffer.from([9, 0, 0, 0, 1, 2]));
    const before = readdirSync(journal);
    const { err, code } = await plan();
    expect(err).toContain(`process ${process.ppid}`);
    expect(code).toBe(0);
    expect(readdirSync(journal)).toEqual(before);
    rmSync(lock);
    const torn = await plan();
    expect(torn.err).toContain("ends in the middle of a record (6 bytes from byte");
    expect(torn.code).toBe(2);
    expect((await plan("--detailed-exitcode")).code).toBe(1);
  });

  it("says why it cannot: no run, an empty one, a damaged one, files with errors", async () => {
    expect(await plan()).toMatchObject({
      code: 2,
      err: "error: .barwise/journal: no journal, so nothing has run here; --against HEAD compares with a git revision\n",
    });
    const empty = join(folder.path, ".barwise/journal/2024-01-01");
    mkdirSync(dirname(empty), { recursive: true });
    await (await openJournal(empty, HEADER)).close();
    expect((await plan()).err).toContain("the journal holds no program yet: nothing has run");
    await ran("2000-04-01", "2024-01-02");
    write("strategies/dip.strategy.yaml", DIP.replace("close > sma(5)", "clos > sma(5)"));
    const broken = await plan();
    expect(broken.err).toContain('Unknown name "clos"');
    expect(broken.err).toContain("error: the files have errors");
    expect(broken.code).toBe(1);
    write("strategies/dip.strategy.yaml", DIP);
    const file = join(folder.path, ".barwise/journal/2024-01-02/000001.journal");
    const bytes = readFileSync(file);
    bytes[200] = (bytes[200] as number) ^ 0xff;
    writeFileSync(file, bytes);
    expect(await plan()).toMatchObject({ code: 2, err: expect.stringContaining("damaged at byte") as string });
  });
});

describe("a plan that is kept", () => {
  it("holds until something moves, and then says what", async () => {
    await ran();
    write("strategies/dip.strategy.yaml", DIP.replace("line: 50", "line: 40"));
    const made = await plan("--out", "plan.json");
    expect(made.out).toContain("Plan: 0 to add, 1 to change");
    expect(await plan("--verify", "plan.json")).toMatchObject({ code: 0, out: "plan.json still holds\n" });
    write("strategies/dip.strategy.yaml", DIP.replace("line: 50", "line: 41"));
    const moved = await plan("--verify", "plan.json");
    expect(moved.out).toMatch(/^plan\.json is stale:\n {2}the files changed: digest [0-9a-f]{6} -> [0-9a-f]{6}\n$/);
    expect(moved.code).toBe(1);
    write("strategies/dip.strategy.yaml", DIP.replace("line: 50", "line: 40").replace("name: dip", "# x\nname: dip"));
    expect((await plan("--verify", "plan.json")).code).toBe(0);
  });

  it("is stale when another program runs, or something else is held", async () => {
    await ran();
    const out = "plan.json";
    await plan("--out", out);
    rmSync(join(folder.path, ".barwise"), { recursive: true });
    await ran("2000-01-08");
    const flat = await plan("--verify", out, "--format", "json");
    expect(JSON.parse(flat.out)).toMatchObject({
      holds: false,
      moved: [{ what: "positions", text: "positions changed: dip SPX 10 -> none" }, { what: "orders" }],
    });
    rmSync(join(folder.path, ".barwise"), { recursive: true });
    write("strategies/dip.strategy.yaml", DIP.replace("line: 50", "line: 45"));
    await ran();
    write("strategies/dip.strategy.yaml", DIP);
    expect((await plan("--verify", out)).out).toContain("the running program changed: digest");
  });

  it("is refused when it is none, or goes with other options", async () => {
    await ran();
    write("x.json", "{}");
    expect((await plan("--verify", "x.json")).err).toContain("not a saved plan of format_version 1");
    write("x.json", "no");
    expect(await plan("--verify", "x.json")).toMatchObject({ code: 2 });
    expect((await plan("--verify", "x.json", "--out", "y.json")).err).toContain("--verify takes paths and --against");
    expect(existsSync("y.json")).toBe(false);
    expect((await plan("--format", "xml")).err).toContain("--format xml: expected pretty or json");
  });
});

// Without git there is nothing to compare with: the command says so, and these cases are skipped.
describe.skipIf(!HAS_GIT)("plan against a git revision", () => {
  function git(...args: readonly string[]): void {
    const identity = ["-c", "user.name=t", "-c", "user.email=t@example.test", "-c", "commit.gpgsign=false"];
    execFileSync("git", [...identity, ...args], { cwd: folder.path });
  }

  function commit(): void {
    git("add", "-A");
    git("commit", "-qm", "x");
  }

  beforeEach(() => {
    git("init", "-q", "-b", "main");
  });

  it("compares with any commit, branch or tag, also from a folder below", async () => {
    commit();
    git("tag", "v1");
    write("strategies/dip.strategy.yaml", DIP.replace("qty: 10", "qty: 20"));
    commit();
    const { out, err, code } = await plan("--against", "HEAD~1");
    expect(lines(out)).toEqual([
      "~ dip",
      "  ~ enter  size.qty 10 -> 20",
      "  anew: latch",
      "  ! plan/size-larger: its size is larger",
      expect.stringMatching(/^Plan: 0 to add, 1 to change, 0 to remove\./),
    ]);
    expect(err).toMatch(
      /^against HEAD~1 \([0-9a-f]{12}\); positions and what would fire are known against a run only\n$/,
    );
    expect(code).toBe(0);
    process.chdir(join(folder.path, "strategies"));
    expect((await plan("--against", "v1")).out).toBe(out);
    expect((await plan("--against", "main")).out).toContain("unchanged, state kept");
    const answer = JSON.parse((await plan("--against", "v1", "--format", "json")).out) as Record<string, unknown>;
    expect(answer).toMatchObject({ against: { kind: "git", given: "v1" }, is_state_known: false, positions: [] });
  });

  it("reads every file of the project at that revision: limits, templates, another folder", async () => {
    write("barwise.yaml", "barwise: 1\nstrategies: old/\nrisk: risk.yaml\n");
    write("risk.yaml", "max_daily_loss: 2%\n");
    write("old/dip.strategy.yaml", DIP);
    rmSync(join(folder.path, "strategies"), { recursive: true });
    commit();
    rmSync(join(folder.path, "old"), { recursive: true });
    write("barwise.yaml", "barwise: 1\nrisk: risk.yaml\n");
    write("risk.yaml", "max_daily_loss: 3%\n");
    write("strategies/dip.strategy.yaml", DIP);
    const { out, err } = await plan("--against", "HEAD");
    expect(err).toMatch(/^against HEAD/);
    expect(lines(out)).toEqual([
      "~ account  risk.max_daily_loss 2% -> 3% (looser)",
      "  ! plan/limit-loosened: the limit max_daily_loss of the account is looser",
      "= dip  unchanged, state kept",
      expect.stringMatching(/^Plan: 0 to add, 1 to change, 0 to remove\./),
    ]);
  });

  it("sees what a template and a watchlist change in the strategies that use them", async () => {
    const template = (line: number): string =>
      `barwise: 1\ninputs: { line: { type: number, default: ${line} } }\nstrategy:\n  on: 1d\n  rules:\n    - { name: leave, when: rsi(14) > $line, then: { close: {} } }\n`;
    const uses = (name: string): string =>
      `barwise: 1\nname: ${name}\ntemplate: out.template.yaml\nsymbols: { file: watchlists/few.yaml }\n`;
    write("templates/out.template.yaml", template(70));
    write("watchlists/few.yaml", "barwise: 1\nsymbols: [SPY]\n");
    for (const name of ["one", "two"])
      write(`strategies/${name}.strategy.yaml`, uses(name).replace("out.", "../templates/out."));
    commit();
    write("templates/out.template.yaml", template(65));
    write("watchlists/few.yaml", "barwise: 1\nsymbols: [SPY, QQQ]\n");
    const { out } = await plan("--against", "HEAD");
    expect(lines(out).filter((line) => line.includes("threshold 70 -> 65"))).toHaveLength(2);
    expect(lines(out).filter((line) => line.includes("symbols: adds QQQ"))).toHaveLength(2);
    const named = await plan("templates/out.template.yaml", "--against", "HEAD");
    expect(named.out).toContain("~ one");
    expect(named.out).not.toContain("dip");
    expect((await plan("watchlists", "--against", "HEAD")).err).toContain("watchlists: no strategy in there");
  });

  it("says why it cannot: no revision, an option, no files, files with errors", async () => {
    write("strategies/dip.strategy.yaml", DIP.replace("close > sma(5)", "clos > sma(5)"));
    commit();
    write("strategies/dip.strategy.yaml", DIP);
    const broken = await plan("--against", "HEAD");
    expect(broken.err).toContain('Unknown name "clos"');
    expect(broken.err).toContain("error: the files at HEAD have errors");
    expect(broken.code).toBe(2);
    git("rm", "-rq", "--cached", "strategies");
    git("commit", "-qm", "none");
    expect((await plan("--against", "HEAD")).err).toBe("error: at HEAD there is no *.strategy.yaml of this project\n");
    expect(await plan("--against", "nope")).toMatchObject({
      code: 2,
      err: 'error: --against "nope": there is no revision "nope" in this repository, and no folder "nope" holds a journal\n',
    });
    const option = await plan("--against=--output=stolen");
    expect(option.err).toContain("a revision does not begin with a hyphen");
    expect(existsSync("stolen")).toBe(false);
    rmSync(join(folder.path, ".git"), { recursive: true });
    expect((await plan("--against", "HEAD")).err).toContain("not in a git repository");
  });

  it("can be kept and verified", async () => {
    commit();
    write("strategies/dip.strategy.yaml", DIP.replace("line: 50", "line: 45"));
    await plan("--against", "main", "--out", "plan.json");
    expect((await plan("--verify", "plan.json")).code).toBe(0);
    git("commit", "-qam", "y");
    const { out, code } = await plan("--verify", "plan.json");
    expect(out).toContain("main says something else: digest");
    expect(code).toBe(1);
  });
});
