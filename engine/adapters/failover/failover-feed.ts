/**
 * Several feeds of the same data as one: the first that is healthy is heard, the others wait.
 *
 * Owns: choosing. What is heard comes from one feed at a time, so that nothing is counted twice; a change between them is
 * told as a gap (`down`, then `live`), and what becomes of those that wait as notices. Closed bars that the next one told while
 * the one before was silent already are handed over: they are whole, and nobody would tell them again. May not: repair or compare.
 */
import type { MarketInput } from "../../core/event.ts";
import { FeedError } from "../../ports/feed.ts";
import type { Clock } from "../../ports/clock.ts";
import type { Feed, FeedSink } from "../../ports/feed.ts";
import { WALL_CLOCK } from "../wall-clock.ts";

export interface FailoverOptions {
  readonly clock?: Clock;
  /** Silence of the feed in use, while another one speaks, after which that one is heard. */
  readonly afterMs?: number;
  /** How long a better feed must have been well before it is heard again. */
  readonly backMs?: number;
  /** Whether data should flow now: silence at night is no fault. */
  readonly expectData?: (now: number) => boolean;
}

export const FAILOVER = { afterMs: 10_000, backMs: 60_000 } as const;

/** A feed that could not be reached at the start is tried again this often; later it does so by itself. */
const RETRY_MS = 30_000;
const CHECK_MS = 1_000;
/** Two feeds tell the same thing within this time of each other. */
const TOGETHER_MS = 2_000;

type FeedInput = Extract<MarketInput, { kind: "feed" }>;
type Bar = Extract<MarketInput, { kind: "bar" }>;

class Member {
  readonly feed: Feed;
  readonly rank: number;
  isLive = false;
  /** When it last told something of the market. */
  spokeAt = Number.NEGATIVE_INFINITY;
  /** When it first told something that the one in use has not told within `TOGETHER_MS`. */
  aheadSince = Number.NEGATIVE_INFINITY;
  /** Since when it is live and speaks without a pause. */
  wellSince = Number.POSITIVE_INFINITY;
  /** Callbacks of an earlier start are not heard. */
  generation = 0;
  /** Bars that it told while another one was heard, and when; no more of them than may be wanted. */
  #bars: { readonly bar: Bar; readonly at: number }[] = [];

  constructor(feed: Feed, rank: number) {
    this.feed = feed;
    this.rank = rank;
  }

  get paceMs(): number {
    return this.feed.paceMs ?? 0;
  }

  keep(bar: Bar, at: number, forMs: number): void {
    if (at - (this.#bars[0]?.at ?? at) > 2 * forMs) this.#bars = this.#bars.filter((kept) => at - kept.at <= forMs);
    this.#bars.push({ bar, at });
  }

  take(since: number): readonly Bar[] {
    return this.#bars.splice(0).flatMap(({ bar, at }) => (at >= since ? [bar] : []));
  }
}

export class FailoverFeed implements Feed {
  readonly name: string;
  readonly #members: readonly Member[];
  readonly #clock: Clock;
  readonly #afterMs: number;
  readonly #backMs: number;
  readonly #expectData: (now: number) => boolean;
  #sink: FeedSink | undefined;
  #active: Member | undefined;
  /** Its silence counts from here at the earliest: since it is heard, and data is expected. */
  #heardSince = Number.NEGATIVE_INFINITY;
  /** Start of the last bar that was told, by symbol and size. */
  readonly #told = new Map<string, number>();
  /** Who is heard is chosen when all have had their chance: not whoever was first by a hair. */
  #isStarting = false;
  #cancelCheck: (() => void) | undefined;
  readonly #retries = new Set<() => void>();

  /** Best first. */
  constructor(feeds: readonly Feed[], options: FailoverOptions = {}) {
    this.#members = feeds.map((feed, rank) => new Member(feed, rank));
    this.name = feeds.map(({ name }) => name).join(", else ");
    this.#clock = options.clock ?? WALL_CLOCK;
    this.#afterMs = options.afterMs ?? FAILOVER.afterMs;
    this.#backMs = options.backMs ?? FAILOVER.backMs;
    this.#expectData = options.expectData ?? (() => true);
  }

  get delayMs(): number {
    return this.#active?.feed.delayMs ?? 0;
  }

  /** One feed is enough to start, but what is wrong with another one for good (a key, an address) is said at once. */
  async start(sink: FeedSink): Promise<void> {
    if (this.#sink !== undefined) throw new FeedError("config", `${this.name}: already started`);
    this.#sink = sink;
    this.#isStarting = true;
    const results = await Promise.allSettled(this.#members.map((member) => this.#begin(member)));
    if (this.#sink === undefined) throw new FeedError("unreachable", `${this.name}: stopped before it was connected`);
    const errors = results.flatMap((result) => (result.status === "rejected" ? [result.reason as unknown] : []));
    const lasting = errors.find((error) => !(error instanceof FeedError) || error.code !== "unreachable");
    const fatal = lasting ?? (errors.length === results.length ? errors[0] : undefined);
    if (fatal !== undefined) {
      await this.stop();
      throw fatal;
    }
    this.#isStarting = false;
    const best = this.#members.find(({ isLive }) => isLive);
    if (best !== undefined) this.#use(best);
    for (const [i, result] of results.entries())
      if (result.status === "rejected") this.#unreached(this.#members[i] as Member, result.reason);
    this.#check();
  }

  async stop(): Promise<void> {
    this.#sink = undefined;
    this.#active = undefined;
    this.#cancelCheck?.();
    for (const cancel of this.#retries) cancel();
    this.#retries.clear();
    for (const member of this.#members) member.generation++;
    await Promise.allSettled(this.#members.map(({ feed }) => feed.stop()));
  }

  async #begin(member: Member): Promise<void> {
    const generation = ++member.generation;
    await member.feed.start({
      market: (input) => {
        if (generation === member.generation) this.#hear(member, input);
      },
      refused: (feed, reason, sample, count) => {
        if (generation === member.generation) this.#sink?.refused(feed, reason, sample, count);
      },
    });
  }

  #unreached(member: Member, error: unknown): void {
    this.#notice(member, `cannot be reached: ${error instanceof Error ? error.message : String(error)}`);
    this.#retry(member);
  }

  #retry(member: Member): void {
    const cancel = this.#clock.after(RETRY_MS, () => {
      this.#retries.delete(cancel);
      this.#begin(member).catch((error: unknown) => {
        if (this.#sink !== undefined) this.#unreached(member, error);
      });
    });
    this.#retries.add(cancel);
  }

  #hear(member: Member, input: MarketInput): void {
    if (input.kind === "feed") return this.#status(member, input);
    const now = this.#clock.now();
    if (now - member.spokeAt > this.#quietMs(member)) member.wellSince = now;
    member.spokeAt = now;
    if (member === this.#active) return this.#pass(input);
    if (input.kind === "bar") member.keep(input, now, 2 * this.#quietMs(member));
    const last = this.#active?.spokeAt ?? now;
    if (now - last > TOGETHER_MS && member.aheadSince <= last) member.aheadSince = now;
  }

  #pass(input: MarketInput): void {
    if (input.kind === "bar" && !input.revised) this.#told.set(`${input.symbol} ${input.size}`, input.start);
    this.#sink?.market(input);
  }

  /** Longest silence of a member that is no fault yet. */
  #quietMs({ paceMs }: Member): number {
    return this.#afterMs + paceMs;
  }

  #status(member: Member, { status, detail }: FeedInput): void {
    member.isLive = status === "live";
    member.wellSince = member.isLive ? this.#clock.now() : Number.POSITIVE_INFINITY;
    if (this.#isStarting) return;
    const active = this.#active;
    if (member === active) {
      this.#tell(status, `${member.feed.name}: ${detail}`);
      const other = member.isLive ? undefined : this.#members.find(({ isLive }) => isLive);
      if (other !== undefined) this.#use(other);
    } else if (member.isLive && active?.isLive !== true) this.#use(member);
    else this.#notice(member, `${member.isLive ? "waits" : status}: ${detail}`);
  }

  /** The feed before it is down, or has said so. */
  #use(member: Member): void {
    const before = this.#active;
    this.#active = member;
    this.#heardSince = this.#clock.now();
    const { name } = member.feed;
    this.#tell("live", before === undefined ? `${name} is heard` : `${name} takes over from ${before.feed.name}`);
    for (const bar of member.take(this.#clock.now() - 2 * this.#quietMs(member))) {
      const told = this.#told.get(`${bar.symbol} ${bar.size}`) ?? Number.NEGATIVE_INFINITY;
      if (bar.start > told && !bar.revised) this.#pass(bar);
    }
  }

  #switch(member: Member, why: string): void {
    this.#tell("down", why);
    this.#use(member);
  }

  /** Under one name, whoever is heard: for the core it is one feed with gaps. */
  #tell(status: FeedInput["status"], detail: string): void {
    this.#sink?.market({ kind: "feed", feed: this.name, status, detail });
  }

  #check(): void {
    this.#cancelCheck = this.#clock.after(Math.min(CHECK_MS, this.#afterMs), () => {
      if (this.#sink === undefined) return;
      this.#choose(this.#clock.now());
      this.#check();
    });
  }

  #choose(now: number): void {
    const active = this.#active;
    if (active === undefined) return;
    if (!this.#expectData(now)) {
      this.#heardSince = now;
      return;
    }
    const speaks = (member: Member): boolean => member.isLive && now - member.spokeAt <= this.#quietMs(member);
    const better = this.#members.find(
      (member) => member.rank < active.rank && speaks(member) && now - member.wellSince >= this.#backMs,
    );
    if (better !== undefined)
      return this.#switch(better, `back to ${better.feed.name}, which has been well for ${this.#backMs / 1_000} s`);
    const silentSince = Math.max(active.spokeAt, this.#heardSince);
    if (!active.isLive || now - silentSince <= this.#quietMs(active)) return;
    const isAhead = ({ aheadSince }: Member): boolean => aheadSince > active.spokeAt && now - aheadSince >= TOGETHER_MS;
    const other = this.#members.find((member) => member !== active && speaks(member) && isAhead(member));
    if (other === undefined) return;
    this.#switch(
      other,
      `${active.feed.name} is silent for ${this.#quietMs(active) / 1_000} s while ${other.feed.name} speaks`,
    );
  }

  #notice(member: Member, text: string): void {
    const { name } = member.feed;
    const time = this.#clock.now();
    this.#sink?.market({ kind: "notice", feed: name, topic: "feed", time, symbols: [], text });
  }
}
