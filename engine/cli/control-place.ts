/**
 * Which project a command about a running engine means, and who gives it.
 *
 * Owns: finding the folder without reading what is in it: these commands must work when files are broken. May not: compile.
 */
import { existsSync } from "node:fs";
import { userInfo } from "node:os";
import { dirname, join, resolve } from "node:path";
import { CONTROL_FILE } from "../adapters/control/control-file.ts";
import { ControlClient, ControlClientError } from "../adapters/control/client.ts";
import { CliError } from "./io.ts";

export const PROJECT_ARGUMENT = ["[project]", "folder with barwise.yaml", "."] as const;

/** The nearest folder upwards that is a project or has a running engine; else the folder itself. */
export function controlRoot(folder: string): string {
  const start = resolve(folder);
  if (!existsSync(start)) throw new CliError(`${folder}: no such folder`);
  for (let at = start; ; at = dirname(at)) {
    if (existsSync(join(at, CONTROL_FILE)) || existsSync(join(at, "barwise.yaml"))) return at;
    if (at === dirname(at)) return start;
  }
}

/** Asks the engine of this project; what it does not answer ends the command: 2 where none runs, 1 where it says no. */
export async function withEngine<T>(folder: string, work: (client: ControlClient) => Promise<T>): Promise<T> {
  try {
    return await work(await ControlClient.find(controlRoot(folder)));
  } catch (error) {
    if (error instanceof ControlClientError)
      throw new CliError(error.message, error.code === "refused" ? 1 : 2, { cause: error });
    throw error;
  }
}

/** The identity that goes into the journal. */
export function whoAsks(): string {
  try {
    return userInfo().username;
  } catch {
    return `uid ${process.getuid?.() ?? "unknown"}`;
  }
}

/** Of `--strategy` and `--symbol`. */
export function scopeOf(flags: { readonly strategy?: string; readonly symbol?: string }): string {
  const { strategy, symbol } = flags;
  if (strategy !== undefined && symbol !== undefined)
    throw new CliError("--strategy and --symbol: one of them; what holds for a strategy does not hold for a symbol");
  if (strategy !== undefined) return `strategy:${strategy}`;
  return symbol === undefined ? "account" : `symbol:${symbol}`;
}
