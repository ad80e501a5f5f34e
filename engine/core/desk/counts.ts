/**
 * What the desk counts: attempts of each firing, orders of the last minute and of the day, entries of each strategy, requests
 * to the broker.
 *
 * Owns: the counts alone. May not: know limits, or which time it is.
 */

const MINUTE_MS = 60_000;
const SECOND_MS = 1_000;

export interface SavedCounts {
  /** By firing, then by leg. */
  readonly attempts: Readonly<Record<string, Readonly<Record<string, number>>>>;
  readonly sentTimes: readonly { readonly scopes: readonly string[]; readonly at: number }[];
  readonly sentToday: Readonly<Record<string, { readonly day: number; readonly count: number }>>;
  readonly messageTimes: readonly number[];
  readonly entries: Readonly<Record<string, number>>;
}

export class Counts {
  readonly #attempts = new Map<string, Map<string, number>>();
  readonly #sentTimes: { readonly scopes: readonly string[]; readonly at: number }[] = [];
  readonly #sentToday = new Map<string, { day: number; count: number }>();
  /** Of submits, cancels and look-ups: a broker counts them all. */
  readonly #messageTimes: number[] = [];
  /** By strategy, for as long as the journal goes on. */
  readonly #entries = new Map<string, number>();

  entered(strategy: string): void {
    this.#entries.set(strategy, this.entriesOf(strategy) + 1);
  }

  entriesOf(strategy: string): number {
    return this.#entries.get(strategy) ?? 0;
  }

  /** The number of this attempt, from 1 on. */
  attempt(firing: string, leg: string): number {
    const legs = this.#attempts.get(firing) ?? new Map<string, number>();
    const attempt = (legs.get(leg) ?? 0) + 1;
    this.#attempts.set(firing, legs.set(leg, attempt));
    return attempt;
  }

  /** An order left, in all these scopes at once. */
  sent(scopes: readonly string[], at: number): void {
    this.#sentTimes.push({ scopes, at });
  }

  sentOn(day: number, scope: string): void {
    const counter = this.#sentToday.get(scope) ?? { day: Number.NaN, count: 0 };
    if (counter.day !== day) Object.assign(counter, { day, count: 0 });
    counter.count++;
    this.#sentToday.set(scope, counter);
  }

  on(day: number, scope: string): number {
    const counter = this.#sentToday.get(scope);
    return counter !== undefined && counter.day === day ? counter.count : 0;
  }

  lastMinute(now: number, scope: string): number {
    const since = now - MINUTE_MS;
    while (this.#sentTimes.length > 0 && (this.#sentTimes[0]?.at ?? 0) <= since) this.#sentTimes.shift();
    return scope === "account"
      ? this.#sentTimes.length
      : this.#sentTimes.filter(({ scopes }) => scopes.includes(scope)).length;
  }

  lastSecond(now: number, scope: string): number {
    const since = now - SECOND_MS;
    let count = 0;
    for (let i = this.#sentTimes.length - 1; i >= 0; i--) {
      const { at, scopes } = this.#sentTimes[i] as { scopes: readonly string[]; at: number };
      if (at <= since) break;
      if (scope === "account" || scopes.includes(scope)) count++;
    }
    return count;
  }

  /** A request leaves for the broker. */
  message(at: number): void {
    this.#pruneMessages(at);
    this.#messageTimes.push(at);
  }

  messagesLastMinute(now: number): number {
    this.#pruneMessages(now);
    return this.#messageTimes.length;
  }

  #pruneMessages(now: number): void {
    const since = now - MINUTE_MS;
    while ((this.#messageTimes[0] ?? Number.POSITIVE_INFINITY) <= since) this.#messageTimes.shift();
  }

  /** The same, and nothing is tidied up: for people who look. */
  seen(now: number, scope: string): { readonly minute: number; readonly messages: number } {
    const since = now - MINUTE_MS;
    return {
      minute: this.#sentTimes.filter(({ scopes, at }) => at > since && scopes.includes(scope)).length,
      messages: this.#messageTimes.filter((at) => at > since).length,
    };
  }

  /** A firing that nothing refers to sends no more, and its id is never used again. */
  forget(isNeeded: (firing: string) => boolean): void {
    for (const firing of this.#attempts.keys()) if (!isNeeded(firing)) this.#attempts.delete(firing);
  }

  save(): SavedCounts {
    return {
      attempts: Object.fromEntries([...this.#attempts].map(([firing, legs]) => [firing, Object.fromEntries(legs)])),
      sentTimes: [...this.#sentTimes],
      sentToday: Object.fromEntries([...this.#sentToday].map(([scope, counter]) => [scope, { ...counter }])),
      messageTimes: [...this.#messageTimes],
      entries: Object.fromEntries(this.#entries),
    };
  }

  restore({ attempts, sentTimes, sentToday, messageTimes, entries }: SavedCounts): void {
    for (const [strategy, count] of Object.entries(entries)) this.#entries.set(strategy, count);
    for (const [firing, legs] of Object.entries(attempts)) this.#attempts.set(firing, new Map(Object.entries(legs)));
    this.#sentTimes.push(...sentTimes);
    this.#messageTimes.push(...messageTimes);
    for (const [scope, counter] of Object.entries(sentToday)) this.#sentToday.set(scope, { ...counter });
  }
}
