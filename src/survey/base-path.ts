import type { FastifyInstance } from "fastify";

/**
 * Everything inside the site is written as if it began at the root of its host. Where it begins at `base`
 * (`survey.path`), the addresses in what goes out get it in front: links, forms and files of pages, redirects, and what the
 * script is told. An attribute is all that can match, for text in a page has its quotes escaped.
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

/** A request's address inside the site, whether or not the proxy in front took `base` off. */
export function withoutBasePath(base: string, url: string): string {
  if (base === "" || !url.startsWith(base)) return url;
  const inside = url.slice(base.length);
  if (inside === "" || inside.startsWith("?")) return `/${inside}`;
  return inside.startsWith("/") ? inside : url;
}
