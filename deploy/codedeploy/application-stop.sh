#!/bin/bash
# ApplicationStop: stops the worker that runs. CodeDeploy runs the one of the revision that was installed last, before it
# fetches the new one; where nothing runs there is nothing to do.
# shellcheck source-path=SCRIPTDIR source=common.sh
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"

stop_worker
say "stopped"
