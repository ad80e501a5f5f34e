/**
 * What ends a run: signals, a closed output, errors that nobody caught.
 *
 * Owns: that the first request stops cleanly and the second at once. May not: stop anything itself.
 */
import { onOutputClosed, say } from "./io.ts";
import type { LiveView } from "./live-view.ts";

export interface Stop {
  readonly signal: Promise<void>;
  fail(error: Error): void;
  error(): Error | undefined;
  /** SIGHUP without a terminal asks for a reload, as for any service; with one, the terminal has gone. */
  onHangup(reload: () => void): void;
  release(): void;
}

export function untilStopped(view: LiveView): Stop {
  let resolve: () => void = () => {};
  let failure: Error | undefined;
  let reload: (() => void) | undefined;
  let asked = false;
  const signal = new Promise<void>((done) => {
    resolve = done;
  });
  const onSignal = (): void => {
    if (asked) {
      view.abandon();
      process.exit(130);
    }
    asked = true;
    view.note("stopping … (again: at once)");
    resolve();
  };
  const fail = (error: Error): void => {
    failure ??= error;
    resolve();
  };
  const onError = (reason: unknown): void => {
    const error = reason instanceof Error ? reason : new Error(String(reason));
    if (failure === undefined) say(`unexpected: ${error.message}; trading stops`);
    fail(error);
  };
  const onHangup = (): void => {
    if (process.stdin.isTTY) onSignal();
    // While a run starts there is nothing to reload: what is saved meanwhile is found as soon as files are watched.
    else reload?.();
  };
  const handlers: readonly (readonly [string, (reason?: unknown) => void])[] = [
    ["SIGINT", onSignal],
    ["SIGTERM", onSignal],
    ["SIGHUP", onHangup],
    ["unhandledRejection", onError],
    ["uncaughtException", onError],
  ];
  for (const [event, handler] of handlers) process.on(event, handler);
  onOutputClosed(() => fail(new Error("nobody reads the output any more")));
  return {
    signal,
    fail,
    error: () => failure,
    onHangup: (handler) => {
      reload = handler;
    },
    release: () => {
      for (const [event, handler] of handlers) process.off(event, handler);
      onOutputClosed(() => {});
    },
  };
}
