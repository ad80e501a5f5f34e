/** Every candlestick pattern as an indicator, in the order of the docs. */
import type { Indicator } from "../../kernel.ts";
import { MORE_BARS } from "./more-bars.ts";
import { ONE_BAR } from "./one-bar.ts";
import { indicatorOf } from "./pattern.ts";
import type { Pattern } from "./pattern.ts";
import { THREE_BARS } from "./three-bars.ts";
import { TWO_BARS } from "./two-bars.ts";

export const PATTERNS: readonly Pattern[] = [...ONE_BAR, ...TWO_BARS, ...THREE_BARS, ...MORE_BARS];

export const CANDLES: readonly Indicator[] = PATTERNS.map((pattern) => indicatorOf(pattern));
