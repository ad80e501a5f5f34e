/**
 * What waits to be taken: one lane for market data, one for everything else, which goes first.
 *
 * Owns: the order of what waits, and what overload does to it. Of the quotes of a symbol only the latest waits, at the place
 * and the time of the first, so that none is put off for ever; it overtakes nothing that says how quotes are to be read (a feed
 * that is lost, a halt, a split). Everything else is kept. May not: drop anything else. More than `most` is an error, because what comes next would be memory that nobody has.
 */
import type { InputBody, MarketInput } from "../core/event.ts";

export interface Letter {
  readonly body: InputBody;
  /** When it was put here. */
  readonly at: number;
}

/** More inputs wait than may wait. Nothing can be left out without a wrong bar, so trading ends. */
export class MailboxFull extends Error {
  override readonly name = "MailboxFull";
  constructor(most: number) {
    super(
      `${most.toLocaleString("en-US")} inputs wait to be taken: data comes faster than this machine judges it; ` +
        "use fewer symbols or longer bars, or raise load: {max_waiting} in barwise.yaml",
    );
  }
}

/** First in, first out. A place stays the same number while its letter waits. */
class Lane {
  #items: (Letter | undefined)[] = [];
  #head = 0;
  /** How many were given back: place = index + this. */
  #gone = 0;

  get size(): number {
    return this.#items.length - this.#head;
  }

  get oldest(): Letter | undefined {
    return this.#items[this.#head];
  }

  /** Places below this one have been taken. */
  get gone(): number {
    return this.#head + this.#gone;
  }

  push(letter: Letter): number {
    return this.#items.push(letter) - 1 + this.#gone;
  }

  /** It is judged as of when the first one came: later time would close bars over the trades that wait behind it. */
  replace(place: number, body: InputBody): void {
    const at = place - this.#gone;
    this.#items[at] = { body, at: (this.#items[at] as Letter).at };
  }

  shift(): Letter | undefined {
    if (this.#head === this.#items.length) return undefined;
    const letter = this.#items[this.#head];
    this.#items[this.#head++] = undefined;
    if (this.#head >= 1_024 && this.#head >= this.size) {
      this.#items = this.#items.slice(this.#head);
      this.#gone += this.#head;
      this.#head = 0;
    }
    return letter;
  }
}

export class Mailbox {
  readonly #first = new Lane();
  readonly #market = new Lane();
  /** Where the waiting quote of a symbol is that the next one replaces. */
  readonly #quotes = new Map<string, number>();
  readonly #most: number;
  /** Quotes that were replaced by a later one before they were taken. */
  conflated = 0;

  constructor(most: number) {
    this.#most = most;
  }

  get size(): number {
    return this.#first.size + this.#market.size;
  }

  /** When the oldest market data that waits was put here. */
  get oldest(): number | undefined {
    return this.#market.oldest?.at;
  }

  put(body: InputBody, at: number): void {
    if (!isMarket(body)) {
      this.#first.push({ body, at });
      return;
    }
    if (body.kind === "quote") {
      const place = this.#quotes.get(body.symbol);
      if (place !== undefined) {
        this.#market.replace(place, body);
        this.conflated++;
        return;
      }
    }
    if (this.#market.size >= this.#most) throw new MailboxFull(this.#most);
    const place = this.#market.push({ body, at });
    if (body.kind === "quote") this.#quotes.set(body.symbol, place);
    else if (body.kind !== "trade" && body.kind !== "bar") this.#quotes.clear();
  }

  take(): Letter | undefined {
    const first = this.#first.shift();
    if (first !== undefined) return first;
    const letter = this.#market.shift();
    if (letter?.body.kind === "quote" && this.#market.gone > (this.#quotes.get(letter.body.symbol) ?? 0))
      this.#quotes.delete(letter.body.symbol);
    return letter;
  }

  clear(): void {
    while (this.take() !== undefined);
  }
}

export function isMarket(body: InputBody): body is MarketInput {
  switch (body.kind) {
    case "trade":
    case "quote":
    case "bar":
    case "history":
    case "feed":
    case "halt":
    case "notice":
    case "split":
    case "splits":
      return true;
    default:
      return false;
  }
}
