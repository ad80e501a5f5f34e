/**
 * The open documents and the projects they belong to.
 *
 * Owns: opening and closing, and when findings are published: a moment after the last change, for the version that was
 * judged. May not: answer a question about a document.
 */
import { join } from "node:path";
import { TextDocuments } from "vscode-languageserver/node";
import type { Connection } from "vscode-languageserver/node";
import { TextDocument } from "vscode-languageserver-textdocument";
import type { EditorFile } from "../../editor/editor-file.ts";
import { isTestFile } from "../../lang/test-file.ts";
import { diagnosticOf, pathOfUri, uriOfPath } from "./convert.ts";
import { Workspace } from "./workspace.ts";
import type { Located, OpenProject } from "./workspace.ts";

/** People pause between words; the compiler answers in less. */
const QUIET_MS = 150;

export interface View extends Located {
  readonly document: TextDocument;
  /** Undefined: a document that is none of ours. */
  readonly file: EditorFile | undefined;
}

export class OpenDocuments {
  readonly #connection: Connection;
  readonly #documents = new TextDocuments(TextDocument);
  readonly #workspace: Workspace;
  readonly #located = new Map<string, Promise<Located>>();
  readonly #uris = new WeakMap<OpenProject, Map<string, string>>();
  readonly #timers = new Map<OpenProject, NodeJS.Timeout>();

  constructor(connection: Connection) {
    this.#connection = connection;
    this.#workspace = new Workspace((message) => connection.console.warn(message));
    this.#documents.onDidOpen(({ document }) => this.#guard(this.#opened(document.uri)));
    this.#documents.onDidChangeContent(({ document }) => this.#guard(this.#touched(document.uri)));
    this.#documents.onDidSave(({ document }) => this.#guard(this.#saved(document.uri)));
    this.#documents.onDidClose(({ document }) => this.#guard(this.#closed(document.uri)));
    this.#documents.listen(connection);
  }

  /** A document as it is now, with its project. */
  async view(uri: string): Promise<View | undefined> {
    const located = await this.#located.get(uri);
    const document = this.#documents.get(uri);
    if (located === undefined || document === undefined) return undefined;
    located.project.set(located.path, document.getText());
    const uris = this.#uris.get(located.project) ?? new Map<string, string>();
    this.#uris.set(located.project, uris.set(located.path, uri));
    return { ...located, document, file: located.project.file(located.path) };
  }

  /** An open document by its address; of a closed one, a copy of what is on disk. */
  documentAt(uri: string, text: string): TextDocument {
    return this.#documents.get(uri) ?? TextDocument.create(uri, "yaml", 0, text);
  }

  /** The address under which the editor has a file open: it may spell it in its own way. */
  uriOf(project: OpenProject, path: string): string {
    return this.#uris.get(project)?.get(path) ?? uriOfPath(join(project.root ?? "", path));
  }

  /** Something changed on disk. */
  async refreshAll(): Promise<void> {
    for (const project of this.#workspace.projects) {
      await this.#workspace.refresh(project);
      this.#schedule(project);
    }
  }

  async #opened(uri: string): Promise<void> {
    this.#located.set(uri, this.#workspace.locate(uri, pathOfUri(uri)));
    await this.#touched(uri);
  }

  async #touched(uri: string): Promise<void> {
    const view = await this.view(uri);
    if (view !== undefined) this.#schedule(view.project);
  }

  async #saved(uri: string): Promise<void> {
    const view = await this.view(uri);
    if (view === undefined) return;
    await this.#workspace.refresh(view.project);
    this.#schedule(view.project);
  }

  async #closed(uri: string): Promise<void> {
    const located = await this.#located.get(uri);
    // It may have been opened again while its project was read.
    if (located === undefined || this.#documents.get(uri) !== undefined) return;
    this.#located.delete(uri);
    const { project, path } = located;
    project.close(path);
    this.#uris.get(project)?.delete(path);
    await this.#connection.sendDiagnostics({ uri, diagnostics: [] });
    if (project.opened.length === 0) this.#workspace.forget(project);
    else {
      await this.#workspace.refresh(project);
      this.#schedule(project);
    }
  }

  #schedule(project: OpenProject): void {
    clearTimeout(this.#timers.get(project));
    const timer = setTimeout(() => {
      this.#timers.delete(project);
      this.#guard(this.#publish(project));
    }, QUIET_MS);
    this.#timers.set(project, timer);
  }

  async #publish(project: OpenProject): Promise<void> {
    const views: View[] = [];
    for (const { uri } of this.#documents.all()) {
      const view = await this.view(uri);
      if (view?.project === project) views.push(view);
    }
    for (const { document, path } of views) {
      const { uri, version } = document;
      const uriOf = (other: string): string => this.uriOf(project, other);
      const findings = isTestFile(path) ? await project.testFindings(path) : project.findings();
      // The text moved on while it was judged; the next judgement is already on its way.
      if (this.#documents.get(uri)?.version !== version) continue;
      const diagnostics = findings.filter(({ file }) => file === path).map((one) => diagnosticOf(document, one, uriOf));
      await this.#connection.sendDiagnostics({ uri, version, diagnostics });
    }
  }

  /** A mistake of ours is told to the person and ends nothing. */
  #guard(work: Promise<void>): void {
    work.catch((error: unknown) => {
      const what = error instanceof Error ? (error.stack ?? error.message) : String(error);
      this.#connection.console.error(`barwise lsp: a bug in itself: ${what}`);
    });
  }
}
