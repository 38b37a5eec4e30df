#!/bin/sh
# Makes sure that a deployment finds instances: CodeDeploy fails on a group that has scaled to zero, and half at a time of a
# single instance is none. Runs in CodeBuild before the deployment. The group scales in again by itself when nothing waits.
#   GROUP      name of the Auto Scaling group
#   INSTANCES  how many are needed
set -eu
: "${GROUP:?}" "${INSTANCES:?}"

ask() { aws autoscaling describe-auto-scaling-groups --auto-scaling-group-names "$GROUP" --query "$1" --output text; }

desired=$(ask 'AutoScalingGroups[0].DesiredCapacity')
if [ "$desired" -lt "$INSTANCES" ]; then
  aws autoscaling set-desired-capacity --auto-scaling-group-name "$GROUP" --desired-capacity "$INSTANCES"
fi

tries=90
# shellcheck disable=SC2016 # backticks are JMESPath's
while [ "$(ask 'length(AutoScalingGroups[0].Instances[?LifecycleState==`InService`])')" -lt "$INSTANCES" ]; do
  tries=$((tries - 1))
  if [ "$tries" -le 0 ]; then
    echo "$GROUP has not brought $INSTANCES instances into service within 15 minutes" >&2
    exit 1
  fi
  sleep 10
done
