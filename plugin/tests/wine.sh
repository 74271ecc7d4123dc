#!/bin/sh
# The plugin's parts for Windows, tried on Linux under Wine: its unit tests (one drags a file from a
# window to another, plugin/src/editor/dragging/ole/tests.rs), then the standalone program for half a
# minute, of which it writes a picture. From the top of the repository, as root on Debian or Ubuntu:
#
#   apt-get install wine64 wine gcc-mingw-w64-x86-64 xvfb x11-apps ffmpeg
#   rustup target add x86_64-pc-windows-gnu
#   plugin/tests/wine.sh picture.png
set -eu
picture=${1:-target/wine.png}
target=x86_64-pc-windows-gnu
folder=target/wine
mkdir -p "$folder"
export WINEPREFIX="$PWD/$folder/prefix" WINEDEBUG=-all

# Wine before 9 has no bcryptprimitives.dll, which Rust's standard library takes its random
# numbers from: one function, answered by an older one.
cat > "$folder/prng.c" <<'C'
#include <windows.h>
BOOLEAN NTAPI SystemFunction036(PVOID, ULONG);
__declspec(dllexport) BOOL WINAPI ProcessPrng(PBYTE data, SIZE_T size)
{
    return SystemFunction036(data, (ULONG)size);
}
C
x86_64-w64-mingw32-gcc -shared -o "$folder/bcryptprimitives.dll" "$folder/prng.c" -ladvapi32

# Cargo runs tests from the package's folder.
cat > "$folder/runner" <<R
#!/bin/sh
cp "$PWD/$folder/bcryptprimitives.dll" "\$(dirname "\$1")"
exec xvfb-run -a -s "-screen 0 1280x900x24" wine "\$@"
R
chmod +x "$folder/runner"
export CARGO_TARGET_X86_64_PC_WINDOWS_GNU_RUNNER="$PWD/$folder/runner"

cargo build --release --package changes-plugin --features standalone --bin changes-standalone --target "$target"
cargo test --release --package changes-plugin --lib --target "$target"

cp "$folder/bcryptprimitives.dll" "target/$target/release"
xvfb-run -a -s "-screen 0 1280x900x24" sh -c "
    wine target/$target/release/changes-standalone.exe --backend dummy & program=\$!
    sleep 30
    xwd -root -silent -out $folder/window.xwd
    kill \$program"
ffmpeg -loglevel error -y -f xwd_pipe -i "$folder/window.xwd" "$picture"
echo "$picture"
