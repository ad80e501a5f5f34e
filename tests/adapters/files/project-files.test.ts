/**
 * Reading and watching a project with real files: every way in which programs save them.
 */
import {
  appendFile,
  copyFile,
  mkdir,
  mkdtemp,
  open,
  readdir,
  readFile,
  rename,
  rm,
  symlink,
  unlink,
  writeFile,
} from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type FilesOptions, projectFiles } from "../../../engine/adapters/files/project-files.ts";
import type { Watcher } from "../../../engine/adapters/files/watch.ts";
import { writeAtomically } from "../../../engine/adapters/files/write-atomically.ts";

let base = "";
let root = "";
let strategy = "";
const closing: (() => Promise<void>)[] = [];

beforeEach(async () => {
  base = await mkdtemp(join(tmpdir(), "barwise-files-"));
  root = join(base, "project");
  await mkdir(join(root, "strategies"), { recursive: true });
  strategy = join(root, "strategies", "dip.strategy.yaml");
  await writeFile(strategy, "one\n");
  await writeFile(join(root, "barwise.yaml"), "barwise: 1\n");
});
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
  await rm(base, { recursive: true });
});

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

async function watched(options: FilesOptions = {}) {
  const files = projectFiles(root, options);
  await files.read();
  const seen: (string | undefined)[] = [];
  const errors: string[] = [];
  const watch = await files.watch(
    () => void files.read().then((read) => seen.push(read.files["strategies/dip.strategy.yaml"])),
    (error) => errors.push(error.message),
  );
  closing.push(() => watch.close());
  // The look that follows every start is over: what is seen from here on, events told.
  await sleep(250);
  return { seen, errors };
}

async function settled(seen: unknown[], count: number): Promise<void> {
  await expect.poll(() => seen.length, { timeout: 5_000, interval: 10 }).toBeGreaterThanOrEqual(count);
}

describe("reading", () => {
  it("takes YAML of the root and all below the folders, and nothing hidden or foreign", async () => {
    await mkdir(join(root, "strategies", "deep", "er"), { recursive: true });
    await mkdir(join(root, "strategies", "node_modules"));
    await mkdir(join(root, "other"));
    for (const path of ["risk.yaml", "strategies/deep/er/a.test.yaml", "strategies/x.yml"])
      await writeFile(join(root, path), path);
    for (const path of [
      ".hidden.yaml",
      "strategies/.swp.yaml",
      "strategies/node_modules/a.yaml",
      "other/a.yaml",
      "README.md",
    ]) {
      await writeFile(join(root, path), path);
    }
    const { files, refused } = await projectFiles(root).read();
    expect(Object.keys(files)).toEqual([
      "barwise.yaml",
      "risk.yaml",
      "strategies/deep/er/a.test.yaml",
      "strategies/dip.strategy.yaml",
      "strategies/x.yml",
    ]);
    expect(refused).toEqual([]);
  });

  it("takes all below the root where that is the folder of strategies", async () => {
    await mkdir(join(root, "momentum/us"), { recursive: true });
    await mkdir(join(root, ".git"));
    for (const name of ["momentum/us/a.strategy.yaml", ".git/b.yaml"]) await writeFile(join(root, name), "x\n");
    const { files } = await projectFiles(root, { folders: ["."] }).read();
    expect(Object.keys(files)).toEqual(["barwise.yaml", "momentum/us/a.strategy.yaml", "strategies/dip.strategy.yaml"]);
    const seen: string[] = [];
    const source = projectFiles(root, { folders: ["."] });
    await source.read();
    const watch = await source.watch(
      () => seen.push("changed"),
      (error) => seen.push(error.message),
    );
    closing.push(() => watch.close());
    await writeFile(join(root, "momentum/us/a.strategy.yaml"), "y\n");
    await settled(seen, 1);
    expect(seen).toEqual(["changed"]);
  });

  it("refuses large files, other encodings and links out of the project", async () => {
    await writeFile(join(root, "strategies", "big.yaml"), "x".repeat(1024 * 1024 + 1));
    await writeFile(join(root, "strategies", "bytes.yaml"), Buffer.from([0x61, 0xff, 0xfe]));
    await writeFile(join(base, "secret.yaml"), "secret");
    await symlink(join(base, "secret.yaml"), join(root, "strategies", "link.yaml"));
    await symlink(strategy, join(root, "strategies", "inside.yaml"));
    await symlink(root, join(root, "strategies", "loop"));
    const { files, refused } = await projectFiles(root).read();
    expect(files["strategies/inside.yaml"]).toBe("one\n");
    expect(Object.values(files)).not.toContain("secret");
    expect(refused).toEqual([
      { path: "strategies/big.yaml", reason: "1048577 bytes; a strategy file has at most 1 MiB" },
      { path: "strategies/bytes.yaml", reason: "not UTF-8 text" },
      {
        path: "strategies/link.yaml",
        reason: "a symbolic link out of the project; copy the file, or mount the folder",
      },
      { path: "strategies/loop", reason: "a symbolic link back to a folder that it is in" },
    ]);
  });

  it("waits for a file that is being written", async () => {
    const writing = (async () => {
      for (let i = 0; i < 8; i++) {
        await appendFile(strategy, `${i}\n`);
        await sleep(30);
      }
    })();
    const { files } = await projectFiles(root).read();
    await writing;
    expect(files["strategies/dip.strategy.yaml"]).toBe(await readFile(strategy, "utf8"));
  });

  it("rejects when there is no project", async () => {
    await expect(projectFiles(join(base, "none")).read()).rejects.toThrow("ENOENT");
  });
});

describe("watching", () => {
  const saves: Record<string, () => Promise<void>> = {
    "a write in place": () => writeFile(strategy, "two\n"),
    "an atomic write": () => writeAtomically(strategy, "two\n"),
    "vim's backup and rename": async () => {
      await rename(strategy, `${strategy}~`);
      await writeFile(strategy, "two\n");
      await unlink(`${strategy}~`);
    },
    "a slow writer": async () => {
      const file = await open(strategy, "w");
      await file.write("t");
      await sleep(60);
      await file.write("wo\n");
      await file.close();
    },
    "an unlink and a new file": async () => {
      await unlink(strategy);
      await sleep(20);
      await writeFile(strategy, "two\n");
    },
    "a folder that is renamed and made again": async () => {
      await rename(join(root, "strategies"), join(root, "old"));
      await mkdir(join(root, "strategies"));
      await writeFile(strategy, "two\n");
    },
    "a checkout that replaces the project": async () => {
      await rename(root, `${root}-old`);
      await mkdir(join(root, "strategies"), { recursive: true });
      await copyFile(join(`${root}-old`, "barwise.yaml"), join(root, "barwise.yaml"));
      await writeFile(strategy, "two\n");
    },
  };

  it.each(Object.entries(saves))("sees %s, once", async (_, save) => {
    const { seen, errors } = await watched();
    await save();
    await settled(seen, 1);
    await sleep(250);
    expect([seen, errors]).toEqual([["two\n"], []]);
  });

  it("goes on after each change, also after the folder was replaced", async () => {
    const { seen } = await watched();
    await saves["a folder that is renamed and made again"]?.();
    await settled(seen, 1);
    await writeFile(strategy, "three\n");
    await settled(seen, 2);
    expect(seen).toEqual(["two\n", "three\n"]);
  });

  it("sees a ConfigMap swap, twice", async () => {
    const mount = join(root, "strategies");
    await unlink(strategy);
    const swap = async (name: string, text: string): Promise<void> => {
      await mkdir(join(mount, name));
      await writeFile(join(mount, name, "dip.strategy.yaml"), text);
      await symlink(name, join(mount, "..data_tmp"));
      await rename(join(mount, "..data_tmp"), join(mount, "..data"));
    };
    await swap("..2026_1", "one\n");
    await symlink("..data/dip.strategy.yaml", strategy);
    const { seen } = await watched();
    await swap("..2026_2", "two\n");
    await rm(join(mount, "..2026_1"), { recursive: true });
    await settled(seen, 1);
    await swap("..2026_3", "three\n");
    await settled(seen, 2);
    expect(seen).toEqual(["two\n", "three\n"]);
  });

  /** As `ln -sfn` and deployments do it. */
  async function link(target: string, path: string): Promise<void> {
    await symlink(target, `${path}-new`);
    await rename(`${path}-new`, path);
  }

  it("follows a folder that becomes a link, the link to another folder, and what is saved there", async () => {
    for (const name of ["v1", "v2"]) {
      await mkdir(join(root, name));
      await writeFile(join(root, name, "dip.strategy.yaml"), `${name}\n`);
    }
    const { seen, errors } = await watched();
    await rm(join(root, "strategies"), { recursive: true });
    await symlink("v1", join(root, "strategies"));
    await settled(seen, 1);
    // The second look after a change is over: what is seen from here on, events told again.
    await sleep(1_300);
    await link("v2", join(root, "strategies"));
    await settled(seen, 2);
    await writeFile(join(root, "v2", "dip.strategy.yaml"), "saved\n");
    await settled(seen, 3);
    await writeAtomically(join(root, "v2", "dip.strategy.yaml"), "and renamed\n");
    await settled(seen, 4);
    expect([seen, errors]).toEqual([["v1\n", "v2\n", "saved\n", "and renamed\n"], []]);
  });

  it("follows a project that is a link, to another folder and there", async () => {
    await rename(root, `${root}-1`);
    await mkdir(join(`${root}-2`, "strategies"), { recursive: true });
    await writeFile(join(`${root}-2`, "strategies", "dip.strategy.yaml"), "two\n");
    await symlink(`${root}-1`, root);
    const { seen } = await watched();
    await link(`${root}-2`, root);
    await settled(seen, 1);
    await writeFile(strategy, "three\n");
    await settled(seen, 2);
    expect(seen).toEqual(["two\n", "three\n"]);
  });

  it("follows a file that is a link, whatever it is set to", async () => {
    await mkdir(join(root, "kept"));
    for (const name of ["one", "two", "three"]) await writeFile(join(root, "kept", name), `${name}\n`);
    await unlink(strategy);
    await symlink("../kept/one", strategy);
    const { seen } = await watched();
    await link("../kept/two", strategy);
    await settled(seen, 1);
    await link("../kept/three", strategy);
    await settled(seen, 2);
    await writeFile(join(root, "kept", "three"), "saved\n");
    await settled(seen, 3);
    expect(seen).toEqual(["two\n", "three\n", "saved\n"]);
  });

  it("sees a save beside a file that is never quiet", async () => {
    const { seen } = await watched();
    const writing = setInterval(() => void appendFile(join(root, "strategies", "notes.log"), "x"), 40);
    await sleep(100);
    await writeFile(strategy, "two\n");
    await settled(seen, 1).finally(() => clearInterval(writing));
    expect(seen[0]).toBe("two\n");
  });

  it("tells that a file is again as it was, when somebody has read it in between", async () => {
    const files = projectFiles(root);
    await files.read();
    let changes = 0;
    const watch = await files.watch(
      () => changes++,
      () => {},
    );
    closing.push(() => watch.close());
    await sleep(250);
    await writeFile(strategy, "two\n");
    const { files: read } = await files.read();
    expect(read["strategies/dip.strategy.yaml"]).toBe("two\n");
    await writeFile(strategy, "one\n");
    await expect.poll(() => changes, { timeout: 5_000 }).toBe(1);
  });

  it("reports a removal, and new and many files as one change", async () => {
    const { seen } = await watched();
    for (let i = 0; i < 20; i++) await writeFile(join(root, "strategies", `s${i}.strategy.yaml`), `${i}`);
    await settled(seen, 1);
    await sleep(250);
    expect(seen).toHaveLength(1);
    await unlink(strategy);
    await settled(seen, 2);
    expect(seen[1]).toBeUndefined();
  });

  it("stays silent when nothing that counts changed", async () => {
    const { seen } = await watched();
    await writeFile(strategy, "one\n");
    await writeFile(join(root, "notes.md"), "x");
    await mkdir(join(root, ".barwise"));
    await writeFile(join(root, ".barwise", "journal.yaml"), "x");
    await sleep(500);
    expect(seen).toEqual([]);
  });

  it("does not lose a change between read and watch", async () => {
    const files = projectFiles(root);
    await files.read();
    await writeFile(strategy, "two\n");
    let changes = 0;
    const watch = await files.watch(
      () => changes++,
      () => {},
    );
    closing.push(() => watch.close());
    await expect.poll(() => changes).toBe(1);
  });

  it("calls nothing after close", async () => {
    const files = projectFiles(root);
    let changes = 0;
    const watch = await files.watch(
      () => changes++,
      () => {},
    );
    await writeFile(strategy, "two\n");
    await watch.close();
    await sleep(400);
    expect(changes).toBe(0);
  });
});

/** A watcher that a test breaks. */
class Broken implements Watcher {
  readonly listeners: Record<string, ((detail: unknown) => void)[]> = {};
  on(event: string, listener: (detail: unknown) => void): void {
    (this.listeners[event] ??= []).push(listener);
    if (event === "ready") setTimeout(() => listener(undefined), 0);
  }
  emit(event: string, detail?: unknown): void {
    for (const listener of this.listeners[event] ?? []) listener(detail);
  }
  close(): Promise<void> {
    return Promise.resolve();
  }
}

describe("a watcher that fails", () => {
  it("is made again, polling once the system has no watches left, and the change in between is found", async () => {
    const made: { watcher: Broken; usePolling: boolean }[] = [];
    const { seen, errors } = await watched({
      createWatcher: (_, __, usePolling) => {
        const watcher = new Broken();
        made.push({ watcher, usePolling });
        return watcher;
      },
    });
    made[0]?.watcher.emit("error", Object.assign(new Error("no space"), { code: "ENOSPC" }));
    await writeFile(strategy, "two\n");
    await settled(seen, 1);
    await expect.poll(() => made.length, { timeout: 5_000 }).toBe(2);
    made[1]?.watcher.emit("error", new Error("odd"));
    await expect.poll(() => made.length, { timeout: 5_000 }).toBe(3);
    expect(made.map((each) => each.usePolling)).toEqual([false, true, true]);
    expect(errors).toEqual([
      "the system has no file watches left (ENOSPC); changes are found by polling from now on",
      "watching for changes failed (odd); trying again",
    ]);
  });

  it("is backed by a hash poll when it is deaf", async () => {
    const { seen } = await watched({ pollMs: 100, createWatcher: () => new Broken() });
    await writeFile(strategy, "two\n");
    await settled(seen, 1);
    expect(seen).toEqual(["two\n"]);
  });

  it("is made again when the poll finds what it did not tell", async () => {
    let made = 0;
    const { seen } = await watched({ pollMs: 100, createWatcher: () => (made++, new Broken()) });
    expect(made).toBe(1);
    await writeFile(strategy, "two\n");
    await settled(seen, 1);
    await expect.poll(() => made).toBe(2);
  });

  it("is not needed where the caller asks for polling", async () => {
    const { seen } = await watched({ usePolling: true });
    await writeFile(strategy, "two, longer\n");
    await settled(seen, 1);
    expect(seen).toEqual(["two, longer\n"]);
  });
});

describe("writing atomically", () => {
  it("replaces the text, follows links and leaves nothing behind", async () => {
    const link = join(root, "link.yaml");
    await symlink(strategy, link);
    await writeAtomically(link, "two\n");
    expect(await readFile(strategy, "utf8")).toBe("two\n");
    await writeAtomically(join(root, "new.txt"), "new");
    await expect(writeAtomically(join(root, "none", "x"), "x")).rejects.toThrow("ENOENT");
    expect((await readdir(root)).sort()).toEqual(["barwise.yaml", "link.yaml", "new.txt", "strategies"]);
    expect(await readdir(join(root, "strategies"))).toEqual(["dip.strategy.yaml"]);
  });
});
