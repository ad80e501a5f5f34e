/**
 * Heartbeats that an application sends as messages, beside the pings of WebSocket itself.
 *
 * Owns: sending ours, missing theirs, and answering. May not: end a connection; it says why one should.
 */
import type { Clock } from "../../ports/clock.ts";
import { FeedError } from "../../ports/feed.ts";
import { compileFilters, matches } from "./filters.ts";
import type { Filter, Where } from "./filters.ts";
import { parsePath, valueAt } from "./path.ts";
import type { Path } from "./path.ts";

export interface HeartbeatConfig {
  /** Sent every so often. */
  readonly send?: unknown;
  readonly everyMs?: number;
  /** The answer to ours, or with no `send` the server's own. */
  readonly expect?: Where;
  /** Server's pings and our answer; `$.path` in it is taken from the ping. */
  readonly answer?: { readonly to: string | Where; readonly send: unknown };
}

export interface HeartbeatPlan {
  readonly send: unknown;
  readonly everyMs: number;
  readonly expect: readonly Filter[] | undefined;
  readonly answer:
    | { readonly present: Path | undefined; readonly to: readonly Filter[]; readonly send: unknown }
    | undefined;
}

const EVERY_MS = 30_000;

export function compileHeartbeat(config: HeartbeatConfig): HeartbeatPlan {
  const { send, everyMs = EVERY_MS, expect, answer } = config;
  if (send === undefined && expect === undefined && answer === undefined)
    throw new FeedError("config", "heartbeat: write send, expect or answer");
  if (!(everyMs >= 1)) throw new FeedError("config", "heartbeat: every must be a time above 0");
  const present = typeof answer?.to === "string" ? parsePath(answer.to) : undefined;
  if (typeof answer?.to === "string" && present === undefined)
    throw new FeedError("config", `heartbeat: answer: to: ${answer.to} is not a path; write $.ping`);
  return {
    send,
    everyMs,
    expect: expect === undefined ? undefined : compileFilters(expect),
    answer:
      answer === undefined
        ? undefined
        : { present, to: typeof answer.to === "string" ? [] : compileFilters(answer.to), send: answer.send },
  };
}

export interface HeartbeatOptions {
  readonly plan: HeartbeatPlan;
  readonly clock: Clock;
  readonly send: (message: unknown) => void;
  /** What was expected did not come. */
  readonly missed: (why: string) => void;
}

export class Heartbeat {
  readonly #options: HeartbeatOptions;
  #heard = true;
  #cancel: (() => void) | undefined;

  constructor(options: HeartbeatOptions) {
    this.#options = options;
  }

  start(): void {
    const { plan, clock, send, missed } = this.#options;
    if (plan.send === undefined && plan.expect === undefined) return;
    const beat = (): void => {
      if (plan.expect !== undefined && !this.#heard) return missed(`no heartbeat for ${plan.everyMs / 1_000} s`);
      this.#heard = false;
      if (plan.send !== undefined) send(plan.send);
      this.#cancel = clock.after(plan.everyMs, beat);
    };
    beat();
  }

  stop(): void {
    this.#cancel?.();
    this.#cancel = undefined;
  }

  /** True when the message was a heartbeat and nothing else. */
  take(message: unknown): boolean {
    const { plan, send } = this.#options;
    const { answer, expect } = plan;
    if (answer !== undefined && isTo(answer, message)) {
      send(echo(answer.send, message));
      return true;
    }
    if (expect === undefined || !matches(expect, message, message)) return false;
    this.#heard = true;
    return true;
  }
}

function isTo({ present, to }: NonNullable<HeartbeatPlan["answer"]>, message: unknown): boolean {
  return present === undefined ? matches(to, message, message) : valueAt(message, present.steps) !== undefined;
}

/** Values that are paths are taken from the message. */
function echo(template: unknown, message: unknown): unknown {
  if (typeof template === "string") {
    const path = template.startsWith("$.") ? parsePath(template) : undefined;
    return path === undefined ? template : valueAt(message, path.steps);
  }
  if (Array.isArray(template)) return template.map((item: unknown) => echo(item, message));
  if (typeof template !== "object" || template === null) return template;
  return Object.fromEntries(Object.entries(template).map(([key, value]) => [key, echo(value, message)]));
}
