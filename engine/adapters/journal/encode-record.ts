/**
 * Records to JSON text, of which the long part of a reload may have been made before.
 *
 * Owns: the text of a `program.loaded` in pieces: the files, and each series of its history. May not: say anything else than
 * `encode` would say of the whole.
 */
import type { HistoryInput } from "../../core/event.ts";
import type { FileSet } from "../../ports/files.ts";
import type { NumberedRecord } from "../../ports/journal.ts";
import { encode } from "./encode.ts";

/** Of what is never written again once it is handed on. */
const texts = new WeakMap<FileSet | HistoryInput, string>();
/** So many bars are one step: a twentieth of a millisecond. */
const BARS_A_STEP = 50;

/** Makes texts, in steps, that `encodeRecord` will find. */
export function* encodeAhead(files: FileSet, warmup: readonly HistoryInput[]): Generator<undefined, void> {
  if (!texts.has(files)) texts.set(files, yield* filesText(files));
  for (const history of warmup) {
    if (!texts.has(history)) texts.set(history, yield* historyText(history));
  }
}

export function encodeRecord(record: NumberedRecord): string {
  if (record.kind !== "in" || record.input.kind !== "program.loaded") return encode(record);
  const { warmup, sources, ...rest } = record.input;
  const { files, ...others } = sources;
  const frame = encode({ ...record, input: { ...rest, sources: others } });
  const history = warmup.map((one) => texts.get(one) ?? atOnce(historyText(one)));
  const text = texts.get(files) ?? atOnce(filesText(files));
  // Behind the frame's last member stand the ends of the sources, the input and the record.
  return `${frame.slice(0, -3)},"files":${text}},"warmup":[${history.join(",")}]}}`;
}

function* filesText(files: FileSet): Generator<undefined, string> {
  const members: string[] = [];
  for (const [path, text] of Object.entries(files)) {
    members.push(`${JSON.stringify(path)}:${encode(text)}`);
    yield;
  }
  return `{${members.join(",")}}`;
}

function* historyText({ bars, ...rest }: HistoryInput): Generator<undefined, string> {
  const pieces: string[] = [];
  for (let at = 0; at < bars.length; at += BARS_A_STEP) {
    pieces.push(encode(bars.slice(at, at + BARS_A_STEP)).slice(1, -1));
    yield;
  }
  return `${encode(rest).slice(0, -1)},"bars":[${pieces.join(",")}]}`;
}

function atOnce(text: Generator<undefined, string>): string {
  for (;;) {
    const step = text.next();
    if (step.done === true) return step.value;
  }
}
