/**
 * A control server on loopback over a port that a test fills, and requests as anybody may send them.
 */
import { request as httpRequest } from "node:http";
import { afterEach } from "vitest";
import { ControlServer } from "../../../engine/adapters/control/server.ts";
import type { ControlServerOptions } from "../../../engine/adapters/control/server.ts";
import { ControlError } from "../../../engine/ports/control.ts";
import type { ApprovalView } from "../../../engine/core/approval.ts";
import type {
  ControlCommand,
  ControlEvent,
  ControlPort,
  Decision,
  OverrideRequest,
  OverrideView,
} from "../../../engine/ports/control.ts";

export const TOKEN = "a-token-of-the-test";

export const APPROVAL: ApprovalView = {
  id: "bw-1",
  hash: "7f".repeat(32),
  state: "pending",
  order: {
    ...{ clientOrderId: "bw-1", symbol: "A", side: "buy", qty: "10", type: "limit", limitPrice: "100" },
    ...{ timeInForce: "day", extendedHours: false, orderClass: "simple" },
  },
  ...{ strategy: "s", rule: "r", symbol: "A", firing: "f", notional: "1000", reference: "100" },
  ...{ requestedAt: 0, expiresAt: 60_000, sessionEndsAt: null, why: "order.notional > 500", needed: 1 },
  ...{ edits: "lower", approvers: null, decisions: [], reason: null },
};

export const ASKED: OverrideView = {
  ...{ id: "override-7", state: "asked", limit: "max_order_qty", value: 500, scope: "account", by: ["ann"] },
  ...{ reason: "a block trade", until: "2026-01-01T00:15:00.000Z", for_ms: 1_800_000 },
};

export class FakeControl implements ControlPort {
  readonly commands: ControlCommand[] = [];
  readonly decisions: Decision[] = [];
  readonly asked: OverrideRequest[] = [];
  readonly confirmed: (readonly [id: string, by: string, reason: string])[] = [];
  readonly #listeners = new Set<(event: ControlEvent) => void>();
  /** What `command` throws. */
  failure: Error | undefined;

  health(): ReturnType<ControlPort["health"]> {
    return { ready: true, state: "ACTIVE" };
  }

  status(): ReturnType<ControlPort["status"]> {
    return {
      version: "0",
      journal: "j",
      account: "a",
      live: false,
      banner: "paper",
      pid: 1,
      started_at: "2026-01-01T00:00:00Z",
      market_time: null,
      ready: true,
      state: "ACTIVE",
      reason: "",
      kill_switch: false,
      lag: { seconds: null, waiting: 0, conflated: 0, behind: false },
      equity: 1,
      cash: 1,
      day_pnl: null,
      positions: 0,
      orders: 0,
      approvals: 0,
      program: null,
      strategies: ["s"],
      last_reload: null,
    };
  }

  account(): ReturnType<ControlPort["account"]> {
    const unknown = { buying_power: null, day_pnl: null, day_loss_ratio: null, gross: null, net: null };
    return { account: "a", live: false, equity: null, cash: null, ...unknown };
  }

  overrides(): readonly OverrideView[] {
    return [ASKED];
  }

  async askOverride(request: OverrideRequest): Promise<OverrideView> {
    this.asked.push(request);
    await Promise.resolve();
    if (this.failure !== undefined) throw this.failure;
    return ASKED;
  }

  async confirmOverride(...word: readonly [id: string, by: string, reason: string]): Promise<OverrideView> {
    this.confirmed.push(word);
    await Promise.resolve();
    if (this.failure !== undefined) throw this.failure;
    return { ...ASKED, id: null, state: "holds", by: ["ann", word[1]], for_ms: null };
  }

  positions(): [] {
    return [];
  }

  orders(): [] {
    return [];
  }

  strategies(): [] {
    return [];
  }

  rule(strategy: string, rule: string): ReturnType<ControlPort["rule"]> {
    const event = { seq: 1, time: null, symbol: "X", firing: "f", code: "max_entries", reason: "r" };
    const state = { action: "buy", truth: "false", phase: "idle", blocking: "close > 1" } as const;
    return { strategy, rule, symbols: [{ symbol: "X", time: null, rule, ...state }], fired: [], refused: [event] };
  }

  risk(): [] {
    return [];
  }

  states(): ReturnType<ControlPort["states"]> {
    return [{ scope: "account", state: "ACTIVE", reason: "", causes: [] }];
  }

  approvals(): ReturnType<ControlPort["approvals"]> {
    return [APPROVAL];
  }

  approval(id: string): ReturnType<ControlPort["approval"]> {
    if (id === APPROVAL.id) return APPROVAL;
    throw new ControlError("not_found", `nobody is asked about ${id}`);
  }

  decide(decision: Decision): ReturnType<ControlPort["decide"]> {
    this.decisions.push(decision);
    if (this.failure !== undefined) return Promise.reject(this.failure);
    return Promise.resolve(APPROVAL);
  }

  alerts(): [] {
    return [];
  }

  journal(): Promise<[]> {
    return Promise.resolve([]);
  }

  command(command: ControlCommand): ReturnType<ControlPort["command"]> {
    this.commands.push(command);
    if (this.failure !== undefined) return Promise.reject(this.failure);
    return Promise.resolve({ seq: 1, scope: command.scope, state: "HALTED", reason: command.reason, cancelling: 0 });
  }

  reload(): ReturnType<ControlPort["reload"]> {
    return Promise.resolve({ at: "2026-01-01T00:00:00Z", result: "unchanged", reason: null });
  }

  metrics(): Promise<string> {
    return Promise.resolve("# none\n");
  }

  subscribe(listener: (event: ControlEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  tell(event: ControlEvent): void {
    for (const listener of this.#listeners) listener(event);
  }
}

const running: ControlServer[] = [];

/** Stops with the test. */
export async function serve(control: ControlPort, options: Partial<ControlServerOptions> = {}): Promise<ControlServer> {
  const server = new ControlServer({ control, token: TOKEN, port: 0, ...options });
  await server.start();
  running.push(server);
  return server;
}

afterEach(async () => {
  for (const server of running.splice(0)) await server.stop();
});

export interface Asked {
  readonly method?: string;
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  /** Send no Authorization. */
  readonly bare?: boolean;
}

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly text: string;
}

/** `fetch` would set Host itself and refuse some headers. */
export function ask({ url }: { readonly url: string }, asked: Asked): Promise<Answer> {
  const { method = "GET", path, headers = {}, body, bare = false } = asked;
  return new Promise((resolve, reject) => {
    const request = httpRequest(
      `${url}${path}`,
      {
        method,
        agent: false,
        headers: {
          ...(bare ? {} : { Authorization: `Bearer ${TOKEN}` }),
          ...(body === undefined ? {} : { "Content-Type": "application/json" }),
          ...headers,
        },
      },
      (response) => {
        let text = "";
        response.on("data", (data: Buffer) => (text += data.toString()));
        response.on("end", () => resolve({ status: response.statusCode ?? 0, headers: response.headers, text }));
      },
    );
    // A refusal may come before a large body was written.
    request.on("error", reject);
    request.end(body);
  });
}
