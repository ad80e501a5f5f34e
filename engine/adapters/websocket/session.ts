/**
 * The conversation over one connection: login, subscription, data, heartbeats, and noticing what is missing.
 *
 * Owns: the steps from an open socket to `live`, sequence numbers, and the watch over each kind of data. One object per
 * connection: what an old one says reaches nobody. May not: connect, reconnect or close; it says why it should end.
 */
import type { MarketInput } from "../../core/event.ts";
import type { Clock } from "../../ports/clock.ts";
import { FeedError } from "../../ports/feed.ts";
import { sampleOf } from "../refusals.ts";
import { decodeFrame, encodeFrame } from "./codec.ts";
import type { DataKind } from "./config.ts";
import { matches } from "./filters.ts";
import { Heartbeat } from "./heartbeat.ts";
import type { Mapper, MappingSink } from "./mapping.ts";
import type { SessionPlan } from "./plan.ts";
import { Sequence } from "./sequence.ts";

export interface SessionHandlers {
  /** Logged in and subscribed. */
  live(): void;
  market(input: MarketInput): void;
  refused(reason: string, sample: () => string): void;
  ignored(): void;
  /** Data is missing, and what follows is complete again. */
  gap(detail: string): void;
  /** The connection is of no use any more. */
  fail(why: FeedError): void;
}

export interface SessionOptions {
  readonly plan: SessionPlan;
  readonly mapper: Mapper;
  readonly clock: Clock;
  readonly name: string;
  /** Longest silence of all data together. */
  readonly dataIdleMs: number;
  readonly expectData: (now: number) => boolean;
  readonly send: (data: string | Uint8Array) => void;
  readonly handlers: SessionHandlers;
}

type Step = "opening" | "greeting" | "login" | "subscribing" | "live" | "over";

const ANSWER_MS = 10_000;
const CHECK_MS = 1_000;

export class Session {
  readonly #options: SessionOptions;
  readonly #sequence: Sequence | undefined;
  readonly #heartbeat: Heartbeat | undefined;
  readonly #sink: MappingSink;
  readonly #lastOf = new Map<DataKind, number>();
  #step: Step = "opening";
  #lastData = 0;
  #now = 0;
  /** Why the message at hand leaves a gap, or "". */
  #broken = "";
  #cancelAnswer: (() => void) | undefined;
  #cancelCheck: (() => void) | undefined;

  constructor(options: SessionOptions) {
    const { plan, clock, handlers } = options;
    this.#options = options;
    this.#sequence = plan.sequence === undefined ? undefined : new Sequence(plan.sequence.paths);
    this.#heartbeat =
      plan.heartbeat === undefined
        ? undefined
        : new Heartbeat({
            plan: plan.heartbeat,
            clock,
            send: (message) => this.#send(message),
            missed: (why) => this.#fail("unreachable", why),
          });
    this.#sink = {
      market: (input) => {
        if (input.kind === "trade" || input.kind === "quote" || input.kind === "bar") {
          this.#lastData = this.#now;
          this.#lastOf.set(input.kind, this.#now);
        }
        handlers.market(input);
      },
      refused: (reason, item) => handlers.refused(reason, () => sampleOf(item)),
      ignored: () => handlers.ignored(),
      broken: (detail) => {
        this.#broken = detail;
      },
    };
  }

  opened(): void {
    const { login } = this.#options.plan;
    if (login === undefined) this.#subscribe();
    else if (login.after === undefined) this.#logIn();
    else this.#await("greeting", "the server did not say hello");
  }

  /** Called once a frame. */
  message(data: Buffer, isBinary: boolean): void {
    const { plan, handlers, clock } = this.#options;
    let message: unknown;
    try {
      message = decodeFrame(plan.format, data, isBinary);
    } catch {
      // Some say `pong` as it stands.
      if (!isBinary && this.#heartbeat?.take(data.toString("utf8")) === true) return handlers.ignored();
      const word = isBinary && plan.format === "msgpack" ? "MessagePack" : "JSON";
      return handlers.refused(`a message is not ${word}`, () => data.toString("utf8", 0, 400));
    }
    this.#now = clock.now();
    if (!Array.isArray(message)) return this.#one(message);
    for (const each of message as readonly unknown[]) {
      if (this.#isOver) return;
      this.#one(each);
    }
  }

  /** Nothing is said or heard from here on. */
  close(): void {
    if (this.#step === "live") this.#options.mapper.forgetBooks(this.#options.clock.now(), this.#sink);
    this.#step = "over";
    this.#heartbeat?.stop();
    this.#cancelAnswer?.();
    this.#cancelCheck?.();
  }

  get #isOver(): boolean {
    return this.#step === "over";
  }

  #one(message: unknown): void {
    const { handlers, mapper } = this.#options;
    // Heartbeats and answers have numbers, too, and count whatever their numbers are.
    const isNext = this.#isNext(message);
    if (this.#isOver) return;
    if (this.#heartbeat?.take(message) === true) return handlers.ignored();
    this.#follow(message);
    if (this.#isOver || !isNext) return;
    mapper.one(message, this.#now, this.#sink);
    if (this.#broken === "") return;
    const detail = this.#broken;
    this.#broken = "";
    this.#mend(detail);
  }

  /** Answers on the way to `live`. */
  #follow(message: unknown): void {
    if (this.#step === "live") return;
    const { login, confirm } = this.#options.plan;
    if (this.#step === "greeting" && login?.after !== undefined && matches(login.after, message, message))
      this.#logIn();
    else if (this.#step === "login" && login !== undefined) {
      if (login.refused !== undefined && matches(login.refused, message, message)) {
        this.#fail("auth", `the server refused the login: ${sampleOf(message)}`);
      } else if (login.expect !== undefined && matches(login.expect, message, message)) this.#subscribe();
    } else if (this.#step === "subscribing" && confirm !== undefined && matches(confirm, message, message))
      this.#live();
  }

  #logIn(): void {
    const { login } = this.#options.plan;
    for (const message of login?.send ?? []) this.#send(message);
    if (login?.expect === undefined) this.#subscribe();
    else this.#await("login", "the login was not confirmed");
  }

  #subscribe(): void {
    const { subscribe, confirm } = this.#options.plan;
    this.#await("subscribing", "the subscription was not confirmed");
    for (const message of subscribe) this.#send(message);
    if (confirm === undefined) this.#live();
  }

  #await(step: Step, complaint: string): void {
    this.#step = step;
    this.#cancelAnswer?.();
    this.#cancelAnswer = this.#options.clock.after(ANSWER_MS, () =>
      this.#fail("protocol", `${complaint} within ${ANSWER_MS / 1_000} s`),
    );
  }

  #live(): void {
    const { clock, handlers } = this.#options;
    this.#cancelAnswer?.();
    this.#cancelAnswer = undefined;
    this.#step = "live";
    this.#now = this.#lastData = clock.now();
    this.#check();
    this.#heartbeat?.start();
    handlers.live();
  }

  /** Whether its number lets it count. What follows a gap does, where the connection stays. */
  #isNext(message: unknown): boolean {
    const { handlers } = this.#options;
    const verdict = this.#sequence?.follow(message);
    switch (verdict?.kind) {
      case "repeated":
        handlers.ignored();
        return false;
      case "unusable":
        handlers.refused(verdict.reason, () => sampleOf(message));
        return false;
      case "gap":
        // Before it is live nothing is built that could miss something.
        if (this.#step === "live") this.#mend(verdict.detail);
        return true;
      default:
        return true;
    }
  }

  #mend(detail: string): void {
    const { plan, handlers, mapper, clock } = this.#options;
    const onGap = plan.sequence?.onGap ?? "reconnect";
    if (onGap === "reconnect") return this.#fail("protocol", detail);
    const wasLive = this.#step === "live";
    mapper.forgetBooks(clock.now(), this.#sink);
    if (onGap === "resubscribe") {
      this.#sequence?.reset();
      for (const message of plan.subscribe) this.#send(message);
    }
    if (wasLive) handlers.gap(detail);
  }

  /** Once a second: does what should flow? */
  #check(): void {
    const { clock, dataIdleMs, expectData, plan } = this.#options;
    const shortest = Math.min(CHECK_MS, dataIdleMs, ...plan.idleMs.map(([, ms]) => ms));
    this.#cancelCheck = clock.after(shortest, () => {
      const now = clock.now();
      if (!expectData(now)) {
        this.#lastData = now;
        for (const [kind] of plan.idleMs) this.#lastOf.set(kind, now);
      }
      if (now - this.#lastData >= dataIdleMs)
        return this.#fail("unreachable", `connected, but no data for ${dataIdleMs / 1_000} s`);
      for (const [kind, ms] of plan.idleMs) {
        const last = this.#lastOf.get(kind) ?? now;
        this.#lastOf.set(kind, last);
        if (now - last >= ms) return this.#fail("unreachable", `connected, but no ${kind}s for ${ms / 1_000} s`);
      }
      this.#check();
    });
  }

  #send(message: unknown): void {
    const { plan, send, handlers } = this.#options;
    let frame: string | Uint8Array;
    try {
      frame = encodeFrame(plan.format, message);
    } catch {
      return handlers.refused("what it asks to be answered with cannot be written", () => sampleOf(message));
    }
    send(frame);
  }

  #fail(code: FeedError["code"], why: string): void {
    if (this.#isOver) return;
    this.close();
    this.#options.handlers.fail(new FeedError(code, `${this.#options.name}: ${why}`));
  }
}
