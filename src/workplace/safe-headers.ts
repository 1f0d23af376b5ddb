import helmet from "@fastify/helmet";
import { fastify } from "fastify";

/** Content-security directives that differ from the strict ones of all pages. */
export type Directives = Readonly<Record<string, readonly string[]>>;

/** The headers of every reply. They are the same for all, so helmet computes them once. */
export async function safeHeaders(proxy: boolean, others: Directives = {}): Promise<Record<string, string>> {
  const probe = fastify();
  await probe.register(helmet, {
    contentSecurityPolicy: {
      useDefaults: false,
      directives: {
        defaultSrc: ["'none'"],
        styleSrc: ["'self'"],
        scriptSrc: ["'self'"],
        connectSrc: ["'self'"],
        imgSrc: ["'self'", "data:"],
        formAction: ["'self'"],
        baseUri: ["'none'"],
        frameAncestors: ["'none'"],
        ...Object.fromEntries(Object.entries(others).map(([name, values]) => [name, [...values]])),
      },
    },
    strictTransportSecurity: proxy,
    xFrameOptions: { action: others["frameAncestors"] ? "sameorigin" : "deny" },
  });
  const { headers } = await probe.inject("/");
  const own = ["content-type", "content-length", "date", "connection"];
  const safe = Object.entries(headers).filter(([name]) => !own.includes(name));
  return Object.fromEntries([
    ...safe.map(([name, value]) => [name, String(value)]),
    ["cache-control", "no-store"],
  ]);
}
