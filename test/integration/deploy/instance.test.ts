import { chmod, mkdir, mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { readSettings } from "../../../deploy/cdk/lib/settings.ts";
import { userData } from "../../../deploy/cdk/lib/user-data.ts";
import type { CommandEnd } from "../../support/command.ts";
import { command } from "../../support/command.ts";

const WAKE = resolve(import.meta.dirname, "../../../deploy/cdk/pipeline/wake-group.sh");

/** Programs of an instance that would change this machine, or need another one: each tells what it was called with. */
const SAYS = `echo "$(basename "$0") $*" >>"$MACHINE/calls"`;
const ROOT_DISK = "/dev/nvme0n1 disk 17179869184\n/dev/nvme0n1p1 part 17000000000";
const PROGRAMS = {
  ...Object.fromEntries(
    ["mkfs.ext4", "mount", "useradd", "chgrp", "chown", "apt-get", "apparmor_parser", "systemctl", "shutdown", "sleep"].map((name) => [
      name,
      SAYS,
    ]),
  ),
  getent: "exit 2",
  // Nobody here is called ladderd.
  install: `${SAYS}; args=(); while [ $# -gt 0 ]; do case "$1" in -o | -g) shift 2 ;; *) args+=("$1"); shift ;; esac; done; /usr/bin/install "\${args[@]}"`,
  lsblk: `case "$*" in *NAME*) cat "$MACHINE/disks" ;; *nvme0n1) echo "ext4 /" ;; *) echo ;; esac`,
  curl: `${SAYS}; [ ! -e "$MACHINE/no-network" ] || exit 6
while [ "$1" != --output ]; do shift; done
printf '#!/bin/sh\\necho "agent-install $AWS_REGION $*" >>"$MACHINE/calls"\\n' >"$2"`,
  aws: `${SAYS}
case "$*" in
  *update-auto-scaling-group*)
    [ -e "$MACHINE/stuck" ] || [ "$(cat "$MACHINE/in-service")" -ge "\${!#}" ] || echo "\${!#}" >"$MACHINE/in-service" ;;
  *describe*) cat "$MACHINE/in-service" ;;
esac`,
};

let machine: string;

beforeEach(async () => {
  machine = await mkdtemp(join(tmpdir(), "ladderd-instance-"));
  await mkdir(join(machine, "bin"));
  await mkdir(join(machine, "root/etc"), { recursive: true });
  for (const [name, body] of Object.entries(PROGRAMS)) {
    const file = join(machine, "bin", name);
    await writeFile(file, `#!/bin/bash\n${body}\n`);
    await chmod(file, 0o755);
  }
  await writeFile(join(machine, "calls"), "");
  await writeFile(join(machine, "disks"), `${ROOT_DISK}\n/dev/nvme1n1 disk 107374182400\n/dev/nvme2n1 disk 8589934592\n`);
});

afterEach(() => rm(machine, { recursive: true, force: true }));

const calls = async (): Promise<readonly string[]> => (await readFile(join(machine, "calls"), "utf8")).trim().split("\n");
const run = (args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<CommandEnd> =>
  command("/bin/bash", args, {
    env: { PATH: `${join(machine, "bin")}:/usr/bin:/bin`, MACHINE: machine, ROOT: join(machine, "root"), ...env },
  });

async function boot(operatingSystem: "ubuntu-24.04" | "debian-12" = "ubuntu-24.04"): Promise<CommandEnd> {
  const { instances, region } = readSettings({ instances: { operatingSystem } });
  const data = userData({ instances, region, environment: { NODE_ENV: "production", LADDERD_ENGINES: "ffmpeg" } });
  const file = join(machine, "user-data");
  await writeFile(file, data.render());
  return run([file]);
}

describe("the first boot of an instance", () => {
  it("makes the user, mounts the largest empty disk, writes the environment and installs both agents, in this order", async () => {
    expect(await boot()).toMatchObject({ exitCode: 0 });
    const told = await calls();
    const order = [
      "useradd ",
      "mkfs.ext4 ",
      "mount ",
      "chgrp ",
      "apparmor_parser ",
      "apt-get -q -y -o DPkg::Lock::Timeout=300 update",
      "agent-install ",
      "systemctl ",
    ];
    const places = order.map((name) => told.findIndex((call) => call.startsWith(name)));
    expect(places).toEqual(places.toSorted((one, two) => one - two));
    expect(places).not.toContain(-1);
    expect(told.filter((call) => call.startsWith("mkfs.ext4"))).toEqual([expect.stringMatching(/ \/dev\/nvme1n1$/)]);
    expect(told).toContain("agent-install us-east-1 auto");
    expect(told).not.toContainEqual(expect.stringMatching(/^shutdown/));
  });

  it("lets the service read the environment, and nobody else", async () => {
    await boot();
    const file = join(machine, "root/etc/ladderd/ladderd.env");
    expect(await readFile(file, "utf8")).toBe("NODE_ENV=production\nLADDERD_ENGINES=ffmpeg\n");
    expect((await stat(file)).mode & 0o777).toBe(0o640);
    expect(await readFile(join(machine, "root/etc/fstab"), "utf8")).toContain("/var/lib/ladderd/work ext4 noatime,nosuid,nodev");
  });

  it("allows the sandbox its namespaces where the system asks for a profile", async () => {
    await boot();
    expect(await readFile(join(machine, "root/etc/apparmor.d/bwrap"), "utf8")).toMatch(/profile bwrap \/usr\/bin\/bwrap .*\n {2}userns,/);
    await writeFile(join(machine, "calls"), "");
    await boot("debian-12");
    expect((await calls()).join("\n")).not.toContain("apparmor_parser");
  });

  it("ends the instance when there is no disk for the work", async () => {
    await writeFile(join(machine, "disks"), `${ROOT_DISK}\n`);
    const { exitCode, stderr } = await boot();
    expect(exitCode).toBe(1);
    expect(stderr).toContain("no empty disk");
    expect((await calls()).at(-1)).toBe("shutdown -h now");
  });

  it("asks five times for what cannot be fetched, then ends the instance", async () => {
    await writeFile(join(machine, "no-network"), "");
    expect((await boot()).exitCode).not.toBe(0);
    const told = await calls();
    expect(told.filter((call) => call.startsWith("curl "))).toHaveLength(5);
    expect(told.at(-1)).toBe("shutdown -h now");
  });
});

describe("the wake before a deployment", () => {
  const wake = async (inService: number): Promise<CommandEnd> => {
    await writeFile(join(machine, "in-service"), `${inService}\n`);
    return run([WAKE], { GROUP: "ladderd-workers", INSTANCES: "2", MINIMUM: "0" });
  };

  it.each([0, 5])("makes two instances the least of a group that has %i, for 90 minutes", async (inService) => {
    const begin = Date.now();
    expect(await wake(inService)).toMatchObject({ exitCode: 0 });
    const [back = "", ...rest] = await calls();
    const [, time = "", least] = / --start-time (\S+) --min-size (\d+)$/.exec(back) ?? [];
    expect(back).toMatch(/^aws autoscaling put-scheduled-update-group-action --auto-scaling-group-name ladderd-workers /);
    expect({ least, minutes: Math.round((Date.parse(time) - begin) / 60_000) }).toEqual({ least: "0", minutes: 90 });
    expect(rest).toEqual([
      "aws autoscaling update-auto-scaling-group --auto-scaling-group-name ladderd-workers --min-size 2",
      expect.stringContaining("describe-auto-scaling-groups"),
    ]);
  });

  it("fails when they do not come", async () => {
    await writeFile(join(machine, "stuck"), "");
    const { exitCode, stderr } = await wake(0);
    expect(exitCode).toBe(1);
    expect(stderr).toContain("has not brought 2 instances into service");
  });
});
