/**
 * Messages on their way to people.
 *
 * Owns: one bounded queue for each channel, so that a dead one holds up neither trading nor the others; that a message
 * leaves when the journal has what it tells; pace, retries, floods told as one, and telling how many were dropped.
 * May not: write messages, or speak a service's language.
 */
import type { Clock } from "../ports/clock.ts";
import type { Delivery, Message, Notifier } from "../ports/notifier.ts";

/** Alike messages within this time are told as one. */
const ALIKE_MS = 30_000;
const MOST_WAITING = 200;
const MOST_ATTEMPTS = 8;
const FIRST_PAUSE_MS = 1_000;
const LONGEST_PAUSE_MS = 60_000;
/** A service that asks for more patience than this is dead. */
const LONGEST_OBEYED_MS = 600_000;

export interface Channel {
  readonly notifier: Notifier;
  readonly wants: (message: Message) => boolean;
}

export interface OutboxOptions {
  readonly channels: readonly Channel[];
  readonly clock: Clock;
  /** 0 to 1, for the pauses between tries. */
  readonly random: () => number;
  /** Resolves when the journal has everything that was told so far; rejects when it never will. */
  readonly durable: () => Promise<void>;
  /** For the screen of the run: a channel fails, or works again. */
  readonly note: (line: string) => void;
  /** The first message since it was reached last was given up: the other channels may tell. */
  readonly dead?: (name: string, reason: string) => void;
}

export interface ChannelCounts {
  readonly sent: number;
  readonly waiting: number;
  readonly dropped: number;
  /** Told as part of another one. */
  readonly merged: number;
}

export class Outbox {
  readonly #lines: readonly Line[];

  constructor(options: OutboxOptions) {
    this.#lines = options.channels.map((channel) => new Line(channel, options));
  }

  /** Returns at once, whatever the channels do. */
  tell(message: Message): void {
    for (const line of this.#lines) line.add(message);
  }

  counts(): Readonly<Record<string, ChannelCounts>> {
    return Object.fromEntries(this.#lines.map((line) => [line.name, line.counts]));
  }

  /** Gives what still waits this long, then gives it up and says how much that was. */
  async stop(graceMs: number): Promise<void> {
    await Promise.all(this.#lines.map((line) => line.stop(graceMs)));
  }
}

interface Entry {
  message: Message;
  /** Clock time before which it waits for more like it. */
  readonly notBefore: number;
  attempts: number;
}

/** The queue of one channel. */
class Line {
  readonly #channel: Channel;
  readonly #options: OutboxOptions;
  /** Requests, decisions and what is critical go before everything else. */
  readonly #lanes: readonly [urgent: Entry[], other: Entry[]] = [[], []];
  /** When a message of a kind was taken last. */
  readonly #last = new Map<string, number>();
  #isDead = false;
  #tokens: number;
  #tokensAt: number;
  #failures = 0;
  #pauseUntil = Number.NEGATIVE_INFINITY;
  #sending = false;
  #wake: (() => void) | undefined;
  #stopping = false;
  #ended = false;
  #onEmpty: () => void = () => {};
  #sent = 0;
  #merged = 0;
  #dropped = 0;
  /** Dropped since that was told. */
  #untold = 0;

  constructor(channel: Channel, options: OutboxOptions) {
    this.#channel = channel;
    this.#options = options;
    this.#tokens = channel.notifier.pace.burst;
    this.#tokensAt = options.clock.now();
  }

  get name(): string {
    return this.#channel.notifier.name;
  }

  get counts(): ChannelCounts {
    return { sent: this.#sent, waiting: this.#waiting, dropped: this.#dropped, merged: this.#merged };
  }

  get #waiting(): number {
    return this.#lanes[0].length + this.#lanes[1].length;
  }

  add(message: Message): void {
    if (this.#ended || !this.#channel.wants(message)) return;
    const now = this.#options.clock.now();
    const lane = this.#lanes[isUrgent(message) ? 0 : 1];
    const waits = lane.find((entry) => entry.message.alike === message.alike);
    if (waits !== undefined) {
      this.#merge(waits, message);
      return;
    }
    if (lane.length >= MOST_WAITING) {
      lane.shift();
      this.#drop();
    }
    const since = isNewestWord(message) ? undefined : this.#last.get(message.alike);
    lane.push({ message, notBefore: since === undefined ? now : since + ALIKE_MS, attempts: 0 });
    this.#last.set(message.alike, now);
    if (this.#last.size > 10 * MOST_WAITING) this.#forget(now);
    this.#look();
  }

  #merge(entry: Entry, message: Message): void {
    const count = isNewestWord(message) ? 1 : entry.message.count + message.count;
    entry.message = { ...message, count };
    this.#merged++;
  }

  #forget(now: number): void {
    for (const [alike, at] of this.#last) if (now - at >= ALIKE_MS) this.#last.delete(alike);
    if (this.#last.size > 10 * MOST_WAITING) this.#last.clear();
  }

  #drop(): void {
    this.#dropped++;
    this.#untold++;
  }

  #look(): void {
    if (this.#sending || this.#ended) return;
    this.#wake?.();
    this.#wake = undefined;
    if (this.#waiting === 0) {
      this.#onEmpty();
      return;
    }
    const now = this.#options.clock.now();
    // That trading has stopped must not wait for the pace of a mail server.
    const isLastWord = this.#stopping && this.#lanes[0].length > 0;
    const at = Math.max(this.#dueAt(), this.#pauseUntil, isLastWord ? now : this.#tokenAt(now));
    if (at > now) this.#wake = this.#options.clock.after(at - now, () => this.#look());
    else void this.#send(now);
  }

  /** When something may leave, as far as waiting for more of its kind goes. */
  #dueAt(): number {
    if (this.#stopping) return Number.NEGATIVE_INFINITY;
    let due = Number.POSITIVE_INFINITY;
    for (const lane of this.#lanes) for (const { notBefore } of lane) due = Math.min(due, notBefore);
    return due;
  }

  #tokenAt(now: number): number {
    const { burst, everyMs } = this.#channel.notifier.pace;
    this.#tokens = Math.min(burst, this.#tokens + (now - this.#tokensAt) / everyMs);
    this.#tokensAt = now;
    return this.#tokens >= 1 ? now : now + Math.ceil((1 - this.#tokens) * everyMs);
  }

  #take(now: number): readonly [Entry[], Entry] | undefined {
    for (const lane of this.#lanes) {
      const index = lane.findIndex(({ notBefore }) => this.#stopping || notBefore <= now);
      if (index >= 0) return [lane, lane.splice(index, 1)[0] as Entry];
    }
    return undefined;
  }

  async #send(now: number): Promise<void> {
    const taken = this.#take(now);
    if (taken === undefined) return;
    const [lane, entry] = taken;
    this.#sending = true;
    this.#tokens -= 1;
    entry.attempts++;
    const delivery = await this.#deliver(entry.message);
    this.#sending = false;
    if (this.#ended) return;
    if (delivery === "untrue") this.#drop();
    else if (delivery.ok) this.#arrived();
    else this.#failed(lane, entry, delivery);
    this.#look();
  }

  /** `untrue`: the journal never got what it tells, so after a restart it did not happen. */
  async #deliver(message: Message): Promise<Delivery | "untrue"> {
    if (message.kind !== "run" && message.kind !== "test") {
      try {
        await this.#options.durable();
      } catch {
        return "untrue";
      }
    }
    const missed = this.#untold;
    const parts = [message.text];
    if (message.count > 1) parts.push(`(${message.count} like this)`);
    if (missed > 0) parts.push(`(${missed} earlier messages were dropped)`);
    const text = parts.filter((part) => part !== "").join("\n");
    try {
      const delivery = await this.#channel.notifier.notify({ ...message, text });
      if (delivery.ok) this.#untold -= missed;
      return delivery;
    } catch (error) {
      // A bug of an adapter must not end trading; its message may hold what nobody may read.
      return { ok: false, retry: false, reason: error instanceof Error ? error.name : "unknown error" };
    }
  }

  #arrived(): void {
    this.#sent++;
    if (this.#failures > 0) this.#options.note(`${this.name} is reached again`);
    this.#failures = 0;
    this.#isDead = false;
  }

  #failed(lane: Entry[], entry: Entry, { reason, retry, afterMs = 0 }: Extract<Delivery, { ok: false }>): void {
    this.#failures++;
    const now = this.#options.clock.now();
    const isLast = !retry || entry.attempts >= MOST_ATTEMPTS || afterMs > LONGEST_OBEYED_MS;
    if (this.#failures === 1) this.#options.note(`${this.name} was not reached: ${reason}`);
    // Full jitter: channels and processes that fail together must not come back together.
    const most = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** Math.min(this.#failures - 1, 10));
    const pause = retry ? Math.max(Math.min(afterMs, LONGEST_OBEYED_MS), this.#options.random() * most) : 0;
    this.#pauseUntil = now + pause;
    if (!isLast) {
      this.#putBack(lane, entry);
      return;
    }
    this.#drop();
    if (this.#isDead) return;
    this.#isDead = true;
    if (this.#failures > 1) this.#options.note(`${this.name}: a message was given up: ${reason}`);
    this.#options.dead?.(this.name, reason);
  }

  /** First in its lane again, unless something newer on the same request has come meanwhile. */
  #putBack(lane: Entry[], entry: Entry): void {
    const newer = lane.find(({ message }) => message.alike === entry.message.alike);
    if (newer === undefined) {
      lane.unshift(entry);
      return;
    }
    this.#merge(newer, { ...newer.message, count: entry.message.count });
  }

  async stop(graceMs: number): Promise<void> {
    if (this.#ended) return;
    this.#stopping = true;
    // One more try: a service may be back, and there is no later.
    this.#pauseUntil = Number.NEGATIVE_INFINITY;
    let cancel: (() => void) | undefined;
    const late = new Promise<void>((resolve) => {
      cancel = this.#options.clock.after(graceMs, resolve);
    });
    const empty = new Promise<void>((resolve) => {
      this.#onEmpty = resolve;
    });
    this.#look();
    await Promise.race([empty, late]);
    cancel?.();
    this.#ended = true;
    this.#wake?.();
    const left = this.#waiting + (this.#sending ? 1 : 0) + this.#untold;
    if (left > 0) this.#options.note(`${this.name}: ${left} messages were not delivered`);
    await this.#channel.notifier.stop();
  }
}

/** States too, all of them: the last one that is read must be the one that holds. */
function isUrgent({ kind, level }: Message): boolean {
  return kind === "approval" || kind === "state" || level === "critical";
}

/** What the newest message says replaces what an older one said, and is not held back for more of its kind. */
function isNewestWord({ kind, approval }: Message): boolean {
  return approval !== undefined || kind === "state";
}
