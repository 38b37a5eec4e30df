/** How many programs this process has started that are not reaped yet: each is one handle of Node's. */
export const runningPrograms = (): number => process.getActiveResourcesInfo().filter((name) => name === "ProcessWrap").length;
