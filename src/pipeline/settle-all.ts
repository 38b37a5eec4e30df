/**
 * All results in order, or the first failure once everything else has ended: what a failed job started must not go on
 * while its folder is removed and its message goes to another worker.
 */
export async function settleAll<T>(work: readonly Promise<T>[]): Promise<readonly T[]> {
  const settled = await Promise.allSettled(work);
  const failure = settled.find((result) => result.status === "rejected");
  if (failure) throw failure.reason;
  return settled.flatMap((result) => (result.status === "fulfilled" ? [result.value] : []));
}
