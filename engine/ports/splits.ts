/**
 * Who can say which symbols split, and when.
 */
import type { SplitInput } from "../core/feed-event.ts";

export interface Splits {
  /**
   * Splits of these symbols that take effect after `since` and no later than `until`, oldest first; `until` may lie ahead, for
   * what is announced. Rejects when nobody could say.
   */
  between(symbols: readonly string[], since: number, until: number): Promise<readonly SplitInput[]>;
}
