import type { FastifyInstance } from "fastify";

/**
 * The routes are written as if the survey started at the root of its host. If it starts at `base` (`survey.path`), this
 * adds `base` to every address that is sent: links, form actions and assets of pages, redirects, and JSON replies to the
 * script. Only attributes can match the pattern, because quotes in the text of a page are escaped.
 */
export function addBasePath(server: FastifyInstance, base: string): void {
  if (base === "") return;
  const withBase = (address: string) => (/^\/(?!\/)/.test(address) ? base + address : address);
  server.addHook("preSerialization", async (_, __, payload) => {
    const { next } = (payload ?? {}) as { next?: unknown };
    return typeof next === "string" ? { ...(payload as object), next: withBase(next) } : payload;
  });
  server.addHook("onSend", async (_, reply, payload) => {
    const location = reply.getHeader("location");
    if (typeof location === "string") reply.header("location", withBase(location));
    if (typeof payload !== "string" || !String(reply.getHeader("content-type")).startsWith("text/html"))
      return payload;
    return payload.replace(
      / (href|src|action|data-live)="(\/[^"]*)"/g,
      (_, name, address) => ` ${name}="${withBase(address)}"`,
    );
  });
}

/** The address of a request without `base`, whether or not the proxy in front has already removed it. */
export function withoutBasePath(base: string, url: string): string {
  if (base === "" || !url.startsWith(base)) return url;
  const inside = url.slice(base.length);
  if (inside === "" || inside.startsWith("?")) return `/${inside}`;
  return inside.startsWith("/") ? inside : url;
}
