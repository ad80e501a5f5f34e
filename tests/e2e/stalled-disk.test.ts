/** The real process on a disk that fills up or stands still: nothing is traded any more, and why is said at once. */
import { rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Process, STRATEGY, build, changeBuilt, folderOf } from "../cli/support.ts";
import type { Built } from "../cli/support.ts";

/** The disk of the journal's thread does what the file DISK in the folder of the run says. */
const DISK = `const disk = { ...DISK, fdatasyncSync: (fd) => {
  const what = existsSync("DISK") ? readFileSync("DISK", "utf8") : "";
  if (what === "stall") Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 600_000);
  if (what !== "") throw Object.assign(new Error("made up"), { code: what });
  DISK.fdatasyncSync(fd);
} };
`;

let built: Built;

beforeAll(async () => {
  built = await build();
  const change = (file: string, from: RegExp, to: string): Promise<void> =>
    changeBuilt(built, `../adapters/journal/${file}`, from, to);
  await change("thread/main.js", /runWriter\(data, DISK,/, `${DISK}runWriter(data, disk,`);
  await change("thread/main.js", /^/, 'import { existsSync, readFileSync } from "node:fs";\n');
  await change("thread-journal.js", /const STALL_MS = .*;/, "const STALL_MS = 2_000;");
}, 120_000);
afterAll(() => built.remove());

describe("a run whose journal's disk", () => {
  it.each([
    ["stall", "the disk has made no progress for 2 s while something waits for it"],
    ["ENOSPC", "the journal cannot be written (ENOSPC: the disk is full)"],
  ])("fails (%s) says so before anything that may wait for that disk, and ends with 1", async (what, why) => {
    const folder = await folderOf({ "barwise.yaml": "barwise: 1\n", "strategies/a.strategy.yaml": STRATEGY });
    try {
      const run = new Process(built.main, ["run", ".", "--no-screen", "--rate", "20"], folder);
      await run.until("an order", () => run.out.includes("order buy"));
      await writeFile(join(folder, "DISK"), what);
      const { code, out, err } = await run.ended;
      expect(code).toBe(1);
      const [before = "", after = ""] = out.split("trading stopped: ");
      expect(before).not.toContain("Statement");
      expect(after.split("\n")[0]).toContain(why);
      expect(after).not.toMatch(/ order (?:buy|sell) | filled /);
      expect(after).toContain("Statement");
      expect(err).toContain(`trading stopped: `);
      expect(err).toContain(why);
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});
