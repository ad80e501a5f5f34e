/**
 * `barwise controls`: what every order passes.
 */
import type { Command } from "commander";
import { CONTROLS } from "../core/desk/risk/catalogue.ts";
import { helpText } from "../lang/fix.ts";
import { didYouMean } from "../lang/suggest.ts";
import { controlJson, controlText, controlsText } from "./controls-text.ts";
import { CliError, print } from "./io.ts";

interface Flags {
  readonly format: string;
}

export function addControls(program: Command): void {
  program
    .command("controls")
    .description(
      "what every order passes: the controls of the risk layer with limits, defaults, reasons and rules they answer",
    )
    .argument("[names...]", "controls or limits to say more about, e.g. price_collar")
    .option("--format <format>", "pretty or json", "pretty")
    .action((names: string[], flags: Flags) => runControls(names, flags));
}

function runControls(names: readonly string[], { format }: Flags): void {
  if (format !== "pretty" && format !== "json") throw new CliError(`--format ${format}: expected pretty or json`);
  const chosen = names.map((name) => {
    const control = CONTROLS.find((one) => one.name === name || one.limits.some((limit) => limit.name === name));
    if (control !== undefined) return control;
    const known = CONTROLS.flatMap((one) => [one.name, ...one.limits.map((limit) => limit.name)]);
    const help = helpText(didYouMean(name, known, "barwise controls lists what there is."));
    throw new CliError(`there is no control "${name}". ${help}`);
  });
  if (format === "json") {
    const controls = (names.length === 0 ? CONTROLS : chosen).map(controlJson);
    print(JSON.stringify({ format_version: 1, controls }, undefined, 2));
  } else print(names.length === 0 ? controlsText() : chosen.map(controlText).join("\n"));
}
