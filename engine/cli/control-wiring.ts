/**
 * The control API, the metrics and the kill switch around one run.
 *
 * Owns: which parts they are made of, and their life from before the broker is connected until the run has ended. May not:
 * decide about trading, or keep a run from starting because a port is taken: a run without its API still has the kill switch.
 */
import { randomBytes } from "node:crypto";
import { findControlFile, removeControlFile, writeControlFile } from "../adapters/control/control-file.ts";
import type { OrdersAt } from "../adapters/control/control-file.ts";
import { GuardedBroker } from "../adapters/control/guarded-broker.ts";
import { LATCH_FILE, Latch } from "../adapters/control/latch.ts";
import type { LatchWord } from "../adapters/control/latch.ts";
import { ControlServer } from "../adapters/control/server.ts";
import { ownIdentity } from "../adapters/process-identity.ts";
import { Exporter } from "../adapters/prometheus/exporter.ts";
import { WALL_CLOCK } from "../adapters/wall-clock.ts";
import type { ApprovedOrder, Input, InputBody, Output } from "../core/event.ts";
import { isoTime } from "../core/time.ts";
import type { Diagnostic } from "../lang/diagnostic.ts";
import type { Broker } from "../ports/broker.ts";
import type { Journal } from "../ports/journal.ts";
import type { ReloadResult } from "../runtime/reload.ts";
import { measuresOf } from "../runtime/measures.ts";
import { RunControl } from "../runtime/run-control.ts";
import { RunLog } from "../runtime/run-log.ts";
import { journalTailBeside } from "./journal-tail.ts";
import type { Session } from "./live-session.ts";
import type { LoadedProject } from "./program.ts";
import { blockedBy } from "./screen.ts";
import { signatureCheck } from "./signed-decisions.ts";
import { VERSION } from "./version.ts";

export interface ControlOptions {
  readonly project: LoadedProject;
  readonly account: { readonly name: string; readonly banner: string; readonly live: boolean };
  readonly orders: OrdersAt;
  readonly note: (line: string) => void;
}

export class Control {
  readonly #options: ControlOptions;
  readonly #log = new RunLog();
  readonly #latch: Latch;
  readonly #startedAt = WALL_CLOCK.now();
  #session: Session | undefined;
  #served: { readonly server: ControlServer; readonly token: string } | undefined;
  #run: RunControl | undefined;
  #exporter: Exporter | undefined;
  #journal: Journal | undefined;
  #unwatch: () => void = () => {};
  readonly #onSignal = (): void => this.#kill({ by: "signal", reason: "SIGUSR2" });

  constructor(options: ControlOptions) {
    this.#options = options;
    this.#latch = new Latch(options.project.root);
    if (process.platform !== "win32") process.on("SIGUSR2", this.#onSignal);
  }

  /** No order passes it while the kill switch is on. */
  guard(broker: Broker): Broker {
    return new GuardedBroker(broker, {
      isHalted: () => this.#latch.isSet,
      onSend: (order) => this.#sent(order),
    });
  }

  /** The same journal, and how long its disk takes. */
  timed(journal: Journal): Journal {
    const timed: Journal = {
      append: (record) => journal.append(record),
      ...(journal.ahead === undefined ? {} : { ahead: journal.ahead.bind(journal) }),
      announce: () => journal.announce(),
      snapshot: (snapshot) => journal.snapshot(snapshot),
      sync: () => {
        const started = performance.now();
        const synced = journal.sync();
        // Beside it: an order that waits for the disk must not wait for a clock too. A failure is told to who asked.
        synced.then(() => this.#exporter?.journalSynced((performance.now() - started) / 1_000)).catch(() => {});
        return synced;
      },
      close: () => journal.close(),
    };
    this.#journal = timed;
    return timed;
  }

  /** What the core must hear before the broker is connected. */
  first(): readonly InputBody[] {
    return this.#latch.isSet ? [{ kind: "command", command: "kill", ...this.#latch.read() }] : [];
  }

  observe(input: Input, outputs: readonly Output[]): void {
    this.#log.observe(input, outputs);
  }

  snapshot(result: "taken" | "failed"): void {
    this.#log.snapshots.set(result, (this.#log.snapshots.get(result) ?? 0) + 1);
  }

  refused(count: number): void {
    this.#log.refusedMessages += count;
  }

  reloaded(result: ReloadResult<Diagnostic>): void {
    const errors = "diagnostics" in result ? result.diagnostics.filter(({ severity }) => severity === "error") : [];
    const [error] = errors;
    const why =
      result.kind === "held"
        ? `${result.held.length} findings need a person's word: barwise accept`
        : result.kind === "rejected"
          ? (result.reason ?? (error === undefined ? null : `${error.file}: ${error.message}`))
          : null;
    this.#run?.reloaded(result.kind, why);
  }

  /** From here on the kill switch reaches the core, and the API answers. */
  async serve(session: Session, reload: () => Promise<void>): Promise<void> {
    const { project, account, note } = this.#options;
    this.#session = session;
    this.#unwatch = this.#latch.watch((word) => this.#post(word));
    if (this.#latch.isSet) note(`the kill switch is on (${LATCH_FILE}): nothing is sent until \`barwise resume\``);
    if (project.settings.control === "off") return;
    const { engine } = session;
    const exporter = new Exporter(() =>
      measuresOf({
        ...{ engine, log: this.#log, version: VERSION, account: account.name, live: account.live },
        killSwitch: () => this.#latch.isSet,
        eventClients: () => this.#served?.server.eventClients ?? { now: 0, dropped: 0 },
      }),
    );
    this.#run = new RunControl({
      ...{
        engine,
        log: this.#log,
        version: VERSION,
        account: account.name,
        live: account.live,
        banner: account.banner,
      },
      startedAt: this.#startedAt,
      now: () => WALL_CLOCK.now(),
      sync: async () => await this.#journal?.sync(),
      killSwitch: this.#switch(),
      reload,
      journal: (count) => journalTailBeside({ dir: session.journalDir, count }),
      metrics: () => exporter.text(),
      wordsOf: (leaf) => blockedBy(leaf),
    });
    this.#exporter = exporter;
    await this.#listen(this.#run, exporter);
  }

  async #listen(control: RunControl, exporter: Exporter): Promise<void> {
    const { project, account, orders, note } = this.#options;
    const { settings, root } = project;
    const other = await findControlFile(root);
    if (other !== undefined && other.pid !== process.pid)
      return note(`no control API: process ${other.pid} has the one of this folder`);
    const token = randomBytes(32).toString("hex");
    const unsigned = signatureCheck(settings.notify, process.env, () => WALL_CLOCK.now());
    const server = new ControlServer({
      control,
      ...(unsigned === undefined ? {} : { unsigned }),
      token,
      port: settings.control === "off" ? 0 : settings.control.port,
      onAnswer: (kind, status) => exporter.answered(kind, status),
    });
    const { engine } = this.#session as Session;
    try {
      await server.start();
      this.#served = { server, token };
      const identity = { ...ownIdentity(), journal: engine.journalId, account: account.name };
      await writeControlFile(root, { format: 1, url: server.url, token, ...identity, orders });
    } catch (error) {
      await this.#close();
      note(`no control API: ${(error as Error).message}`);
    }
  }

  async stop(): Promise<void> {
    this.#unwatch();
    if (process.platform !== "win32") process.off("SIGUSR2", this.#onSignal);
    await this.#close();
  }

  async #close(): Promise<void> {
    const served = this.#served;
    this.#served = undefined;
    if (served === undefined) return;
    await removeControlFile(this.#options.project.root, served.token);
    await served.server.stop();
  }

  #switch() {
    const latch = this.#latch;
    return {
      get isSet(): boolean {
        return latch.isSet;
      },
      set: (word: LatchWord): void => latch.set(word, isoTime(WALL_CLOCK.now())),
      clear: (): void => latch.clear(),
    };
  }

  /** The file may not be writable; the halt must not depend on it. */
  #kill(word: LatchWord): void {
    try {
      this.#latch.set(word, isoTime(WALL_CLOCK.now()));
    } catch (error) {
      this.#options.note(`${LATCH_FILE} could not be written: ${(error as Error).message}`);
    }
    this.#post(word);
  }

  #post(word: LatchWord): void {
    this.#session?.engine.post({ kind: "command", command: "kill", ...word });
  }

  #sent({ clientOrderId }: ApprovedOrder): void {
    const arrival = this.#log.arrivalOf(clientOrderId);
    if (arrival === undefined) return;
    this.#exporter?.orderLeft((performance.timeOrigin + performance.now() - arrival) / 1_000);
  }
}

/** Where somebody without the engine can cancel what it sent. */
export function ordersAt({ settings }: LoadedProject, demo: boolean): OrdersAt {
  const { venue, url } = settings.account;
  if (demo) return { kind: "inside" };
  if (venue !== "local") return { kind: "alpaca", account: venue === "alpaca-live" ? "live" : "paper" };
  return url === undefined ? { kind: "inside" } : { kind: "venue", url };
}
