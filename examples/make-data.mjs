/**
 * Makes the data files of the examples: `node examples/make-data.mjs`.
 *
 * Owns: made-up prices that show what each lesson is about. No market ever looked like this. A seeded generator and plain
 * arithmetic, so that the files are the same on every machine; a test compares them with the committed ones.
 */
import { writeFileSync } from "node:fs";
import { pathToFileURL } from "node:url";

/** Numbers in [0, 1) from a seed: the generator of "Numerical Recipes". */
function random(seed) {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 4294967296;
  };
}

const SESSIONS = [
  ...["2024-03-04", "2024-03-05", "2024-03-06", "2024-03-07", "2024-03-08"],
  ...["2024-03-11", "2024-03-12", "2024-03-13", "2024-03-14", "2024-03-15"],
];

function clock(minutes) {
  const pad = (value) => String(value).padStart(2, "0");
  return `${pad(Math.floor(minutes / 60))}:${pad(minutes % 60)}:00`;
}

/** Bars from a list of closes: each opens at the close before it and reaches a little beyond both. */
function csv(times, closes, first, reach, seed) {
  const next = random(seed);
  const price = (value) => value.toFixed(2);
  let before = first;
  const rows = closes.map((close, i) => {
    const high = Math.max(before, close) + reach * next();
    const low = Math.min(before, close) - reach * next();
    const volume = 1000 + Math.floor(9000 * next());
    const row = [times[i], price(before), price(high), price(low), price(close), volume].join(",");
    before = close;
    return row;
  });
  return `timestamp,open,high,low,close,volume\n${rows.join("\n")}\n`;
}

/** Closes that follow legs of [bars, step per bar], with noise. */
function legs(first, list, noise, seed) {
  const next = random(seed);
  const closes = [];
  let level = first;
  for (const [count, step] of list) {
    for (let i = 0; i < count; i++) {
      level += step;
      closes.push(Number((level + noise * (next() - 0.5)).toFixed(2)));
    }
  }
  return closes;
}

/** Regular sessions from 09:30 to 16:00 New York, a bar every `minutes`. */
function intraday(sessions, minutes) {
  return SESSIONS.slice(0, sessions).flatMap((day) =>
    Array.from({ length: 390 / minutes }, (_, i) => `${day} ${clock(570 + i * minutes)}`),
  );
}

/** Weekdays from January 2024 on, without the holidays of the exchange. */
function daily(count) {
  const closed = new Set([
    "2024-01-01",
    "2024-01-15",
    "2024-02-19",
    "2024-03-29",
    "2024-05-27",
    "2024-06-19",
    "2024-07-04",
  ]);
  const days = [];
  for (let time = Date.UTC(2024, 0, 2); days.length < count; time += 86_400_000) {
    const day = new Date(time);
    const text = day.toISOString().slice(0, 10);
    if (day.getUTCDay() % 6 !== 0 && !closed.has(text)) days.push(text);
  }
  return days;
}

export function files() {
  const waves = legs(
    100,
    [
      [10, -0.8],
      [12, 1.1],
      [10, -0.9],
      [14, 1.2],
      [10, -1],
    ],
    0.6,
    1,
  );
  const breakouts = legs(
    50,
    [
      [60, 0],
      [20, 0.12],
      [40, -0.04],
      [60, 0.01],
      [25, -0.1],
      [40, 0.09],
      [67, -0.02],
    ],
    0.16,
    2,
  );
  const swings = legs(
    200,
    [
      ...[
        [20, -1],
        [12, 2],
        [14, -1.5],
        [16, 2],
        [12, -1.2],
      ],
      ...[
        [14, 1.9],
        [12, -1.6],
        [14, 2],
      ],
    ],
    1.5,
    3,
  );
  const upDay = [
    [10, -0.09],
    [16, 0.12],
  ];
  const trend = legs(
    80,
    [[78, -0.03], ...upDay, ...upDay, ...upDay, ...upDay, [26, -0.12], ...upDay, ...upDay],
    0.2,
    4,
  );
  const dip = [
    [10, 0.5],
    [5, -0.9],
    [4, 0.3],
    [6, -0.4],
  ];
  const dips = legs(60, [[25, 0.1], ...dip, ...dip, ...dip, ...dip, ...dip], 0.7, 6);
  return {
    "01-first-rule/acme.csv": csv(daily(waves.length), waves, 100, 0.5, 11),
    "02-bracket-and-risk/acme.csv": csv(intraday(4, 5), breakouts, 50, 0.06, 12),
    "03-object-form/acme.csv": csv(daily(swings.length), swings, 200, 1, 13),
    "04-multi-timeframe/acme.csv": csv(intraday(10, 15), trend, 80, 0.15, 14),
    "06-one-template/acme.csv": csv(daily(dips.length), dips, 60, 0.4, 16),
  };
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  for (const [path, text] of Object.entries(files())) writeFileSync(new URL(path, import.meta.url), text);
}
