/** One process per journal: whoever comes at once, whatever a dead one left. */
import { spawn, spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import type { FileJournal } from "../../../engine/adapters/journal/file-journal.ts";
import { openFileJournal } from "../../../engine/adapters/journal/open.ts";
import { Folders, HEADER } from "./support.ts";

const folders = new Folders();
afterAll(() => folders.remove());

const reopen = (dir: string): Promise<FileJournal> => openFileJournal(dir, HEADER);

/** As the kernel says it. */
function statOf(pid: number): readonly string[] {
  return readFileSync(`/proc/${pid}/stat`, "utf8").split(") ").at(-1)?.split(" ") ?? [];
}

describe("the lock", () => {
  it("keeps a second writer out and is released by close", async () => {
    const dir = await folders.make();
    const journal = await reopen(dir);
    await expect(reopen(dir)).rejects.toThrow("this very process is writing this journal");
    await journal.close();
    await (await reopen(dir)).close();
  });

  it("is one process's alone, however many come at once, over what a dead one left", async () => {
    const gone = spawnSync(process.execPath, ["-e", ""]).pid;
    for (let round = 0; round < 10; round++) {
      const dir = await folders.make();
      await writeFile(join(dir, "LOCK"), JSON.stringify({ pid: gone, started: null }));
      const all = await Promise.allSettled(Array.from({ length: 4 }, () => reopen(dir)));
      const open = all.flatMap((each) => (each.status === "fulfilled" ? [each.value] : []));
      expect(open.length).toBeLessThanOrEqual(1);
      for (const journal of open) await journal.close();
      await (await reopen(dir)).close();
      expect((await readdir(dir)).filter((name) => name.includes("LOCK"))).toEqual([]);
    }
  });

  it("respects a living process and ignores a dead one", async () => {
    const dir = await folders.make();
    await writeFile(join(dir, "LOCK"), JSON.stringify({ pid: process.ppid, started: null }));
    await expect(reopen(dir)).rejects.toThrow(`process ${process.ppid} is writing this journal`);
    const gone = spawnSync(process.execPath, ["-e", ""]).pid;
    await writeFile(join(dir, "LOCK"), JSON.stringify({ pid: gone, started: null }));
    await (await reopen(dir)).close();
    await writeFile(join(dir, "LOCK"), JSON.stringify({ pid: process.ppid, started: "an earlier boot/1" }));
    await (await reopen(dir)).close();
  });

  it("is nobody's where its file says nothing that a process writes", async () => {
    const dir = await folders.make();
    for (const text of ["", "{", "null", "{}", '{"pid":-1,"started":null}', '{"pid":0,"started":null}', "7"]) {
      await writeFile(join(dir, "LOCK.0123456789ab"), text);
      await (await reopen(dir)).close();
    }
  });

  it.skipIf(process.platform !== "linux")(
    "is not kept by a process that ended and whose parent never asks",
    async () => {
      const parent = spawn("sh", ["-c", "sleep 0 & echo $!; exec sleep 60"], { stdio: ["ignore", "pipe", "ignore"] });
      try {
        const pid = await new Promise<number>((resolve) => parent.stdout.once("data", (text) => resolve(Number(text))));
        while (statOf(pid)[0] !== "Z") await new Promise((resolve) => setTimeout(resolve, 10));
        const boot = readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
        const dir = await folders.make();
        await writeFile(join(dir, "LOCK"), JSON.stringify({ pid, started: `${boot}/${statOf(pid)[19]}` }));
        await (await reopen(dir)).close();
      } finally {
        parent.kill("SIGKILL");
      }
    },
  );
});
