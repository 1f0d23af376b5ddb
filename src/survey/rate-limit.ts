import type { FastifyRequest } from "fastify";

/**
 * The key under which requests are counted for the rate limit: the address of the client. Behind a proxy it is taken from
 * the headers that proxies use. If the proxy sends none, all clients would share one limit; then each browser known to the
 * survey is counted separately, and `onMissingAddress` is called.
 */
export function rateLimitKey(
  proxy: boolean,
  secretOf: (request: FastifyRequest) => string | undefined,
  onMissingAddress: () => void,
): (request: FastifyRequest) => string {
  return (request) => {
    const { socket, headers, ip } = request;
    if (!proxy || !isLoopback(socket.remoteAddress ?? "")) return ip;
    if (headers["x-forwarded-for"]) return ip;
    const forwarded = single(headers["x-real-ip"]) ?? forwardedFor(single(headers["forwarded"]));
    if (forwarded) return forwarded;
    onMissingAddress();
    return secretOf(request) ?? ip;
  };
}

const single = (value: string | string[] | undefined): string | undefined =>
  (Array.isArray(value) ? value.at(-1) : value)?.trim() || undefined;

/** The last `for=` of the `Forwarded` header (RFC 7239): the one that the nearest proxy added. */
const forwardedFor = (value: string | undefined): string | undefined =>
  [...(value ?? "").matchAll(/for="?([^";,\s]+)"?/gi)].at(-1)?.[1];

const isLoopback = (address: string): boolean => /^(127\.|::1$|::ffff:127\.)/.test(address);
