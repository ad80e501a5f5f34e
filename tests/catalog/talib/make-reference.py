"""Writes reference.json: what TA-Lib says of made-up bars.

    pip install TA-Lib==0.8.2 numpy          # brings TA-Lib C 0.8.1
    python tests/catalog/talib/make-reference.py > tests/catalog/talib/reference.json

The bars are those of tests/support/made-up-bars.ts: integer arithmetic on a seeded generator, prices in 64ths, which
floats hold exactly, so that sums and means have no rounding of their own and a tie is a tie in both programs.
"""
import json
import math

import numpy as np
import talib

COUNT = 20_000
SHORT = 600
EVERY = 41


def random_of(seed):
    state = seed & 0xFFFFFFFF

    def next_number():
        nonlocal state
        state = (state + 0x6D2B79F5) & 0xFFFFFFFF
        t = state
        t = ((t ^ (t >> 15)) * (t | 1)) & 0xFFFFFFFF
        t ^= (t + (((t ^ (t >> 7)) * (t | 61)) & 0xFFFFFFFF)) & 0xFFFFFFFF
        return ((t ^ (t >> 14)) & 0xFFFFFFFF) / 4294967296

    return next_number


def rounded(x):
    return math.floor(x + 0.5)


def bars(seed, count):
    random = random_of(seed)
    close = 6400
    rows = []
    for _ in range(count):
        gap = rounded((random() - 0.5) * 256) if random() < 0.3 else 0
        open_ = max(640, close + gap)
        kind = random()
        size = 8 if kind < 0.25 else 128 if kind < 0.6 else 384
        drift = 0.1 if open_ < 5000 else -0.1 if open_ > 8000 else 0
        close = max(640, open_ + rounded((random() - 0.5 + drift) * size))
        shadows = []
        for _ in range(2):
            pick = random()
            shadows.append(0 if pick < 0.35 else rounded(random() * (40 if pick < 0.7 else 200)))
        high = max(open_, close) + shadows[0]
        low = max(64, min(open_, close) - shadows[1])
        volume = 0 if random() < 0.05 else rounded(random() * 1000000)
        rows.append((open_ / 64, high / 64, low / 64, close / 64, float(volume)))
    return [np.array(column) for column in zip(*rows)]


def digest(found):
    value = 0
    for index, sign in found:
        value = (value * 31 + index * 3 + sign) & 0xFFFFFFFF
    return value


def candles(o, h, l, c):
    result = {}
    for name in talib.get_function_groups()["Pattern Recognition"]:
        values = getattr(talib, name)(o, h, l, c)
        if name == "CDLHIKKAKE":  # 200 confirms an earlier pattern
            values = np.where(np.abs(values) == 100, values, 0)
        found = [(int(i), int(np.sign(values[i]))) for i in np.nonzero(values)[0]]
        result[name[3:]] = {
            "count": [sum(1 for _, s in found if s > 0), sum(1 for _, s in found if s < 0)],
            "digest": digest(found),
            "first": found[:12],
        }
    return result


def indicators(o, h, l, c, v, other):
    n = SHORT
    o, h, l, c, v, other = (x[:n] for x in (o, h, l, c, v, other))
    ema = 1
    table = {
        "sma(20)": [talib.SMA(c, 20)],
        "ema(20)": [talib.EMA(c, 20)],
        "wma(20)": [talib.WMA(c, 20)],
        "dema(14)": [talib.DEMA(c, 14)],
        "tema(14)": [talib.TEMA(c, 14)],
        "kama(10)": [talib.KAMA(c, 10)],
        "rsi(14)": [talib.RSI(c, 14)],
        "stochastic(14)": list(talib.STOCH(h, l, c, 14, 3, 0, 3, 0)),
        "stochrsi(14)": list(talib.STOCHRSI(c, 14, 14, 3, 0)),
        "macd(12)": list(talib.MACD(c, 12, 26, 9)),
        "ppo(12)": [talib.PPO(c, 12, 26, ema)],
        "ppo(12, average: sma)": [talib.PPO(c, 12, 26, 0)],
        "roc(10)": [talib.ROC(c, 10)],
        "momentum(10)": [talib.MOM(c, 10)],
        "trix(15)": [talib.TRIX(c, 15)],
        "willr(14)": [talib.WILLR(h, l, c, 14)],
        "cci(20)": [talib.CCI(h, l, c, 20)],
        "adx(14)": [talib.ADX(h, l, c, 14), talib.PLUS_DI(h, l, c, 14), talib.MINUS_DI(h, l, c, 14)],
        "aroon(14)": [talib.AROON(h, l, 14)[1], talib.AROON(h, l, 14)[0], talib.AROONOSC(h, l, 14)],
        "psar(0.02)": [talib.SAR(h, l, 0.02, 0.2)],
        "bollinger(20)": list(talib.BBANDS(c, 20, 2, 2, 0)),
        "donchian(20)": [talib.MAX(h, 20), None, talib.MIN(l, 20)],
        "atr(14)": [talib.ATR(h, l, c, 14)],
        "true_range": [talib.TRANGE(h, l, c)],
        "stddev(20)": [talib.STDDEV(c, 20, 1)],
        "linreg(14)": [talib.LINEARREG(c, 14), talib.LINEARREG_SLOPE(c, 14)],
        "correlation(30)": [talib.CORREL(c, other, 30)],
        "beta(60)": [talib.BETA(other, c, 60)],
        "highest(20)": [talib.MAX(c, 20)],
        "lowest(20)": [talib.MIN(c, 20)],
        "bars_since_highest(20)": [since(talib.MAXINDEX(c, 20), 20)],
        "bars_since_lowest(20)": [since(talib.MININDEX(c, 20), 20)],
        "obv": [talib.OBV(c, v)],
        "ad": [talib.AD(h, l, c, v)],
        "mfi(14)": [talib.MFI(h, l, c, v, 14)],
    }
    return {name: [None if x is None else sampled(x) for x in outputs] for name, outputs in table.items()}


def since(index, period):
    values = np.arange(len(index), dtype=float) - index
    values[: period - 1] = np.nan
    return values


def sampled(x):
    first = int(np.argmax(~np.isnan(x)))
    at = sorted({first, first + 1, *range(first + 7, len(x), EVERY), len(x) - 1})
    return {"first": first, "at": at, "values": [float(x[i]) for i in at]}


RARE = 12
WINDOW = 20
KEPT = 4


def walk(seed, count):
    """Bars without a twin in TypeScript: what is found in them is written out."""
    random = np.random.default_rng(seed)
    bias = random.choice([-0.35, -0.15, 0, 0.15, 0.35], count // 5 + 1).repeat(5)[:count]
    body = np.round((random.random(count) - 0.5 + bias) * random.choice([8, 96, 256, 384], count))
    gap = np.where(random.random(count) < 0.5, np.round((random.random(count) - 0.5) * 96), 0)
    close = np.cumsum(body + gap)
    open_ = close - body
    shadows = [np.where(random.random(count) < 0.7, 0, np.round(random.random(count) * 80)) for _ in range(2)]
    high = np.maximum(open_, close) + shadows[0]
    low = np.minimum(open_, close) - shadows[1]
    return np.stack([open_, high, low, close])


def rare(found):
    """Windows that end with a pattern which the made-up bars hardly hold."""
    wanted = {name for name, one in found.items() if sum(one["count"]) < RARE}
    kept = {name: [] for name in sorted(wanted)}
    for seed in range(40):
        missing = [name for name in kept if len(kept[name]) < KEPT]
        if not missing:
            break
        rows = walk(seed, 200_000)
        for name in missing:
            values = getattr(talib, "CDL" + name)(*(row / 64 for row in rows))
            for i in np.nonzero(values)[0]:
                if i < WINDOW or len(kept[name]) >= KEPT:
                    continue
                window = rows[:, i - WINDOW + 1 : i + 1]
                window = window - window.min() + 640
                again = getattr(talib, "CDL" + name)(*(row / 64 for row in window))
                if again[-1] != 0:
                    kept[name].append([int(np.sign(again[-1])), window.T.astype(int).flatten().tolist()])
    return kept


def main():
    o, h, l, c, v = bars(1, COUNT)
    other = bars(2, COUNT)[3]
    found = candles(o, h, l, c)
    print(json.dumps({
        "made_with": f"TA-Lib {talib.__ta_version__.decode().split(' ')[0]}",
        "bars": COUNT,
        "short": SHORT,
        "sums": [float(x.sum()) for x in (o, h, l, c, v)],
        "candles": found,
        "rare": rare(found),
        "indicators": indicators(o, h, l, c, v, other),
    }, separators=(",", ":")))


main()
