import { dirname, join } from "node:path/posix";

/** What a URI may not begin with or hold when it is to stay in its folder: a scheme, a host, a root, a query. */
const LEAVES = /^[a-z][a-z0-9+.-]*:|^\/|[?#\\]/i;

/**
 * The name inside the revision of what `uri` means in a file called `name` there; undefined when that is outside of it, or
 * no name at all. A service's playlist leads only to what the service was asked to write.
 */
export function nameOfUri(uri: string, name: string): string | undefined {
  if (uri === "" || LEAVES.test(uri)) return undefined;
  try {
    const target = join(dirname(name), decodeURIComponent(uri));
    return target === "." || /^\.\.(?:\/|$)|^\/|\/$|\p{Cc}/u.test(target) ? undefined : target;
  } catch {
    return undefined;
  }
}
