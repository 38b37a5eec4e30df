#!/bin/sh
# Makes sure that a deployment finds instances, and keeps them: CodeDeploy fails on a group that has scaled to zero, and half at
# a time of a single instance is none. Runs in CodeBuild before the deployment.
#   GROUP      name of the Auto Scaling group
#   INSTANCES  how many are needed
#   MINIMUM    the group's minimum at other times
set -eu
: "${GROUP:?}" "${INSTANCES:?}" "${MINIMUM:?}"

# The way back first, by the group itself: whatever becomes of the deployment, it scales in again when nothing waits. Two halves
# that drain and try their release take less. Protection of the instances would not last: a worker ends it when it is idle.
aws autoscaling put-scheduled-update-group-action --auto-scaling-group-name "$GROUP" --scheduled-action-name after-deployment \
  --start-time "$(date -u -d '90 minutes' +%Y-%m-%dT%H:%M:%SZ)" --min-size "$MINIMUM"
# A smaller group grows to it at once.
aws autoscaling update-auto-scaling-group --auto-scaling-group-name "$GROUP" --min-size "$INSTANCES"

in_service() {
  # shellcheck disable=SC2016 # backticks are JMESPath's
  aws autoscaling describe-auto-scaling-groups --auto-scaling-group-names "$GROUP" --output text \
    --query 'length(AutoScalingGroups[0].Instances[?LifecycleState==`InService`])'
}

tries=90
until [ "$(in_service)" -ge "$INSTANCES" ]; do
  tries=$((tries - 1))
  if [ "$tries" -le 0 ]; then
    echo "$GROUP has not brought $INSTANCES instances into service within 15 minutes" >&2
    exit 1
  fi
  sleep 10
done
