/**
 * Who may ask, before anything is looked at.
 *
 * Owns: the checks of Host, Origin, site and token. Any program on this machine, and any page in its browser, can reach the
 * port; only whoever can read `.barwise/control.json` may be heard. May not: know what is asked.
 */
import type { IncomingMessage } from "node:http";
import { header, isLoopbackHost, sameSecret } from "../loopback-http.ts";

export interface Refusal {
  readonly status: number;
  readonly code: string;
  readonly message: string;
  readonly places?: readonly string[];
  readonly headers?: Readonly<Record<string, string>>;
}

/** A page that resolves its own name to 127.0.0.1 sends its own name as Host; one of another site sends its Origin. */
export function strangerOf(request: IncomingMessage, port: number): Refusal | undefined {
  const { host } = request.headers;
  const refuse = (code: string, message: string): Refusal => ({ status: 403, code, message });
  if (!isLoopbackHost(host) || !(host ?? "").endsWith(`:${port}`))
    return refuse("host", `this server is 127.0.0.1:${port} and nothing else`);
  const origin = header(request, "origin");
  if (origin !== undefined && origin !== `http://${host}`) return refuse("origin", "pages of other sites may not ask");
  const site = header(request, "sec-fetch-site");
  if (site !== undefined && site !== "same-origin" && site !== "none")
    return refuse("site", "pages of other sites may not ask");
  return undefined;
}

export function hasToken(request: IncomingMessage, token: string): boolean {
  const given = /^Bearer ([^\s]{1,200})$/.exec(header(request, "authorization") ?? "")?.[1];
  return sameSecret(given, token) && given !== undefined;
}

export const UNAUTHORIZED: Refusal = {
  status: 401,
  code: "token",
  message: "send the token of .barwise/control.json: Authorization: Bearer TOKEN",
  headers: { "WWW-Authenticate": "Bearer" },
};
