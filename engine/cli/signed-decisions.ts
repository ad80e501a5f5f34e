/**
 * Words of people that come in by a service which has the secret of a webhook.
 *
 * Owns: which secrets count. May not: know what is decided.
 */
import { Settings } from "../adapters/notify/settings.ts";
import { SIGNATURE_HEADER, TIMESTAMP_HEADER, Verifier } from "../adapters/notify/signature.ts";
import type { Verified } from "../adapters/notify/signature.ts";
import type { ControlServerOptions } from "../adapters/control/server.ts";
import type { Project } from "../lang/project.ts";

type Unsigned = NonNullable<ControlServerOptions["unsigned"]>;

/** Undefined when no channel has a secret: then nothing signed is taken. */
export function signatureCheck(
  channels: Project["notify"],
  environment: Readonly<Record<string, string | undefined>>,
  now: () => number,
): Unsigned | undefined {
  const settings = new Settings(environment);
  const verifiers = channels.flatMap((channel) =>
    channel.kind === "webhook" ? [new Verifier({ secret: settings.value(channel.name, channel.secret) })] : [],
  );
  if (verifiers.length === 0) return undefined;
  return (headerOf, body) => {
    const signed = { timestamp: headerOf(TIMESTAMP_HEADER), signature: headerOf(SIGNATURE_HEADER), body };
    let problem: Extract<Verified, { ok: false }> | undefined;
    for (const verifier of verifiers) {
      const verified = verifier.verify(signed, now());
      if (verified.ok) return undefined;
      // That another secret made it says nothing beside one that knows why it is late or used.
      if (problem === undefined || problem.code === "wrong") problem = verified;
    }
    return problem;
  };
}
