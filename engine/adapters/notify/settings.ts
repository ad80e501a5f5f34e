/**
 * Settings of channels with what the environment has for them, and texts without it.
 *
 * Owns: `${env:NAME}`, and taking every value that came from there out of whatever is shown: errors of a service may
 * repeat the address or the token that they were asked with. May not: connect.
 */

/** A setting that a channel cannot start without. */
export class NotifyError extends Error {
  override readonly name = "NotifyError";
  readonly code = "config";
}

const REFERENCE = /^\$\{env:([A-Za-z_][A-Za-z0-9_]*)\}$/;
/** Of an address: `services` is a word, `T024BE7LD` is not, and what is as long as that is hardly one. */
const KEY = /^(?=.*\d).{6,}$|^.{16,}$/;

export class Settings {
  readonly #environment: Readonly<Record<string, string | undefined>>;
  readonly #hidden = new Set<string>();

  constructor(environment: Readonly<Record<string, string | undefined>>) {
    this.#environment = environment;
  }

  value(channel: string, setting: string): string {
    const name = REFERENCE.exec(setting)?.[1];
    if (name === undefined) return setting;
    const value = this.#environment[name]?.trim();
    if (value === undefined || value === "")
      throw new NotifyError(`${channel}: the environment variable ${name} is not set`);
    this.#hide(value);
    return value;
  }

  #hide(value: string): void {
    this.#hidden.add(value);
    if (!URL.canParse(value)) return;
    // A message may hold the path or the password of an address alone.
    const { pathname, password, username, search } = new URL(value);
    for (const part of [password, search, pathname.length > 1 ? pathname : ""]) if (part !== "") this.#add(part);
    for (const part of [...pathname.split("/"), username]) if (KEY.test(part)) this.#add(part);
  }

  #add(part: string): void {
    this.#hidden.add(part).add(decoded(part));
  }

  /** The text without secrets, as they are and as they look inside a URL. */
  scrub(text: string): string {
    let clean = text;
    // The longest first: a part must not leave the rest of its whole behind.
    for (const value of [...this.#hidden].sort((a, b) => b.length - a.length))
      clean = clean.replaceAll(value, "***").replaceAll(encodeURIComponent(value), "***");
    return clean;
  }
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
