/**
 * Keys, and keeping them out of everything that is written.
 *
 * Owns: reading and checking of credentials, and redaction. May not: store a key anywhere else.
 */
export interface Credentials {
  readonly keyId: string;
  readonly secret: string;
}

export const MISSING_KEYS =
  "Alpaca keys are missing: set APCA_API_KEY_ID and APCA_API_SECRET_KEY in the environment " +
  "(make them on the Alpaca dashboard, API Keys; paper and live have separate keys).";

export const REFUSED_KEYS =
  "Alpaca refused the login: check APCA_API_KEY_ID and APCA_API_SECRET_KEY, and that they belong to this kind of " +
  "account (paper keys do not open a live account, nor live keys a paper one).";

export function credentialsFrom(env: Readonly<Record<string, string | undefined>>): Credentials | undefined {
  const keyId = env["APCA_API_KEY_ID"]?.trim() ?? "";
  const secret = env["APCA_API_SECRET_KEY"]?.trim() ?? "";
  return keyId === "" || secret === "" ? undefined : { keyId, secret };
}

export function isComplete(credentials: Credentials | undefined): credentials is Credentials {
  return credentials !== undefined && credentials.keyId !== "" && credentials.secret !== "";
}

export type Redact = (text: string) => string;

/** Both halves go: a key id in a log is half of a login. */
export function redactor(credentials: Credentials | undefined): Redact {
  const words = [credentials?.secret ?? "", credentials?.keyId ?? ""].filter((word) => word.length >= 4);
  return (text) => words.reduce((result, word) => result.replaceAll(word, "***"), text);
}

/** The message of anything thrown, with its chain of causes, redacted. */
export function messageOf(error: unknown, redact: Redact): string {
  const parts: string[] = [];
  let current: unknown = error;
  for (let depth = 0; depth < 4 && current !== undefined && current !== null; depth += 1) {
    const code = (current as { code?: unknown }).code;
    const message = current instanceof Error ? current.message : typeof current === "string" ? current : "";
    const part = typeof code === "string" && !message.includes(code) ? `${message} (${code})` : message;
    if (part !== "" && !parts.includes(part)) parts.push(part);
    current = current instanceof Error ? current.cause : undefined;
  }
  return redact(parts.join(": "));
}
