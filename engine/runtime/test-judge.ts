/**
 * Expectations against what happened.
 *
 * Owns: which order answers which expectation, what counts as unlisted, and the words of a failure.
 * May not: run anything. Unlisted orders, alerts of rules and critical alerts fail a test; refusals do not.
 */
import { accountOrNothing, matcherWords, matches, near, wantedWords, words } from "./test-words.ts";
import type { Expectation, Failure, Matcher, TestCase, When } from "../lang/test-types.ts";
import { Moments } from "./test-moments.ts";
import type { Happening, Judged, Recording } from "./test-watch.ts";

type OrderHappening = Extract<Happening, { readonly order: unknown }>;

export function judge(test: TestCase, recording: Recording): Failure[] {
  return new Judge(test, recording).all();
}

class Judge {
  readonly #test: TestCase;
  readonly #recording: Recording;
  readonly #moments: Moments;
  readonly #listed = new Set<Happening>();
  /** Named in a failure already: not unlisted as well. */
  readonly #told = new Set<Happening>();
  readonly #failures: Failure[] = [];

  constructor(test: TestCase, recording: Recording) {
    this.#test = test;
    this.#recording = recording;
    this.#moments = new Moments(test, recording);
  }

  all(): Failure[] {
    for (const [index, expectation] of this.#test.expect.entries()) {
      const missing = this.#moments.missing(expectation.when);
      const got = missing === undefined ? this.#got(expectation, index) : [missing];
      if (got === undefined) continue;
      const expected = `${this.#moments.wordsOf(expectation.when)}: ${wantedWords(expectation)}`;
      this.#failures.push({ place: expectation.place, expected, got });
    }
    for (const { when, place, text } of this.#recording.idle) {
      const expected = `${this.#moments.wordsOf(when)}: somebody is asked (${text})`;
      this.#failures.push({ place, expected, got: ["no request waits for a person then"] });
    }
    for (const happening of this.#recording.happenings) {
      if (this.#listed.has(happening) || this.#told.has(happening) || !this.#mustBeListed(happening)) continue;
      const got = [this.#line(happening)];
      this.#failures.push({ place: this.#test.place, expected: "nothing that is not listed under expect:", got });
    }
    return this.#failures;
  }

  #mustBeListed(happening: Happening): boolean {
    if (happening.kind === "order") return true;
    if (happening.kind === "asked") return this.#test.approvals === "expire";
    if (happening.kind === "refused") return happening.isDecision === true;
    return happening.kind === "alert" && (happening.level === "critical" || happening.code === "rule/alert");
  }

  /** Undefined when it is met, otherwise what there is instead. */
  #got(expectation: Expectation, index: number): readonly string[] | undefined {
    const { wanted, when } = expectation;
    switch (wanted.kind) {
      case "order":
        return wanted.order === undefined ? this.#fired(expectation) : this.#order(expectation);
      case "fact":
        return this.#fact(expectation, this.#recording.facts.get(index) ?? []);
      case "position":
        return this.#position(expectation, wanted.numbers);
      case "account": {
        const wrong = accountOrNothing(wanted.numbers, this.#moments.snapshotAt(when));
        return wrong.length === 0 ? undefined : wrong;
      }
      case "refused":
      case "clamped": {
        const { kind, rule, code } = wanted;
        const all = this.#of(kind, expectation);
        const found = all.filter((one) => one.code === code && (rule === undefined || one.rule === rule));
        return this.#take(found, when, all);
      }
      case "alert": {
        const all = this.#of("alert", expectation);
        return this.#take(
          all.filter(({ message, level }) => message.includes(wanted.text) && level === (wanted.level ?? level)),
          when,
          all,
        );
      }
    }
  }

  #of<K extends Happening["kind"]>(kind: K, { strategy, symbol }: Expectation): Extract<Happening, { kind: K }>[] {
    return this.#recording.happenings.filter(
      (one): one is Extract<Happening, { kind: K }> =>
        one.kind === kind &&
        (strategy === undefined || one.strategy === strategy) &&
        (symbol === undefined || one.symbol === symbol),
    );
  }

  /** Takes the first that nobody has taken; otherwise says what was there, or what was nearest. */
  #take<T extends Happening>(found: readonly T[], when: When, others: readonly T[]): readonly string[] | undefined {
    const here = found.find((one) => this.#moments.isAt(one, when) && !this.#listed.has(one));
    if (here !== undefined) {
      this.#listed.add(here);
      return undefined;
    }
    const closest = near(found.length > 0 ? found : others, this.#moments.timeOf(when));
    if (closest !== undefined) this.#told.add(closest);
    if (closest !== undefined) return [`the nearest was at ${this.#line(closest)}`];
    return ["nothing like it in the whole test"];
  }

  #fired(expectation: Expectation): readonly string[] | undefined {
    const { wanted, when } = expectation;
    const rule = wanted.kind === "order" ? wanted.rule : undefined;
    const firings = this.#of("fired", expectation).filter((one) => rule === undefined || one.rule === rule);
    const got = this.#take(firings, when, firings);
    if (got !== undefined) return got.length === 1 && firings.length === 0 ? this.#silence(expectation) : got;
    // Whatever the rule sent or said at that bar is listed with it.
    const alerts = this.#test.program.strategies.some(({ rules }) =>
      rules.some(({ name, action }) => name === rule && action.kind === "alert"),
    );
    for (const one of this.#recording.happenings) {
      const mine = one.kind === "alert" ? alerts && one.code === "rule/alert" : one.rule === rule;
      if (mine && this.#moments.isAt(one, when)) this.#listed.add(one);
    }
    return undefined;
  }

  #order(expectation: Expectation): readonly string[] | undefined {
    const { wanted, when } = expectation;
    if (wanted.kind !== "order") return undefined;
    const own = this.#orders(expectation).filter((one) => wanted.rule === undefined || one.rule === wanted.rule);
    const found = own.filter((one) => this.#misfits(one, expectation).length === 0);
    const here = own.find((one) => this.#moments.isAt(one, when) && !this.#listed.has(one) && !found.includes(one));
    const got = this.#take(found, when, own);
    if (got === undefined) return undefined;
    if (here !== undefined) {
      // It was meant, and is wrong: one failure, not two.
      this.#listed.add(here);
      return [this.#line(here), ...this.#misfits(here, expectation)];
    }
    return own.length === 0 ? this.#silence(expectation) : got;
  }

  #orders(expectation: Expectation): OrderHappening[] {
    const isAsked = expectation.wanted.kind === "order" && expectation.wanted.asked === true;
    return this.#recording.happenings.filter((one): one is OrderHappening => {
      if (one.kind !== (isAsked ? "asked" : "order")) return false;
      const { strategy = one.strategy, symbol = one.symbol } = expectation;
      return one.strategy === strategy && one.symbol === symbol;
    });
  }

  #misfits({ order }: OrderHappening, { wanted }: Expectation): string[] {
    if (wanted.kind !== "order" || wanted.order === undefined) return [];
    const { side, type, orderClass, timeInForce, numbers } = wanted.order;
    const wrong: string[] = [];
    const text = (name: string, expected: string | undefined, found: string): void => {
      if (expected !== undefined && expected !== found) wrong.push(`${name} is ${found}, expected ${expected}`);
    };
    text("side", side, order.side);
    text("type", type, order.type);
    text("class", orderClass, order.orderClass);
    text("time_in_force", timeInForce, order.timeInForce);
    const amount = (name: string, matcher: Matcher | undefined, found: string | undefined): void => {
      if (matcher === undefined) return;
      const value = found === undefined ? Number.NaN : Number(found);
      if (!matches(matcher, value))
        wrong.push(`${name} is ${found ?? "not set"}, expected ${name} ${matcherWords(matcher)}`);
    };
    amount("qty", numbers.qty, order.qty);
    amount("limit", numbers.limit, order.limitPrice);
    amount("stop", numbers.stop, order.stopPrice);
    amount("trail", numbers.trail, order.trailPrice ?? order.trailPercent);
    amount("stop_loss", numbers.stop_loss, order.stopLoss?.stopPrice);
    amount("take_profit", numbers.take_profit, order.takeProfit?.limitPrice);
    return wrong;
  }

  /** Nothing at all: a refusal at that bar is most likely why. */
  #silence(expectation: Expectation): readonly string[] {
    const refusals = this.#recording.happenings.filter(
      (one) => one.kind === "refused" && this.#moments.isAt(one, expectation.when),
    );
    if (refusals.length > 0) return refusals.map((one) => this.#line(one));
    const rule = expectation.wanted.kind === "order" ? expectation.wanted.rule : undefined;
    return [rule === undefined ? "no order in the whole test" : `rule ${rule} never fired`];
  }

  #fact({ when }: Expectation, judged: readonly Judged[]): readonly string[] | undefined {
    const here = this.#moments.judgedAt(judged, when);
    if (here.length === 0) {
      const closest = near(judged, this.#moments.timeOf(when));
      const hint = closest === undefined ? "" : `; the nearest evaluation is at ${this.#moments.wordsAt(closest)}`;
      const what = when.kind === "tick" ? when.tick.kind : when.kind === "instant" ? "moment" : "bar";
      return [`rules are not evaluated at this ${what}${hint}`];
    }
    const wrong = here.filter(({ truth }) => truth !== 1);
    if (wrong.length === 0) return undefined;
    return wrong.map(({ truth, values, symbol }) => {
      const word = truth === -1 ? "unknown" : "false";
      return `${here.length > 1 ? `${symbol}: ` : ""}${word}${values === "" ? "" : ` (${values})`}`;
    });
  }

  #position(
    { strategy, symbol, when }: Expectation,
    numbers: Readonly<Partial<Record<"qty" | "avg_price", Matcher>>>,
  ): readonly string[] | undefined {
    const positions = (this.#moments.snapshotAt(when)?.positions ?? []).filter(
      (one) => (strategy === undefined || one.strategy === strategy) && (symbol === undefined || one.symbol === symbol),
    );
    const found = positions.find(({ qty }) => qty !== 0) ?? positions[0];
    const wrong = (["qty", "avg_price"] as const).flatMap((field) => {
      const matcher = numbers[field];
      const value = found?.[field] ?? 0;
      return matcher === undefined || matches(matcher, value) ? [] : [`position.${field} is ${value}`];
    });
    return wrong.length === 0 ? undefined : wrong;
  }

  #line(happening: Happening): string {
    return `${this.#moments.wordsAt(happening)}: ${words(happening)}`;
  }
}
