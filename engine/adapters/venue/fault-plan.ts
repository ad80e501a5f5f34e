/**
 * Makes the faults happen that the venue was started with.
 *
 * Owns: when each fault strikes. Draws come from the seed, one row of them per fault and kind of request, so that one
 * fault does not shift another and polling does not shift orders. May not: touch a socket or an order; it answers
 * what should go wrong and others do it.
 */
import { draw } from "../../exchange/ids.ts";
import type { Fault, FaultLine, FaultName } from "./faults.ts";
import type { RequestFault, VenueLimits } from "./options.ts";

interface Asked {
  readonly method: string;
  readonly path: string;
}

/** A login is answered as it deserves, not at all, or with a code. */
export type LoginFate = "as usual" | "ignored" | number;

type Named<Name extends FaultName> = Extract<Fault, { readonly name: Name }>;

/** Orders and positions: what changes them may be executed without anybody hearing of it. */
function writesOrders({ method, path }: Asked): boolean {
  return method !== "GET" && /^\/v2\/(orders|positions)/.test(path);
}

/** Without what differs between two requests of a kind. */
function kindOf({ method, path }: Asked): string {
  return `${method} ${path.split("/").slice(0, 3).join("/")}`;
}

export class FaultPlan {
  readonly #faults: readonly Fault[];
  readonly #seed: string;
  readonly #told: (line: FaultLine) => void;
  readonly #drawn = new Map<string, number>();

  constructor(faults: readonly Fault[], seed: string, told: (line: FaultLine) => void) {
    this.#faults = faults;
    this.#seed = seed;
    this.#told = told;
  }

  all<Name extends FaultName>(name: Name): readonly Named<Name>[] {
    return this.#faults.filter((fault): fault is Named<Name> => fault.name === name);
  }

  tell(fault: FaultName, what: string): void {
    this.#told({ fault, what });
  }

  #draw(name: FaultName, key: string): number {
    const row = `${name} ${key}`;
    const n = (this.#drawn.get(row) ?? 0) + 1;
    this.#drawn.set(row, n);
    return draw(this.#seed, `${row} ${n}`);
  }

  #strikes(fault: Fault & { readonly ratio: number }, key: string): boolean {
    return this.#draw(fault.name, key) < fault.ratio;
  }

  #any(name: Extract<Fault, { readonly ratio: number }>["name"], key: string): boolean {
    // Each draws, so that a second one does not depend on the first.
    return this.all(name).filter((fault) => this.#strikes(fault, key)).length > 0;
  }

  /** The limits that faults set. */
  limits(): Partial<VenueLimits> {
    const last = (name: "rate-limit" | "connection-limit" | "symbol-limit"): number | undefined =>
      this.all(name).at(-1)?.count;
    const limits = {
      requestsPerMinute: last("rate-limit"),
      marketConnections: last("connection-limit"),
      symbols: last("symbol-limit"),
    };
    return Object.fromEntries(Object.entries(limits).filter(([, value]) => value !== undefined));
  }

  delayMs(asked: Asked): number {
    let ms = 0;
    for (const { minMs, maxMs } of this.all("delay")) {
      ms += minMs + (maxMs - minMs) * this.#draw("delay", kindOf(asked));
    }
    return Math.round(ms);
  }

  /** The first that strikes, in this order. */
  request(asked: Asked): RequestFault | undefined {
    const kind = kindOf(asked);
    const fault = this.#before(kind) ?? (writesOrders(asked) ? this.#after(kind) : undefined);
    if (fault === undefined) return undefined;
    const executed = "after" in fault.request && fault.request.after;
    this.tell(fault.name, `${asked.method} ${asked.path} was ${executed ? "executed" : "not executed"}`);
    return fault.request;
  }

  #before(kind: string): { readonly name: FaultName; readonly request: RequestFault } | undefined {
    if (this.#any("timeout", kind)) return { name: "timeout", request: { kind: "stall" } };
    if (this.#any("reset", kind)) return { name: "reset", request: { kind: "reset" } };
    const error = this.all("error").find((fault) => this.#strikes(fault, `${kind} ${fault.status}`));
    return error && { name: "error", request: { kind: "status", status: error.status } };
  }

  #after(kind: string): { readonly name: FaultName; readonly request: RequestFault } | undefined {
    if (this.#any("drop-ack", kind)) return { name: "drop-ack", request: { kind: "reset", after: true } };
    if (this.#any("timeout-after-accept", kind)) {
      return { name: "timeout-after-accept", request: { kind: "stall", after: true } };
    }
    if (!this.#any("500-after-accept", kind)) return undefined;
    return { name: "500-after-accept", request: { kind: "status", status: 500, after: true } };
  }

  /** Whether a new order is refused. */
  rejects(symbol: string): boolean {
    const found = this.all("reject").find(
      (fault) => (fault.symbol === null || fault.symbol === symbol) && this.#strikes(fault, fault.symbol ?? ""),
    );
    if (found !== undefined) this.tell("reject", `an order in ${symbol}`);
    return found !== undefined;
  }

  /** How often a message goes out: not at all, once, or twice. */
  copies(what: "updates" | "data"): 0 | 1 | 2 {
    const drops = what === "updates" ? "drop-updates" : "drop-data";
    const doubles = what === "updates" ? "duplicate-updates" : "duplicate-data";
    const struck = this.#any(drops, "") ? drops : this.#any(doubles, "") ? doubles : undefined;
    if (struck === undefined) return 1;
    this.tell(struck, what === "updates" ? "a trade update" : "a market-data message");
    return struck === drops ? 0 : 2;
  }

  /** Whether an update waits for the one after it. */
  holdsUpdate(): boolean {
    const holds = this.#any("reorder-updates", "");
    if (holds) this.tell("reorder-updates", "a trade update waits for the next one");
    return holds;
  }

  login(channel: "market" | "trading"): LoginFate {
    if (this.#any("auth-timeout", channel)) {
      this.tell("auth-timeout", `a ${channel} login is not answered`);
      return "ignored";
    }
    const error = this.all("login-error").find((fault) => this.#strikes(fault, `${channel} ${fault.code}`));
    if (error === undefined) return "as usual";
    this.tell("login-error", `a ${channel} login is refused with ${error.code}`);
    return error.code;
  }
}
