/**
 * Commands as a test calls them: in this process, in a folder of their own.
 *
 * Owns: the folder and the way back from it, the captured outputs, and the exit code that an error ends with.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Command } from "commander";
import { afterEach, beforeEach, vi } from "vitest";
import { CliError } from "../../engine/cli/io.ts";

/** Every test of the file runs in a new folder, without colour. Call it before other hooks. */
export function inFolderOfItsOwn(name: string): { readonly path: string } {
  const folder = { path: "" };
  let here: string;
  beforeEach(() => {
    folder.path = mkdtempSync(join(tmpdir(), `barwise-${name}-`));
    here = process.cwd();
    process.chdir(folder.path);
    vi.stubEnv("NO_COLOR", "1");
    vi.stubEnv("FORCE_COLOR", undefined);
  });
  afterEach(() => {
    process.chdir(here);
    rmSync(folder.path, { recursive: true, force: true });
    vi.restoreAllMocks();
    vi.unstubAllEnvs();
  });
  return folder;
}

export interface Run {
  readonly out: string;
  readonly err: string;
  readonly code: number;
}

/** The program with these commands. */
export function barwiseWith(
  ...commands: readonly ((program: Command) => void)[]
): (...args: readonly string[]) => Promise<Run> {
  return async (...args) => {
    let [out, err] = ["", ""];
    const program = new Command("barwise").exitOverride();
    for (const add of commands) add(program);
    const { exitCode } = process;
    process.exitCode = 0;
    vi.spyOn(process.stdout, "write").mockImplementation((text) => ((out += String(text)), true));
    vi.spyOn(process.stderr, "write").mockImplementation((text) => ((err += String(text)), true));
    try {
      await program.parseAsync(args, { from: "user" });
      return { out, err, code: process.exitCode };
    } catch (error) {
      if (!(error instanceof CliError)) throw error;
      return { out, err: `${err}error: ${error.message}\n`, code: error.exitCode };
    } finally {
      process.exitCode = exitCode;
      vi.restoreAllMocks();
    }
  };
}
