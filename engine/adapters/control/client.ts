/**
 * Asking a running engine.
 *
 * Owns: finding it by its control file, one request, and saying why it is not answered. May not: start or end an engine.
 */
import { findControlFile } from "./control-file.ts";
import type { ControlFile } from "./control-file.ts";

export class ControlClientError extends Error {
  override readonly name = "ControlClientError";
  /** `none`: no engine runs here. `silent`: it does not answer. `refused`: it says no. */
  readonly code: "none" | "silent" | "refused";
  constructor(code: ControlClientError["code"], message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

const PATIENCE_MS = 10_000;

export class ControlClient {
  readonly file: ControlFile;

  constructor(file: ControlFile) {
    this.file = file;
  }

  /** The engine that runs in this folder. */
  static async find(root: string): Promise<ControlClient> {
    const file = await findControlFile(root);
    if (file !== undefined) return new ControlClient(file);
    throw new ControlClientError(
      "none",
      "no engine runs in this folder, or it runs with control: off; `barwise run` starts one",
    );
  }

  get<T>(path: string, patienceMs = PATIENCE_MS): Promise<T> {
    return this.#ask<T>(path, patienceMs, "GET");
  }

  post<T>(path: string, body: object, patienceMs = PATIENCE_MS): Promise<T> {
    return this.#ask<T>(path, patienceMs, "POST", JSON.stringify(body));
  }

  async #ask<T>(path: string, patienceMs: number, method: "GET" | "POST", body?: string): Promise<T> {
    const { url, token, pid } = this.file;
    let response: Response;
    let answer: unknown;
    try {
      response = await fetch(`${url}${path}`, {
        method,
        headers: {
          Authorization: `Bearer ${token}`,
          ...(body === undefined ? {} : { "Content-Type": "application/json" }),
        },
        ...(body === undefined ? {} : { body }),
        redirect: "error",
        signal: AbortSignal.timeout(patienceMs),
      });
      answer = await response.json();
    } catch (error) {
      const way = "`barwise kill` stops its orders without it";
      throw new ControlClientError("silent", `the engine (process ${pid}) does not answer; ${way}`, { cause: error });
    }
    if (response.ok) return answer as T;
    const { error } = answer as { readonly error?: { readonly message?: string } };
    throw new ControlClientError("refused", error?.message ?? `the engine answered ${response.status}`);
  }
}
