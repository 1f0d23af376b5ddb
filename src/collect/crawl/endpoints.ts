import { StudyError } from "../../workbench/errors.ts";

/** The addresses that a crawl requests, and the intervals between requests. */
export interface Endpoints {
  /** The Article Search API's address. */
  readonly search: URL;
  readonly site: URL;
  /** Seconds between two searches, and between two pages. */
  readonly searchPace: number;
  readonly pagePace: number;
}

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * The Times's own addresses, or a test server in TINYLOVE_NYT_API and TINYLOVE_NYT_SITE. The search allows about 5
 * requests per minute. Only a test server on this machine may be used faster, with TINYLOVE_NYT_PACE in seconds.
 */
export function endpointsOf(environment: Environment, secondsBetweenPages: number): Endpoints {
  const api = addressIn(environment, "TINYLOVE_NYT_API", "https://api.nytimes.com");
  const site = addressIn(environment, "TINYLOVE_NYT_SITE", "https://www.nytimes.com");
  const search = new URL("/svc/search/v2/articlesearch.json", api);
  const faster = Number(environment["TINYLOVE_NYT_PACE"] ?? Number.NaN);
  return isLocalhost(api) && isLocalhost(site) && faster >= 0
    ? { search, site, searchPace: faster, pagePace: faster }
    : { search, site, searchPace: 12, pagePace: secondsBetweenPages };
}

function addressIn(environment: Environment, name: string, usual: string): URL {
  const given = environment[name] || usual;
  const url = URL.canParse(given) ? new URL(given) : undefined;
  if (url && /^https?:$/.test(url.protocol)) return url;
  throw new StudyError(`${name}: ${given} is not an address`, { hint: `unset it to use ${usual}` });
}

const isLocalhost = ({ hostname }: URL) => /^(?:localhost|127(?:\.\d+){3}|\[::1\])$/.test(hostname);

/** The domain of a site's cookies: `nytimes.com` for `www.nytimes.com`. */
export function domainOf({ hostname }: URL): string {
  return /^[\d.]+$|:/.test(hostname) ? hostname : hostname.split(".").slice(-2).join(".");
}
