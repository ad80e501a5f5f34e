/**
 * What time it is at a venue: a tape that is played has a time of its own.
 *
 * Owns: asking once. May not: keep time.
 */
import { BrokerError } from "../../ports/broker.ts";
import { messageOf, redactor } from "./credentials.ts";
import type { Credentials } from "./credentials.ts";
import { tradingUrl } from "./endpoints.ts";
import type { AlpacaAccount } from "./endpoints.ts";
import { clockApi } from "./sdk.ts";

/** Epoch milliseconds. Rejects with a BrokerError. */
export async function venueTime(account: AlpacaAccount, credentials: Credentials, timeoutMs = 10_000): Promise<number> {
  const redact = redactor(credentials);
  try {
    const clock = await clockApi({ credentials, baseUrl: tradingUrl(account), timeoutMs }).legacyClock();
    const time = clock.timestamp.getTime();
    if (Number.isNaN(time)) throw new Error("its clock has no timestamp");
    return time;
  } catch (error) {
    throw new BrokerError(
      "unreachable",
      `${tradingUrl(account)} did not say what time it is: ${messageOf(error, redact)}`,
      {
        cause: error,
      },
    );
  }
}
