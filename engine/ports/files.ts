/**
 * Where strategy files come from.
 */

/** A snapshot of a project's text files: path relative to the project root -> text. */
export type FileSet = Readonly<Record<string, string>>;

export interface Files {
  /** Reads all project files at one settled moment. Files over 1 MiB are reported in `refused`, not read. */
  read(): Promise<{
    readonly files: FileSet;
    readonly refused: readonly { readonly path: string; readonly reason: string }[];
  }>;
  /** Calls back, debounced and settled, after something changed. Never gives up: errors go to `onError` and watching goes on. */
  watch(onChange: () => void, onError: (error: Error) => void): Promise<{ close(): Promise<void> }>;
}
