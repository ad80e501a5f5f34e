/**
 * Requests that can reach exactly one host.
 *
 * Owns: refusing every other one before a socket is opened. May not: know what is asked.
 */

/** A request that would have left for another host than the configured one. It was not sent. */
export class WrongOriginError extends Error {
  override readonly name = "WrongOriginError";
}

/** Fails closed: an address that is not under the configured base is refused before a socket is opened. */
export function guardedFetch(
  baseUrl: string,
  onHeaders?: (headers: Headers, status: number) => void,
  transport: typeof fetch = fetch,
): typeof fetch {
  const base = new URL(baseUrl);
  return async (input, init) => {
    const url = new URL(input instanceof Request ? input.url : String(input));
    if (url.origin !== base.origin)
      throw new WrongOriginError(`refused a request to ${url.origin}; expected ${base.origin}`);
    const response = await transport(url, { ...init, redirect: "error" });
    onHeaders?.(response.headers, response.status);
    return response;
  };
}
