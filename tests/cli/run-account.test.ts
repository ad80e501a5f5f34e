/** One process per account: whichever journal the second one would write. */
import { mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { addRun } from "../../engine/cli/run.ts";
import { barwiseWith, inFolderOfItsOwn } from "./in-process.ts";

inFolderOfItsOwn("run-account");
const barwise = barwiseWith(addRun);

const STRATEGY = `barwise: 1
name: a
symbols: [SPX]
on: 1d
rules:
  - name: enter
    when: close > sma(3)
    then: {buy: {size: {qty: 1}}}
`;
/** Nobody listens there. */
const URL = "http://127.0.0.1:9";
const LOCK = ".barwise/journal/LOCK-venue-127.0.0.1_9.0123456789ab";

describe("run", () => {
  it("is refused while a process trades the account, with a new journal too", async () => {
    mkdirSync("strategies");
    writeFileSync("strategies/a.strategy.yaml", STRATEGY);
    writeFileSync("barwise.yaml", `barwise: 1\naccount: {venue: local, url: "${URL}"}\n`);
    mkdirSync(".barwise/journal", { recursive: true });
    writeFileSync(LOCK, JSON.stringify({ pid: process.ppid, started: null }));
    for (const more of [[], ["--new-run"]]) {
      const { err, code } = await barwise("run", ".", "--no-screen", ...more);
      expect(err).toContain(`process ${process.ppid} trades the account venue-127.0.0.1:9 already; stop it first`);
      expect(code).toBe(2);
    }
    writeFileSync(LOCK, "left by a crash");
    const { err } = await barwise("run", ".", "--no-screen", "--new-run");
    expect(err).not.toContain("already");
    expect(readdirSync(".barwise/journal")).toEqual([]);
  });
});
