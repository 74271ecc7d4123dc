//! The static folder of the web page.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use changes_supply::Product;
use sha2::{Digest, Sha256};
use xshell::cmd;

use crate::workspace::{self, root, say, shell, target};

const TRIPLE: &str = "wasm32-unknown-unknown";

/// The files that the page adds to its own: the fonts of the plugin's window, and the demo.
const ASSETS: [(&str, &str); 7] = [
    ("plugin/assets/fonts/Inter-Medium.otf", "fonts"),
    ("plugin/assets/fonts/InterDisplay-SemiBold.otf", "fonts"),
    (
        "plugin/assets/fonts/NotoSansSymbols-Accidentals.ttf",
        "fonts",
    ),
    ("plugin/assets/fonts/OFL.txt", "fonts"),
    ("assets/demo/town-theme.ogg", ""),
    ("assets/demo/NOTICE.md", ""),
    ("LICENSE", ""),
];

/// Builds everything into `target/web`.
pub fn build() -> Result<PathBuf> {
    let bindgen = bindgen()?;
    let module = compile()?;
    let folder = target()?.join("web");
    if folder.exists() {
        fs::remove_dir_all(&folder)
            .with_context(|| format!("cannot empty {}", folder.display()))?;
    }
    fs::create_dir_all(&folder).with_context(|| format!("cannot create {}", folder.display()))?;
    let sh = shell()?;
    cmd!(
        sh,
        "{bindgen} {module} --target web --no-typescript --remove-name-section
         --remove-producers-section --out-dir {folder}"
    )
    .run()?;
    for page in files(&root().join("web/page"))? {
        put(&page, &folder)?;
    }
    for (file, below) in ASSETS {
        put(&root().join(file), &folder.join(below))?;
    }
    list_for_service_worker(&folder)?;
    // Beside it, not inside: playing a song does not need those.
    changes_supply::write(&root(), &Product::PAGE, &folder).context("the notices of the page")?;
    Ok(folder)
}

/// The recognizer as WebAssembly. Its standard library is built with it: WebAssembly has had
/// vectors since 2021, and all browsers have them by now, but the library that comes with Rust
/// does not use them, and not every machine can fetch it for this target.
fn compile() -> Result<PathBuf> {
    let sh = shell()?;
    if !workspace::has_library_source(&sh)? {
        bail!("the page needs the source of Rust's library: rustup component add rust-src");
    }
    say("Building the recognizer for the page");
    // A folder of its own: build scripts look at RUSTC_BOOTSTRAP, and everything would be rebuilt
    // each time that it is set or unset.
    let folder = target()?.join("wasm");
    cmd!(
        sh,
        "cargo build --release --package changes-web --lib --target {TRIPLE}
         --target-dir {folder} -Zbuild-std=std,panic_abort"
    )
    .env("RUSTC_BOOTSTRAP", "1")
    .env(
        "CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUSTFLAGS",
        "-Ctarget-feature=+simd128",
    )
    .run()?;
    Ok(folder.join(TRIPLE).join("release/changes_web.wasm"))
}

/// The wasm-bindgen program in the version of the crate: the two must match.
fn bindgen() -> Result<PathBuf> {
    let lock = fs::read_to_string(root().join("Cargo.lock")).context("cannot read Cargo.lock")?;
    let version = lock
        .split("[[package]]")
        .find(|it| it.contains("name = \"wasm-bindgen\"\n"))
        .and_then(|it| it.split("version = \"").nth(1))
        .and_then(|it| it.split('"').next())
        .context("no wasm-bindgen in Cargo.lock")?
        .to_owned();
    let sh = shell()?;
    let tools = target()?.join("tools");
    let program = tools
        .join("bin")
        .join(format!("wasm-bindgen{}", std::env::consts::EXE_SUFFIX));
    let found = cmd!(sh, "{program} --version")
        .quiet()
        .ignore_stderr()
        .read();
    if found.is_ok_and(|found| found.ends_with(&format!(" {version}"))) {
        return Ok(program);
    }
    say(format!("Installing wasm-bindgen-cli {version}"));
    // Not with its own lock file, whose versions a mirror of the registry may lack.
    cmd!(
        sh,
        "cargo install --quiet --root {tools} wasm-bindgen-cli --version {version}"
    )
    .run()?;
    Ok(program)
}

/// Copies a file into a folder.
fn put(file: &Path, folder: &Path) -> Result<()> {
    let name = file.file_name().context("no file")?;
    fs::create_dir_all(folder).with_context(|| format!("cannot create {}", folder.display()))?;
    fs::copy(file, folder.join(name)).with_context(|| format!("cannot copy {}", file.display()))?;
    Ok(())
}

/// Every file below a folder, in a fixed order.
pub fn files(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    let entries =
        fs::read_dir(folder).with_context(|| format!("cannot list {}", folder.display()))?;
    for entry in entries {
        let path = entry?.path();
        if path.is_dir() {
            found.extend(files(&path)?);
        } else {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}

/// Gives the service worker the list of files to keep, and a version that changes with any of
/// them.
fn list_for_service_worker(folder: &Path) -> Result<()> {
    let mut hash = Sha256::new();
    let mut names = vec!["./".to_owned()];
    for path in files(folder)? {
        let name = path
            .strip_prefix(folder)?
            .to_string_lossy()
            .replace('\\', "/");
        hash.update(name.as_bytes());
        hash.update(fs::read(&path).with_context(|| format!("cannot read {name}"))?);
        // The browser itself keeps that one.
        if name != "service-worker.js" {
            names.push(name);
        }
    }
    let version: String = hash
        .finalize()
        .iter()
        .take(8)
        .map(|byte| format!("{byte:02x}"))
        .collect();
    let kept = serde_json::json!({ "version": version, "files": names });
    let script = format!("self.KEPT = {kept};\n");
    workspace::write(&folder.join("kept.js"), script.as_bytes())
}
