/** Reading a project at a revision, from real repositories. */
import { execFileSync, spawnSync } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { Repository, revisionProblem } from "../../../engine/adapters/git/revision.ts";

const HAS_GIT = spawnSync("git", ["--version"]).status === 0;

let root: string;

function git(...args: readonly string[]): string {
  const identity = ["-c", "user.name=t", "-c", "user.email=t@example.test", "-c", "commit.gpgsign=false"];
  return execFileSync("git", [...identity, ...args], { cwd: root, encoding: "utf8" }).trim();
}

function write(path: string, text: string | Buffer): void {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), text);
}

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "barwise-git-"));
});

afterEach(() => rmSync(root, { recursive: true, force: true }));

describe("a revision's name", () => {
  it.each(["HEAD", "HEAD~1", "main", "v1.2", "origin/main", "feature/x@{1}", "0123abc", "HEAD^2"])(
    "may be %s",
    (name) => {
      expect(revisionProblem(name)).toBeUndefined();
    },
  );

  it.each([
    "",
    "--upload-pack=touch x",
    "-x",
    "main..dev",
    "HEAD:strategies",
    "a b",
    "a\nb",
    "$(x)",
    "`x`",
    "x".repeat(300),
  ])("may not be %j", (name) => {
    expect(revisionProblem(name)).toBeTypeOf("string");
  });
});

// Without git there is nothing to read: the command says so, and these cases are skipped.
describe.skipIf(!HAS_GIT)("a project in a repository", () => {
  const layout = { folders: ["strategies"] };

  function commit(): string {
    git("add", "-A");
    git("commit", "-qm", "x");
    return git("rev-parse", "HEAD");
  }

  beforeEach(() => {
    git("init", "-q", "-b", "main");
  });

  it("is read as it was, whatever the work tree says now", async () => {
    write("barwise.yaml", "barwise: 1\n");
    write("risk.yaml", "max_order_qty: 3\n");
    write("strategies/deep/ä b.strategy.yaml", "one");
    write("strategies/.hidden/c.strategy.yaml", "hidden");
    write("strategies/notes.md", "notes");
    write("other/d.strategy.yaml", "other");
    const first = commit();
    git("tag", "v1");
    write("strategies/deep/ä b.strategy.yaml", "two");
    commit();
    write("strategies/deep/ä b.strategy.yaml", "three, not committed");
    const repository = await Repository.open(root);
    expect(await repository.commit("v1")).toBe(first);
    expect(await repository.commit("HEAD~1")).toBe(first);
    expect(await repository.files(first, layout)).toEqual({
      "barwise.yaml": "barwise: 1\n",
      "risk.yaml": "max_order_qty: 3\n",
      "strategies/deep/ä b.strategy.yaml": "one",
    });
    expect(await repository.file(first, "barwise.yaml")).toBe("barwise: 1\n");
    expect(await repository.file(first, "gone.yaml")).toBeUndefined();
    expect((await repository.files(await repository.commit("main"), layout))["strategies/deep/ä b.strategy.yaml"]).toBe(
      "two",
    );
  });

  it("may be a folder of the repository", async () => {
    write("desk/barwise.yaml", "barwise: 1\n");
    write("desk/strategies/a.strategy.yaml", "a");
    write("strategies/b.strategy.yaml", "b");
    const id = commit();
    const repository = await Repository.open(join(root, "desk"));
    expect(Object.keys(await repository.files(id, layout))).toEqual(["barwise.yaml", "strategies/a.strategy.yaml"]);
  });

  it("is refused with a sentence: no such revision, an option, links, large and binary files", async () => {
    write("strategies/a.strategy.yaml", "a");
    const first = commit();
    const repository = await Repository.open(root);
    await expect(repository.commit("nope")).rejects.toThrow('there is no revision "nope" in this repository');
    await expect(repository.commit("--output=x")).rejects.toThrow("a revision does not begin with a hyphen");
    expect(existsSync(join(root, "x"))).toBe(false);
    expect(await repository.files(first, layout)).toEqual({ "strategies/a.strategy.yaml": "a" });
    const cases = [
      ["link", () => symlinkSync("a.strategy.yaml", join(root, "strategies/b.strategy.yaml")), "is a symbolic link"],
      ["large", () => write("strategies/b.strategy.yaml", "x".repeat(1024 * 1024 + 1)), "at most 1 MiB"],
      ["binary", () => write("strategies/b.strategy.yaml", Buffer.from([0xff, 0xfe, 0x00])), "is not UTF-8 text"],
    ] as const;
    for (const [, make, message] of cases) {
      make();
      await expect(repository.files(commit(), layout)).rejects.toThrow(message);
      rmSync(join(root, "strategies/b.strategy.yaml"));
    }
  });

  it("runs nothing that the repository names: hooks, a watcher, filters", async () => {
    write("strategies/a.strategy.yaml", "a");
    write(".gitattributes", "*.yaml filter=evil diff=evil\n");
    const id = commit();
    const script = join(root, "evil.sh");
    writeFileSync(script, `#!/bin/sh\ntouch ${join(root, "ran")}\ncat\n`);
    chmodSync(script, 0o755);
    for (const key of ["core.fsmonitor", "filter.evil.smudge", "diff.evil.textconv", "core.pager", "core.sshCommand"])
      git("config", key, script);
    rmSync(join(root, "ran"), { force: true });
    const repository = await Repository.open(root);
    await repository.commit("HEAD");
    expect(await repository.files(id, layout)).toEqual({ "strategies/a.strategy.yaml": "a" });
    expect(existsSync(join(root, "ran"))).toBe(false);
  });

  it("is not there in a folder without a repository", async () => {
    rmSync(join(root, ".git"), { recursive: true });
    await expect(Repository.open(root)).rejects.toThrow("not in a git repository");
    await expect(Repository.open(join(root, "gone"))).rejects.toThrow("git refuses");
  });
});
