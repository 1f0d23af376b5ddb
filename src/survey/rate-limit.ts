import type { FastifyRequest } from "fastify";

/**
 * Whose requests are counted together. Behind a proxy that is the address it says a request comes from, in any of the
 * headers that proxies use. One that says none would make everybody share a limit: then each browser that the survey
 * knows is counted for itself, and `unnamed` is called.
 */
export function rateLimitKey(
  proxy: boolean,
  secretOf: (request: FastifyRequest) => string | undefined,
  unnamed: () => void,
): (request: FastifyRequest) => string {
  return (request) => {
    const { socket, headers, ip } = request;
    if (!proxy || !isLoopback(socket.remoteAddress ?? "")) return ip;
    if (headers["x-forwarded-for"]) return ip;
    const told = single(headers["x-real-ip"]) ?? forwardedFor(single(headers["forwarded"]));
    if (told) return told;
    unnamed();
    return secretOf(request) ?? ip;
  };
}

const single = (value: string | string[] | undefined): string | undefined =>
  (Array.isArray(value) ? value.at(-1) : value)?.trim() || undefined;

/** The last `for=` of RFC 7239: the one that our own proxy added. */
const forwardedFor = (value: string | undefined): string | undefined =>
  [...(value ?? "").matchAll(/for="?([^";,\s]+)"?/gi)].at(-1)?.[1];

const isLoopback = (address: string): boolean => /^(127\.|::1$|::ffff:127\.)/.test(address);
