/** Several files changed by one command: what is on disk when a write, or a rename, fails on the way. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import type * as Fs from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { writeRewrites } from "../../engine/cli/rewrite.ts";

const disk = vi.hoisted(() => ({
  /** Names whose temporary file cannot be written, and whose rename fails. */
  full: "",
  stuck: "",
  before: (): void => {},
}));

vi.mock("node:fs/promises", async (original) => {
  const real = await original<typeof Fs>();
  return {
    ...real,
    open: async (path: string, flags: string, mode?: number) => {
      const file = await real.open(path, flags, mode);
      if (disk.full === "" || !path.includes(`.${disk.full}.`)) return file;
      file.writeFile = async () => {
        await file.write("half");
        throw new Error("ENOSPC: no space left on device");
      };
      return file;
    },
    rename: async (from: string, to: string) => {
      disk.before();
      if (disk.stuck !== "" && to.endsWith(disk.stuck)) throw new Error(`EACCES: permission denied, rename '${to}'`);
      await real.rename(from, to);
    },
  };
});

const NAMES = ["a.yaml", "b.yaml", "c.yaml"];
let folder = "";

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "barwise-rewrite-"));
  for (const name of NAMES) writeFileSync(join(folder, name), "old");
  Object.assign(disk, { full: "", stuck: "", before: () => {} });
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

const write = (): Promise<void> =>
  writeRewrites(
    NAMES.map((file) => ({ file, path: join(folder, file), before: "old", after: "new" })),
    "fmt",
  );
const texts = (): string[] => NAMES.map((name) => readFileSync(join(folder, name), "utf8"));

it("writes all of them", async () => {
  await write();
  expect(texts()).toEqual(["new", "new", "new"]);
  expect(readdirSync(folder)).toEqual(NAMES);
});

it("changes nothing, and leaves nothing behind, when one text cannot be written", async () => {
  disk.full = "c.yaml";
  await expect(write()).rejects.toThrow("ENOSPC: no space left on device; nothing was written");
  expect(texts()).toEqual(["old", "old", "old"]);
  expect(readdirSync(folder)).toEqual(NAMES);
});

it("changes nothing when one of them was saved, or is gone, meanwhile", async () => {
  writeFileSync(join(folder, "b.yaml"), "newer");
  await expect(write()).rejects.toThrow("b.yaml: changed meanwhile; nothing was written, run fmt again");
  expect(texts()).toEqual(["old", "newer", "old"]);
  rmSync(join(folder, "b.yaml"));
  await expect(write()).rejects.toThrow(/ENOENT.*; nothing was written/);
  expect(readdirSync(folder)).toEqual(["a.yaml", "c.yaml"]);
});

it("has every new text on disk before the first file is replaced", async () => {
  const seen: string[] = [];
  disk.before = () =>
    seen.push(
      readdirSync(folder)
        .filter((name) => name.endsWith(".tmp"))
        .map((name) => readFileSync(join(folder, name), "utf8"))
        .join(),
    );
  await write();
  expect(seen).toEqual(["new,new,new", "new,new", "new"]);
});

it("says which are written when one cannot be replaced", async () => {
  disk.stuck = "b.yaml";
  await expect(write()).rejects.toThrow(/^EACCES.*; written: a.yaml; as before: b.yaml, c.yaml$/);
  expect(texts()).toEqual(["new", "old", "old"]);
  expect(readdirSync(folder)).toEqual(NAMES);
  disk.stuck = "a.yaml";
  writeFileSync(join(folder, "a.yaml"), "old");
  await expect(write()).rejects.toThrow(/; nothing was written; as before: a.yaml, b.yaml, c.yaml$/);
});
