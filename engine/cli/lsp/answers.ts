/**
 * Questions of the protocol, asked of engine/editor.
 *
 * Owns: positions to offsets and answers back. May not: know anything about strategies.
 */
import { CodeActionKind, LSPErrorCodes, MarkupKind, ResponseError } from "vscode-languageserver/node";
import type {
  CodeAction,
  CompletionItem,
  DocumentSymbol,
  Hover,
  Location,
  Position,
  Range,
  SignatureHelp,
  TextEdit,
  WorkspaceEdit,
} from "vscode-languageserver/node";
import { completionsAt } from "../../editor/completion.ts";
import { hoverAt } from "../../editor/hover.ts";
import { fileAt, nameAt, outline, placesOfName, rename } from "../../editor/navigation.ts";
import { quickFixes } from "../../editor/quick-fixes.ts";
import { signatureAt } from "../../editor/signature.ts";
import type { Span } from "../../lang/diagnostic.ts";
import type { Diagnostic } from "../../lang/diagnostic.ts";
import { fixFiles } from "../../lang/fix-files.ts";
import { formatFiles, isFormattable } from "../../lang/format.ts";
import { isTestFile } from "../../lang/test-file.ts";
import { codeActionOf, completionOf, editsOf, rangeOf, replacing, symbolsOf } from "./convert.ts";
import type { OpenDocuments, View } from "./documents.ts";
import type { OpenProject } from "./workspace.ts";

/** Applied on saving by editors that are told to. */
export const FIX_ALL = `${CodeActionKind.SourceFixAll}.barwise`;

export class Answers {
  readonly #documents: OpenDocuments;

  constructor(documents: OpenDocuments) {
    this.#documents = documents;
  }

  hover({ document, file, project }: View, position: Position): Hover | null {
    const frame = { project, meaning: project.meaning.bind(project) };
    const found = file === undefined ? undefined : hoverAt(file, document.offsetAt(position), frame);
    if (found === undefined) return null;
    return { contents: { kind: MarkupKind.Markdown, value: found.markdown }, range: rangeOf(document, found.span) };
  }

  completion({ document, file, project, path }: View, position: Position, snippets: boolean): CompletionItem[] {
    if (file === undefined) return [];
    const findings = (text: string): readonly Diagnostic[] => project.findingsIn(path, text);
    const frame = { project, symbols: () => project.symbols(), findings };
    const items = completionsAt(file, document.offsetAt(position), frame);
    return items.map((item, index) => completionOf(document, item, snippets, index));
  }

  signature({ document, file }: View, position: Position): SignatureHelp | null {
    const found = file === undefined ? undefined : signatureAt(file, document.offsetAt(position));
    if (found === undefined) return null;
    const { label, doc, params, active } = found;
    const parameters = params.map((one) => ({ label: one.label, documentation: one.doc }));
    const signature = { label, documentation: doc, parameters };
    return {
      signatures: [signature],
      activeSignature: 0,
      ...(active === undefined ? {} : { activeParameter: active }),
    };
  }

  definition({ document, file, project }: View, position: Position): Location | null {
    if (file === undefined) return null;
    const offset = document.offsetAt(position);
    const found = nameAt(file, offset, project);
    if (found !== undefined) return this.#location(project, found.file.path, found.definition.span);
    const named = fileAt(file, offset, project);
    return named === undefined ? null : this.#location(project, named.path, { start: 0, end: 0 });
  }

  references({ document, file, project }: View, position: Position, withDefinition: boolean): Location[] {
    const found = file === undefined ? undefined : nameAt(file, document.offsetAt(position), project);
    if (found === undefined) return [];
    const places = placesOfName(found, project).filter(({ isDefinition }) => withDefinition || !isDefinition);
    return places.map(({ path, span }) => this.#location(project, path, span));
  }

  symbols({ document, file }: View): DocumentSymbol[] {
    return file === undefined ? [] : symbolsOf(document, outline(file));
  }

  prepareRename({ document, file, project }: View, position: Position): Range | null {
    const found = file === undefined ? undefined : nameAt(file, document.offsetAt(position), project);
    return found === undefined ? null : rangeOf(document, found.at);
  }

  rename({ document, file, project }: View, position: Position, name: string): WorkspaceEdit | ResponseError | null {
    const found = file === undefined ? undefined : nameAt(file, document.offsetAt(position), project);
    if (found === undefined) return null;
    const renamed = rename(found, name, project);
    if ("refusal" in renamed) return new ResponseError(LSPErrorCodes.RequestFailed, renamed.refusal);
    const changes: Record<string, TextEdit[]> = {};
    for (const [path, edits] of renamed.edits) {
      const uri = this.#documents.uriOf(project, path);
      changes[uri] = editsOf(this.#documents.documentAt(uri, project.text(path) ?? ""), edits);
    }
    return { changes };
  }

  async codeActions(view: View, range: Range, only: readonly string[] | undefined): Promise<CodeAction[]> {
    const { document, file, project, path } = view;
    const wants = (kind: string): boolean =>
      only === undefined || only.some((one) => kind === one || kind.startsWith(`${one}.`));
    if (file === undefined) return [];
    const actions: CodeAction[] = [];
    if (wants(CodeActionKind.QuickFix)) {
      const findings = isTestFile(path) ? await project.testFindings(path) : project.findings();
      const span = { start: document.offsetAt(range.start), end: document.offsetAt(range.end) };
      const uriOf = (other: string): string => this.#documents.uriOf(project, other);
      actions.push(...quickFixes(file, span, findings).map((fix) => codeActionOf(document, fix, uriOf)));
    }
    // Offered where somebody asks for it; as one more entry at every finding it would be in the way.
    if (only !== undefined && wants(FIX_ALL) && !isTestFile(path)) actions.push(...this.#fixAll(view));
    return actions;
  }

  #fixAll({ document, project, path }: View): CodeAction[] {
    const { files } = fixFiles(project.textsFor(path), {}, (file) => file === path);
    const edits = replacing(document, files[path] ?? document.getText());
    if (edits.length === 0) return [];
    const edit = { changes: { [document.uri]: edits } };
    return [{ title: "Correct what needs nobody", kind: FIX_ALL, edit }];
  }

  formatting({ document, path }: View): TextEdit[] {
    if (!isFormattable(path)) return [];
    const [formatted] = formatFiles({ [path]: document.getText() });
    return formatted === undefined ? [] : replacing(document, formatted.text);
  }

  #location(project: OpenProject, path: string, span: Span): Location {
    const uri = this.#documents.uriOf(project, path);
    return { uri, range: rangeOf(this.#documents.documentAt(uri, project.text(path) ?? ""), span) };
  }
}
