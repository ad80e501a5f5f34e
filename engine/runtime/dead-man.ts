/**
 * The dead man's switch: calls an address while the engine is well, so that somebody else notices when it is not.
 *
 * Owns: when to call, and what "well" means: the journal took what was written, no feed is down, the engine has not died.
 * It runs on the thread that trades and asks anew before each call. A thread of its own, or a connection that is kept open
 * by the system, would go on calling while the engine hangs. May not: speak HTTP, or end anything.
 */
import type { Clock } from "../ports/clock.ts";

export type Ping = "start" | "well" | "fail" | "stop";

export interface DeadManOptions {
  readonly everyMs: number;
  readonly clock: Clock;
  /** Resolves to a reason when it was not reached. */
  readonly call: (ping: Ping, detail: string) => Promise<string | undefined>;
  readonly durable: () => Promise<void>;
  /** Why the engine is not well; undefined when it is. */
  readonly trouble: () => string | undefined;
  readonly note: (line: string) => void;
}

export class DeadMan {
  readonly #options: DeadManOptions;
  #cancel: (() => void) | undefined;
  #ended = false;
  #unreached = false;

  constructor(options: DeadManOptions) {
    this.#options = options;
  }

  start(): void {
    void this.#call("start", "the engine starts").then(() => this.#wait());
  }

  #wait(): void {
    if (this.#ended) return;
    this.#cancel = this.#options.clock.after(this.#options.everyMs, () => void this.#beat().then(() => this.#wait()));
  }

  async #beat(): Promise<void> {
    const trouble = (await this.#journalTrouble()) ?? this.#options.trouble();
    if (this.#ended) return;
    if (trouble === undefined) await this.#call("well", "the engine runs");
    else await this.#call("fail", trouble);
  }

  /** A disk that hangs is as bad as one that fails. */
  async #journalTrouble(): Promise<string | undefined> {
    const { clock, durable, everyMs } = this.#options;
    let cancel: (() => void) | undefined;
    const late = new Promise<string>((resolve) => {
      cancel = clock.after(everyMs / 2, () => resolve("the journal does not answer"));
    });
    const written = durable().then(
      () => undefined,
      () => "the journal cannot be written",
    );
    const trouble = await Promise.race([written, late]);
    cancel?.();
    return trouble;
  }

  /** `why`: the engine died; otherwise it was asked to stop. */
  async stop(why?: string): Promise<void> {
    if (this.#ended) return;
    this.#ended = true;
    this.#cancel?.();
    await (why === undefined ? this.#call("stop", "the engine was stopped") : this.#call("fail", why));
  }

  async #call(ping: Ping, detail: string): Promise<void> {
    const reason = await this.#options.call(ping, detail);
    if (reason !== undefined && !this.#unreached) this.#options.note(`dead_man was not reached: ${reason}`);
    if (reason === undefined && this.#unreached) this.#options.note("dead_man is reached again");
    this.#unreached = reason !== undefined;
  }
}
