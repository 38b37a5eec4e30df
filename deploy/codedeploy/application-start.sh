#!/bin/bash
# ApplicationStart: makes the release the current one, in one step, and starts it.
# shellcheck source-path=SCRIPTDIR source=common.sh
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"

release="$(release_of_deployment)"
[ -d "$release" ] || fail "$release is missing: AfterInstall makes it"

is_running() {
  if uses_systemd; then systemctl is-active --quiet "$unit"; else pm2_pid >/dev/null; fi
}

if [ "$(readlink "$current" || true)" != "releases/$DEPLOYMENT_ID" ]; then
  # A stop that failed and was ignored must not leave the old one serving under the new name.
  stop_worker
  ln -sfn "releases/$DEPLOYMENT_ID" "$current.new"
  mv -Tf "$current.new" "$current"
elif is_running; then
  say "runs already"
  exit 0
fi

if uses_systemd; then
  systemctl enable --quiet "$unit"
  if ! systemctl start "$unit"; then
    journalctl --unit "$unit" --lines 20 --no-pager >&2
    fail "$unit does not start"
  fi
else
  log="$pm2_home/start.log"
  if ! as_daemon "$log" "$release/runtime/node" "$release/node_modules/pm2/bin/pm2" start "$release/ecosystem.config.js"; then
    tail -n 20 "$log" >&2
    fail "PM2 does not start"
  fi
fi
say "started $DEPLOYMENT_ID"
