/** The samples of a Prometheus exposition by name and labels, as they are written: `name{label="value"}`. */
export async function metricsOf(daemonUrl: string): Promise<ReadonlyMap<string, number>> {
  const answer = await fetch(`${daemonUrl}/metrics`);
  const lines = (await answer.text()).split("\n").filter((line) => line !== "" && !line.startsWith("#"));
  return new Map(
    lines.map((line) => {
      const at = line.lastIndexOf(" ");
      return [line.slice(0, at), Number(line.slice(at + 1))];
    }),
  );
}

/** How many messages were settled with this outcome so far. */
export async function settledCount(daemonUrl: string, outcome: string): Promise<number | undefined> {
  return (await metricsOf(daemonUrl)).get(`ladderd_messages_settled_total{outcome="${outcome}"}`);
}
