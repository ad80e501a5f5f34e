/**
 * The stream of events: server-sent events with ids, and the latest kept for who comes back.
 *
 * Owns: the ring, the ids, heartbeats, and dropping a client that does not read. May not: wait for anybody.
 */
import { randomBytes } from "node:crypto";
import type { ServerResponse } from "node:http";
import type { ControlEvent } from "../../ports/control.ts";

export interface EventsOptions {
  readonly ringSize: number;
  readonly heartbeatMs: number;
  readonly maxClients: number;
  /** A client with more than this unsent is dropped: it comes back with the id of what it saw last. */
  readonly maxUnsentBytes: number;
}

interface Sent {
  readonly n: number;
  readonly frame: string;
}

export class EventStream {
  readonly #options: EventsOptions;
  /** Ids of another process mean nothing here. */
  readonly #epoch = randomBytes(4).toString("hex");
  #ring: Sent[] = [];
  #n = 0;
  readonly #clients = new Set<ServerResponse>();
  readonly #beat: NodeJS.Timeout;
  dropped = 0;

  constructor(options: EventsOptions) {
    this.#options = options;
    this.#beat = setInterval(() => this.#write(": beat\n\n"), options.heartbeatMs);
    this.#beat.unref();
  }

  get clients(): number {
    return this.#clients.size;
  }

  get isFull(): boolean {
    return this.#clients.size >= this.#options.maxClients;
  }

  push({ kind, data }: ControlEvent): void {
    const n = ++this.#n;
    const frame = `id: ${this.#epoch}-${n}\nevent: ${kind}\ndata: ${JSON.stringify(data)}\n\n`;
    this.#ring.push({ n, frame });
    // Cut off by halves, so that an event does not move all others.
    if (this.#ring.length >= 2 * this.#options.ringSize) this.#ring = this.#ring.slice(-this.#options.ringSize);
    this.#write(frame);
  }

  /** Answers with the stream, from after `lastId` on where that is still known. */
  open(response: ServerResponse, headers: Readonly<Record<string, string>>, lastId: string | undefined): void {
    response.writeHead(200, { ...headers, "Content-Type": "text/event-stream; charset=utf-8" });
    response.write(`retry: 2000\n\n${this.#missed(lastId)}`);
    this.#clients.add(response);
    response.on("close", () => this.#clients.delete(response));
  }

  close(): void {
    clearInterval(this.#beat);
    for (const client of this.#clients) client.end();
    this.#clients.clear();
  }

  #missed(lastId: string | undefined): string {
    if (lastId === undefined || lastId === "") return "";
    const [epoch, number] = lastId.split("-");
    const n = Number(number);
    const ring = this.#ring.slice(-this.#options.ringSize);
    if (epoch !== this.#epoch || !Number.isInteger(n) || n < 0 || n > this.#n)
      return gap("another process began since");
    const oldest = ring[0]?.n ?? this.#n + 1;
    const told = n + 1 < oldest ? gap(`${oldest - n - 1} events are no longer kept`) : "";
    return told + ring.flatMap((sent) => (sent.n > n ? [sent.frame] : [])).join("");
  }

  #write(frame: string): void {
    for (const client of this.#clients) {
      if (client.writableLength > this.#options.maxUnsentBytes) {
        this.dropped++;
        this.#clients.delete(client);
        client.destroy();
      } else client.write(frame);
    }
  }
}

/** Whoever reads this looks at the views again. */
function gap(reason: string): string {
  return `event: gap\ndata: ${JSON.stringify({ reason })}\n\n`;
}
