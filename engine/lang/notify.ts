/**
 * `notify:` and `dead_man:` of `barwise.yaml`: who is told what.
 *
 * Owns: their meaning beyond the schema, and that a secret stands in the environment and never in the file. May not: read
 * the environment, or know adapters. A finding never repeats what it found: it may be a secret.
 */
import { advice, becomes } from "./fix.ts";
import type { Help } from "./fix.ts";
import { durationAt } from "./duration-at.ts";
import { keyPlace, placeOf } from "./yaml-file.ts";
import type { Path, YamlFile } from "./yaml-file.ts";

export const LEVELS = ["info", "warning", "critical"] as const;
export type AlertLevel = (typeof LEVELS)[number];

/** `runs`: a run begins, ends or breaks down; its feeds and its broker come and go. */
export const EVENTS = ["alerts", "approvals", "states", "runs", "fills"] as const;
export type NotifyEvent = (typeof EVENTS)[number];

/** Text as it is, or `${env:NAME}`. */
export type Setting = string;

export type ChannelConfig = {
  /** The kind, with a number when there are several. */
  readonly name: string;
  readonly levels: readonly AlertLevel[];
  readonly events: readonly NotifyEvent[];
} & ChannelAddress;

export type ChannelAddress =
  | {
      readonly kind: "telegram";
      readonly token: Setting;
      readonly chat: number;
      readonly approvers: readonly number[];
      readonly url: Setting;
    }
  | { readonly kind: "slack"; readonly url: Setting }
  | { readonly kind: "webhook"; readonly url: Setting; readonly secret: Setting }
  | {
      readonly kind: "email";
      readonly smtp: Setting;
      readonly password?: Setting;
      readonly from: string;
      readonly to: readonly string[];
    }
  | { readonly kind: "ntfy"; readonly url: Setting; readonly token?: Setting };

export interface DeadManConfig {
  readonly url: Setting;
  readonly everyMs: number;
  readonly style: "plain" | "healthchecks";
}

const SHORTEST_PING_MS = 10_000;
const REFERENCE = /^\$\{env:([A-Za-z_][A-Za-z0-9_]*)\}$/;
/** What people write for it elsewhere. */
const MEANT = /^(?:\$ENV\{|\$\{|\$|\$\{\{ *(?:secrets|env)\.)([A-Za-z_][A-Za-z0-9_]*) *\}{0,2}$/;
const LOOPBACK = new Set(["127.0.0.1", "localhost", "[::1]"]);
const ADDRESS = /^[^\s@<>,;"]+@[^\s@<>,;"]+$/;

type Data = Readonly<Record<string, unknown>>;

/** The variable that a setting names. */
export function variableOf(setting: Setting): string | undefined {
  return REFERENCE.exec(setting)?.[1];
}

export function readNotify(yaml: YamlFile, value: unknown): readonly ChannelConfig[] {
  if (!Array.isArray(value)) return [];
  const seen = new Map<string, number>();
  return (value as readonly unknown[]).flatMap((item, i) => {
    const [entry] = isMapping(item) ? Object.entries(item) : [];
    if (entry === undefined || !isMapping(entry[1])) return [];
    const [kind, data] = entry;
    const address = readAddress(new Reader(yaml, ["notify", i, kind], data), kind);
    if (address === undefined) return [];
    const count = (seen.get(kind) ?? 0) + 1;
    seen.set(kind, count);
    const name = count === 1 ? kind : `${kind}-${count}`;
    const levels = listOf(data["levels"], LEVELS) ?? LEVELS;
    const events = listOf(data["events"], EVENTS) ?? EVENTS.filter((event) => event !== "fills");
    return [{ ...address, name, levels, events }];
  });
}

export function readDeadMan(yaml: YamlFile, value: unknown): DeadManConfig | undefined {
  if (!isMapping(value)) return undefined;
  const reader = new Reader(yaml, ["dead_man"], value);
  const everyMs = durationAt(yaml, ["dead_man", "every"], value["every"]) ?? 60_000;
  if (everyMs < SHORTEST_PING_MS)
    reader.say("types/value", "every", "The check would be called more often than once in 10 seconds", "Write 60s.");
  const style = value["style"] === "healthchecks" ? "healthchecks" : "plain";
  return { url: reader.secretAddress("url"), everyMs, style };
}

function readAddress(reader: Reader, kind: string): ChannelAddress | undefined {
  switch (kind) {
    case "telegram":
      return {
        kind,
        token: reader.secret("token"),
        chat: typeof reader.data["chat"] === "number" ? reader.data["chat"] : 0,
        approvers: Array.isArray(reader.data["approvers"]) ? (reader.data["approvers"] as readonly number[]) : [],
        url: reader.has("url") ? reader.address("url") : "https://api.telegram.org",
      };
    case "slack":
      return { kind, url: reader.secretAddress("url") };
    case "webhook":
      return { kind, url: reader.address("url"), secret: reader.secret("secret") };
    case "email":
      return {
        kind,
        smtp: reader.mailServer("smtp"),
        ...(reader.has("password") ? { password: reader.secret("password") } : {}),
        from: reader.mailAddresses("from")[0] ?? "",
        to: reader.mailAddresses("to"),
      };
    case "ntfy":
      return {
        kind,
        url: reader.secretAddress("url"),
        ...(reader.has("token") ? { token: reader.secret("token") } : {}),
      };
    default:
      return undefined;
  }
}

/** The values of one mapping, each with its finding. What is missing or of another type has one of the schema. */
class Reader {
  readonly data: Data;
  readonly #yaml: YamlFile;
  readonly #path: Path;

  constructor(yaml: YamlFile, path: Path, data: Data) {
    this.#yaml = yaml;
    this.#path = path;
    this.data = data;
  }

  has(key: string): boolean {
    return this.data[key] !== undefined;
  }

  say(code: "schema/secret" | "types/value", key: string, message: string, help: Help): void {
    const path = [...this.#path, key];
    const place = this.has(key) ? placeOf(this.#yaml, path) : keyPlace(this.#yaml, path);
    this.#yaml.findings.report(code, place ?? placeOf(this.#yaml, this.#path), message, help);
  }

  secret(key: string): Setting {
    const value = this.#text(key);
    if (value !== "" && variableOf(value) === undefined) this.#isSecret(key, value);
    return value;
  }

  /** Whoever knows it can write there, so it is a secret; on loopback it is not. */
  secretAddress(key: string): Setting {
    const value = this.#text(key);
    if (value === "" || variableOf(value) !== undefined) return value;
    const url = URL.canParse(value) ? new URL(value) : undefined;
    if (url === undefined || !LOOPBACK.has(url.hostname)) this.#isSecret(key, value);
    else this.#web(key, url);
    return value;
  }

  address(key: string): Setting {
    const value = this.#text(key);
    if (value === "" || variableOf(value) !== undefined) return value;
    const url = URL.canParse(value) ? new URL(value) : undefined;
    if (url === undefined) this.say("types/value", key, "This is no address", "Write https://host/path.");
    else if (url.username !== "" || url.password !== "" || url.search !== "") this.#isSecret(key, value);
    else this.#web(key, url);
    return value;
  }

  mailServer(key: string): Setting {
    const value = this.#text(key);
    if (value === "" || variableOf(value) !== undefined) return value;
    const url = URL.canParse(value) ? new URL(value) : undefined;
    if (url === undefined || !["smtp:", "smtps:"].includes(url.protocol) || url.hostname === "")
      this.say("types/value", key, "This is no mail server", "Write smtps://user@host:465.");
    else if (url.password !== "")
      this.say(
        "schema/secret",
        key,
        "The password of the mail account stands in the file",
        "Take it out of the address and add password: ${env:SMTP_PASSWORD}, or write smtp: ${env:SMTP_URL}.",
      );
    return value;
  }

  mailAddresses(key: string): readonly string[] {
    const value = this.data[key];
    const all = (Array.isArray(value) ? value : [value]).filter((one) => typeof one === "string");
    if (all.some((one) => !ADDRESS.test(one)))
      this.say("types/value", key, "This is no e-mail address", "Write name@example.com.");
    return all;
  }

  #text(key: string): string {
    const value = this.data[key];
    return typeof value === "string" ? value : typeof value === "number" ? String(value) : "";
  }

  #web(key: string, url: URL): void {
    if (url.protocol === "https:" || (url.protocol === "http:" && LOOPBACK.has(url.hostname))) return;
    const message = "What is sent there could be read and changed on the way";
    this.say("types/value", key, message, "Write an https address; http is for this machine alone.");
  }

  #isSecret(key: string, value: string): void {
    const name = MEANT.exec(value)?.[1];
    const kind = this.#path.at(-1) ?? key;
    const variable = name ?? `${String(kind)}_${key}`.toUpperCase();
    const right = `\${env:${variable}}`;
    const help = `Put it into an environment variable and write ${key}: ${right}; in braces {…} with quotes.`;
    const message = name === undefined ? "A secret stands in the file" : "This is not how a variable is written here";
    this.say("schema/secret", key, message, name === undefined ? help : advice(help, becomes(right, { safe: false })));
  }
}

function listOf<T extends string>(value: unknown, known: readonly T[]): readonly T[] | undefined {
  return Array.isArray(value) ? known.filter((one) => value.includes(one)) : undefined;
}

function isMapping(value: unknown): value is Data {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
