/**
 * `barwise.yaml`: which account, which data, which limits.
 *
 * Owns: its defaults and its meaning. May not: read other files; a risk file comes from the same map of texts.
 */
import type { Approval, RiskLimits } from "../core/program.ts";
import { readProjectApproval } from "./approval.ts";
import type { Diagnostic } from "./diagnostic.ts";
import { readRisk } from "./risk-limits.ts";
import { checkSchema, compileSchema } from "./schema-check.ts";
import { projectSchema, riskFileSchema } from "./schema-project.ts";
import { isDuration, parseDuration } from "./values.ts";
import { placeOf, readYaml } from "./yaml-file.ts";
import type { Path, YamlFile } from "./yaml-file.ts";
import { spelt } from "./fix-spelling.ts";

export type Venue = "local" | "alpaca-paper" | "alpaca-live";
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

export type FeedConfig =
  | { readonly kind: "alpaca"; readonly feed: "iex" | "sip" | "crypto" | "delayed_sip" }
  /** As the WebSocket adapter takes it. */
  | { readonly kind: "websocket"; readonly config: WebSocketSource }
  | {
      readonly kind: "tape";
      readonly file: string;
      /** `60x` or `max`. */
      readonly speed: string;
      readonly symbol?: string;
    };

export interface WebSocketSource {
  readonly name?: string;
  readonly url: string;
  readonly send?: readonly Json[];
  readonly headers?: Readonly<Record<string, string>>;
  readonly map?: WebSocketMapping | readonly WebSocketMapping[];
  readonly confirm?: Readonly<Record<string, string | number | boolean>>;
  readonly compression?: boolean;
}

type Paths = string | readonly string[];

export interface WebSocketMapping {
  readonly type?: "trade" | "quote" | "bar";
  readonly where?: Readonly<Record<string, string | number | boolean>>;
  readonly bar_size?: string;
  readonly symbol?: Paths;
  readonly price?: Paths;
  readonly size?: Paths;
  readonly time?: Paths;
  readonly id?: Paths;
  readonly bid?: Paths;
  readonly ask?: Paths;
  readonly bid_size?: Paths;
  readonly ask_size?: Paths;
  readonly open?: Paths;
  readonly high?: Paths;
  readonly low?: Paths;
  readonly close?: Paths;
  readonly volume?: Paths;
  readonly start?: Paths;
}

export interface Project {
  readonly file: string;
  readonly strategies: string;
  readonly timeZone: string;
  /** `url`: of a venue in another process on this machine. */
  readonly account: { readonly venue: Venue; readonly cash: number; readonly url?: string };
  readonly feeds: readonly FeedConfig[];
  readonly risk: RiskLimits;
  readonly approval?: Approval;
  readonly journal: string;
  readonly graceMs: number;
  /** What becomes of an entry that nobody finds at the broker. */
  readonly unknownOrders: "park" | "resend";
}

export const DEFAULT_PROJECT: Project = {
  file: "barwise.yaml",
  strategies: "strategies/",
  timeZone: "America/New_York",
  account: { venue: "local", cash: 100_000 },
  feeds: [],
  risk: {},
  journal: ".barwise/journal",
  graceMs: 2_000,
  unknownOrders: "park",
};

export interface ParsedProject {
  /** Null when a finding is an error. */
  readonly project: Project | null;
  readonly diagnostics: readonly Diagnostic[];
  /** Text of every file it was read from, the risk file included. */
  readonly texts: Readonly<Record<string, string>>;
}

let validateProject: ReturnType<typeof compileSchema> | undefined;
let validateRisk: ReturnType<typeof compileSchema> | undefined;

/** `files` holds the texts a project may refer to, by path relative to it. */
export function parseProject(
  text: string,
  file = "barwise.yaml",
  files: Readonly<Record<string, string>> = {},
): ParsedProject {
  const yaml = readYaml(file, text);
  const texts: Record<string, string> = { [file]: text };
  if (yaml.data === undefined) return { project: null, diagnostics: yaml.findings.list(), texts };
  validateProject ??= compileSchema(projectSchema(false));
  checkSchema(validateProject, yaml, "project");
  const { data } = yaml;
  const extra: Diagnostic[] = [];
  const risk =
    typeof data["risk"] === "string"
      ? riskFile(yaml, data["risk"], files, texts, extra)
      : readRisk(yaml, ["risk"], data["risk"]);
  const feeds = Array.isArray(data["feeds"]) ? data["feeds"].map((feed, i) => readFeed(yaml, i, feed)) : [];
  const account = (data["account"] ?? {}) as Partial<Project["account"]>;
  checkVenueUrl(yaml, account);
  const timeZone = textOr(data["time_zone"], DEFAULT_PROJECT.timeZone);
  if (timeZone !== DEFAULT_PROJECT.timeZone) {
    const help = `Write ${DEFAULT_PROJECT.timeZone}.`;
    yaml.findings.report(
      "schema/not-built",
      placeOf(yaml, ["time_zone"]),
      `The time zone ${timeZone} is not built yet`,
      help,
    );
  }
  const graceMs = durationAt(yaml, ["grace"], data["grace"]) ?? DEFAULT_PROJECT.graceMs;
  const approval = readProjectApproval(yaml);
  const diagnostics = [...yaml.findings.list(), ...extra];
  if (diagnostics.some((finding) => finding.severity === "error")) return { project: null, diagnostics, texts };
  const project: Project = {
    file,
    strategies: textOr(data["strategies"], DEFAULT_PROJECT.strategies),
    timeZone,
    account: { ...DEFAULT_PROJECT.account, ...account },
    feeds: feeds.filter((feed) => feed !== undefined),
    risk,
    ...(approval === undefined ? {} : { approval }),
    journal: textOr(data["journal"], DEFAULT_PROJECT.journal),
    graceMs,
    unknownOrders: data["unknown_orders"] === "resend" ? "resend" : "park",
  };
  return { project, diagnostics, texts };
}

/** Where the strategies are, whatever else the file says or refers to: it must be known before other files are read. */
export function strategiesFolderOf(text: string): string {
  return textOr(readYaml(DEFAULT_PROJECT.file, text).data?.["strategies"], DEFAULT_PROJECT.strategies);
}

function textOr(value: unknown, fallback: string): string {
  return typeof value === "string" ? value : fallback;
}

/** Orders go to loopback, or to Alpaca's own hosts. */
function checkVenueUrl(yaml: YamlFile, { venue = "local", url }: Partial<Project["account"]>): void {
  if (typeof url !== "string") return;
  const place = placeOf(yaml, ["account", "url"]);
  if (venue !== "local") {
    yaml.findings.report("types/value", place, `url belongs to a local venue, not to ${venue}`, "Leave it out.");
    return;
  }
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  const isHere = parsed !== undefined && ["127.0.0.1", "localhost", "[::1]"].includes(parsed.hostname);
  if (parsed?.protocol === "http:" && isHere) return;
  const help = "Write the address that `barwise venue` prints, such as http://127.0.0.1:8799.";
  yaml.findings.report("types/value", place, `"${url}" is no address of a venue on this machine`, help);
}

function durationAt(yaml: YamlFile, path: Path, value: unknown): number | undefined {
  if (typeof value !== "string") return undefined;
  const ms = parseDuration(value);
  if (ms === undefined)
    yaml.findings.report(
      "types/value",
      placeOf(yaml, path),
      `"${value}" is no duration`,
      spelt("Write 2s.", isDuration),
    );
  return ms;
}

function riskFile(
  yaml: YamlFile,
  name: string,
  files: Readonly<Record<string, string>>,
  texts: Record<string, string>,
  extra: Diagnostic[],
): RiskLimits {
  const folder = yaml.findings.file.replace(/[^/]*$/, "");
  const path = `${folder}${name.replace(/^\.\//, "")}`;
  const text = Object.hasOwn(files, path) ? files[path] : undefined;
  if (text === undefined) {
    const help = "Create the file, or write the limits here.";
    yaml.findings.report("schema/missing-file", placeOf(yaml, ["risk"]), `The file ${path} is not there`, help);
    return {};
  }
  texts[path] = text;
  const limits = readYaml(path, text);
  validateRisk ??= compileSchema(riskFileSchema());
  if (limits.data !== undefined) checkSchema(validateRisk, limits, "plain");
  const risk = readRisk(limits, [], limits.data);
  extra.push(...limits.findings.list());
  return risk;
}

function readFeed(yaml: YamlFile, index: number, value: unknown): FeedConfig | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  const { alpaca, websocket, tape } = value as Readonly<
    Record<string, Readonly<Record<string, unknown>> | null | undefined>
  >;
  if (alpaca !== undefined) return { kind: "alpaca", feed: textOr(alpaca?.["feed"], "iex") as "iex" };
  if (websocket !== undefined && websocket !== null) {
    return { kind: "websocket", config: websocket as unknown as WebSocketSource };
  }
  if (tape === undefined || tape === null) return undefined;
  return {
    kind: "tape",
    file: textOr(tape["file"], ""),
    speed: speedAt(yaml, ["feeds", index, "tape", "speed"], tape["speed"]),
    ...(typeof tape["symbol"] === "string" ? { symbol: tape["symbol"] } : {}),
  };
}

function speedAt(yaml: YamlFile, path: Path, value: unknown): string {
  if (value === undefined) return "1x";
  const text = typeof value === "number" ? `${value}x` : typeof value === "string" ? value : "";
  if (text === "max" || Number(/^(\d+(?:\.\d+)?)x$/.exec(text)?.[1] ?? Number.NaN) > 0) return text;
  yaml.findings.report("types/value", placeOf(yaml, path), `"${text}" is no speed`, "Write 60x, or max.");
  return "1x";
}
