/**
 * What is asked of a journal again and again, as tables.
 *
 * Owns: the tables, and how records become rows. May not: touch the disk, decide anything: a row says what a record said.
 * Amounts stay decimal text; times are text of one width in UTC, so that their order is that of time.
 */
import type { ApprovalView } from "../../core/approval.ts";
import type { Firing, Input, OrderView, Output, Verdict } from "../../core/event.ts";
import type { JournalHeader, JournaledInput, JournalRecord } from "../../ports/journal.ts";
import type { Sqlite, SqlValue } from "./sqlite.ts";

/** Another number when a table or a row changes: files of an older one are made again. */
export const PROJECTION_VERSION = 2;

const SCHEMA = `
CREATE TABLE runs (n INTEGER, id TEXT, account TEXT, barwise TEXT, node TEXT, created TEXT);
CREATE TABLE programs (n INTEGER, seq INTEGER, time TEXT, digest TEXT, strategies TEXT, accepted_by TEXT);
CREATE TABLE commands (n INTEGER, seq INTEGER, time TEXT, command TEXT, by TEXT, reason TEXT);
CREATE TABLE firings (n INTEGER, seq INTEGER, time TEXT, firing TEXT PRIMARY KEY, strategy TEXT, rule TEXT, symbol TEXT,
  price REAL, confirmation TEXT, outcome TEXT, refused TEXT, reason TEXT, facts TEXT);
CREATE TABLE orders (n INTEGER, seq INTEGER, time TEXT, client_order_id TEXT PRIMARY KEY, broker_order_id TEXT, strategy TEXT,
  rule TEXT, firing TEXT, symbol TEXT, side TEXT, role TEXT, qty TEXT, type TEXT, limit_price TEXT, stop_price TEXT,
  state TEXT, filled_qty TEXT, avg_price TEXT, reason TEXT, changed TEXT);
CREATE TABLE order_states (n INTEGER, seq INTEGER, time TEXT, client_order_id TEXT, state TEXT, filled_qty TEXT, reason TEXT);
CREATE TABLE fills (n INTEGER, seq INTEGER, time TEXT, execution_id TEXT PRIMARY KEY, client_order_id TEXT, strategy TEXT,
  rule TEXT, symbol TEXT, side TEXT, qty TEXT, price TEXT, fee TEXT);
CREATE TABLE positions (n INTEGER, seq INTEGER, time TEXT, strategy TEXT, symbol TEXT, qty TEXT, avg_price TEXT,
  realized TEXT, fees TEXT, cash TEXT);
CREATE TABLE alerts (n INTEGER, seq INTEGER, time TEXT, level TEXT, code TEXT, message TEXT, strategy TEXT, symbol TEXT);
CREATE TABLE verdicts (n INTEGER, seq INTEGER, time TEXT, firing TEXT, client_order_id TEXT, strategy TEXT, rule TEXT, symbol TEXT,
  verdict TEXT, control TEXT, outcome TEXT, value REAL, "limit" REAL, headroom REAL, reason TEXT);
CREATE TABLE approvals (n INTEGER, seq INTEGER, time TEXT, approval TEXT PRIMARY KEY, strategy TEXT, rule TEXT, firing TEXT,
  symbol TEXT, side TEXT, qty TEXT, notional TEXT, state TEXT, why TEXT, needed INTEGER, requested TEXT, expires TEXT, reason TEXT,
  changed TEXT);
CREATE TABLE decisions (n INTEGER, seq INTEGER, time TEXT, approval TEXT, by TEXT, channel TEXT, decision TEXT, edit TEXT,
  reason TEXT, refused TEXT, refused_reason TEXT);
CREATE TABLE states (n INTEGER, seq INTEGER, time TEXT, scope TEXT, state TEXT, reason TEXT);
CREATE INDEX order_states_by_order ON order_states (client_order_id);
CREATE INDEX verdicts_by_order ON verdicts (client_order_id);
CREATE INDEX verdicts_by_firing ON verdicts (firing);
CREATE INDEX fills_by_order ON fills (client_order_id);
`;

const WIDTHS = {
  runs: 6,
  programs: 6,
  commands: 6,
  order_states: 7,
  positions: 10,
  alerts: 8,
  verdicts: 15,
  decisions: 11,
  states: 6,
} as const;

export class Projection {
  readonly #db: Sqlite;
  readonly #orders = new Map<string, OrderView>();
  /** Whose a firing is: a verdict names it alone. */
  readonly #origins = new Map<string, Pick<Firing, "strategy" | "rule" | "symbol">>();
  #n = -1;
  #last: JournaledInput | undefined;

  constructor(db: Sqlite) {
    this.#db = db;
    db.script(SCHEMA);
  }

  take(record: JournalRecord): void {
    switch (record.kind) {
      case "header":
        this.#run(record);
        break;
      case "in":
        this.#n = record.n;
        this.#last = record.input;
        this.#input(record.input);
        break;
      case "out":
        this.#n = record.n;
        for (const output of record.outputs) this.#output(output);
        break;
      case "snapshot":
        break;
    }
  }

  #run({ id, account, barwise, node, createdAt }: JournalHeader): void {
    this.#insert("runs", [this.#n + 1, id, account, barwise, node, timeText(createdAt)]);
  }

  #input(input: JournaledInput): void {
    switch (input.kind) {
      case "program.loaded": {
        const by = input.accepted?.by ?? null;
        this.#insert("programs", [...this.#at(), input.sources.digest, null, by]);
        break;
      }
      case "command":
        this.#insert("commands", [...this.#at(), input.command, String(input.by), input.reason]);
        break;
      case "confirmation":
        this.#db.run("UPDATE firings SET confirmation = ? WHERE firing = ?", [input.verdict, input.firing]);
        break;
      case "decision": {
        const { approval, by, channel, decision, edit, reason } = input;
        const changed = edit === undefined ? null : JSON.stringify(edit);
        this.#insert("decisions", [...this.#at(), approval, by, channel, decision, changed, reason, null, null]);
        break;
      }
      case "execution":
        this.#fill(input);
        break;
      default:
        break;
    }
  }

  #fill(input: Extract<Input, { kind: "execution" }>): void {
    const { executionId, clientOrderId, symbol, side, qty, price, fee, time } = input;
    const order = this.#orders.get(clientOrderId);
    const [n, seq] = this.#at();
    // The broker may tell an execution again; it counts once.
    this.#db.run("INSERT OR IGNORE INTO fills VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", [
      ...[n, seq, timeText(time), executionId, clientOrderId, order?.strategy ?? null, order?.rule ?? null],
      ...[symbol, side, qty, price, fee],
    ]);
  }

  #output(output: Output): void {
    switch (output.kind) {
      case "loaded":
        this.#db.run("UPDATE programs SET strategies = ? WHERE n = (SELECT max(n) FROM programs)", [
          output.strategies.join(", "),
        ]);
        break;
      case "confirm": {
        const { id, strategy, rule, symbol, price, facts } = output.firing;
        this.#origins.set(id, { strategy, rule, symbol });
        this.#firing(id, [strategy, rule, symbol, price, null, null, null, null, JSON.stringify(facts)]);
        break;
      }
      case "refused": {
        const { firing, strategy, rule, symbol, code, reason } = output;
        this.#firing(firing, [strategy, rule, symbol, null, null, null, null, null, null]);
        this.#db.run("UPDATE firings SET refused = ?, reason = ? WHERE firing = ?", [code, reason, firing]);
        break;
      }
      case "verdict":
        this.#verdict(output.verdict);
        break;
      case "approval":
        this.#approval(output.approval);
        break;
      case "decision.refused":
        // It answers the decision that the record before holds.
        this.#db.run("UPDATE decisions SET refused = ?, refused_reason = ? WHERE seq = ?", [
          ...[output.code, output.reason, this.#at()[1]],
        ]);
        break;
      case "order":
        this.#order(output.order);
        break;
      case "position": {
        const { strategy, symbol, qty, avgPrice, realized, fees, cash } = output.position;
        this.#insert("positions", [...this.#at(), strategy, symbol, qty, avgPrice, realized, fees, cash]);
        break;
      }
      case "alert": {
        const { level, code, message, strategy, symbol } = output;
        this.#insert("alerts", [...this.#at(), level, code, message, strategy, symbol]);
        break;
      }
      case "state":
        this.#insert("states", [...this.#at(), output.scope, output.state, output.reason]);
        break;
      default:
        break;
    }
  }

  #firing(id: string, values: readonly SqlValue[]): void {
    const sql = "INSERT OR IGNORE INTO firings VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";
    this.#db.run(sql, [...this.#at(), id, ...values]);
  }

  #verdict({ firing, clientOrderId, outcome, checks }: Verdict): void {
    const { strategy = null, rule = null, symbol = null } = this.#origins.get(firing) ?? {};
    const from = [...this.#at(), firing, clientOrderId, strategy, rule, symbol, outcome];
    for (const { check, outcome: said, value, limit, headroom, reason } of checks)
      this.#insert("verdicts", [...from, check, said, value, limit, headroom, reason]);
    const because = checks.find((check) => check.outcome === "refuse" || check.outcome === "clamp");
    const sql = "UPDATE firings SET outcome = ?, reason = coalesce(?, reason) WHERE firing = ?";
    this.#db.run(sql, [outcome, because?.reason ?? null, firing]);
  }

  #approval(view: ApprovalView): void {
    const { id, strategy, rule, firing, symbol, order, notional, state, why, needed, requestedAt, expiresAt, reason } =
      view;
    const [n, seq, time] = this.#at();
    this.#db.run(
      `INSERT INTO approvals VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
       ON CONFLICT (approval) DO UPDATE SET qty = excluded.qty, notional = excluded.notional, state = excluded.state,
       reason = excluded.reason, changed = excluded.changed`,
      [
        ...[n, seq, time, id, strategy, rule, firing, symbol, order.side, order.qty, notional, state, why, needed],
        ...[timeText(requestedAt), timeText(expiresAt), reason, time],
      ],
    );
  }

  #order(order: OrderView): void {
    const { clientOrderId, state, filledQty, reason } = order;
    const [n, seq, time] = this.#at();
    this.#orders.set(clientOrderId, order);
    this.#db.run(
      `INSERT INTO orders VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
       ON CONFLICT (client_order_id) DO UPDATE SET broker_order_id = excluded.broker_order_id, qty = excluded.qty,
       limit_price = excluded.limit_price, stop_price = excluded.stop_price, state = excluded.state,
       filled_qty = excluded.filled_qty, avg_price = excluded.avg_price, reason = excluded.reason, changed = excluded.changed`,
      [
        ...[n, seq, time, clientOrderId, order.brokerOrderId, order.strategy, order.rule, order.firing, order.symbol],
        ...[order.side, order.role, order.qty, order.type, order.limitPrice, order.stopPrice, state, filledQty],
        ...[order.avgPrice, reason, time],
      ],
    );
    this.#insert("order_states", [n, seq, time, clientOrderId, state, filledQty, reason]);
  }

  /** Where the record stands: its number, and number and market time of the input. */
  #at(): readonly [number, number, string | null] {
    return [this.#n, this.#last?.seq ?? 0, timeText(this.#last?.marketTime ?? Number.NaN)];
  }

  #insert(table: keyof typeof WIDTHS, values: readonly SqlValue[]): void {
    const places = Array.from({ length: WIDTHS[table] }, () => "?").join(", ");
    this.#db.run(`INSERT INTO ${table} VALUES (${places})`, values);
  }
}

/** `2024-03-04T14:30:00.000Z`; null for a time before any data. */
export function timeText(ms: number): string | null {
  return Number.isFinite(ms) ? new Date(ms).toISOString() : null;
}
