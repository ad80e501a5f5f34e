/**
 * `barwise journal orders`, `fills` and their kin: tables of a journal's projection, and questions in SQL.
 *
 * Owns: which columns are shown, filters, printing. May not: know SQLite, or write anything but the projection's own file.
 */
import type { Command } from "commander";
import { openProjection } from "../adapters/journal/projection-file.ts";
import { timeText as stored } from "../adapters/journal/projection.ts";
import { SqliteError } from "../adapters/journal/sqlite.ts";
import type { QueryResult, SqlValue, Sqlite } from "../adapters/journal/sqlite.ts";
import { dateOf } from "./backtest.ts";
import { CliError, LIST_FORMAT, listFormat, print, printable, progressLine, say, table } from "./io.ts";
import type { ListFormat } from "./io.ts";
import { JOURNAL_ARGUMENT, findJournal, reading } from "./journal-folder.ts";

interface View {
  readonly name: string;
  readonly what: string;
  readonly columns: readonly string[];
  readonly filters: readonly ("strategy" | "symbol")[];
}

const VIEWS: readonly View[] = [
  {
    name: "orders",
    what: "every order with its last state",
    columns: [
      "time",
      "strategy",
      "rule",
      "symbol",
      "side",
      "role",
      "qty",
      "type",
      "state",
      "filled_qty",
      "avg_price",
      "client_order_id",
    ],
    filters: ["strategy", "symbol"],
  },
  {
    name: "fills",
    what: "every execution",
    columns: ["time", "strategy", "rule", "symbol", "side", "qty", "price", "fee", "client_order_id"],
    filters: ["strategy", "symbol"],
  },
  {
    name: "positions",
    what: "every change of a position",
    columns: ["time", "strategy", "symbol", "qty", "avg_price", "realized", "fees", "cash"],
    filters: ["strategy", "symbol"],
  },
  {
    name: "firings",
    what: "every firing, with its confirmation and the verdict of the risk checks",
    columns: ["time", "strategy", "rule", "symbol", "price", "confirmation", "outcome", "refused", "reason", "seq"],
    filters: ["strategy", "symbol"],
  },
  {
    name: "verdicts",
    what: "what every control said of every order, with value, limit and headroom",
    columns: [
      ...[
        "time",
        "strategy",
        "rule",
        "symbol",
        "verdict",
        "control",
        "outcome",
        "value",
        '"limit"',
        "headroom",
        "reason",
      ],
      "client_order_id",
    ],
    filters: ["strategy", "symbol"],
  },
  {
    name: "approvals",
    what: "every request for a person's approval, with its last state",
    columns: [
      ...["time", "strategy", "rule", "symbol", "side", "qty", "notional", "state", "why", "expires", "reason"],
      "approval",
    ],
    filters: ["strategy", "symbol"],
  },
  {
    name: "decisions",
    what: "every word of a person on a request, those that did not count too",
    columns: ["time", "by", "channel", "decision", "edit", "reason", "refused", "approval"],
    filters: [],
  },
  {
    name: "states",
    what: "every change of what may be traded: ACTIVE, REDUCING, HALTED",
    columns: ["time", "scope", "state", "reason", "seq"],
    filters: [],
  },
  {
    name: "alerts",
    what: "every alert",
    columns: ["time", "level", "code", "message", "strategy", "symbol"],
    filters: ["strategy", "symbol"],
  },
  {
    name: "runs",
    what: "the processes that wrote it",
    columns: ["created", "id", "account", "barwise", "node", "n"],
    filters: [],
  },
];

interface ViewFlags {
  readonly strategy?: string;
  readonly symbol?: string;
  readonly since?: string;
  readonly until?: string;
  readonly format: string;
}

export function addTables(journal: Command): void {
  for (const view of VIEWS) {
    const command = journal.command(view.name).description(view.what).argument("[journal]", JOURNAL_ARGUMENT);
    if (view.filters.includes("strategy")) command.option("--strategy <name>", "of this strategy");
    if (view.filters.includes("symbol")) command.option("--symbol <symbol>", "of this symbol");
    if (view.columns.includes("time"))
      command.option("--since <time>", "from this market time on").option("--until <time>", "before this market time");
    command.option(...LIST_FORMAT).action((given: string | undefined, flags: ViewFlags) => runView(view, given, flags));
  }
  journal
    .command("sql")
    .description("a question in SQL to the tables of a journal; it only reads")
    .argument("<query>", "one statement; `SELECT sql FROM sqlite_schema` says what there is")
    .argument("[journal]", JOURNAL_ARGUMENT)
    .option(...LIST_FORMAT)
    .action(async (query: string, given: string | undefined, flags: { readonly format: string }) => {
      const format = listFormat(flags.format);
      await withTables(given, (db) => show(db.query(query), format));
    });
}

async function runView({ name, columns }: View, given: string | undefined, flags: ViewFlags): Promise<void> {
  const format = listFormat(flags.format);
  const { strategy, symbol } = flags;
  const conditions: (readonly [sql: string, value: SqlValue])[] = [];
  if (strategy !== undefined) conditions.push(["strategy = ?", strategy]);
  if (symbol !== undefined) conditions.push(["symbol = ?", symbol]);
  if (flags.since !== undefined) conditions.push(["time >= ?", stored(dateOf("--since", flags.since))]);
  if (flags.until !== undefined) conditions.push(["time < ?", stored(dateOf("--until", flags.until))]);
  const where = conditions.length === 0 ? "" : ` WHERE ${conditions.map(([sql]) => sql).join(" AND ")}`;
  const sql = `SELECT ${columns.join(", ")} FROM ${name}${where} ORDER BY n, rowid`;
  const values = conditions.map(([, value]) => value);
  await withTables(given, (db) => show(db.query(sql, values), format));
}

async function withTables(given: string | undefined, work: (db: Sqlite) => void): Promise<void> {
  const journal = await findJournal(given);
  const line = progressLine("tables");
  const { db, notKept } = await reading(journal, async () => {
    try {
      return await openProjection(journal.folder, (records) => line.update(records, "records"));
    } finally {
      line.end();
    }
  });
  if (notKept !== null) say(`the tables could not be kept for the next time: ${notKept}`);
  try {
    work(db);
  } catch (error) {
    if (error instanceof SqliteError) throw new CliError(`the query failed: ${error.message}`, 1, { cause: error });
    throw error;
  } finally {
    db.close();
  }
}

function show({ columns, rows }: QueryResult, format: ListFormat): void {
  const objects = (): object[] =>
    rows.map((row) => Object.fromEntries(columns.map((name, i) => [name, plain(row[i])])));
  if (format === "json") print(JSON.stringify(objects(), undefined, 2));
  else if (format === "ndjson") for (const row of objects()) print(JSON.stringify(row));
  else {
    const numbers = columns.flatMap((_, i) => (rows.every((row) => isNumeric(row[i])) ? [i] : []));
    const cells = rows.map((row) => row.map((value) => printable(cellText(value))));
    print(table([[...columns], ...cells], rows.length === 0 ? [] : numbers));
    say(`${rows.length.toLocaleString("en-US")} row${rows.length === 1 ? "" : "s"}`);
  }
}

/** Times have milliseconds, which are seldom any. */
function cellText(value: SqlValue): string {
  const text = String(plain(value) ?? "");
  return /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.000Z$/.test(text) ? text.replace(".000", "") : text;
}

function plain(value: SqlValue | undefined): string | number | null {
  return value instanceof Uint8Array ? Buffer.from(value).toString("hex") : (value ?? null);
}

/** Amounts are text and still read better flush right. */
function isNumeric(value: SqlValue | undefined): boolean {
  return value === null || typeof value === "number" || (typeof value === "string" && /^-?\d+(\.\d+)?$/.test(value));
}
