/**
 * Messages of the market-data stream that tell about trading instead of prices: halts, bands, corrections, news.
 *
 * Owns: which status codes of the two tapes are a halt, and what of a message is kept. May not: judge by them.
 */
import type { MarketInput } from "../../core/event.ts";
import { idOf, numberOf, timeOf } from "./frames.ts";
import type { Fields } from "./frames.ts";
import type { Mapped } from "./market-messages.ts";

type NoticeInput = Extract<MarketInput, { kind: "notice" }>;

/** CTA (tapes A and B) and UTP (tape C). `Q` resumes quotes and not yet trading; all other codes change nothing. */
const HALTS: Readonly<Record<string, readonly string[]>> = { cta: ["2"], utp: ["H", "P"] };
const RESUMES: Readonly<Record<string, readonly string[]>> = { cta: ["3"], utp: ["T"] };
/** Of a text that a stranger wrote. */
const TEXT_MAX = 20_000;

export function status(message: Fields, symbol: string, time: number): Mapped {
  const { sc, sm, rc, rm, z } = message;
  if (typeof sc !== "string") return { kind: "refused", reason: "trading status without a code" };
  const tape = z === "C" || z === "O" ? "utp" : "cta";
  const halted = HALTS[tape]?.includes(sc) === true;
  if (!halted && RESUMES[tape]?.includes(sc) !== true) return { kind: "ignored" };
  const words = [sm, rc, rm].filter((word) => typeof word === "string" && word !== "");
  const reason = words.length === 0 ? `status ${sc}` : words.join(", ").slice(0, 200);
  return { kind: "input", input: { kind: "halt", symbol, time, halted, reason } };
}

/** Keeps these fields of a message as JSON. */
export function notice(
  feed: string,
  topic: NoticeInput["topic"],
  time: number,
  symbols: readonly string[],
  message: Fields,
  keep: readonly string[],
): Mapped {
  const kept = Object.fromEntries(
    keep.flatMap((name) => (message[name] === undefined ? [] : [[name, plain(message[name])]])),
  );
  const input: MarketInput = {
    kind: "notice",
    feed,
    topic,
    time,
    symbols,
    text: JSON.stringify({ T: message["T"], ...kept }),
  };
  return { kind: "input", input };
}

export function news(message: Fields, feed: string): Mapped {
  const time = timeOf(message["updated_at"]) ?? timeOf(message["created_at"]);
  if (time === undefined) return { kind: "refused", reason: "news without a usable time" };
  if (typeof message["headline"] !== "string") return { kind: "refused", reason: "news without a headline" };
  const symbols = Array.isArray(message["symbols"]) ? message["symbols"].filter((one) => typeof one === "string") : [];
  const keep = ["id", "headline", "summary", "author", "created_at", "updated_at", "url", "content", "source"];
  return notice(feed, "news", time, symbols, message, keep);
}

/** MessagePack brings 64-bit integers as bigint, which JSON has no word for. */
function plain(value: unknown): string | number | null {
  if (typeof value === "string") return value.slice(0, TEXT_MAX);
  return typeof value === "bigint" ? (idOf(value) ?? null) : (numberOf(value) ?? null);
}
