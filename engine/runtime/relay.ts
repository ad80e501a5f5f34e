/**
 * A feed in front of another one.
 *
 * Owns: being a feed: start and stop of the other one, and silence after a stop. May not: decide what is passed on, and
 * when; whoever extends it does.
 */
import type { MarketInput } from "../core/event.ts";
import type { Feed, FeedSink } from "../ports/feed.ts";

export abstract class Relay implements Feed {
  readonly #feed: Feed;
  #sink: FeedSink | undefined;

  constructor(feed: Feed) {
    this.#feed = feed;
  }

  get name(): string {
    return this.#feed.name;
  }

  get delayMs(): number {
    return this.#feed.delayMs ?? 0;
  }

  start(sink: FeedSink): Promise<void> {
    this.#sink = sink;
    this.started();
    return this.#feed.start({
      market: (input) => this.hear(input),
      refused: (feed, reason, sample, count) => sink.refused(feed, reason, sample, count),
    });
  }

  stop(): Promise<void> {
    this.#sink = undefined;
    this.stopped();
    return this.#feed.stop();
  }

  protected get isStopped(): boolean {
    return this.#sink === undefined;
  }

  protected tell(input: MarketInput): void {
    this.#sink?.market(input);
  }

  protected started(): void {}

  protected abstract hear(input: MarketInput): void;

  /** Nothing that was held back or waits for a clock may be left. */
  protected abstract stopped(): void;
}
