/**
 * `barwise.yaml`: which account, which data, which limits.
 *
 * Owns: its defaults and its meaning. May not: read other files; a risk file comes from the same map of texts.
 */
import type { Approval } from "../core/approval.ts";
import type { AccountLimits } from "../core/risk-limits.ts";
import { readProjectApproval } from "./approval.ts";
import type { Diagnostic } from "./diagnostic.ts";
import { readFeeds } from "./feeds.ts";
import type { FeedConfig } from "./feeds.ts";
import { durationAt } from "./duration-at.ts";
import { readDeadMan, readNotify } from "./notify.ts";
import type { ChannelConfig, DeadManConfig } from "./notify.ts";
import { readAccountRisk } from "./risk-limits.ts";
import { checkSchema, compileSchema } from "./schema-check.ts";
import { projectSchema, riskFileSchema } from "./schema-project.ts";
import { placeOf, readYaml } from "./yaml-file.ts";
import type { YamlFile } from "./yaml-file.ts";

export type Venue = "local" | "alpaca-paper" | "alpaca-live";

export interface Project {
  readonly file: string;
  readonly strategies: string;
  readonly timeZone: string;
  /** `url`: of a venue in another process on this machine. */
  readonly account: { readonly venue: Venue; readonly cash: number; readonly url?: string };
  /** One, or two of which the second takes over when the first is lost. */
  readonly feeds: readonly FeedConfig[];
  readonly failover: { readonly afterMs: number; readonly backMs: number };
  readonly risk: AccountLimits;
  readonly approval?: Approval;
  readonly journal: string;
  /** The control API; port 0 is one that is free. */
  readonly control: { readonly port: number } | "off";
  readonly graceMs: number;
  /** What becomes of an entry that nobody finds at the broker. */
  readonly unknownOrders: "park" | "resend";
  /** Quotes and last trades that came longer ago are unknown; absent: the default of the core. */
  readonly staleMs?: number;
  /** How far behind its data the engine may be. */
  readonly load: { readonly maxLagMs: number; readonly maxWaiting: number };
  /** Who is told. */
  readonly notify: readonly ChannelConfig[];
  /** Who notices that the engine is silent. */
  readonly deadMan?: DeadManConfig;
}

export const DEFAULT_PROJECT: Project = {
  file: "barwise.yaml",
  strategies: "strategies/",
  timeZone: "America/New_York",
  account: { venue: "local", cash: 100_000 },
  feeds: [],
  failover: { afterMs: 10_000, backMs: 60_000 },
  risk: {},
  journal: ".barwise/journal",
  control: { port: 0 },
  graceMs: 2_000,
  unknownOrders: "park",
  load: { maxLagMs: 5_000, maxWaiting: 1_000_000 },
  notify: [],
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
      : readAccountRisk(yaml, ["risk"], data["risk"]);
  const account = (data["account"] ?? {}) as Partial<Project["account"]>;
  checkVenueUrl(yaml, account);
  const feeds = readFeeds(yaml, data["feeds"]);
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
  const staleMs = durationAt(yaml, ["stale_after"], data["stale_after"]);
  const failover = readFailover(yaml, data["failover"]);
  const load = readLoad(yaml, data["load"]);
  const notify = readNotify(yaml, data["notify"]);
  const deadMan = readDeadMan(yaml, data["dead_man"]);
  const diagnostics = [...yaml.findings.list(), ...extra];
  if (diagnostics.some((finding) => finding.severity === "error")) return { project: null, diagnostics, texts };
  const project: Project = {
    file,
    strategies: textOr(data["strategies"], DEFAULT_PROJECT.strategies),
    timeZone,
    account: { ...DEFAULT_PROJECT.account, ...account },
    feeds,
    failover,
    risk,
    ...(approval === undefined ? {} : { approval }),
    journal: textOr(data["journal"], DEFAULT_PROJECT.journal),
    control: readControl(data["control"]),
    graceMs,
    unknownOrders: data["unknown_orders"] === "resend" ? "resend" : "park",
    ...(staleMs === undefined ? {} : { staleMs }),
    load,
    notify,
    ...(deadMan === undefined ? {} : { deadMan }),
  };
  return { project, diagnostics, texts };
}

/** Where the strategies are, whatever else the file says or refers to: it must be known before other files are read. */
export function strategiesFolderOf(text: string): string {
  return textOr(readYaml(DEFAULT_PROJECT.file, text).data?.["strategies"], DEFAULT_PROJECT.strategies);
}

function readFailover(yaml: YamlFile, value: unknown): Project["failover"] {
  const { failover } = DEFAULT_PROJECT;
  if (typeof value !== "object" || value === null) return failover;
  const { after, back } = value as Readonly<Record<string, unknown>>;
  return {
    afterMs: durationAt(yaml, ["failover", "after"], after) ?? failover.afterMs,
    backMs: durationAt(yaml, ["failover", "back"], back) ?? failover.backMs,
  };
}

function readLoad(yaml: YamlFile, value: unknown): Project["load"] {
  const { load } = DEFAULT_PROJECT;
  if (typeof value !== "object" || value === null) return load;
  const { max_lag: lag, max_waiting: waiting } = value as Readonly<Record<string, unknown>>;
  return {
    maxLagMs: durationAt(yaml, ["load", "max_lag"], lag) ?? load.maxLagMs,
    maxWaiting: typeof waiting === "number" ? waiting : load.maxWaiting,
  };
}

function readControl(value: unknown): Project["control"] {
  if (value === "off") return "off";
  const port = typeof value === "object" && value !== null ? (value as { port?: unknown }).port : undefined;
  return typeof port === "number" ? { port } : DEFAULT_PROJECT.control;
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

function riskFile(
  yaml: YamlFile,
  name: string,
  files: Readonly<Record<string, string>>,
  texts: Record<string, string>,
  extra: Diagnostic[],
): AccountLimits {
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
  const risk = readAccountRisk(limits, [], limits.data);
  extra.push(...limits.findings.list());
  return risk;
}
