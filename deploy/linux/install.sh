#!/bin/sh
# Installs Changes: the plugin (CLAP and VST3), the program without a host, and the command.
set -eu

usage() {
    cat <<'END'
usage: ./install.sh [--system] [--uninstall]

Without options, for you alone: the plugin into ~/.clap and ~/.vst3, programs into
~/.local/bin, manual and completions into ~/.local/share.

  --system     for everybody, as root: /usr/lib/clap, /usr/lib/vst3 and /usr/local
  --uninstall  remove what was installed; projects and charts stay
END
}

system=no
uninstall=no
for word in "$@"; do
    case $word in
        --system) system=yes ;;
        --uninstall) uninstall=yes ;;
        -h | --help) usage; exit 0 ;;
        *) usage >&2; exit 2 ;;
    esac
done

cd "$(dirname "$0")"

# DESTDIR goes before all paths, as is usual for building packages.
root=${DESTDIR:-}
if [ "$system" = yes ]; then
    clap=$root/usr/lib/clap
    vst3=$root/usr/lib/vst3
    bin=$root/usr/local/bin
    share=$root/usr/local/share
else
    clap=$root$HOME/.clap
    vst3=$root$HOME/.vst3
    bin=$root$HOME/.local/bin
    share=$root$HOME/.local/share
fi

# Each place in the archive, and where it goes.
places() {
    echo "plugin/Changes.clap|$clap/Changes.clap"
    echo "plugin/Changes.vst3|$vst3/Changes.vst3"
    for file in bin/*; do
        echo "$file|$bin/${file#bin/}"
    done
    find share -type f | LC_ALL=C sort | while read -r file; do
        echo "$file|$share/${file#share/}"
    done
}

if [ "$uninstall" = yes ]; then
    places | while IFS='|' read -r from to; do
        if [ -e "$to" ]; then
            rm -rf "$to"
            echo "removed $to"
        fi
    done
    rmdir "$share/doc/changes-chords" 2>/dev/null || true
    exit 0
fi

# Copied beside the target, then renamed: a host that scans meanwhile never finds half a plugin,
# and one that has the old plugin loaded keeps it.
places | while IFS='|' read -r from to; do
    mkdir -p "$(dirname "$to")"
    new=$(dirname "$to")/.$(basename "$to").new
    old=$(dirname "$to")/.$(basename "$to").old
    rm -rf "$new" "$old"
    cp -R "$from" "$new"
    if [ -d "$to" ]; then
        mv "$to" "$old"
    fi
    mv "$new" "$to"
    rm -rf "$old"
    echo "installed $to"
done

case ":$PATH:" in
    *":${bin#"$root"}:"*) ;;
    *) echo "note: $bin is not in your PATH" ;;
esac
