#!/bin/bash
# Makes a fresh Debian or Ubuntu instance ready for ladderd: what the launch template runs at the first boot, after a few
# assignments (lib/user-data.ts). ladderd itself, node, ffmpeg and the unit come with CodeDeploy.
#   REGION        of the instance
#   DISTRIBUTION  ubuntu | debian
#   PACKAGES      architecture of Debian packages: arm64 | amd64
#   WORK_VOLUME   gp3 | instance-store
#   ENVIRONMENT   lines of the environment file
# ROOT is a folder in place of / and exists for tests.
set -euo pipefail
: "${REGION:?}" "${DISTRIBUTION:?}" "${PACKAGES:?}" "${WORK_VOLUME:?}" "${ENVIRONMENT:?}"
ROOT=${ROOT:-}
WORK="$ROOT/var/lib/ladderd/work"
export DEBIAN_FRONTEND=noninteractive

# An instance that is not ready would be paid for and do nothing; the group starts another one, and its alarm tells when that goes on.
on_exit() {
  [ "$1" = 0 ] && return
  echo "ladderd: not prepared (status $1); shutting down" >&2
  shutdown -h now
}
trap 'on_exit $?' EXIT

again() {
  for pause in 2 5 15 30 0; do
    "$@" && return 0
    sleep "$pause"
  done
  return 1
}

fetch() { again curl --fail --silent --show-error --location --proto '=https' --max-time 120 --output "$2" "$1"; }

write_environment() {
  install -d -m 0755 "$ROOT/etc/ladderd"
  (umask 027 && printf '%s\n' "$ENVIRONMENT" >"$ROOT/etc/ladderd/ladderd.env")
  chgrp ladderd "$ROOT/etc/ladderd/ladderd.env"
}

make_user() {
  getent passwd ladderd >/dev/null ||
    useradd --system --user-group --home-dir /var/lib/ladderd --shell /usr/sbin/nologin ladderd
  install -d -m 0755 -o ladderd -g ladderd "$ROOT/var/lib/ladderd" "$ROOT/var/log/ladderd"
}

# The largest whole disk with nothing on it: neither device names nor their order are promised on Nitro instances.
find_work_disk() {
  local disks name type size used
  disks=$(lsblk --bytes --noheadings --paths --list --output NAME,TYPE,SIZE | sort -k3,3nr)
  while read -r name type size; do
    if [ "$type" != disk ] || [ "$size" -eq 0 ]; then continue; fi
    used=$(lsblk --noheadings --list --output FSTYPE,MOUNTPOINT "$name" | tr -d ' \n')
    if [ -z "$used" ]; then
      printf '%s\n' "$name"
      return 0
    fi
  done <<<"$disks"
}

mount_work() {
  local disk
  install -d -m 0755 "$WORK"
  disk=$(find_work_disk)
  if [ -z "$disk" ]; then
    echo "ladderd: no empty disk for the $WORK_VOLUME work volume" >&2
    return 1
  fi
  # No journal, no reserve for root: everything on it can be made again.
  mkfs.ext4 -q -O ^has_journal -m 0 -L ladderd-work "$disk"
  printf 'LABEL=ladderd-work /var/lib/ladderd/work ext4 noatime,nosuid,nodev,nofail 0 0\n' >>"$ROOT/etc/fstab"
  mount -o noatime,nosuid,nodev "$disk" "$WORK"
  chown ladderd:ladderd "$WORK"
  chmod 0700 "$WORK"
}

# Ubuntu 23.10 and later lets no program make user namespaces unless a profile says so. bubblewrap, the sandbox, may.
allow_sandbox() {
  [ "$DISTRIBUTION" = ubuntu ] || return 0
  install -d -m 0755 "$ROOT/etc/apparmor.d"
  cat >"$ROOT/etc/apparmor.d/bwrap" <<'PROFILE'
abi <abi/4.0>,
include <tunables/global>
profile bwrap /usr/bin/bwrap flags=(unconfined) {
  userns,
}
PROFILE
  apparmor_parser --replace "$ROOT/etc/apparmor.d/bwrap"
}

# A fresh system brings itself up to date in the background, with the package manager locked meanwhile.
apt() { again apt-get -q -y -o DPkg::Lock::Timeout=300 "$@"; }

install_agents() {
  local scratch
  scratch=$(mktemp -d)
  apt update
  apt install --no-install-recommends ca-certificates curl gdebi-core ruby unattended-upgrades
  fetch "https://amazoncloudwatch-agent-$REGION.s3.$REGION.amazonaws.com/$DISTRIBUTION/$PACKAGES/latest/amazon-cloudwatch-agent.deb" \
    "$scratch/amazon-cloudwatch-agent.deb"
  apt install "$scratch/amazon-cloudwatch-agent.deb"
  fetch "https://aws-codedeploy-$REGION.s3.$REGION.amazonaws.com/latest/install" "$scratch/install"
  chmod +x "$scratch/install"
  # It would ask the metadata service without a token for the region, and be refused.
  again env AWS_REGION="$REGION" "$scratch/install" auto
  rm -r "$scratch"
  systemctl enable --now codedeploy-agent
}

make_user
mount_work
write_environment
allow_sandbox
# The last step: from here on CodeDeploy installs, and finds everything above in place.
install_agents
