/** C12: requests that the broker counts. */
import { atMost } from "../control.ts";
import type { Control } from "../control.ts";

export const messageBudget: Control = {
  id: "C12",
  name: "message_budget",
  unit: "requests a minute",
  why: "Submits, cancels and look-ups share one budget of the broker; entries leave enough of it for exits.",
  answers: "RTS 6 Article 15 (1)(d): maximum messages; 200 requests a minute of Alpaca",
  limits: [
    {
      name: "max_messages_per_minute",
      key: "maxMessagesPerMinute",
      kind: "count",
      doc: "Submits, cancels and look-ups per minute. Only entries are refused by it; everything counts.",
      default: 200,
      live: "default",
    },
    {
      name: "message_reserve",
      key: "messageReserve",
      kind: "count",
      doc: "How many of them entries leave for exits and cancels.",
      default: 20,
      live: "default",
      tighter: "larger",
    },
  ],
  exits: false,
  run: ({ messagesLastMinute, limits }) => {
    const { maxMessagesPerMinute: most, messageReserve: reserve = 0 } = limits;
    const room = most === undefined ? undefined : Math.max(0, most - reserve);
    return atMost(messagesLastMinute + 1, room, "requests within a minute, with what is kept for exits");
  },
};
