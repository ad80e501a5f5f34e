/**
 * One strategy out of several files: a template that is filled, a strategy that is extended, a watchlist.
 *
 * Owns: the order in which files are read and laid over each other. What comes out is one YAML tree in which every node
 * knows the file and the place where a person wrote it, so that nothing after this needs to know of several files.
 * May not: judge what a strategy says.
 */
import { Document, isMap, isScalar, isSeq, visit } from "yaml";
import type { Node, Pair, YAMLMap, YAMLSeq } from "yaml";
import { Findings } from "./diagnostic.ts";
import type { Diagnostic, Span } from "./diagnostic.ts";
import { emptyLike, overlay } from "./overlay.ts";
import { candidates, isStrategyFile, isTemplateFile } from "./references.ts";
import { readTemplate, valuesFor } from "./template.ts";
import { fill } from "./template-fill.ts";
import type { FileTexts } from "./compile.ts";
import { readYaml, spanOfNode } from "./yaml-file.ts";
import type { YamlFile } from "./yaml-file.ts";
import { checkTraps } from "./yaml-traps.ts";

/** A chain of strategies that extend each other. */
const LONGEST_CHAIN = 8;

/** A strategy file with all that it is made of. `root`: folder of the project in the paths of `files`. */
export function readStrategy(path: string, files: FileTexts, root = ""): YamlFile {
  const file = readYaml(path, files[path] ?? "");
  checkTraps(file);
  const { contents } = file.document ?? {};
  if (!isMap(contents) || !needsOthers(contents)) return file;
  const composer = new Composer(file.findings, files, root);
  const composed = composer.strategy(contents, path, [path]);
  return finished(file.findings, composed);
}

export interface CheckedTemplate {
  /** What is wrong with the file, whoever fills it. */
  readonly findings: readonly Diagnostic[];
  /** The template filled with its defaults and examples, over the least that a strategy needs. */
  readonly filled: YamlFile;
}

/** A template by itself. */
export function checkTemplate(path: string, files: FileTexts, root = ""): CheckedTemplate {
  const { file, template } = readTemplate(path, files[path] ?? "");
  checkTraps(file);
  if (template === undefined) return { findings: file.findings.list(), filled: finished(file.findings, undefined) };
  const findings = new Findings("", SCAFFOLD);
  rebase(file.document?.contents, findings.sources.add(path, files[path] ?? ""));
  const used = new Set<string>();
  const values = new Map([...template.inputs.values()].map((one) => [one.name, one.default ?? one.example]));
  const known = new Map([...values].filter(([, node]) => node !== undefined));
  fill({ findings, inputs: template.inputs, values: known, used }, template.body);
  for (const { name } of template.inputs.values()) {
    if (used.has(name)) continue;
    const span = template.keys.get(name) ?? { start: 0, end: 0 };
    file.findings.report("names/unused", span, `The input "${name}" stands nowhere`, `Write $${name}, or remove it.`);
  }
  const own = [...file.findings.list(), ...findings.list()];
  // A value that is missing would only make findings about its placeholder.
  if (known.size < template.inputs.size || findings.hasErrors)
    return { findings: own, filled: finished(findings, undefined) };
  const scaffold = readYaml("", SCAFFOLD).document?.contents;
  const composer = new Composer(findings, files, root);
  const body = composer.withSymbols(template.body, [path]);
  const whole = isMap(scaffold) && body !== undefined ? overlay(findings, scaffold, body) : undefined;
  return { findings: own, filled: finished(findings, whole) };
}

const SCAFFOLD = "barwise: 1\nname: template\nsymbols: [SPY]\non: 1d\n";

function needsOthers(map: YAMLMap): boolean {
  return ["template", "with", "extends"].some((key) => map.has(key)) || isMap(map.get("symbols", true));
}

/** The tree as a file. Without one there is a finding that says why. */
function finished(findings: Findings, composed: YAMLMap | undefined): YamlFile {
  const { text } = findings;
  if (composed === undefined) return { findings, text, data: undefined, document: undefined };
  const document = new Document() as unknown as Document.Parsed;
  document.contents = composed as unknown as Document.Parsed["contents"];
  const data = document.toJS({ maxAliasCount: 0 }) as Record<string, unknown>;
  return { findings, text, data, document };
}

class Composer {
  readonly #findings: Findings;
  readonly #files: FileTexts;
  readonly #root: string;

  constructor(findings: Findings, files: FileTexts, root: string) {
    this.#findings = findings;
    this.#files = files;
    this.#root = root;
  }

  /** `open`: the files that lead here, this one last. Undefined after a finding. */
  strategy(map: YAMLMap, path: string, open: readonly string[]): YAMLMap | undefined {
    const own = emptyLike(map);
    own.items = map.items.filter((pair) => !["template", "with", "extends"].includes(keyOf(pair)));
    const template = pairOf(map, "template");
    const given = pairOf(map, "with");
    const base = pairOf(map, "extends");
    if (template !== undefined && base !== undefined) {
      const message = "A strategy has template: or extends:, not both";
      return this.#refuse(base.key, message, "Extend a strategy that fills the template.");
    }
    if (given !== undefined && template === undefined) {
      return this.#refuse(given.key, "with: fills a template, and there is none", "Add template: NAME.template.yaml.");
    }
    if (template === undefined && base === undefined) return this.withSymbols(own, open);
    const below =
      template === undefined
        ? this.#extended((base as Pair).value, path, open)
        : this.#filled(template, given, path, open);
    const above = this.withSymbols(own, open);
    return below === undefined || above === undefined ? undefined : overlay(this.#findings, below, above);
  }

  /** Everything of the other strategy but its name. */
  #extended(node: unknown, path: string, open: readonly string[]): YAMLMap | undefined {
    const found = this.#locate(node, [path], "extends", isStrategyFile, "NAME.strategy.yaml");
    if (found === undefined) return undefined;
    const span = spanOfNode(node) ?? { start: 0, end: 0 };
    if (open.includes(found)) {
      const way = [...open.slice(open.indexOf(found)), found].join(" → ");
      this.#findings.report("names/cycle", span, `A strategy extends itself: ${way}`, "Break the circle.");
      return undefined;
    }
    if (open.length > LONGEST_CHAIN) {
      const message = `More than ${LONGEST_CHAIN} strategies extend each other`;
      const why = "Nobody can tell any more what such a strategy does.";
      this.#findings.report("types/too-large", span, message, "Extend one that is nearer.", why);
      return undefined;
    }
    const file = readYaml(found, this.#files[found] as string);
    const contents = this.#brought(file, span);
    const whole = contents === undefined ? undefined : this.strategy(contents, found, [...open, found]);
    whole?.items.splice(0, whole.items.length, ...whole.items.filter((pair) => keyOf(pair) !== "name"));
    return whole;
  }

  #filled(template: Pair, given: Pair | undefined, path: string, open: readonly string[]): YAMLMap | undefined {
    const found = this.#locate(template.value, [path], "template", isTemplateFile, "NAME.template.yaml");
    if (found === undefined) return undefined;
    const span = spanOfNode(template.value) ?? { start: 0, end: 0 };
    const read = readTemplate(found, this.#files[found] as string);
    const contents = this.#brought(read.file, span);
    if (contents === undefined || read.template === undefined) return undefined;
    const { inputs, body } = read.template;
    const values = valuesFor(this.#findings, inputs, { template, given });
    if (values === undefined) return undefined;
    fill({ findings: this.#findings, inputs, values, used: new Set() }, body);
    return this.#findings.hasErrors ? undefined : this.withSymbols(body, [...open, found]);
  }

  /** `symbols: {file: …}` becomes the list of that file. */
  withSymbols(map: YAMLMap, open: readonly string[]): YAMLMap | undefined {
    const symbols = pairOf(map, "symbols");
    if (symbols === undefined || !isMap(symbols.value)) return map;
    const list = this.#watchlist(symbols.value, open);
    if (list === undefined) return undefined;
    symbols.value = list;
    return map;
  }

  #watchlist(map: YAMLMap, open: readonly string[]): YAMLSeq | undefined {
    const extra = map.items.find((pair) => keyOf(pair) !== "file");
    if (extra !== undefined || !map.has("file")) {
      return this.#refuse(extra?.key ?? map, "symbols: is a list, or {file: …}", "Write {file: watchlists/tech.yaml}.");
    }
    const node: unknown = map.get("file", true);
    const found = this.#locate(node, open.toReversed(), "symbols", () => true, "watchlists/tech.yaml");
    if (found === undefined) return undefined;
    // Its symbols are judged where they come to stand; the file itself by `checkWatchlist`.
    const file = readYaml(found, this.#files[found] as string);
    const contents = this.#brought(file, spanOfNode(node) ?? { start: 0, end: 0 });
    const list: unknown = contents?.get("symbols", true);
    return isSeq(list) ? list : undefined;
  }

  /** The path of a named file, or undefined after a finding. */
  #locate(
    node: unknown,
    from: readonly string[],
    key: string,
    isRight: (path: string) => boolean,
    example: string,
  ): string | undefined {
    const name: unknown = isScalar(node) ? node.value : undefined;
    const span = spanOfNode(node) ?? { start: 0, end: 0 };
    if (typeof name !== "string" || name === "" || !isRight(name)) {
      const message = `${key}: names a file such as ${example}`;
      this.#findings.report("schema/value", span, message, `Write ${example} with the path from here.`);
      return undefined;
    }
    const places = [...new Set(from.flatMap((path) => candidates(path, name, this.#root)))];
    const found = places.find((place) => Object.hasOwn(this.#files, place));
    if (found !== undefined) return found;
    const help = places.length > 1 ? `Looked for ${places.join(" and ")}.` : "Create it, or correct the path.";
    const why = "Half a strategy must not run.";
    this.#findings.report("schema/missing-file", span, `The file ${name} is not there`, help, why);
    return undefined;
  }

  /** Takes a file in: its findings, its text, and its tree in the common offsets. */
  #brought(file: YamlFile, via: Span): YAMLMap | undefined {
    const { findings, text, document } = file;
    checkTraps(file);
    this.#findings.take(findings.list(), via);
    const { contents } = document ?? {};
    if (!isMap(contents) || findings.hasErrors) return undefined;
    rebase(contents, this.#findings.sources.add(findings.file, text, via));
    return contents;
  }

  #refuse(node: unknown, message: string, help: string): undefined {
    this.#findings.report("schema/value", spanOfNode(node) ?? { start: 0, end: 0 }, message, help);
  }
}

/** Moves every node to the offsets that the file's text has among the others. */
function rebase(contents: Node | null | undefined, by: number): void {
  if (contents === null || contents === undefined) return;
  visit(contents, {
    Node(_, node) {
      if (node.range === null || node.range === undefined) return;
      const [start, value, end] = node.range;
      node.range = [start + by, value + by, end + by];
    },
  });
}

function pairOf(map: YAMLMap, key: string): Pair | undefined {
  return map.items.find((pair) => keyOf(pair) === key);
}

function keyOf({ key }: Pair): string {
  return isScalar(key) ? String(key.value) : "";
}
