/**
 * What commands share: writing, colour, exit codes.
 *
 * Owns: the rule that results go to stdout and everything else to stderr. Exit codes: 0 clean, 1 findings or failed,
 * 2 could not run.
 */
import { styleText } from "node:util";

/** A command that could not run; the message says what to do. Printed without a stack. */
export class CliError extends Error {
  override readonly name = "CliError";
  readonly exitCode: 1 | 2;
  constructor(message: string, exitCode: 1 | 2 = 2, options?: ErrorOptions) {
    super(message, options);
    this.exitCode = exitCode;
  }
}

let outputClosed = (): void => process.exit();

/** Whoever reads our output has gone (`| head`): by default the command ends quietly; a running engine stops trading. */
export function onOutputClosed(handler: () => void): void {
  outputClosed = handler;
}

/** Without this a reader that goes away would end the process with a stack. */
export function guardOutputs(): void {
  const onError = (error: NodeJS.ErrnoException): void => {
    if (error.code !== "EPIPE" && error.code !== "ERR_STREAM_DESTROYED" && error.code !== "EIO") throw error;
    outputClosed();
  };
  process.stdout.on("error", onError);
  // Nobody can be told any more; the exit code still can.
  process.stderr.on("error", () => {});
}

export type Style = "bold" | "dim" | "red" | "green" | "yellow" | "cyan" | "inverse";

export function wantsColour(stream: NodeJS.WriteStream): boolean {
  const { NO_COLOR, FORCE_COLOR } = process.env;
  if (FORCE_COLOR !== undefined && FORCE_COLOR !== "0") return true;
  return stream.isTTY && (NO_COLOR === undefined || NO_COLOR === "");
}

export type Painter = (style: Style | readonly Style[], text: string) => string;

export function painter(stream: NodeJS.WriteStream): Painter {
  if (!wantsColour(stream)) return (_style, text) => text;
  return (style, text) => styleText(typeof style === "string" ? style : [...style], text, { validateStream: false });
}

export function print(text: string): void {
  process.stdout.write(text.endsWith("\n") ? text : `${text}\n`);
}

export function say(text: string): void {
  process.stderr.write(text.endsWith("\n") ? text : `${text}\n`);
}

/** One line on stderr that is redrawn while something takes longer than a second; silent when nobody watches. */
export function progressLine(what: string): { update(done: number, detail: string): void; end(): void } {
  const started = performance.now();
  let shown = false;
  let last = 0;
  return {
    update: (done, detail) => {
      const now = performance.now();
      if (!process.stderr.isTTY || now - started < 1_000 || now - last < 200) return;
      last = now;
      shown = true;
      process.stderr.write(`\r\u001B[2K${what}: ${done.toLocaleString("en-US")} ${detail}`);
    },
    end: () => {
      if (shown) process.stderr.write("\r\u001B[2K");
    },
  };
}

/** Columns padded to their widest cell; `right` names the columns that are numbers. */
export function table(rows: readonly (readonly string[])[], right: readonly number[] = []): string {
  const widths: number[] = [];
  for (const row of rows)
    for (const [index, cell] of row.entries()) widths[index] = Math.max(widths[index] ?? 0, visibleLength(cell));
  return rows
    .map((row) =>
      row
        .map((cell, index) => {
          const gap = " ".repeat((widths[index] ?? 0) - visibleLength(cell));
          return right.includes(index) ? gap + cell : cell + gap;
        })
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}

// oxlint-disable-next-line no-control-regex -- escape sequences have no width
const ANSI = /\u001B\[[0-9;]*m/g;

export function visibleLength(text: string): number {
  return text.replaceAll(ANSI, "").length;
}

export function money(value: number): string {
  return value.toLocaleString("en-US", { minimumFractionDigits: 2, maximumFractionDigits: 2 });
}

const BAR = 20;

/** How much of something is used. Without colour the figures beside it say the same. */
export function usageBar(ratio: number, paint: Painter): string {
  const filled = Math.max(0, Math.min(BAR, Math.round(ratio * BAR)));
  const style = ratio >= 1 ? "red" : ratio >= 0.8 ? "yellow" : "green";
  return paint(style, "█".repeat(filled)) + paint("dim", "░".repeat(BAR - filled));
}

export function percent(ratio: number, digits = 2): string {
  return `${(ratio * 100).toFixed(digits)} %`;
}

/** Text of others without control characters: an escape sequence in a message must not reach the terminal. */
export function printable(text: string): string {
  // oxlint-disable-next-line no-control-regex -- they are what is replaced
  return text.replaceAll(/[\u0000-\u001F\u007F-\u009F\u2028\u2029\u202A-\u202E\u2066-\u2069]/g, "·");
}

const LIST_FORMATS = ["pretty", "json", "ndjson"] as const;
export type ListFormat = (typeof LIST_FORMATS)[number];

/** The option of commands that print rows: one object a line is for pipes. */
export const LIST_FORMAT = ["--format <format>", "pretty, json or ndjson", "pretty"] as const;

export function listFormat(given: string): ListFormat {
  const format = LIST_FORMATS.find((each) => each === given);
  if (format === undefined) throw new CliError(`--format ${given}: expected pretty, json or ndjson`);
  return format;
}

export function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`;
}
