/**
 * The language server: what it offers, and each question handed to engine/editor.
 *
 * Owns: the connection and its requests. A document that is none of ours has no answers. May not: end because of a
 * document, or judge one itself.
 */
import type { Readable, Writable } from "node:stream";
import {
  CodeActionKind,
  createConnection,
  DidChangeWatchedFilesNotification,
  LSPErrorCodes,
  PositionEncodingKind,
  ResponseError,
  StreamMessageReader,
  StreamMessageWriter,
  TextDocumentSyncKind,
} from "vscode-languageserver/node";
import type { CancellationToken, Connection, InitializeParams, InitializeResult } from "vscode-languageserver/node";
import { VERSION } from "../version.ts";
import { Answers, FIX_ALL } from "./answers.ts";
import { OpenDocuments } from "./documents.ts";
import type { View } from "./documents.ts";

/** Resolves never: the connection ends the process, with 0 after a shutdown and 1 without. */
export async function serve(input: Readable, output: Writable): Promise<never> {
  const connection = createConnection(new StreamMessageReader(input), new StreamMessageWriter(output));
  let isOver = false;
  connection.onShutdown(() => {
    isOver = true;
  });
  endWith(input, () => (isOver ? 0 : 1));
  let watches = false;
  let snippets = false;
  connection.onInitialize((params: InitializeParams): InitializeResult => {
    const { workspace, textDocument } = params.capabilities;
    watches = workspace?.didChangeWatchedFiles?.dynamicRegistration === true;
    snippets = textDocument?.completion?.completionItem?.snippetSupport === true;
    return offers();
  });
  const documents = new OpenDocuments(connection);
  connection.onInitialized(() => {
    if (!watches) return;
    const watchers = [{ globPattern: "**/*.{yaml,yml,csv}" }];
    connection.client.register(DidChangeWatchedFilesNotification.type, { watchers }).catch((error: unknown) => {
      connection.console.warn(`files are not watched: ${error instanceof Error ? error.message : String(error)}`);
    });
  });
  connection.onDidChangeWatchedFiles(() => documents.refreshAll());
  answer(connection, documents, () => snippets);
  connection.listen();
  return await new Promise<never>(() => {});
}

/** An editor that is gone sends no exit. */
function endWith(input: Readable, code: () => number): void {
  let isEnded = false;
  const end = (): void => {
    if (isEnded) return;
    isEnded = true;
    process.exit(code());
  };
  input.on("end", end);
  input.on("close", end);
}

function offers(): InitializeResult {
  return {
    serverInfo: { name: "barwise", version: VERSION },
    capabilities: {
      positionEncoding: PositionEncodingKind.UTF16,
      textDocumentSync: { openClose: true, change: TextDocumentSyncKind.Incremental, save: true },
      hoverProvider: true,
      completionProvider: { triggerCharacters: [".", "(", ",", ":", " ", "{", "["] },
      signatureHelpProvider: { triggerCharacters: ["(", ","] },
      definitionProvider: true,
      referencesProvider: true,
      documentSymbolProvider: true,
      renameProvider: { prepareProvider: true },
      codeActionProvider: { codeActionKinds: [CodeActionKind.QuickFix, FIX_ALL] },
      documentFormattingProvider: true,
    },
  };
}

interface About {
  readonly textDocument: { readonly uri: string };
}

function answer(connection: Connection, documents: OpenDocuments, snippets: () => boolean): void {
  const answers = new Answers(documents);
  /** Looks at the document as it is when the question's turn comes; a question that was taken back is not answered. */
  const about =
    <P extends About, R>(ask: (view: View, params: P) => R | Promise<R>) =>
    async (params: P, token: CancellationToken): Promise<R | null | ResponseError> => {
      const view = await documents.view(params.textDocument.uri);
      if (token.isCancellationRequested) return new ResponseError(LSPErrorCodes.RequestCancelled, "cancelled");
      return view === undefined ? null : await ask(view, params);
    };
  connection.onHover(about((view, { position }) => answers.hover(view, position)));
  connection.onCompletion(about((view, { position }) => answers.completion(view, position, snippets())));
  connection.onSignatureHelp(about((view, { position }) => answers.signature(view, position)));
  connection.onDefinition(about((view, { position }) => answers.definition(view, position)));
  connection.onReferences(
    about((view, { position, context }) => answers.references(view, position, context.includeDeclaration)),
  );
  connection.onDocumentSymbol(about((view) => answers.symbols(view)));
  connection.onPrepareRename(about((view, { position }) => answers.prepareRename(view, position)));
  connection.onRenameRequest(about((view, { position, newName }) => answers.rename(view, position, newName)));
  connection.onCodeAction(about((view, { range, context }) => answers.codeActions(view, range, context.only)));
  connection.onDocumentFormatting(about((view) => answers.formatting(view)));
}
