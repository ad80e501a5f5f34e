/**
 * The part of sql.js that is used here. Owns: types only.
 */
declare module "sql.js" {
  export type SqlValue = number | string | Uint8Array | null;
  export interface Statement {
    bind(values: readonly SqlValue[]): boolean;
    step(): boolean;
    get(): SqlValue[];
    run(values: readonly SqlValue[]): void;
    getColumnNames(): string[];
    free(): boolean;
  }
  export interface SqlDatabase {
    run(sql: string): unknown;
    prepare(sql: string): Statement;
    iterateStatements(sql: string): Iterable<Statement>;
    export(): Uint8Array;
    close(): void;
  }
  export interface SqlJs {
    readonly Database: new (bytes?: Uint8Array) => SqlDatabase;
  }
  const initSqlJs: () => Promise<SqlJs>;
  export default initSqlJs;
}
