#!/bin/bash
# AfterInstall: unpacks the release into a folder of its own and tries it there, beside the one in use: its configuration on
# this machine, and a clip through its whole pipeline.
# shellcheck source-path=SCRIPTDIR source=common.sh
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"

release="$(release_of_deployment)"

unpack() {
  local arch
  rm -rf "$release.partial"
  mkdir "$release.partial"
  tar -xf "$incoming/release.tar.gz" -C "$release.partial" --no-same-owner
  case "$(uname -m)" in
    x86_64) arch=x64 ;;
    aarch64) arch=arm64 ;;
    *) fail "there is no Node for $(uname -m) in a release" ;;
  esac
  [ -x "$release.partial/runtime/node-$arch" ] || fail "this revision was built without a Node for $arch"
  ln -s "node-$arch" "$release.partial/runtime/node"
  # As old as its deploy, not as its build: the oldest go first.
  touch "$release.partial"
  mv -T "$release.partial" "$release"
}

# Each time must leave room for the one before it, or a deploy or a shutdown cuts jobs off (RELIABILITY.md R-D4); the worker
# itself checks drainSeconds against killTimeoutSeconds.
check_budgets() {
  local kill stop hook
  kill="$(setting LADDERD_KILL_TIMEOUT_SECONDS 630)"
  stop="$(sed -n 's/^TimeoutStopSec=//p' "$unit_file" "$unit_file".d/*.conf | tail -n 1)"
  hook="$(awk '/^  ApplicationStop:/ { found = 1 } found && $1 == "timeout:" { print $2; exit }' "$revision/appspec.yml")"
  [ "$kill" -lt "$stop" ] || fail "LADDERD_KILL_TIMEOUT_SECONDS ($kill) is not below TimeoutStopSec of $unit ($stop)"
  [ "$stop" -lt "$hook" ] || fail "TimeoutStopSec of $unit ($stop) is not below the timeout of ApplicationStop in appspec.yml ($hook)"
}

[ -d "$release" ] || unpack
rm -rf "$incoming"

install -d "$(dirname "$unit_file")" "$root/etc/logrotate.d"
install -m 644 "$revision/deploy/systemd/$unit" "$unit_file"
install -m 644 "$revision/deploy/logrotate/ladderd" "$root/etc/logrotate.d/ladderd"
check_budgets
if uses_systemd; then systemctl daemon-reload; fi

as_service "$release/runtime/node" "$release/dist/main.js" start --check-config >/dev/null
as_service "$release/runtime/node" "$release/dist/main.js" start --self-test

# Logs and the machine's own figures to CloudWatch, where its agent is installed.
agent=/opt/aws/amazon-cloudwatch-agent/bin/amazon-cloudwatch-agent-ctl
if [ -z "$root" ] && [ -x "$agent" ]; then
  "$agent" -a fetch-config -m ec2 -s -c "file:$revision/deploy/cloudwatch/agent.json" </dev/null >/dev/null
fi
