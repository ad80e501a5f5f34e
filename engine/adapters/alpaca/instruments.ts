/**
 * What Alpaca says of symbols: whether they may be traded, sold short, bought in parts.
 *
 * Owns: asking for few by name and for many by the list, and what an answer means. A symbol that Alpaca does not know is not
 * traded; one of which no answer came stays unknown, which risk refuses for real money. May not: wait for anybody.
 */
import type { InstrumentInput } from "../../core/event.ts";
import { assetClassOf } from "../../market/instruments.ts";
import { ApiError } from "./sdk.ts";
import type { SdkAsset, TradingApis } from "./sdk.ts";

/** Above that the whole list is one request instead of many. */
const MOST_BY_NAME = 20;

export async function askInstruments(
  { assets }: Pick<TradingApis, "assets">,
  symbols: readonly string[],
  allowed: () => Promise<boolean>,
  tell: (input: InstrumentInput) => void,
): Promise<void> {
  if (symbols.length <= MOST_BY_NAME) {
    await Promise.all(
      symbols.map(async (symbol) => {
        const asset = await answered(allowed, () => assets.getV2AssetsSymbolOrAssetId({ symbolOrAssetId: symbol }));
        if (asset !== undefined) tell(instrumentOf(symbol, asset));
      }),
    );
    return;
  }
  for (const assetClass of ["us_equity", "crypto"] as const) {
    const own = symbols.filter((symbol) => assetClassOf(symbol) === assetClass);
    if (own.length === 0) continue;
    const list = await answered(allowed, () => assets.getV2Assets({ status: "active", assetClass }));
    if (!Array.isArray(list)) continue;
    const bySymbol = new Map(list.map((asset) => [asset.symbol, asset]));
    for (const symbol of own) tell(instrumentOf(symbol, bySymbol.get(symbol) ?? null));
  }
}

/** Null: Alpaca says that there is none. Undefined: it said nothing, and the symbol stays what it was. */
async function answered<T>(allowed: () => Promise<boolean>, ask: () => Promise<T>): Promise<T | null | undefined> {
  if (!(await allowed())) return undefined;
  try {
    return await ask();
  } catch (error) {
    return error instanceof ApiError && error.status === 404 ? null : undefined;
  }
}

/** What is not plainly yes is no. */
function instrumentOf(symbol: string, asset: SdkAsset | null): InstrumentInput {
  return {
    kind: "instrument",
    symbol,
    tradable: asset?.tradable === true && asset.status === "active" && isHeldByName(symbol),
    shortable: asset?.shortable === true,
    fractionable: asset?.fractionable === true,
    marginable: asset?.marginable === true,
  };
}

/** Alpaca holds every coin against dollars, whatever it was bought with: of ETH/BTC no position could be told. */
function isHeldByName(symbol: string): boolean {
  return assetClassOf(symbol) !== "crypto" || symbol.endsWith("/USD");
}
