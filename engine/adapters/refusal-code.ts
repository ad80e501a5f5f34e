/**
 * One word for each definite refusal, whoever refused: Alpaca, the local venue or the simulated exchange.
 *
 * Owns: the table. Status first, then the message: Alpaca's numeric codes are overloaded.
 */
const FORBIDDEN: readonly (readonly [RegExp, string])[] = [
  [/wash trade/i, "wash_trade"],
  [/insufficient buying power/i, "insufficient_buying_power"],
  [/insufficient qty/i, "insufficient_qty"],
  [/short/i, "shorting_not_allowed"],
];

export function refusalCode(status: number, message: string): string {
  if (status === 401) return "auth";
  if (status === 404) return "not_found";
  // Refused before it was processed. The same id may be sent again: a duplicate would answer 422.
  if (status === 429) return "rate_limited";
  if (status === 403) return FORBIDDEN.find(([pattern]) => pattern.test(message))?.[1] ?? "forbidden";
  return "invalid";
}
