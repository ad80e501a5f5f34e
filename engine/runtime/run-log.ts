/**
 * What a run keeps of itself for people and monitors: counts since the start, the latest alerts, events for a stream.
 *
 * Owns: those, within bounds, by watching inputs and outputs. May not: decide anything, or be slow: it sees every tick.
 */
import type { DecisionInput } from "../core/approval.ts";
import type { CommandInput, Input, Output } from "../core/event.ts";
import type { AlertView, ControlEvent } from "../ports/control.ts";
import { timeOf } from "./control-views.ts";
import { RuleLog } from "./rule-log.ts";

const MAX_ALERTS = 500;
/** Firings and orders that were decided and have not left yet. */
const MAX_UNDER_WAY = 10_000;

/** Outputs that people want to see as they come. Bars and timers are many, and nobody waits for them. */
const SHOWN = new Set<Output["kind"]>([
  "verdict",
  "order",
  "position",
  "refused",
  "alert",
  "state",
  "loaded",
  "approval",
  "decision.refused",
]);

export interface Taken {
  readonly seq: number;
  readonly outputs: readonly Output[];
}

export class RunLog {
  readonly inputs = new Map<string, number>();
  readonly refusals = new Map<string, number>();
  // From nothing to one must be seen as a rise: what has few names begins with all of them.
  readonly verdicts = zeros("approved", "clamped", "refused");
  readonly alertLevels = zeros("info", "warning", "critical");
  readonly alertCodes = new Map<string, number>();
  /** By what became of them. */
  readonly snapshots = zeros("taken", "failed");
  readonly reloads = zeros("unchanged", "loaded", "held", "rejected");
  fills = 0;
  ordersSent = 0;
  disconnects = 0;
  feedDisconnects = 0;
  refusedMessages = 0;
  isConnected = false;
  isFeedLive = false;
  readonly rules = new RuleLog();
  readonly #alerts: AlertView[] = [];
  readonly #listeners = new Set<(event: ControlEvent) => void>();
  readonly #awaited: {
    readonly is: (input: Input) => boolean;
    readonly taken: (seq: number, outputs: readonly Output[]) => void;
  }[] = [];
  /** Arrival of what led to a firing, and then to its order. */
  readonly #arrivals = new Map<string, number>();

  observe(input: Input, outputs: readonly Output[]): void {
    this.inputs.set(input.kind, (this.inputs.get(input.kind) ?? 0) + 1);
    switch (input.kind) {
      case "trade":
      case "quote":
      case "bar":
      case "timer":
        break;
      default:
        this.#follow(input, outputs);
    }
    if (outputs.length > 0) for (const output of outputs) this.#keep(input, output);
  }

  alerts(count: number): readonly AlertView[] {
    return count >= this.#alerts.length ? [...this.#alerts] : this.#alerts.slice(this.#alerts.length - count);
  }

  subscribe(listener: (event: ControlEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Tells of something that no input or output says. */
  tell(event: ControlEvent): void {
    for (const listener of this.#listeners) listener(event);
  }

  /** Resolves when the core has taken the next input that is this one. */
  whenTaken(wanted: CommandInput | DecisionInput): Promise<Taken> {
    return new Promise((resolve) => {
      const fields = Object.entries(wanted);
      this.#awaited.push({
        is: (input) => {
          const own = new Map<string, unknown>(Object.entries(input));
          return fields.every(([name, value]) => own.get(name) === value);
        },
        taken: (seq, outputs) => resolve({ seq, outputs }),
      });
    });
  }

  /** When what led to this order came in; asked once, as it leaves. */
  arrivalOf(clientOrderId: string): number | undefined {
    const arrival = this.#arrivals.get(clientOrderId);
    this.#arrivals.delete(clientOrderId);
    return arrival;
  }

  #follow(input: Input, outputs: readonly Output[]): void {
    switch (input.kind) {
      case "command":
      case "decision": {
        const at = this.#awaited.findIndex(({ is }) => is(input));
        const [found] = at < 0 ? [] : this.#awaited.splice(at, 1);
        found?.taken(input.seq, [...outputs]);
        break;
      }
      case "execution":
        // One that was told twice changes nothing.
        if (outputs.length > 0) this.fills++;
        break;
      case "broker":
        if (input.status === "disconnected" && this.isConnected) this.disconnects++;
        this.isConnected = input.status === "connected";
        break;
      case "feed":
        if (input.status !== "live" && this.isFeedLive) this.feedDisconnects++;
        this.isFeedLive = input.status === "live";
        break;
      default:
        return;
    }
    const { seq, marketTime, arrivalTime: _, kind, ...data } = input;
    if (kind !== "feed") this.tell({ kind, data: { seq, time: timeOf(marketTime), ...data } });
    else this.tell({ kind, data: { seq, time: timeOf(marketTime), feed: input.feed, status: input.status } });
  }

  #keep(input: Input, output: Output): void {
    this.#count(input, output);
    this.rules.keep(input, output);
    if (!SHOWN.has(output.kind) || this.#listeners.size === 0) return;
    const { kind, ...data } = output;
    this.tell({ kind, data: { seq: input.seq, time: timeOf(input.marketTime), ...data } });
  }

  #count(input: Input, output: Output): void {
    switch (output.kind) {
      case "confirm":
        if (this.#arrivals.size < MAX_UNDER_WAY) this.#arrivals.set(output.firing.id, input.arrivalTime);
        break;
      case "verdict":
        if (output.verdict.outcome !== "refused") this.#passOn(output.verdict.firing, output.verdict.clientOrderId);
        add(this.verdicts, output.verdict.outcome);
        break;
      case "refused":
        this.#arrivals.delete(output.firing);
        add(this.refusals, output.code);
        break;
      case "submit":
        this.ordersSent++;
        break;
      case "alert": {
        const { kind: _, ...alert } = output;
        add(this.alertLevels, alert.level);
        add(this.alertCodes, alert.code);
        this.#alerts.push({ seq: input.seq, time: timeOf(input.marketTime), ...alert });
        if (this.#alerts.length > MAX_ALERTS) this.#alerts.shift();
        break;
      }
      default:
        break;
    }
  }

  /** The first order of a firing carries its arrival on; later ones wait for something else. */
  #passOn(firing: string, clientOrderId: string): void {
    const arrival = this.#arrivals.get(firing);
    if (arrival === undefined) return;
    this.#arrivals.delete(firing);
    this.#arrivals.set(clientOrderId, arrival);
  }
}

function add(counts: Map<string, number>, key: string): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}

function zeros(...names: readonly string[]): Map<string, number> {
  return new Map(names.map((name) => [name, 0]));
}
