/**
 * What a running engine shows: a redrawn screen on a terminal, lines elsewhere, and a summary at the end.
 *
 * Owns: messages and their words. May not: change the engine.
 */
import type { Diagnostic } from "../lang/diagnostic.ts";
import type { Input, Output } from "../core/event.ts";
import { accountOf, booksOf, inspect, openOrders } from "../core/view.ts";
import type { CoreState } from "../core/step.ts";
import { isoTime } from "../core/time.ts";
import type { Engine } from "../runtime/engine.ts";
import type { ReloadResult } from "../runtime/reload.ts";
import { StatementWriter } from "../runtime/statement.ts";
import { renderDiagnostics } from "../report/diagnostics.ts";
import { planLines } from "../report/plan.ts";
import { painter, print, printable, table } from "./io.ts";
import { renderScreen } from "./screen.ts";
import { statementText } from "./statement-text.ts";
import { VERSION } from "./version.ts";

const FRAME_MS = 150;
const MAX_MESSAGES = 200;
const ENTER = "\u001B[?1049h\u001B[?25l";
const LEAVE = "\u001B[?25h\u001B[?1049l";
const HOME = "\u001B[H";
const CLEAR_REST = "\u001B[J";
const CLEAR_LINE = "\u001B[K";

/** What is said at the start. */
export interface Introduction {
  readonly account: string;
  readonly venue: string;
  readonly data: string;
  readonly strategies: readonly string[];
  readonly journal: string;
}

export class LiveView {
  #banner = "";
  #tag = "";
  #screen = false;
  readonly #writer = new StatementWriter();
  readonly #messages: string[] = [];
  readonly #paint = painter(process.stdout);
  #engine: Engine | undefined;
  #timer: NodeJS.Timeout | undefined;
  #journalDir = "";
  #startEquity = Number.NaN;
  #refused = 0;
  #feedDown = false;
  #brokerDown = false;
  /** A change waits for a person. */
  #held = false;

  /** What is shown at all times. */
  introduce(options: { readonly banner: string; readonly tag: string; readonly screen: boolean }): void {
    this.#banner = options.banner;
    this.#tag = options.tag;
    this.#screen = options.screen;
  }

  begin(engine: Engine, intro: Introduction): void {
    this.#engine = engine;
    this.#journalDir = intro.journal;
    this.#startEquity = accountOf(engine.core).equity;
    print(`${this.#paint("bold", `barwise ${VERSION}`)}   ${this.#paint(["bold", "yellow"], this.#banner)}`);
    const { account, venue, data, strategies, journal } = intro;
    const rows = [
      ["account", account],
      ["venue", venue],
      ["data", data],
      ...strategies.map((text) => ["strategy", text]),
      ["journal", journal],
    ];
    print(table(rows));
    if (!this.#screen) {
      for (const message of this.#messages) print(message);
      return;
    }
    process.stdout.write(ENTER);
    this.#timer = setInterval(() => this.#draw(), FRAME_MS);
    this.#draw();
  }

  /** Prints the summary. */
  end(): void {
    this.#leaveScreen();
    const engine = this.#engine;
    if (engine === undefined) return;
    if (this.#screen) for (const message of this.#messages.slice(-12)) print(message);
    print(
      `\n${this.#paint("bold", "Stopped")} at ${Number.isFinite(engine.marketTime) ? isoTime(engine.marketTime) : "the start"} (market time), ${this.#banner}`,
    );
    print(statementText(this.#writer.statement(), this.#paint));
    for (const line of leftOpen(engine)) print(line);
    if (this.#refused > 0) print(`${this.#refused} messages of the feed were refused`);
    print(`Journal: ${this.#journalDir}`);
  }

  abandon(): void {
    this.#leaveScreen();
  }

  note(message: string): void {
    this.#messages.push(message);
    if (this.#messages.length > MAX_MESSAGES) this.#messages.shift();
    if (!this.#screen && this.#engine !== undefined) print(message);
  }

  /** Something failed that a person should look at. */
  alarm(message: string): void {
    this.note(this.#paint("red", message));
  }

  /** The run is gone on with from here: what was before it is not played again, and the summary does not count it. */
  goOnFrom(core: CoreState): void {
    const { account, now } = core.desk.state;
    this.#writer.begin({ ...booksOf(core), time: now.marketTime, priceOf: (symbol) => account.markOf(symbol) });
  }

  /** What an earlier process of this run did: it counts in the summary, and nobody is told again. */
  recall(input: Input, outputs: readonly Output[]): void {
    this.#writer.observe(input, outputs);
  }

  observe(input: Input, outputs: readonly Output[]): void {
    this.#writer.observe(input, outputs);
    for (const output of outputs) {
      const message = this.#messageOf(output);
      if (message !== undefined)
        this.note(
          `${this.#paint("dim", Number.isFinite(input.marketTime) ? isoTime(input.marketTime) : "start")} ${message}`,
        );
    }
    // One that was told twice changes nothing, and so says nothing.
    if (input.kind === "execution" && outputs.length > 0) {
      this.note(
        `${this.#paint("dim", isoTime(input.time))} ${this.#tag} ${this.#paint("green", "filled")} ${input.side} ${input.qty} ${input.symbol} at ${input.price}`,
      );
    }
    if (input.kind === "feed") this.#feed(input);
    if (input.kind === "notice" && input.topic === "feed")
      this.note(this.#paint("yellow", `feed ${input.feed}, not in use: ${printable(input.text)}`));
    if (input.kind === "broker") this.#brokerDown ||= input.status === "disconnected";
    if (input.kind === "reconciled" && this.#brokerDown) {
      this.#brokerDown = false;
      this.note(this.#paint("green", "the broker is connected and reconciled again"));
    }
  }

  #feed({ feed, status, detail }: Extract<Input, { kind: "feed" }>): void {
    if (status !== "live") this.note(this.#paint("yellow", `feed ${feed} is ${status}: ${detail}`));
    else if (this.#feedDown) this.note(this.#paint("green", `feed ${feed} is live again: ${detail}`));
    this.#feedDown = status === "down";
  }

  refused(feed: string, reason: string, sample: string, count: number): void {
    this.#refused += count;
    // What a stranger sent must not steer the terminal.
    const shown = sample === "" ? "" : ` (${printable(sample)})`;
    this.note(this.#paint("yellow", `${feed}: message refused: ${reason}${shown}`));
  }

  reloaded(result: ReloadResult<Diagnostic>): void {
    const wasHeld = this.#held;
    this.#held = result.kind === "held" || (wasHeld && result.kind === "rejected");
    if (result.kind === "unchanged") {
      if (wasHeld) this.note(this.#paint("cyan", "what was held back is gone: the files say what runs"));
      return;
    }
    if (result.kind === "loaded") return this.#loaded(result);
    if (result.kind === "held") return this.#heldBack(result);
    const found = result.diagnostics.filter(({ severity }) => severity === "error");
    this.note(
      this.#paint(
        "red",
        `not reloaded, the old rules keep running: ${result.reason ?? `${found.length} ${found.length === 1 ? "error" : "errors"}`}`,
      ),
    );
    const lines = renderDiagnostics(found.slice(0, 5), { format: "concise", color: false, texts: {} });
    for (const line of lines.trimEnd().split("\n")) if (line !== "") this.note(this.#paint("red", `  ${line}`));
  }

  #loaded({ plan, accepted }: Extract<ReloadResult<Diagnostic>, { kind: "loaded" }>): void {
    for (const { text, severity } of planLines(plan, { unchanged: false }))
      this.note(this.#paint(severity === null ? "cyan" : "yellow", `reloaded ${text}`));
    if (accepted === null) return;
    const why = accepted.reason === "" ? "" : `: ${printable(accepted.reason)}`;
    this.note(this.#paint("yellow", `reloaded on the word of ${printable(accepted.by)}${why}`));
  }

  #heldBack({ plan, held }: Extract<ReloadResult<Diagnostic>, { kind: "held" }>): void {
    for (const { text, severity } of planLines(plan, { unchanged: false }))
      this.note(this.#paint(severity === null ? "dim" : "yellow", `held back ${text}`));
    const count = `${held.length} ${held.length === 1 ? "finding needs" : "findings need"} a person's word`;
    const how = "`barwise accept` lets it in, undoing the change forgets it";
    this.note(this.#paint("red", `not reloaded, the old rules keep running: ${count}; ${how}`));
  }

  #messageOf(output: Output): string | undefined {
    const paint = this.#paint;
    switch (output.kind) {
      case "submit": {
        const { side, qty, symbol, type, orderClass } = output.order;
        return `${this.#tag} ${paint("cyan", "order")} ${side} ${qty} ${symbol} ${type}${orderClass === "simple" ? "" : ` ${orderClass}`}`;
      }
      case "approval": {
        const { id, state, order, strategy, rule, why, reason } = output.approval;
        const what = `${order.side} ${order.qty} ${order.symbol} ${order.type} ${order.limitPrice ?? ""}`.trim();
        const more = state === "pending" ? why : (reason ?? "");
        return `${this.#tag} ${paint("yellow", `approval ${state}`)} ${strategy}/${rule}: ${what}: ${more} (${id})`;
      }
      case "decision.refused":
        return `${paint("yellow", "decision refused")} ${output.by} via ${output.channel}: ${output.code}: ${output.reason}`;
      case "refused":
        return `${paint("yellow", "refused")} ${output.strategy}/${output.rule} ${output.symbol}: ${output.code}: ${output.reason}`;
      case "alert":
        return paint(
          output.level === "info" ? "cyan" : output.level === "warning" ? "yellow" : "red",
          `${output.level} ${output.code}: ${output.message}`,
        );
      case "state":
        return paint("yellow", `${output.scope} is ${output.state}: ${output.reason}`);
      default:
        return undefined;
    }
  }

  #draw(): void {
    const engine = this.#engine;
    if (engine === undefined) return;
    const statement = this.#writer;
    const { columns, rows } = process.stdout;
    const screen = renderScreen(
      {
        title: `barwise ${VERSION}`,
        banner: this.#banner,
        core: engine.core,
        marketTime: engine.marketTime,
        startEquity: this.#startEquity,
        orders: statement.orders,
        fills: statement.fills.length,
        messages: this.#messages,
        refusedMessages: this.#refused,
        lag: engine.lag,
        width: columns > 0 ? columns : 120,
        height: rows > 0 ? rows - 1 : 39,
      },
      this.#paint,
    );
    process.stdout.write(
      HOME +
        screen
          .split("\n")
          .map((line) => line + CLEAR_LINE)
          .join("\n") +
        CLEAR_REST,
    );
  }

  #leaveScreen(): void {
    if (this.#timer === undefined) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
    process.stdout.write(LEAVE);
  }
}

/** Positions and orders that stay at the broker when the engine ends. */
function leftOpen(engine: Engine): string[] {
  const held = inspect(engine.core)
    .filter(({ qty }) => qty !== 0)
    .map(({ strategy, symbol, qty }) => `${qty} ${symbol} (${strategy})`);
  const orders = openOrders(engine.core).map(
    ({ side, qty, symbol, type, strategy }) => `${type} ${side} ${qty} ${symbol} (${strategy})`,
  );
  return [
    ...(held.length > 0 ? [`Still held: ${held.join(", ")}`] : []),
    ...(orders.length > 0 ? [`Still working: ${orders.join(", ")}`] : []),
  ];
}
