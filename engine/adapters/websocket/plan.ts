/**
 * A feed's configuration, checked and compiled once: what is said, what is awaited, what is counted.
 *
 * Owns: refusing what cannot work before anything connects. May not: connect.
 */
import { validateHeaderName, validateHeaderValue } from "node:http";
import { FeedError } from "../../ports/feed.ts";
import type { WireFormat } from "./codec.ts";
import { filled, resolveUrl, subscribeMessages } from "./config.ts";
import type { DataKind, Secrets, WebSocketConfig } from "./config.ts";
import { compileFilters } from "./filters.ts";
import type { Filter } from "./filters.ts";
import { compileHeartbeat } from "./heartbeat.ts";
import type { HeartbeatPlan } from "./heartbeat.ts";
import { compileSequence } from "./sequence.ts";
import type { SequenceConfig, SequencePaths } from "./sequence.ts";

export interface LoginPlan {
  readonly after: readonly Filter[] | undefined;
  readonly send: readonly unknown[];
  readonly expect: readonly Filter[] | undefined;
  readonly refused: readonly Filter[] | undefined;
}

export interface SessionPlan {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly format: WireFormat;
  readonly login: LoginPlan | undefined;
  readonly subscribe: readonly unknown[];
  readonly confirm: readonly Filter[] | undefined;
  readonly heartbeat: HeartbeatPlan | undefined;
  readonly sequence:
    | { readonly paths: SequencePaths; readonly onGap: NonNullable<SequenceConfig["on_gap"]> }
    | undefined;
  readonly idleMs: readonly (readonly [kind: DataKind, ms: number])[];
}

export function planOf(config: WebSocketConfig, symbols: readonly string[], secrets: Secrets): SessionPlan {
  if (symbols.length === 0) throw new FeedError("config", "no symbols to subscribe");
  const filters = (where: Parameters<typeof compileFilters>[0]): Filter[] | undefined =>
    where === undefined ? undefined : compileFilters(where);
  const { login, heartbeat, sequence } = config;
  const headers = Object.entries(config.headers ?? {}).map(([name, value]) => [
    name,
    headerValue(name, secrets.expand(value)),
  ]);
  const subscribe = subscribeMessages(config.send ?? [], symbols, secrets);
  const loginPlan =
    login === undefined
      ? undefined
      : {
          after: filters(login.after),
          send: subscribeMessages(login.send, symbols, secrets),
          expect: filters(login.expect),
          refused: filters(login.refused),
        };
  const answer = heartbeat?.answer;
  const heartbeatPlan =
    heartbeat === undefined
      ? undefined
      : compileHeartbeat({
          ...heartbeat,
          send: filled(heartbeat.send, symbols, secrets),
          ...(answer === undefined ? {} : { answer: { ...answer, send: filled(answer.send, symbols, secrets) } }),
        });
  return {
    // Last: it asks whether a secret would travel in the clear.
    url: resolveUrl(config, secrets),
    headers: Object.fromEntries(headers) as Record<string, string>,
    format: config.format ?? "json",
    login: loginPlan,
    subscribe,
    confirm: filters(config.confirm),
    heartbeat: heartbeatPlan,
    sequence:
      sequence === undefined ? undefined : { paths: compileSequence(sequence), onGap: sequence.on_gap ?? "reconnect" },
    idleMs: Object.entries(config.idleMs ?? {}) as [DataKind, number][],
  };
}

/** Checked here, because a wrong one would otherwise throw at every connect. */
function headerValue(name: string, value: string): string {
  try {
    validateHeaderName(name);
    validateHeaderValue(name, value);
  } catch {
    throw new FeedError(
      "config",
      `headers: ${name} is not a header, or its value holds a line end or a control character`,
    );
  }
  return value;
}
