/** `barwise lsp` as an editor has it: the built process, the protocol over its standard input and output. */
import { spawn } from "node:child_process";
import type { ChildProcessWithoutNullStreams } from "node:child_process";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import {
  createProtocolConnection,
  StreamMessageReader,
  StreamMessageWriter,
} from "vscode-languageserver-protocol/node";
import type {
  CodeAction,
  CompletionItem,
  Diagnostic,
  DocumentSymbol,
  Hover,
  InitializeResult,
  Location,
  Position,
  ProtocolConnection,
  PublishDiagnosticsParams,
  Range,
  SignatureHelp,
  TextEdit,
  WorkspaceEdit,
} from "vscode-languageserver-protocol/node";
import { build, folderOf } from "./support.ts";
import type { Built } from "./support.ts";

const STRATEGY = `barwise: 1
name: dip
symbols: [SPY, "TRUE"]
on: 5m

params:
  oversold: 30

facts:
  trend: sma(200, on: 1d)
  band: bollinger(20, 2)

conditions:
  uptrend: close > trend

rules:
  - name: enter
    when: rsi(14) crosses below oversold and uptrend
    then: { buy: { size: { qty: 1 }, bracket: { stop_loss: band.lower } } }
  - name: leave
    when: { any: ["close > band.upper", { condition: uptrend }] }
    then: { close: {} }
`;
const TEST = `strategy: dip.strategy.yaml
tests:
  - name: is silent
    given: { params: { oversold: 20 } }
    bars: { SPY: "100x5" }
    expect:
      - { at: bar 3, fact: close > oversold }
`;
const PATIENCE_MS = 20_000;

let built: Built;
let editor: Editor;

beforeAll(async () => {
  built = await build();
}, 120_000);

afterAll(() => built.remove());

afterEach(() => editor.end());

/** A text editor: the protocol's other side. */
class Editor {
  readonly folder: string;
  readonly process: ChildProcessWithoutNullStreams;
  readonly connection: ProtocolConnection;
  readonly published: PublishDiagnosticsParams[] = [];
  readonly logged: string[] = [];
  readonly ended: Promise<number | null>;
  readonly #texts = new Map<string, string>();
  #version = 1;
  err = "";

  constructor(folder: string) {
    this.folder = folder;
    this.process = spawn(process.execPath, [built.main, "lsp", "--stdio"], { cwd: folder, timeout: 60_000 });
    this.process.stderr.on("data", (data: Buffer) => (this.err += data.toString()));
    this.ended = new Promise((done) => this.process.on("close", (code) => done(code)));
    this.connection = createProtocolConnection(
      new StreamMessageReader(this.process.stdout),
      new StreamMessageWriter(this.process.stdin),
    );
    this.connection.onNotification("textDocument/publishDiagnostics", (params: PublishDiagnosticsParams) => {
      this.published.push(params);
    });
    this.connection.onNotification(
      "window/logMessage",
      ({ message }: { message: string }) => void this.logged.push(message),
    );
    this.connection.listen();
  }

  static async start(files: Readonly<Record<string, string>> = {}, snippets = true): Promise<Editor> {
    editor = new Editor(await folderOf(files));
    const completion = { completionItem: { snippetSupport: snippets } };
    const { capabilities } = await editor.connection.sendRequest<InitializeResult>("initialize", {
      processId: process.pid,
      rootUri: pathToFileURL(editor.folder).href,
      capabilities: { textDocument: { completion } },
    });
    expect(capabilities.positionEncoding).toBe("utf-16");
    await editor.connection.sendNotification("initialized", {});
    return editor;
  }

  uri(path: string): string {
    return pathToFileURL(join(this.folder, path)).href;
  }

  async open(path: string, text = readFileSync(join(this.folder, path), "utf8")): Promise<void> {
    this.#texts.set(path, text);
    const textDocument = { uri: this.uri(path), languageId: "yaml", version: this.#version, text };
    await this.connection.sendNotification("textDocument/didOpen", { textDocument });
  }

  async type(path: string, text: string): Promise<void> {
    this.#texts.set(path, text);
    const textDocument = { uri: this.uri(path), version: ++this.#version };
    await this.connection.sendNotification("textDocument/didChange", { textDocument, contentChanges: [{ text }] });
  }

  /** `after` is what the pieces make of the text. */
  async pieces(path: string, after: string, contentChanges: readonly { range: Range; text: string }[]): Promise<void> {
    this.#texts.set(path, after);
    const textDocument = { uri: this.uri(path), version: ++this.#version };
    await this.connection.sendNotification("textDocument/didChange", { textDocument, contentChanges });
  }

  async close(path: string): Promise<void> {
    await this.connection.sendNotification("textDocument/didClose", { textDocument: { uri: this.uri(path) } });
  }

  text(path: string): string {
    return this.#texts.get(path) as string;
  }

  /** Where a text stands; `|` in it is the cursor, else its end. */
  at(path: string, around: string): Position {
    const cursor = around.includes("|") ? around.indexOf("|") : around.length;
    const found = this.text(path).indexOf(around.replace("|", ""));
    expect(found).toBeGreaterThanOrEqual(0);
    const before = this.text(path)
      .slice(0, found + cursor)
      .split("\n");
    return { line: before.length - 1, character: (before.at(-1) as string).length };
  }

  async ask<T>(method: string, path: string, around: string, more: object = {}): Promise<T> {
    const position = this.at(path, around);
    const textDocument = { uri: this.uri(path) };
    return await this.connection.sendRequest<T>(`textDocument/${method}`, { textDocument, position, ...more });
  }

  async actions(path: string, range: Range, only?: readonly string[]): Promise<readonly CodeAction[]> {
    const context = { diagnostics: [], ...(only === undefined ? {} : { only }) };
    const textDocument = { uri: this.uri(path) };
    return await this.connection.sendRequest<CodeAction[]>("textDocument/codeAction", { textDocument, range, context });
  }

  /** The findings for the latest version. */
  async diagnostics(path: string): Promise<readonly Diagnostic[]> {
    const isIt = ({ uri, version }: PublishDiagnosticsParams): boolean =>
      uri === this.uri(path) && version === this.#version;
    return await this.until(() => this.published.findLast(isIt)?.diagnostics);
  }

  async until<T>(find: () => T | undefined): Promise<T> {
    for (let waited = 0; waited < PATIENCE_MS; waited += 10) {
      const found = find();
      if (found !== undefined) return found;
      await new Promise((done) => setTimeout(done, 10));
    }
    throw new Error(`never came\n${this.logged.join("\n")}\n${this.err}`);
  }

  /** The text with the edits for one document. */
  applied(path: string, edits: readonly TextEdit[]): string {
    const text = this.text(path);
    const lines = text.split("\n");
    const offset = ({ line, character }: Position): number =>
      lines.slice(0, line).reduce((sum, one) => sum + one.length + 1, 0) + character;
    return edits
      .toSorted((a, b) => offset(b.range.start) - offset(a.range.start))
      .reduce(
        (result, { range, newText }) =>
          result.slice(0, offset(range.start)) + newText + result.slice(offset(range.end)),
        text,
      );
  }

  async end(): Promise<void> {
    this.process.kill();
    await this.ended;
    this.connection.dispose();
    rmSync(this.folder, { recursive: true, force: true });
  }
}

const NAME = "strategies/dip.strategy.yaml";
const TEST_NAME = "strategies/dip.test.yaml";
const FILES = { "barwise.yaml": "barwise: 1\nstrategies: strategies/\n", [NAME]: STRATEGY, [TEST_NAME]: TEST };
const WHOLE: Range = { start: { line: 0, character: 0 }, end: { line: 1_000, character: 0 } };

function textOf(hover: Hover | null): string {
  return (hover?.contents as { value: string } | undefined)?.value ?? "";
}

describe("a session with the language server", () => {
  it("goes from a mistake over its correction to a clean file, and ends with 0", async () => {
    const one = await Editor.start(FILES);
    await one.open(NAME);
    expect(await one.diagnostics(NAME)).toEqual([]);
    await one.type(NAME, STRATEGY.replace('"TRUE"', "TRUE").replace("close > trend", "clsoe > trend"));
    const found = await one.diagnostics(NAME);
    expect(found.map(({ code, severity, source }) => [code, severity, source])).toEqual([
      ["yaml/unquoted-symbol", 1, "barwise"],
      ["names/unknown", 1, "barwise"],
    ]);
    expect(found[0]?.range).toEqual({ start: { line: 2, character: 15 }, end: { line: 2, character: 19 } });
    expect(readFileSync(new URL(found[0]?.codeDescription?.href ?? ""), "utf8")).toContain("# yaml/unquoted-symbol");
    for (const { range } of found) {
      const [action] = await one.actions(NAME, range);
      expect(action).toMatchObject({ kind: "quickfix", isPreferred: true });
      expect(action?.diagnostics).toHaveLength(1);
      await one.type(NAME, one.applied(NAME, action?.edit?.changes?.[one.uri(NAME)] ?? []));
    }
    expect(one.text(NAME)).toBe(STRATEGY);
    expect(await one.diagnostics(NAME)).toEqual([]);
    await one.connection.sendRequest("shutdown");
    await one.connection.sendNotification("exit");
    expect(await one.ended).toBe(0);
    expect(one.err).toBe("");
  });

  it("corrects all that needs nobody when it is asked to", async () => {
    const one = await Editor.start(FILES);
    await one.open(NAME, STRATEGY.replace('"TRUE"', "TRUE").replace("close > trend", "clsoe > trend"));
    const [action] = await one.actions(NAME, WHOLE, ["source.fixAll"]);
    expect(action?.kind).toBe("source.fixAll.barwise");
    expect(one.applied(NAME, action?.edit?.changes?.[one.uri(NAME)] ?? [])).toBe(STRATEGY);
  });

  it("overrules a warning, and asks for the reason by a finding of its own", async () => {
    const one = await Editor.start(FILES);
    const warned = STRATEGY.replace(/, bracket.* \} \}$/m, " } }").replace(/ {2}- name: leave[^]*$/, "");
    await one.open(NAME, warned.replace(" or", ""));
    const [finding] = await one.diagnostics(NAME);
    expect(finding?.code).toBe("risk/no-exit");
    const actions = await one.actions(NAME, finding?.range as Range);
    const [overrule] = actions.filter(({ title }) => title.startsWith("Overrule"));
    await one.type(NAME, one.applied(NAME, overrule?.edit?.changes?.[one.uri(NAME)] ?? []));
    expect(one.text(NAME)).toContain("  # lint-ignore risk/no-exit -- \n  - name: enter\n");
    expect((await one.diagnostics(NAME)).map(({ code }) => code)).toContain("schema/ignore");
    await one.type(NAME, one.text(NAME).replace("risk/no-exit -- ", "risk/no-exit -- sold by hand"));
    expect(await one.diagnostics(NAME)).toEqual([]);
  });

  it("explains what is under the cursor", async () => {
    const one = await Editor.start(FILES);
    await one.open(NAME);
    const hover = async (around: string): Promise<string> => textOf(await one.ask<Hover | null>("hover", NAME, around));
    expect(await hover("when: rs|i(14)")).toMatch(/rsi\(period = 14\)[^]*Formula[^]*Warm-up: 15 bars/);
    expect(await hover("below over|sold")).toContain("oversold: 30");
    expect(await hover("and up|trend")).toMatch(/close > trend[^]*Canonical[^]*close > sma\(/);
    expect(await hover("  tr|end: sma")).toMatch(/Canonical[^]*sma\([^]*Warm-up: 200 bars/);
    expect(await hover("crosses be|low")).toContain("a crosses below b");
    expect(await hover("  - na|me: enter")).toContain("Unique in this strategy");
    expect(await hover("band.low|er }")).toContain("bollinger.lower");
    expect(await hover("sma(200, o|n: 1d)")).toContain("Size of the bars");
    expect(await hover("barwise: |1")).toBe("");
  });

  it("completes keys, names and arguments, as snippets and as plain text", async () => {
    const one = await Editor.start(FILES);
    await one.open(NAME);
    const half = STRATEGY.replace("rsi(14) crosses below oversold and uptrend", "rsi(14) crosses below ");
    await one.type(NAME, half);
    const items = await one.ask<CompletionItem[]>("completion", NAME, "crosses below ");
    expect(items.map(({ label }) => label)).toEqual(expect.arrayContaining(["oversold", "trend", "close", "sma"]));
    const sma = items.find(({ label }) => label === "sma");
    expect(sma?.textEdit?.newText).toBe("sma(${1:period})");
    await one.type(NAME, `${half}    co`);
    const keys = await one.ask<CompletionItem[]>("completion", NAME, "    co");
    expect(keys.find(({ label }) => label === "cooldown")?.textEdit).toEqual({
      newText: "cooldown: $1",
      range: { start: one.at(NAME, "\n    |co"), end: one.at(NAME, "\n    co") },
    });
    await editor.end();
    const other = await Editor.start(FILES, false);
    await other.open(NAME, half);
    const plain = await other.ask<CompletionItem[]>("completion", NAME, "crosses below ");
    expect(plain.find(({ label }) => label === "sma")?.textEdit?.newText).toBe("sma(period)");
  });

  it("goes to definitions, from a test into its strategy too", async () => {
    const one = await Editor.start(FILES);
    await one.open(NAME);
    await one.open(TEST_NAME);
    const own = await one.ask<Location>("definition", NAME, "stop_loss: ba|nd.lower");
    expect(own).toEqual({
      uri: one.uri(NAME),
      range: { start: one.at(NAME, "  |band:"), end: one.at(NAME, "  band") },
    });
    const param = await one.ask<Location>("definition", TEST_NAME, "close > over|sold");
    expect([param.uri, param.range.start]).toEqual([one.uri(NAME), one.at(NAME, "  |oversold: 30")]);
    const uses = await one.ask<Location[]>("references", NAME, "  over|sold: 30", {
      context: { includeDeclaration: false },
    });
    expect(uses.map(({ uri }) => uri)).toEqual([one.uri(NAME), one.uri(TEST_NAME), one.uri(TEST_NAME)]);
  });

  it("renames in the strategy and its tests, and refuses what would break them", async () => {
    const one = await Editor.start(FILES);
    await one.open(NAME);
    const range = await one.ask<Range>("prepareRename", NAME, "  over|sold: 30");
    expect(range).toEqual({ start: one.at(NAME, "  |oversold: 30"), end: one.at(NAME, "  oversold|: 30") });
    const { changes = {} } = await one.ask<WorkspaceEdit>("rename", NAME, "  over|sold: 30", { newName: "low_line" });
    expect(one.applied(NAME, changes[one.uri(NAME)] ?? [])).toBe(STRATEGY.replaceAll("oversold", "low_line"));
    expect(changes[one.uri(TEST_NAME)]).toHaveLength(2);
    for (const newName of ["close", "trend", "a-b", "9"])
      await expect(one.ask("rename", NAME, "  over|sold: 30", { newName })).rejects.toThrow(
        /word of|already|cannot be/,
      );
    await one.type(NAME, STRATEGY.replace("close > trend", "close > > trend"));
    await expect(one.ask("rename", NAME, "  over|sold: 30", { newName: "x" })).rejects.toThrow("cannot be read");
  });

  it("lists what a file holds, formats it as fmt does and shows the parameters of a call", async () => {
    const one = await Editor.start(FILES);
    await one.open(NAME, STRATEGY.replace("close > trend", "close>trend"));
    const textDocument = { uri: one.uri(NAME) };
    const symbols = await one.connection.sendRequest<DocumentSymbol[]>("textDocument/documentSymbol", { textDocument });
    expect(symbols.map(({ name, children }) => [name, children?.map((child) => child.name)])).toEqual([
      ["params", ["oversold"]],
      ["facts", ["trend", "band"]],
      ["conditions", ["uptrend"]],
      ["rules", ["enter", "leave"]],
    ]);
    const options = { tabSize: 2, insertSpaces: true };
    const format = { textDocument, options };
    const edits = await one.connection.sendRequest<TextEdit[]>("textDocument/formatting", format);
    expect(one.applied(NAME, edits)).toContain("uptrend: close > trend\n");
    const help = await one.ask<SignatureHelp>("signatureHelp", NAME, "bollinger(20, |2)");
    expect([help.signatures[0]?.label, help.activeParameter]).toEqual([
      "bollinger(period = 20, deviations = 2, deviation: population)",
      1,
    ]);
  });

  it("judges a test with the strategy as it is typed, and clears what is closed", async () => {
    const one = await Editor.start(FILES);
    await one.open(TEST_NAME);
    expect(await one.diagnostics(TEST_NAME)).toEqual([]);
    await one.open(NAME);
    await one.type(NAME, STRATEGY.replaceAll("oversold", "low_line"));
    const codes = await one.until(() => {
      const last = one.published.findLast(({ uri }) => uri === one.uri(TEST_NAME))?.diagnostics ?? [];
      return last.length > 0 ? last.map(({ code }) => code) : undefined;
    });
    expect(codes).toEqual(["names/unknown-param"]);
    await one.close(TEST_NAME);
    await one.until(() =>
      one.published.find(({ uri, version }) => uri === one.uri(TEST_NAME) && version === undefined),
    );
    expect(one.published.findLast(({ uri }) => uri === one.uri(TEST_NAME))?.diagnostics).toEqual([]);
  });

  it("knows templates: findings say who uses them, names lead into them", async () => {
    const template =
      "barwise: 1\ninputs: { period: { type: integer, default: 14 } }\nstrategy:\n  on: 5m\n  rules:\n    - { name: go, when: rsi($period) < opne, then: { close: {} } }\n";
    const filled = "barwise: 1\nname: f\nsymbols: [SPY]\ntemplate: templates/t.template.yaml\nwith: { period: 3 }\n";
    const paths = ["templates/t.template.yaml", "strategies/f.strategy.yaml"] as const;
    const one = await Editor.start({ ...FILES, [paths[0]]: template, [paths[1]]: filled });
    await one.open(paths[0]);
    const [finding] = await one.diagnostics(paths[0]);
    expect(finding?.code).toBe("names/unknown");
    await one.open(paths[1]);
    const used = await one.until(
      () => one.published.findLast(({ uri }) => uri === one.uri(paths[0]))?.diagnostics[0]?.relatedInformation,
    );
    expect(used[0]?.location.uri).toBe(one.uri(paths[1]));
    const target = await one.ask<Location>("definition", paths[1], "with: { per|iod");
    expect([target.uri, target.range.start]).toEqual([one.uri(paths[0]), one.at(paths[0], "inputs: { |period")]);
    expect(await one.ask<Location>("definition", paths[1], "templates/t|.template")).toMatchObject({
      uri: one.uri(paths[0]),
    });
  });

  it("sees what changes on disk", async () => {
    const one = await Editor.start({
      ...FILES,
      "strategies/a.strategy.yaml": STRATEGY.replace("name: dip", "name: o"),
    });
    await one.open(NAME);
    expect(await one.diagnostics(NAME)).toEqual([]);
    writeFileSync(join(one.folder, "strategies/a.strategy.yaml"), STRATEGY);
    const changes = [{ uri: one.uri("strategies/a.strategy.yaml"), type: 2 }];
    await one.connection.sendNotification("workspace/didChangeWatchedFiles", { changes });
    const found = await one.until(
      () => one.published.findLast(({ diagnostics }) => diagnostics.length > 0)?.diagnostics,
    );
    expect(found.map(({ code }) => code)).toEqual(["names/duplicate"]);
  });

  it("takes changes in pieces", async () => {
    const one = await Editor.start(FILES);
    await one.open(NAME);
    expect(await one.diagnostics(NAME)).toEqual([]);
    const start = one.at(NAME, "uptrend: |close");
    const misspelt = STRATEGY.replace("uptrend: close", "uptrend: clsoe");
    await one.pieces(NAME, misspelt, [
      { range: { start, end: { ...start, character: start.character + 5 } }, text: "" },
      { range: { start, end: start }, text: "cl" },
      {
        range: {
          start: { ...start, character: start.character + 2 },
          end: { ...start, character: start.character + 2 },
        },
        text: "soe",
      },
    ]);
    const [finding] = await one.diagnostics(NAME);
    expect(finding?.range).toEqual({ start, end: { ...start, character: start.character + 5 } });
    expect((await one.actions(NAME, finding?.range as Range))[0]?.title).toBe('Change "clsoe" to "close"');
  });

  it("counts UTF-16 columns and knows both line ends", async () => {
    const one = await Editor.start(FILES);
    const wide = STRATEGY.replace("barwise: 1\n", "barwise: 1\ndescription: a 😀 b\n").replace(
      "close > trend",
      "clsoe > trend # 😀",
    );
    await one.open(NAME, wide.replaceAll("\n", "\r\n"));
    const [finding] = await one.diagnostics(NAME);
    const line = wide.slice(0, wide.indexOf("clsoe")).split("\n").length - 1;
    expect(finding?.range).toEqual({ start: { line, character: 11 }, end: { line, character: 16 } });
    await one.type(
      NAME,
      wide.replace("description: a 😀 b", "description: '😀' # x").replace("name: dip", "name: '😀dip'"),
    );
    const shifted = (await one.diagnostics(NAME)).find(({ code }) => code === "schema/value");
    expect(shifted?.range).toEqual({ start: { line: 2, character: 6 }, end: { line: 2, character: 13 } });
  });
});

describe("a language server in bad company", () => {
  it("answers unknown requests with MethodNotFound, and documents of others with nothing", async () => {
    const one = await Editor.start(FILES);
    await expect(one.connection.sendRequest("textDocument/sing", {})).rejects.toMatchObject({ code: -32601 });
    await one.open("notes.txt", "close: rsi(14)");
    expect(await one.ask("hover", "notes.txt", "rs|i")).toBeNull();
    const textDocument = { uri: "untitled:Untitled-1" };
    expect(await one.connection.sendRequest("textDocument/documentSymbol", { textDocument })).toBeNull();
  });

  it("helps with a document that is not saved yet", async () => {
    const one = await Editor.start();
    const uri = "untitled:new.strategy.yaml";
    const textDocument = { uri, languageId: "yaml", version: 1, text: STRATEGY.replace("rsi(14)", "rsii(14)") };
    await one.connection.sendNotification("textDocument/didOpen", { textDocument });
    const found = await one.until(() => one.published.find((params) => params.uri === uri)?.diagnostics);
    expect(found.map(({ code }) => code)).toEqual(["names/unknown"]);
  });

  it("survives every way of being half typed", async () => {
    const one = await Editor.start(FILES);
    await one.open(NAME);
    for (let cut = 0; cut < STRATEGY.length; cut += 23) {
      await one.type(NAME, STRATEGY.slice(0, cut));
      const lines = STRATEGY.slice(0, cut).split("\n");
      const position = { line: lines.length - 1, character: (lines.at(-1) as string).length };
      const about = { textDocument: { uri: one.uri(NAME) }, position };
      await Promise.all([
        one.connection.sendRequest("textDocument/completion", about),
        one.connection.sendRequest("textDocument/hover", about),
        one.connection.sendRequest("textDocument/signatureHelp", about),
        one.connection.sendRequest("textDocument/definition", about),
        one.actions(NAME, WHOLE),
      ]);
    }
    await one.type(NAME, STRATEGY);
    expect(await one.diagnostics(NAME)).toEqual([]);
    expect(one.logged).toEqual([]);
  });

  it("bounds what a hostile document costs", async () => {
    const one = await Editor.start(FILES);
    const hostile = [
      "x".repeat(1_000_000),
      "[".repeat(100_000),
      "a: &a [1]\nb: [*a, *a]\n",
      `rules:\n${"  - name: x\n    when: rsi(14\n".repeat(2_000)}`,
      `facts: {a: ${"(".repeat(5_000)}}`,
      "\u0000\u0001",
    ];
    await one.open(NAME);
    for (const text of hostile) {
      await one.type(NAME, text);
      expect((await one.diagnostics(NAME)).length).toBeGreaterThan(0);
      const about = { textDocument: { uri: one.uri(NAME) }, position: { line: 0, character: 5 } };
      await one.connection.sendRequest("textDocument/completion", about);
      await one.connection.sendRequest("textDocument/hover", about);
    }
    await one.type(NAME, STRATEGY);
    expect(await one.diagnostics(NAME)).toEqual([]);
  }, 60_000);

  it("goes on after a message that is no message", async () => {
    const one = await Editor.start(FILES);
    const send = (body: string): void => {
      one.process.stdin.write(`Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`);
    };
    send("{ this is not json");
    send('{"jsonrpc": "2.0", "method": "textDocument/didOpen", "params": 5}');
    send('{"jsonrpc": "2.0", "id": 900, "method": "textDocument/hover", "params": {"textDocument": {}}}');
    await one.open(NAME, STRATEGY.replace("rsi(14)", "rsii(14)"));
    expect((await one.diagnostics(NAME)).map(({ code }) => code)).toEqual(["names/unknown"]);
  });

  it("takes a question back", async () => {
    const one = await Editor.start(FILES);
    await one.open(NAME);
    const asked = Array.from({ length: 20 }, (_, id) => {
      const position = one.at(NAME, "when: rs|i(14)");
      const params = { textDocument: { uri: one.uri(NAME) }, position };
      return JSON.stringify({ jsonrpc: "2.0", id: 1_000 + id, method: "textDocument/hover", params });
    });
    const taken = asked.map((_, id) =>
      JSON.stringify({ jsonrpc: "2.0", method: "$/cancelRequest", params: { id: 1_000 + id } }),
    );
    let answers = "";
    one.process.stdout.on("data", (data: Buffer) => (answers += data.toString()));
    const frames = [...asked, ...taken].map((body) => `Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`);
    one.process.stdin.write(frames.join(""));
    await one.until(() => (answers.includes('"id":1019') ? true : undefined));
    expect(answers).toContain("-32800");
    expect(await one.ask<Hover | null>("hover", NAME, "when: rs|i(14)")).not.toBeNull();
  });

  it("ends with 1 when the editor is gone or never said goodbye", async () => {
    const one = await Editor.start(FILES);
    one.process.stdin.end();
    expect(await one.ended).toBe(1);
    await editor.end();
    const other = await Editor.start(FILES);
    await other.connection.sendNotification("exit");
    expect(await other.ended).toBe(1);
    await editor.end();
    const last = await Editor.start(FILES);
    await last.connection.sendRequest("shutdown");
    last.process.stdin.end();
    expect(await last.ended).toBe(0);
  });
});
