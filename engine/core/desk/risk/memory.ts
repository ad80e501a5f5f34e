/**
 * What the controls remember, across restarts.
 *
 * Owns: bringing their memories together. May not: judge.
 */
import { Breakers } from "./breakers.ts";
import { Firings } from "./firings.ts";
import { Losses } from "./losses.ts";
import { Probation } from "./probation.ts";
import { Repeats } from "./repeats.ts";
import { Streaks } from "./streaks.ts";

export type SavedMemory = ReturnType<Memory["save"]>;

export class Memory {
  readonly firings = new Firings();
  readonly repeats = new Repeats();
  readonly losses = new Losses();
  readonly streaks = new Streaks();
  readonly breakers = new Breakers();
  readonly probation = new Probation();

  save() {
    return {
      firings: this.firings.save(),
      repeats: this.repeats.save(),
      losses: this.losses.save(),
      streaks: this.streaks.save(),
      breakers: this.breakers.save(),
      probation: this.probation.save(),
    };
  }

  restore(saved: SavedMemory): void {
    this.firings.restore(saved.firings);
    this.repeats.restore(saved.repeats);
    this.losses.restore(saved.losses);
    this.streaks.restore(saved.streaks);
    this.breakers.restore(saved.breakers);
    this.probation.restore(saved.probation);
  }
}
