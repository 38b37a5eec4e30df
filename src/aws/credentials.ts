import { defaultProvider } from "@aws-sdk/credential-provider-node";
import { SILENT } from "./clients.ts";

/** Who we are to AWS, as the SDK's clients ask for it. */
export type Credentials = ReturnType<typeof defaultProvider>;

/** Clients ask again when less than five minutes are left: a minute after this, then. */
const EXTENDED_MS = 6 * 60_000;

/**
 * The SDK's default chain, one for all clients of a process. While it has nothing to give (the metadata service is away) the
 * credentials that it gave last stay in use, past their end as well: whether they hold is for the services to say, which take
 * an instance's for longer than it states (RELIABILITY.md R-L4).
 */
export function sharedCredentials(region: string): Credentials {
  const chain = defaultProvider({ clientConfig: { region }, logger: SILENT });
  let last: Awaited<ReturnType<Credentials>> | undefined;
  return async (options) => {
    try {
      last = await chain(options);
      return last;
    } catch (error) {
      if (!last) throw error;
      return { ...last, expiration: new Date(Date.now() + EXTENDED_MS) };
    }
  };
}
