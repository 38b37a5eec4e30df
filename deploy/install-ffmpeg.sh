#!/bin/sh
# Makes sure that ffmpeg and ffprobe (with --with-browser also Chromium) are there, with the encoders that are needed, and
# on Linux bubblewrap, the sandbox they run in.
# Says nothing when they are; installs them on Debian and Ubuntu as root; otherwise says what to install and ends with 1.
# Without bubblewrap alone it ends with 0: `sandbox: auto`, the default of development, goes on with what there is.
set -u

packages=""
command -v ffmpeg >/dev/null 2>&1 && command -v ffprobe >/dev/null 2>&1 || packages="ffmpeg"
if [ "${1:-}" = "--with-browser" ]; then
  command -v chromium >/dev/null 2>&1 || command -v chromium-browser >/dev/null 2>&1 ||
    command -v google-chrome >/dev/null 2>&1 || packages="$packages chromium"
fi
required="${packages# }"
[ "$(uname)" != Linux ] || command -v bwrap >/dev/null 2>&1 || packages="$packages bubblewrap"
packages="${packages# }"

if [ -n "$packages" ]; then
  if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null 2>&1; then
    echo "Missing: $packages. Install with: sudo apt-get update && sudo apt-get install -y $packages" >&2
    [ -z "$required" ] || exit 1
  else
    echo "Installing $packages with apt-get (a minute or two)..." >&2
    log=$(mktemp)
    trap 'rm -f "$log"' EXIT
    export DEBIAN_FRONTEND=noninteractive
    # A package index of an hour ago may name files that are gone, hence the update.
    if ! { apt-get update && apt-get install -y --no-install-recommends $packages; } >"$log" 2>&1; then
      cat "$log" >&2
      echo "Could not install: $packages. Install with: apt-get update && apt-get install -y $packages" >&2
      [ -z "$required" ] || exit 1
    fi
  fi
fi

encoders=$(ffmpeg -v error -hide_banner -encoders 2>/dev/null)
for encoder in libx264 aac; do
  if ! printf '%s\n' "$encoders" | grep -q "^ [A-Z.]* $encoder "; then
    echo "This ffmpeg ($(command -v ffmpeg)) has no encoder $encoder. Install a full build: apt-get install -y ffmpeg" >&2
    exit 1
  fi
done
