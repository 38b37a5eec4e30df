/** The configuration cannot be used: every problem found, each one line that names its key. Ends the process with 78. */
export class ConfigError extends Error {
  override readonly name = "ConfigError";
  readonly exitCode = 78;
  readonly problems: readonly string[];

  constructor(problems: readonly string[], options?: ErrorOptions) {
    super(`the configuration cannot be used: ${problems.join("; ")}`, options);
    this.problems = problems;
  }
}
