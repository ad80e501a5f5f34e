/**
 * Answers of engine/editor in the words of the protocol.
 *
 * Owns: kinds, severities, and offsets as lines and UTF-16 columns. May not: decide what an answer says.
 */
import { fileURLToPath, pathToFileURL } from "node:url";
import {
  CodeActionKind,
  CompletionItemKind,
  DiagnosticSeverity,
  DiagnosticTag,
  InsertTextFormat,
  MarkupKind,
  SymbolKind,
} from "vscode-languageserver/node";
import type {
  CodeAction,
  CompletionItem,
  Diagnostic,
  DiagnosticRelatedInformation,
  DocumentSymbol,
  Range,
  TextEdit,
} from "vscode-languageserver/node";
import type { TextDocument } from "vscode-languageserver-textdocument";
import type { Item } from "../../editor/completion.ts";
import type { Section } from "../../editor/names.ts";
import type { Outline } from "../../editor/navigation.ts";
import type { QuickFix } from "../../editor/quick-fixes.ts";
import type { Code } from "../../lang/codes.ts";
import type { Diagnostic as Finding, Related, Severity, Span } from "../../lang/diagnostic.ts";
import type { Edit } from "../../lang/fix.ts";

export function rangeOf(document: TextDocument, { start, end }: Span): Range {
  return { start: document.positionAt(start), end: document.positionAt(end) };
}

export function editsOf(document: TextDocument, edits: readonly Edit[]): TextEdit[] {
  return edits.map((edit) => ({ range: rangeOf(document, edit), newText: edit.text }));
}

/** One edit for what differs: an editor keeps the cursor where nothing changes. */
export function replacing(document: TextDocument, after: string): TextEdit[] {
  const before = document.getText();
  if (before === after) return [];
  const most = Math.min(before.length, after.length);
  let head = 0;
  while (head < most && before[head] === after[head]) head++;
  let tail = 0;
  while (tail < most - head && before.at(-1 - tail) === after.at(-1 - tail)) tail++;
  const span = { start: head, end: before.length - tail };
  return [{ range: rangeOf(document, span), newText: after.slice(head, after.length - tail) }];
}

// ------------------------------------------------------------------------------------------------ findings

const SEVERITIES: Readonly<Record<Severity, DiagnosticSeverity>> = {
  error: DiagnosticSeverity.Error,
  warning: DiagnosticSeverity.Warning,
  info: DiagnosticSeverity.Information,
};

/** Shown faded: the text has no effect. */
const WITHOUT_EFFECT: ReadonlySet<Code> = new Set<Code>(["names/unused", "schema/unused-ignore"]);

/** `uriOf` gives the address of another file of the project, for who uses a template or a watchlist. */
export function diagnosticOf(document: TextDocument, finding: Finding, uriOf: (path: string) => string): Diagnostic {
  const { code, severity, message, why, help, related = [] } = finding;
  return {
    range: rangeOf(document, finding),
    severity: SEVERITIES[severity],
    code,
    codeDescription: { href: pageOf(code) },
    source: "barwise",
    message: [`${message}.${help === "" ? "" : ` ${help}`}`, why].join("\n"),
    ...(related.length === 0 ? {} : { relatedInformation: related.map((one) => relatedOf(one, uriOf)) }),
    ...(WITHOUT_EFFECT.has(code) ? { tags: [DiagnosticTag.Unnecessary] } : {}),
  };
}

function relatedOf(
  { file, line, column, message }: Related,
  uriOf: (path: string) => string,
): DiagnosticRelatedInformation {
  const at = { line: line - 1, character: column - 1 };
  return { location: { uri: uriOf(file), range: { start: at, end: at } }, message };
}

/** The page comes with the package, so that it speaks about this version. */
function pageOf(code: Code): string {
  return new URL(`../../../../docs/reference/findings/${code.replace("/", "-")}.md`, import.meta.url).href;
}

export function codeActionOf(document: TextDocument, fix: QuickFix, uriOf: (path: string) => string): CodeAction {
  return {
    title: fix.title,
    kind: CodeActionKind.QuickFix,
    diagnostics: [diagnosticOf(document, fix.finding, uriOf)],
    isPreferred: fix.preferred,
    edit: { changes: { [document.uri]: editsOf(document, fix.edits) } },
  };
}

// ------------------------------------------------------------------------------------------------ completion

const KINDS: Readonly<Record<Item["kind"], CompletionItemKind>> = {
  key: CompletionItemKind.Property,
  choice: CompletionItemKind.EnumMember,
  indicator: CompletionItemKind.Function,
  function: CompletionItemKind.Function,
  fact: CompletionItemKind.Variable,
  param: CompletionItemKind.Constant,
  condition: CompletionItemKind.Event,
  word: CompletionItemKind.Keyword,
  symbol: CompletionItemKind.Value,
  beginning: CompletionItemKind.Snippet,
  code: CompletionItemKind.Reference,
};

export function completionOf(document: TextDocument, item: Item, snippets: boolean, index: number): CompletionItem {
  const { label, kind, detail, markdown, snippet, span, rank } = item;
  const isSnippet = snippets && /\$/.test(snippet);
  return {
    label,
    kind: KINDS[kind],
    ...(detail === "" ? {} : { detail }),
    ...(markdown === "" ? {} : { documentation: { kind: MarkupKind.Markdown, value: markdown } }),
    insertTextFormat: isSnippet ? InsertTextFormat.Snippet : InsertTextFormat.PlainText,
    textEdit: { range: rangeOf(document, span), newText: isSnippet ? snippet : withoutStops(snippet) },
    sortText: `${String(rank).padStart(5, "0")}${String(index).padStart(5, "0")}`,
  };
}

/** A snippet for editors that know none: the first choices, and nothing where the cursor would stop. */
export function withoutStops(snippet: string): string {
  return snippet
    .replaceAll(/(?<!\\)\$\{\d+\|([^,|]*)[^|]*\|\}/g, "$1")
    .replaceAll(/(?<!\\)\$\{\d+:([^}]*)\}/g, "$1")
    .replaceAll(/(?<!\\)\$\d+/g, "")
    .replaceAll(/\\([\\$}])/g, "$1");
}

// ------------------------------------------------------------------------------------------------ outline

const SYMBOLS: Readonly<Record<Section, SymbolKind>> = {
  inputs: SymbolKind.Property,
  params: SymbolKind.Constant,
  facts: SymbolKind.Variable,
  conditions: SymbolKind.Boolean,
  rules: SymbolKind.Event,
};

/** The sections with what they hold. */
export function symbolsOf(document: TextDocument, entries: readonly Outline[]): DocumentSymbol[] {
  const found: DocumentSymbol[] = [];
  for (const section of ["inputs", "params", "facts", "conditions", "rules"] as const) {
    const own = entries.filter((entry) => entry.section === section);
    if (own.length === 0) continue;
    const range = rangeOf(document, {
      start: Math.min(...own.map(({ extent }) => extent.start)),
      end: Math.max(...own.map(({ extent }) => extent.end)),
    });
    found.push({
      name: section,
      kind: SymbolKind.Namespace,
      range,
      selectionRange: { start: range.start, end: range.start },
      children: own.map(({ name, detail, span, extent }) => ({
        name,
        ...(detail === "" ? {} : { detail }),
        kind: SYMBOLS[section],
        range: rangeOf(document, extent),
        selectionRange: rangeOf(document, span),
      })),
    });
  }
  return found;
}

// ------------------------------------------------------------------------------------------------ addresses

/** The path on disk; undefined for documents that are nowhere. */
export function pathOfUri(uri: string): string | undefined {
  if (!uri.startsWith("file:")) return undefined;
  try {
    return fileURLToPath(uri);
  } catch {
    // An address with a host, or one that is none at all.
    return undefined;
  }
}

export function uriOfPath(path: string): string {
  return pathToFileURL(path).href;
}
