# shellcheck shell=bash disable=SC2034 # what is unused here is used where this is sourced
# What the hooks share; sourced by each of them. LADDERD_ROOT is put before every path: tests and people who try a deploy by
# hand give a folder of their own, where no user is made and systemd is left alone.
set -Eeuo pipefail
shopt -s nullglob
umask 022

root="${LADDERD_ROOT:-}"
# The revision that this script came with.
revision="$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)"

home="$root/opt/ladderd"
incoming="$home/incoming"
releases="$home/releases"
current="$home/current"
env_file="$root/etc/ladderd/ladderd.env"
state="$root/var/lib/ladderd"
log_dir="$root/var/log/ladderd"
pm2_home="$state/pm2"
work_dir="$state/work"

unit=ladderd-pm2.service
unit_file="$root/etc/systemd/system/$unit"
user=ladderd

say() { echo "ladderd: $*"; }
fail() {
  say "$*" >&2
  exit 1
}
trap 'say "$(basename "$0") failed at line $LINENO" >&2' ERR

# CodeDeploy names a deployment d-ABCDEF123; it becomes the name of a folder.
release_of_deployment() {
  [[ "${DEPLOYMENT_ID:-}" =~ ^[A-Za-z0-9][A-Za-z0-9._-]*$ ]] || fail "DEPLOYMENT_ID is not set: CodeDeploy sets it, by hand it is any new name"
  echo "$releases/$DEPLOYMENT_ID"
}

uses_systemd() { [ -z "$root" ] && [ -d /run/systemd/system ]; }

# The value of a variable in the environment file, as the service gets it.
setting() {
  local name value=""
  while IFS='=' read -r name value || [ -n "$name" ]; do
    [ "$name" = "$1" ] && unquoted "$value" && return
  done <"$env_file"
  echo "$2"
}

unquoted() {
  local value="$1"
  if [[ "$value" =~ ^\"(.*)\"$ || "$value" =~ ^\'(.*)\'$ ]]; then value="${BASH_REMATCH[1]}"; fi
  printf '%s\n' "$value"
}

# Runs a program as the service does: its user, its environment and nothing of the caller's. In a subshell, so that no
# secret of the environment file is ever an argument that others see.
as_service() (
  local name value as=()
  for name in $(compgen -e); do unset "$name" || true; done
  export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin LANG=C.UTF-8
  # Like the unit (deploy/systemd).
  export HOME="$state" PM2_HOME="$pm2_home" LOGS_DIRECTORY="$log_dir" LADDERD_WORK_DIR="$work_dir"
  export PM2_DISCRETE_MODE=true PM2_DISABLE_VERSION_CHECK=true
  while IFS='=' read -r name value || [ -n "$name" ]; do
    if [[ "$name" =~ ^[A-Za-z_][A-Za-z0-9_]*$ ]]; then export "$name=$(unquoted "$value")"; fi
  done <"$env_file"
  export NODE_ENV=production
  if [ -z "$root" ] && [ "$(id -u)" = 0 ]; then
    as=(setpriv --reuid "$user" --regid "$user" --init-groups --)
  fi
  cd "$state"
  exec "${as[@]}" "$@"
)

# The same for what goes on after the hook: in a session of its own and with none of the caller's descriptors, or CodeDeploy
# would wait for the end of the hook's output and an end of the agent would end it, too.
as_daemon() (
  local log="$1" fd
  shift
  exec </dev/null >>"$log" 2>&1
  for fd in /proc/self/fd/*; do
    fd="${fd##*/}"
    if [ "$fd" -gt 2 ]; then exec {fd}>&-; fi
  done
  as_service setsid --wait "$@"
)

# The process id of PM2 when it runs.
pm2_pid() {
  local pid
  pid="$(cat "$pm2_home/pm2.pid" 2>/dev/null)" || return 1
  [[ "$pid" =~ ^[0-9]+$ ]] || return 1
  # A number that another process has got meanwhile is not PM2. Its title names its home, too, but is cut to the length of
  # the command line that it began with.
  grep -qs "^PM2 v.*God Daemon" "/proc/$pid/cmdline" || return 1
  tr '\0' '\n' 2>/dev/null <"/proc/$pid/environ" | grep -qxF "PM2_HOME=$pm2_home" || return 1
  echo "$pid"
}

# Lets running jobs finish within their budget. PM2 answers SIGTERM with a SIGINT to the worker, waits kill_timeout for its
# end and ends itself; that needs no file of any release, so a broken one can always be stopped.
stop_worker() {
  local pid limit
  if uses_systemd; then
    [ ! -e "$unit_file" ] || systemctl stop "$unit"
    return
  fi
  pid="$(pm2_pid)" || return 0
  limit=$(($(setting LADDERD_KILL_TIMEOUT_SECONDS 630) + 30))
  kill -TERM "$pid"
  for ((waited = 0; waited < limit * 5; waited++)); do
    pm2_pid >/dev/null || return 0
    sleep 0.2
  done
  fail "PM2 ($pid) has not ended within $limit s"
}
