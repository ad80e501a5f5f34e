/** What ends a run, and what only sounds like it. */
import { afterEach, describe, expect, it, vi } from "vitest";
import { LiveView } from "../../engine/cli/live-view.ts";
import { untilStopped } from "../../engine/cli/stop-signals.ts";

const { isTTY } = process.stdin;
afterEach(() => {
  process.stdin.isTTY = isTTY;
});

/** Whether the run has been asked to stop after these signals. */
async function afterSignals(
  terminal: boolean,
  reload: (() => void) | undefined,
  ...signals: readonly NodeJS.Signals[]
) {
  process.stdin.isTTY = terminal;
  const stopped = untilStopped(new LiveView());
  try {
    if (reload !== undefined) stopped.onHangup(reload);
    for (const signal of signals) process.emit(signal);
    return await Promise.race([
      stopped.signal.then(() => true),
      new Promise((done) => setImmediate(() => done(false))),
    ]);
  } finally {
    stopped.release();
  }
}

describe("SIGHUP", () => {
  it("asks for a reload where there is no terminal", async () => {
    const reload = vi.fn();
    expect(await afterSignals(false, reload, "SIGHUP", "SIGHUP")).toBe(false);
    expect(reload).toHaveBeenCalledTimes(2);
  });

  it("stops nothing while a run is still starting", async () => {
    expect(await afterSignals(false, undefined, "SIGHUP", "SIGHUP")).toBe(false);
  });

  it("stops the run when its terminal goes", async () => {
    const reload = vi.fn();
    expect(await afterSignals(true, reload, "SIGHUP")).toBe(true);
    expect(reload).not.toHaveBeenCalled();
  });
});
