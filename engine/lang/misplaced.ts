/**
 * Keys that belong to another action.
 *
 * Owns: the sentences that say where a key stands. A near name would be the wrong advice: `oco` is no typing mistake of
 * `oto`.
 */

const ENTRY = new Set(["buy", "sell", "target"]);
const EXIT = new Set(["close", "reduce"]);

/** Undefined: the key belongs nowhere else. */
export function misplacedHelp(action: string, key: string): string | undefined {
  if (ENTRY.has(action) && key === "oco")
    return "oco: belongs to close and reduce, for what is held; an entry takes bracket: or oto:.";
  if (EXIT.has(action) && (key === "bracket" || key === "oto"))
    return `${key}: belongs to an entry; ${action} takes oco: {stop_loss, take_profit}.`;
  if (EXIT.has(action) && key === "size")
    return action === "close"
      ? "close sells everything; reduce: {by: 50%} a part."
      : "Write by: with the part, e.g. 50%.";
  if (action === "target" && key === "size") return "A target says how much by weight, notional or qty.";
  if (key !== "reverse") return undefined;
  if (action === "target") return "A target that crosses zero reverses by itself.";
  return EXIT.has(action) ? "reverse: true belongs to buy and sell." : undefined;
}
