/**
 * SQLite in memory, and its bytes.
 *
 * Owns: the one place that knows which SQLite it is. May not: touch the disk; a file is read and written by whoever asks.
 */
import type { SqlDatabase, SqlValue, Statement } from "sql.js";

export type { SqlValue } from "sql.js";

/** What SQLite said about a query, or about bytes that are no database. */
export class SqliteError extends Error {
  override readonly name = "SqliteError";
}

export interface QueryResult {
  readonly columns: readonly string[];
  readonly rows: readonly (readonly SqlValue[])[];
}

export class Sqlite {
  readonly #db: SqlDatabase;
  readonly #prepared = new Map<string, Statement>();

  private constructor(db: SqlDatabase) {
    this.#db = db;
  }

  /** An empty database, or the one of these bytes. Loaded only when somebody asks. */
  static async open(bytes?: Uint8Array): Promise<Sqlite> {
    const { default: initSqlJs } = await import("sql.js");
    const { Database } = await initSqlJs();
    return new Sqlite(new Database(bytes));
  }

  /** Statements without a result, e.g. a schema. */
  script(sql: string): void {
    this.#db.run(sql);
  }

  /** The same statement is prepared once. */
  run(sql: string, values: readonly SqlValue[]): void {
    let statement = this.#prepared.get(sql);
    if (statement === undefined) {
      statement = this.#db.prepare(sql);
      this.#prepared.set(sql, statement);
    }
    statement.run(values);
  }

  /** One query that only reads; throws a SqliteError. */
  query(sql: string, values: readonly SqlValue[] = []): QueryResult {
    try {
      this.#db.run("PRAGMA query_only = 1");
      const statements = this.#db.iterateStatements(sql)[Symbol.iterator]();
      const first = statements.next();
      if (first.done === true) throw new SqliteError("no statement");
      const statement = first.value;
      if (values.length > 0) statement.bind(values);
      const rows: SqlValue[][] = [];
      while (statement.step()) rows.push(statement.get());
      const columns = statement.getColumnNames();
      if (statements.next().done !== true) throw new SqliteError("one statement at a time");
      return { columns, rows };
    } catch (error) {
      throw error instanceof SqliteError ? error : new SqliteError((error as Error).message, { cause: error });
    } finally {
      this.#db.run("PRAGMA query_only = 0");
    }
  }

  bytes(): Uint8Array {
    for (const statement of this.#prepared.values()) statement.free();
    this.#prepared.clear();
    return this.#db.export();
  }

  close(): void {
    this.#db.close();
  }
}
