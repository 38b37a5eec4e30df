#!/bin/sh
# Makes sure that ffmpeg and ffprobe are there, with the encoders that are needed, and on Linux bubblewrap, the sandbox
# they run in. Says nothing when they are; installs them on Debian and Ubuntu as root; otherwise says what to install.
#   --with-browser         Chromium, too
#   --with-tools           the programs of $tools and $unpacked, too, with which the tests check what is deployed
#   --archive URL SHA256   ffmpeg and ffprobe out of this archive, a static build, into /usr/local/bin (or $FFMPEG_PREFIX/bin):
#                          for systems that have no package of it, and fleets that pin one build
# Ends with 1 without ffmpeg, its encoders or the browser. Without bubblewrap or a tool it ends with 0: `sandbox: auto`, the
# default of development, goes on with what there is, and the test that needs the tool says so.
set -u

# "program:package of Debian and Ubuntu", one a line.
tools="
shellcheck:shellcheck
systemd-analyze:systemd
logrotate:logrotate
mmdebstrap:mmdebstrap
"
# The same, of packages with a server that would run from then on: the program alone is taken out of them.
unpacked="
promtool:prometheus
"

# Debian keeps logrotate where only root looks.
PATH="$PATH:/usr/sbin"
export PATH

browser="" with_tools="" url="" sha256=""
while [ $# -gt 0 ]; do
  case "$1" in
    --with-browser) browser=yes ;;
    --with-tools) with_tools=yes ;;
    --archive)
      [ $# -ge 3 ] || { echo "--archive takes a URL and its SHA-256" >&2; exit 64; }
      url="$2" sha256="$3"
      shift 2
      ;;
    *) echo "usage: install-ffmpeg.sh [--with-browser] [--with-tools] [--archive URL SHA256]" >&2; exit 64 ;;
  esac
  shift
done

has() { command -v "$1" >/dev/null 2>&1; }

# A fresh system brings itself up to date in the background, with the package manager locked meanwhile.
apt_get() { LC_ALL=C DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=300 "$@"; }

# Installs packages by apt-get; says what to type, and fails, where it cannot.
install_packages() {
  if [ "$(id -u)" != 0 ] || ! has apt-get; then
    echo "Missing: $*. Install with: sudo apt-get update && sudo apt-get install -y $*" >&2
    return 1
  fi
  echo "Installing $* with apt-get (a minute or two)..." >&2
  log=$(mktemp) started=$(date +%s)
  # A package index of an hour ago may name files that are gone, hence the update.
  until { apt_get update && apt_get install -y --no-install-recommends "$@"; } >"$log" 2>&1; do
    # apt waits for dpkg's lock and not for that of its lists. BeforeInstall has 600 s: a last wait and the install still fit.
    if [ $(($(date +%s) - started)) -ge 200 ] || ! grep -qw -e lock -e locked "$log"; then
      cat "$log" >&2
      rm -f "$log"
      echo "Could not install: $*. Install with: apt-get update && apt-get install -y $*" >&2
      return 1
    fi
    sleep 10
  done
  rm -f "$log"
}

# Takes one program out of a package, into /usr/local/bin.
unpack_tool() {
  program="$1" package="$2"
  if [ "$(id -u)" != 0 ] || ! has apt-get; then
    echo "Missing: $program, of the package $package" >&2
    return 1
  fi
  folder=$(mktemp -d)
  # apt fetches as a user of its own.
  chmod 755 "$folder"
  if (cd "$folder" && { apt-get download "$package" || { apt-get update && apt-get download "$package"; }; }) >"$folder/log" 2>&1 &&
    dpkg-deb --fsys-tarfile "$folder"/*.deb | tar -x -C "$folder" "./usr/bin/$program" &&
    install -m 755 "$folder/usr/bin/$program" "/usr/local/bin/$program"; then
    status=0
  else
    cat "$folder/log" >&2
    status=1
  fi
  rm -rf "$folder"
  return "$status"
}

# Unpacks the pinned archive unless it was the last one unpacked here.
install_archive() {
  prefix="${FFMPEG_PREFIX:-/usr/local}"
  mark="$prefix/share/ladderd/ffmpeg.sha256"
  [ "$(cat "$mark" 2>/dev/null)" != "$sha256" ] || return 0
  folder=$(mktemp -d)
  if unpack_archive; then status=0; else status=1; fi
  rm -rf "$folder"
  return "$status"
}

unpack_archive() {
  curl -fsSL --retry 3 --max-time 600 -o "$folder/archive" "$url" || { echo "Could not fetch $url" >&2; return 1; }
  if ! echo "$sha256  $folder/archive" | sha256sum -c --status -; then
    echo "$url is not the archive that was meant: its SHA-256 is $(sha256sum <"$folder/archive" | cut -d' ' -f1), not $sha256" >&2
    return 1
  fi
  mkdir -p "$folder/out" "$prefix/bin" "$prefix/share/ladderd"
  tar -xf "$folder/archive" -C "$folder/out" || return 1
  for program in ffmpeg ffprobe; do
    file=$(find "$folder/out" -type f -name "$program" | head -n 1)
    [ -n "$file" ] || { echo "$url has no $program in it" >&2; return 1; }
    # Beside its place first: a worker that runs keeps the file it has opened.
    install -m 755 "$file" "$prefix/bin/$program.new" && mv -f "$prefix/bin/$program.new" "$prefix/bin/$program" || return 1
  done
  echo "$sha256" >"$mark"
}

required="" wanted=""
if [ -n "$url" ]; then
  has curl || required="$required curl ca-certificates"
  has xz || required="$required xz-utils"
elif ! has ffmpeg || ! has ffprobe; then
  required="ffmpeg"
fi
if [ -n "$browser" ]; then
  has chromium || has chromium-browser || has google-chrome || required="$required chromium"
fi
[ "$(uname)" != Linux ] || has bwrap || wanted="$wanted bubblewrap"
if [ -n "$with_tools" ]; then
  for tool in $tools; do
    has "${tool%%:*}" || wanted="$wanted ${tool#*:}"
  done
fi

# One run of apt-get for everything; when it fails, what is only wanted must not stand in the way of what is required.
if [ -n "$required$wanted" ]; then
  # shellcheck disable=SC2086 # names of packages, split as meant
  if ! install_packages $required $wanted && [ -n "$required" ]; then exit 1; fi
fi
if [ -n "$with_tools" ]; then
  for tool in $unpacked; do
    has "${tool%%:*}" || unpack_tool "${tool%%:*}" "${tool#*:}"
  done
fi
if [ -n "$url" ]; then
  install_archive || exit 1
  PATH="${FFMPEG_PREFIX:-/usr/local}/bin:$PATH"
fi

encoders=$(ffmpeg -v error -hide_banner -encoders 2>/dev/null)
for encoder in libx264 aac; do
  if ! printf '%s\n' "$encoders" | grep -q "^ [A-Z.]* $encoder "; then
    echo "This ffmpeg ($(command -v ffmpeg)) has no encoder $encoder. Install a full build: apt-get install -y ffmpeg" >&2
    exit 1
  fi
done
