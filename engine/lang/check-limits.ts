/**
 * Judgements about limits beside each other and beside the strategies.
 *
 * Owns: risk/live-limit, risk/no-effect and risk/unknown-name. May not: judge a limit by itself; its reading does.
 */
import { LIMITS } from "../core/desk/risk/catalogue.ts";
import type { Strategy } from "../core/program.ts";
import { fieldsOf, isLooser } from "../core/risk-limits.ts";
import type { AccountLimits, RiskLimits } from "../core/risk-limits.ts";
import type { Builder } from "./builder.ts";
import type { Diagnostic } from "./diagnostic.ts";
import type { Project } from "./project.ts";
import { didYouMean, listed } from "./suggest.ts";
import { keyPlace, placeOf, readYaml } from "./yaml-file.ts";
import type { Path, YamlFile } from "./yaml-file.ts";

/** Limits of a strategy's own file that the account's, or their defaults, make pointless. */
export function checkLimits(builder: Builder, { risk }: Pick<Strategy, "risk">, account: RiskLimits): void {
  reportNoEffect(builder.file, ["risk"], risk, account);
}

function reportNoEffect(file: YamlFile, path: Path, own: RiskLimits, account: RiskLimits): void {
  for (const spec of LIMITS) {
    if (spec.kind === "symbols") continue;
    const isPointless = fieldsOf(spec).some((field) => {
      const [value, whole] = [own[field.key], account[field.key] ?? spec.default];
      return value !== undefined && whole !== undefined && isLooser(field, value, whole);
    });
    if (!isPointless) continue;
    const whose = fieldsOf(spec).every(({ key }) => account[key] === undefined)
      ? "that holds by default"
      : "of the account";
    const message = `${spec.name} is looser than the one ${whose}, which holds as well`;
    report(file, "risk/no-effect", [...path, spec.name], message, "Tighten it, leave it out, or change the account's.");
  }
}

export interface AccountSurroundings {
  readonly texts: Readonly<Record<string, string>>;
  readonly project: Project;
  readonly strategies: readonly Strategy[];
  /** All strategies of the project are there, with the symbols that their files say. */
  readonly isWhole: boolean;
}

/** What the project file, or the risk file that it names, says about limits. */
export function checkAccountLimits({
  texts,
  project,
  strategies,
  isWhole,
}: AccountSurroundings): readonly Diagnostic[] {
  const main = readYaml(project.file, texts[project.file] ?? "");
  const other = Object.keys(texts).find((name) => name !== project.file);
  const file = other === undefined ? main : readYaml(other, texts[other] ?? "");
  const path: Path = other === undefined ? ["risk"] : [];
  const { risk } = project;
  if (project.account.venue === "alpaca-live") reportUnset(main, risk);
  for (const key of ["strategies", "symbols"] as const)
    for (const [name, own] of Object.entries(risk[key] ?? {})) reportNoEffect(file, [...path, key, name], own, risk);
  if (isWhole) reportNames(file, path, risk, strategies);
  return file === main ? main.findings.list() : [...main.findings.list(), ...file.findings.list()];
}

function reportUnset(file: YamlFile, risk: RiskLimits): void {
  const unset = LIMITS.filter(
    (spec) => spec.live === "required" && fieldsOf(spec).every(({ key }) => risk[key] === undefined),
  ).map(({ name }) => name);
  if (unset.length === 0) return;
  const message = `Real money, and no ${listed(unset, "and")}: every entry would be refused`;
  const help = `Write ${unset.map((name) => `${name}: …`).join(", ")} under risk.`;
  file.findings.report("risk/live-limit", placeOf(file, ["account", "venue"]), message, help);
}

function reportNames(file: YamlFile, path: Path, risk: AccountLimits, strategies: readonly Strategy[]): void {
  const names = new Set(strategies.map(({ name }) => name));
  const symbols = new Set(strategies.flatMap((strategy) => strategy.symbols));
  const check = (what: "strategy" | "symbol", name: string, at: Path): void => {
    const known = what === "strategy" ? names : symbols;
    if (known.has(name)) return;
    const message = what === "strategy" ? `There is no strategy "${name}"` : `No strategy trades "${name}"`;
    report(file, "risk/unknown-name", at, message, didYouMean(name, known, "Leave it out, or correct it."));
  };
  for (const key of ["strategies", "live"] as const)
    for (const name of Object.keys(risk[key] ?? {})) check("strategy", name, [...path, key, name]);
  for (const name of Object.keys(risk.symbols ?? {})) check("symbol", name, [...path, "symbols", name]);
  for (const [group, members] of Object.entries(risk.groups ?? {}))
    for (const [index, name] of members.entries()) check("symbol", name, [...path, "groups", group, index]);
}

function report(
  file: YamlFile,
  code: "risk/no-effect" | "risk/unknown-name",
  path: Path,
  message: string,
  help: ReturnType<typeof didYouMean>,
): void {
  file.findings.report(code, keyPlace(file, path) ?? placeOf(file, path), message, help);
}
