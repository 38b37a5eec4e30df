import type { Environment } from "../config/config.ts";

/** A command: takes the arguments after its name and resolves to the exit code. */
export type Command = (argv: readonly string[], env: Environment) => Promise<number>;

export interface CommandEntry {
  readonly summary: string;
  /** Imported only when it runs: `probe` should not wait for the AWS SDK to load. */
  load(): Promise<Command>;
}

/** Every command by its name, in the order the help shows. */
export const COMMANDS: ReadonlyMap<string, CommandEntry> = new Map(
  Object.entries<CommandEntry>({
    dev: {
      summary: "embedded AWS, worker and player: upload files and watch them",
      load: async () => (await import("./dev.ts")).dev,
    },
    start: { summary: "the daemon: jobs from the queue", load: async () => (await import("./start.ts")).start },
    transcode: { summary: "one file into a folder, without AWS", load: async () => (await import("./transcode.ts")).transcode },
    probe: { summary: "what a source is", load: async () => (await import("./probe.ts")).probe },
    plan: { summary: "which renditions a source would get, and why", load: async () => (await import("./plan.ts")).plan },
    submit: {
      summary: "upload a file as a job and, if wanted, wait for its stream",
      load: async () => (await import("./submit.ts")).submit,
    },
    attach: { summary: "subtitles to a published asset, nothing encoded", load: async () => (await import("./attach.ts")).attach },
    inspect: { summary: "what an asset is and how its last attempt went", load: async () => (await import("./inspect.ts")).inspect },
    redrive: { summary: "what failed, in groups, and back to the queue", load: async () => (await import("./redrive.ts")).redriveCommand },
    rollback: { summary: "an asset back to its previous revision", load: async () => (await import("./rollback.ts")).rollback },
    gc: { summary: "what no asset shows any more, off the publish bucket", load: async () => (await import("./gc.ts")).gc },
    canary: {
      summary: "send a clip through the worker of this machine and fetch it back",
      load: async () => (await import("./canary.ts")).canary,
    },
    doctor: { summary: "check this machine and its configuration", load: async () => (await import("./doctor.ts")).doctor },
  }),
);
