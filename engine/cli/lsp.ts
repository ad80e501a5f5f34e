/**
 * `barwise lsp`: the language server, for editors.
 *
 * Owns: starting it. Standard output belongs to the protocol from the first byte; what is meant for people goes to
 * standard error or over the protocol.
 */
import type { Command } from "commander";

export function addLsp(program: Command): void {
  program
    .command("lsp")
    .description("language server over standard input and output, for editors; started by them, not by hand")
    .option("--stdio", "the only way there is; accepted because editors pass it")
    .option("--clientProcessId <id>", "end when this process ends; editors pass it")
    .action(async () => {
      // Loaded only here: other commands need none of it.
      const { serve } = await import("./lsp/server.ts");
      await serve(process.stdin, process.stdout);
    });
}
