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

/** So many bars are one step: a twentieth of a millisecond. */
const BARS_A_STEP = 50;

/** The beginning of a history, however it goes on. */
interface Begun {
  readonly items: readonly HistoryInput[];
  readonly text: string;
}

/** Of what is never written again once it is handed on; a beginning by its first item. */
const files = new WeakMap<FileSet, string>();
const begun = new WeakMap<HistoryInput, Begun>();

/** Makes texts, in steps, that `encodeRecord` will find. */
export function* encodeAhead(texts: FileSet, warmup: readonly HistoryInput[]): Generator<undefined, void> {
  if (!files.has(texts)) files.set(texts, yield* filesText(texts));
  const [first] = warmup;
  if (first === undefined) return;
  const known = begunOf(warmup);
  const rest = warmup.slice(known.items.length);
  if (rest.length > 0) begun.set(first, { items: [...warmup], text: joined(known.text, yield* historyText(rest)) });
}

export function encodeRecord(record: NumberedRecord): string {
  if (record.kind !== "in" || record.input.kind !== "program.loaded") return encode(record);
  const { warmup, sources, ...rest } = record.input;
  const { files: texts, ...others } = sources;
  const frame = encode({ ...record, input: { ...rest, sources: others } });
  const { items, text } = begunOf(warmup);
  const history = joined(text, atOnce(historyText(warmup.slice(items.length))));
  // Behind the frame's last member stand the ends of the sources, the input and the record.
  return `${frame.slice(0, -3)},"files":${files.get(texts) ?? atOnce(filesText(texts))}},"warmup":[${history}]}}`;
}

/** As much of it as was written before. */
function begunOf(warmup: readonly HistoryInput[]): Begun {
  const [first] = warmup;
  const known = first === undefined ? undefined : begun.get(first);
  return known?.items.every((item, at) => item === warmup[at]) === true ? known : { items: [], text: "" };
}

function joined(a: string, b: string): string {
  return a === "" || b === "" ? a + b : `${a},${b}`;
}

function* filesText(files: FileSet): Generator<undefined, string> {
  const members: string[] = [];
  for (const [path, text] of Object.entries(files)) {
    members.push(`${JSON.stringify(path)}:${encode(text)}`);
    yield;
  }
  return `{${members.join(",")}}`;
}

function* historyText(items: readonly HistoryInput[]): Generator<undefined, string> {
  const texts: string[] = [];
  for (const { bars, ...rest } of items) {
    const pieces: string[] = [];
    for (let at = 0; at < bars.length; at += BARS_A_STEP) {
      pieces.push(encode(bars.slice(at, at + BARS_A_STEP)).slice(1, -1));
      yield;
    }
    texts.push(`${encode(rest).slice(0, -1)},"bars":[${pieces.join(",")}]}`);
  }
  return texts.join(",");
}

function atOnce(text: Generator<undefined, string>): string {
  for (;;) {
    const step = text.next();
    if (step.done === true) return step.value;
  }
}
