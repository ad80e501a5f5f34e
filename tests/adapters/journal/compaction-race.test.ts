/** A compaction beside whoever looks which files a journal has. */
import type * as Promised from "node:fs/promises";
import { afterAll, describe, expect, it, vi } from "vitest";
import { compact, planCompaction } from "../../../engine/adapters/journal/compact.ts";
import { openFileJournal } from "../../../engine/adapters/journal/open.ts";
import { COMPACTED } from "../../../engine/adapters/journal/read.ts";
import { Folders, HEADER, numbers, readAll, record, snapshot } from "./support.ts";

/** What happens when somebody has just asked where the journal begins. */
let meanwhile: (() => Promise<void>) | undefined;

vi.mock("node:fs/promises", async (original) => {
  const real = await original<typeof Promised>();
  const readFile = async (...args: Parameters<typeof real.readFile>): Promise<unknown> => {
    const answer = real.readFile(...args);
    await answer.catch(() => {});
    const then = meanwhile;
    const [path] = args;
    if (then !== undefined && typeof path === "string" && path.endsWith(COMPACTED)) {
      meanwhile = undefined;
      await then();
    }
    return answer;
  };
  return { ...real, readFile };
});

const folders = new Folders();
afterAll(() => folders.remove());

describe("a compaction", () => {
  it("leaves no gap to whoever opens the journal, or reads it from its snapshot, at that moment", async () => {
    const dir = await folders.make();
    const journal = await openFileJournal(dir, HEADER);
    for (let n = 0; n < 30; n++) {
      journal.append(record(n));
      if (n % 10 === 9) await journal.snapshot(snapshot(n));
    }
    await journal.close();
    const plan = await planCompaction(dir);
    expect(plan.files).toHaveLength(2);
    meanwhile = () => compact(dir, plan);
    expect(numbers(await readAll(dir, { from: "snapshot" }))).toEqual([]);
    expect(meanwhile).toBeUndefined();
    await (await openFileJournal(dir, HEADER)).close();
    expect(numbers(await readAll(dir))).toEqual([20, 21, 22, 23, 24, 25, 26, 27, 28, 29]);
  });
});
