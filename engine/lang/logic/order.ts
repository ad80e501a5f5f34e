/**
 * Can a list of comparisons hold at once? Order reasoning over a dense order, after Vilain and Kautz' point algebra.
 *
 * Owns: the closure of `<=` and `<` over numbered nodes, and values that satisfy it.
 * May not: know facts. Complete for real numbers; of whole numbers it may say "yes" too often, never "no".
 */

/** Between two nodes: `<=` (weak), `<` (strict) or `!=`. */
export interface Relation {
  readonly a: number;
  readonly b: number;
  readonly kind: "weak" | "strict" | "apart";
}

/** What a node is: a known number, or a value to be found. */
export interface NodeKind {
  readonly constant?: number;
  readonly whole: boolean;
  /** A likely value, tried first. */
  readonly typical: number;
}

const NONE = 0;
const WEAK = 1;
const STRICT = 2;

export class Order {
  readonly #nodes: readonly NodeKind[];
  readonly #size: number;
  readonly #reach: Uint8Array;
  readonly #apart: readonly Relation[];

  constructor(nodes: readonly NodeKind[], relations: readonly Relation[]) {
    this.#nodes = nodes;
    this.#size = nodes.length;
    this.#reach = new Uint8Array(this.#size * this.#size);
    this.#apart = relations.filter((relation) => relation.kind === "apart");
    for (const { a, b, kind } of relations) if (kind !== "apart") this.#add(a, b, kind === "strict" ? STRICT : WEAK);
    this.#chainConstants();
    this.#close();
  }

  get possible(): boolean {
    for (let i = 0; i < this.#size; i++) if (this.#at(i, i) === STRICT) return false;
    return this.#apart.every(({ a, b }) => a !== b && !this.#same(a, b));
  }

  /** One value per node that satisfies every relation; undefined when numbers of finite precision leave no room. */
  values(): number[] | undefined {
    return this.#place(true) ?? this.#place(false);
  }

  #add(a: number, b: number, kind: number): void {
    const at = a * this.#size + b;
    if ((this.#reach[at] as number) < kind) this.#reach[at] = kind;
  }

  #at(a: number, b: number): number {
    return this.#reach[a * this.#size + b] as number;
  }

  #same(a: number, b: number): boolean {
    return a === b || (this.#at(a, b) !== NONE && this.#at(b, a) !== NONE);
  }

  #chainConstants(): void {
    const constants = this.#nodes.flatMap(({ constant }, index) =>
      constant === undefined ? [] : [{ constant, index }],
    );
    constants.sort((x, y) => x.constant - y.constant);
    for (let i = 1; i < constants.length; i++) {
      const [low, high] = [constants[i - 1], constants[i]] as [(typeof constants)[0], (typeof constants)[0]];
      this.#add(low.index, high.index, low.constant < high.constant ? STRICT : WEAK);
      if (low.constant === high.constant) this.#add(high.index, low.index, WEAK);
    }
  }

  /** Warshall; a way is strict when one of its steps is. */
  #close(): void {
    const size = this.#size;
    const reach = this.#reach;
    for (let k = 0; k < size; k++) {
      for (let i = 0; i < size; i++) {
        const first = reach[i * size + k] as number;
        if (first === NONE) continue;
        for (let j = 0; j < size; j++) {
          const second = reach[k * size + j] as number;
          if (second === NONE) continue;
          const way = first > second ? first : second;
          if ((reach[i * size + j] as number) < way) reach[i * size + j] = way;
        }
      }
    }
  }

  // -------------------------------------------------------------------------------------------- values

  /** Nodes from the smallest up, each between its neighbours; equal nodes get one value. */
  #place(whole: boolean): number[] | undefined {
    const values = this.#nodes.map(({ constant }) => constant ?? Number.NaN);
    const below = (node: number): number =>
      this.#nodes.reduce(
        (sum, _, other) => sum + (this.#at(other, node) !== NONE && !this.#same(other, node) ? 1 : 0),
        0,
      );
    const order = this.#nodes.map((_, node) => node).sort((a, b) => below(a) - below(b));
    for (const node of order) {
      if (!Number.isNaN(values[node])) continue;
      const equals = order.filter((other) => this.#same(node, other));
      const known = equals.find((other) => !Number.isNaN(values[other]));
      const value = known === undefined ? this.#choose(equals, values, whole) : values[known];
      if (value === undefined || !this.#fits(node, value, values)) return undefined;
      for (const other of equals) values[other] = value;
    }
    return values;
  }

  #choose(equals: readonly number[], values: readonly number[], whole: boolean): number | undefined {
    const [node] = equals as [number];
    let low = Number.NEGATIVE_INFINITY;
    let high = Number.POSITIVE_INFINITY;
    for (const [other, value] of values.entries()) {
      if (Number.isNaN(value)) continue;
      if (this.#at(other, node) !== NONE) low = Math.max(low, value);
      if (this.#at(node, other) !== NONE) high = Math.min(high, value);
    }
    const { typical } = this.#nodes[node] as NodeKind;
    const isWhole = whole && equals.some((one) => this.#nodes[one]?.whole === true);
    const candidates = isWhole ? wholeBetween(low, high, typical) : niceBetween(low, high, typical);
    const taken = new Set(values);
    const fits = candidates.filter((value) => this.#fits(node, value, values));
    // Values that differ show that nothing depends on their being equal.
    return (isWhole ? undefined : fits.find((value) => !taken.has(value))) ?? fits[0];
  }

  #fits(node: number, value: number, values: readonly number[]): boolean {
    if (!Number.isFinite(value)) return false;
    for (const [other, its] of values.entries()) {
      if (Number.isNaN(its) || this.#same(node, other)) continue;
      const up = this.#at(other, node);
      const down = this.#at(node, other);
      if (up !== NONE && (its > value || (up === STRICT && its === value))) return false;
      if (down !== NONE && (its < value || (down === STRICT && its === value))) return false;
    }
    return this.#apart.every(({ a, b }) => {
      const other = this.#same(a, node) ? b : this.#same(b, node) ? a : undefined;
      return other === undefined || values[other] !== value;
    });
  }
}

const TRIES = 40;

/** Whole numbers of the closed interval, those near the typical one first. */
function wholeBetween(low: number, high: number, typical: number): number[] {
  const from = Math.ceil(low);
  const to = Math.floor(high);
  if (from > to) return [];
  const start = Math.min(Math.max(Math.round(typical), from), to);
  const found = [start];
  for (let step = 1; step <= TRIES; step++) {
    if (start + step <= to) found.push(start + step);
    if (start - step >= from) found.push(start - step);
  }
  return found;
}

/** Numbers strictly between, those with few digits first; the bounds themselves last. */
function niceBetween(low: number, high: number, typical: number): number[] {
  const found: number[] = [];
  const strictly = (value: number): boolean => value > low && value < high;
  for (let step = 0; step < TRIES; step++) if (strictly(typical + step)) found.push(typical + step);
  const isOpen = !Number.isFinite(low) || !Number.isFinite(high);
  for (let step = 1; isOpen && step < TRIES; step++) {
    found.push(Number.isFinite(low) ? low + step : Number.isFinite(high) ? high - step : step);
  }
  if (!isOpen) {
    for (const part of [0.5, 0.25, 0.75, 0.125, 0.375, 0.625, 0.875]) {
      const exact = low + (high - low) * part;
      for (let digits = 0; digits <= 12; digits++) {
        const rounded = Number(exact.toFixed(digits));
        if (!strictly(rounded)) continue;
        found.push(rounded);
        break;
      }
      found.push(exact);
    }
    for (let step = 1; step < TRIES; step++) found.push(low + ((high - low) * step) / TRIES);
  }
  return [...found, low, high].filter(Number.isFinite);
}
