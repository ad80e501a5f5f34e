/**
 * /v1beta1/news: the news of the tape.
 *
 * Owns: this route. May not: know more than was played.
 */
import { pageOf, rangeOf } from "./data-pages.ts";
import type { Desk } from "./desk.ts";
import { newsFields } from "./market-events.ts";
import type { Route } from "./reply.ts";
import type { TickBook } from "./tick-book.ts";

/** Alpaca's: ten articles unless asked, at most fifty, the newest first. */
const LIMITS = { usual: 10, most: 50 };

export function newsRoutes(desk: Desk, ticks: TickBook): Route[] {
  return [
    {
      method: "GET",
      path: /^\/v1beta1\/news$/,
      lane: "data",
      handle: async ({ query }) => {
        const asked = rangeOf(desk, query, LIMITS);
        const range = { ...asked, from: query.has("start") ? asked.from : 0, descending: query.get("sort") !== "asc" };
        const symbols = (query.get("symbols") ?? "").split(",").filter((symbol) => symbol !== "");
        const withContent = query.get("include_content") === "true";
        const onlyWithContent = query.get("exclude_contentless") === "true";
        const articles = ticks.news.filter(
          (article) =>
            (symbols.length === 0 || symbols.some((symbol) => article.symbols.includes(symbol))) &&
            (!onlyWithContent || article.content !== ""),
        );
        const page = await pageOf(range, [""], query.get("page_token"), (_all, from, until) =>
          articles
            .filter(({ time }) => time >= from && time <= until)
            .map((article) => ({
              time: article.time,
              sequence: article.id,
              message: { ...newsFields(article), images: [], ...(withContent ? {} : { content: "" }) },
            })),
        );
        return { status: 200, body: { news: page.rows[""] ?? [], next_page_token: page.next } };
      },
    },
  ];
}
