/**
 * Where the text of a composed file was written.
 *
 * Owns: one offset space over the parts of several files: a strategy, the template it fills, the strategy it extends, its
 * watchlist. Whoever reads the YAML tree sees one file with one set of offsets; a finding goes back to the part it is in.
 * May not: read YAML, or know what a part means.
 */
import { LineCounter } from "yaml";

export interface Span {
  readonly start: number;
  readonly end: number;
}

interface Part {
  /** First offset in the common space; the part covers `[base, base + length]`, its end included. */
  readonly base: number;
  readonly length: number;
  readonly file: string;
  /** The whole text of that file, and where in it the part begins. */
  readonly whole: string;
  readonly from: number;
  readonly lines: LineCounter;
  /** What the part was put in place of: a finding that reaches beyond the part is about that place. */
  readonly stands: Span | undefined;
  /** What brought the file in. */
  readonly via: Span | undefined;
}

export interface Place {
  readonly file: string;
  /** Offset in the file's own text. */
  readonly offset: number;
  /** 1-based. */
  readonly line: number;
  readonly column: number;
}

export class Sources {
  #text = "";
  readonly #parts: Part[] = [];
  readonly #lines = new Map<string, LineCounter>();

  /** All parts one after the other; grows with `add`. */
  get text(): string {
    return this.#text;
  }

  /** Path -> text of every file that has a part. */
  get files(): ReadonlyMap<string, string> {
    return new Map(this.#parts.map(({ file, whole }) => [file, whole]));
  }

  /** Adds a file and answers its first offset. `via`: the place that names it. */
  add(file: string, text: string, via?: Span): number {
    return this.#push({ length: text.length, file, whole: text, from: 0, via, stands: undefined });
  }

  /** A second copy of a span that stands somewhere else. */
  copy(span: Span, stands: Span): number {
    const { file, whole, from, base, via } = this.#at(span.start);
    const start = from + span.start - base;
    return this.#push({ length: span.end - span.start, file, whole, from: start, via, stands });
  }

  #push(part: Omit<Part, "base" | "lines">): number {
    // A blank between the parts: nothing that scans a line runs on into the next file.
    const base = this.#parts.length === 0 ? 0 : this.#text.length + 1;
    const piece = part.whole.slice(part.from, part.from + part.length);
    this.#text = this.#parts.length === 0 ? piece : `${this.#text}\n${piece}`;
    this.#parts.push({ ...part, base, lines: this.#linesOf(part.file, part.whole) });
    return base;
  }

  #linesOf(file: string, text: string): LineCounter {
    const known = this.#lines.get(file);
    if (known !== undefined) return known;
    const lines = new LineCounter();
    lines.addNewLine(0);
    for (let at = text.indexOf("\n"); at >= 0; at = text.indexOf("\n", at + 1)) lines.addNewLine(at + 1);
    this.#lines.set(file, lines);
    return lines;
  }

  #at(offset: number): Part {
    const found = this.#parts.findLast(({ base }) => base <= offset) ?? this.#parts[0];
    if (found === undefined) throw new RangeError("no part was added");
    return found;
  }

  place(offset: number): Place {
    const part = this.#at(offset);
    const own = part.from + Math.min(Math.max(0, offset - part.base), part.length);
    const { line, col } = part.lines.linePos(own);
    return { file: part.file, offset: own, line: Math.max(1, line), column: Math.max(1, col) };
  }

  /** Both ends of a span in one file. */
  places(span: Span): { readonly from: Place; readonly to: Place } {
    const { start, end } = this.whole(span);
    return { from: this.place(start), to: this.place(end) };
  }

  /** What stands at a span. */
  textOf(span: Span): string {
    const { start, end } = this.whole(span);
    return this.#text.slice(start, end);
  }

  /** A span that begins in one part and ends in another is widened to what the copied part stands for. */
  whole({ start, end }: Span): Span {
    for (;;) {
      const first = this.#at(start);
      const last = end === start ? first : this.#at(Math.max(0, end - 1));
      const most = first.base + first.length;
      if (first === last) return { start, end: Math.min(Math.max(start, end), most) };
      if (first.stands !== undefined) ({ start } = first.stands);
      else if (last.stands !== undefined) ({ end } = last.stands);
      else return { start, end: most };
    }
  }

  /** The places that brought the file of an offset in, the nearest first. */
  ways(offset: number): Place[] {
    const found: Place[] = [];
    for (let { via } = this.#at(offset); via !== undefined; { via } = this.#at(via.start)) {
      found.push(this.place(via.start));
    }
    return found;
  }
}
