#!/bin/bash
# BeforeInstall: what a release needs of its machine: programs, a user, folders.
# shellcheck source-path=SCRIPTDIR source=common.sh
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"

# "URL SHA256" of an archive with ffmpeg, where the system's package is not the one to use.
archive=()
if [ -e "$root/etc/ladderd/ffmpeg-archive" ]; then
  read -r -a pinned <"$root/etc/ladderd/ffmpeg-archive"
  archive=(--archive "${pinned[@]}")
fi
sh "$revision/deploy/install-ffmpeg.sh" "${archive[@]}"

owner=()
if [ -z "$root" ]; then
  if ! id -u "$user" >/dev/null 2>&1; then
    useradd --system --user-group --home-dir "$state" --no-create-home --shell /usr/sbin/nologin "$user"
  fi
  owner=(-o "$user" -g "$user")
fi
# Made here and not by the agent: it would want to remove what it made, with all that lies in it, at the next deploy.
install -d -m 755 "$home" "$releases"
install -d -m 750 "${owner[@]}" "$state" "$pm2_home" "$work_dir" "$log_dir"
# What a deploy left that did not get further.
rm -rf "$incoming" "$releases"/*.partial

[ -r "$env_file" ] || fail "$env_file is missing: it holds the worker's settings, KEY=VALUE a line (docs/rollout.md)"
