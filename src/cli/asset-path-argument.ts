import { UsageError } from "./usage.ts";

/** The asset path that a command was given, without slashes around it. Throws UsageError when nothing is left. */
export function assetPathArgument(argument: string): string {
  const assetPath = argument.replace(/^\/+|\/+$/g, "");
  if (assetPath === "") throw new UsageError("ASSET must be the path of an asset, as ladderd publishes it below publishPrefix");
  return assetPath;
}
