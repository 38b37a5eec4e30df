#!/bin/bash
# ValidateService: the worker that answers is this very build, and a clip of 2 s comes through bucket, queue and pipeline and
# can be fetched. When it does not, CodeDeploy fails the deployment and brings the last good revision back.
# shellcheck source-path=SCRIPTDIR source=common.sh
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"

release="$(release_of_deployment)"

if ! as_service "$release/runtime/node" "$release/dist/main.js" canary \
  --ready "${READY_SECONDS:-120}" --timeout "${CANARY_SECONDS:-300}"; then
  # CodeDeploy shows the last 2 KB of what a hook says.
  tail -n 12 "$log_dir/ladderd-error.log" >&2 || true
  fail "$DEPLOYMENT_ID does not serve"
fi

# Proven: of the older ones two stay.
find "$releases" -mindepth 1 -maxdepth 1 -type d ! -path "$release" -printf '%T@ %p\n' | sort -rn | tail -n +3 | cut -d' ' -f2- |
  while IFS= read -r old; do rm -rf "$old"; done
