//! Saving under adverse conditions: killed writers, several writers, full disks, protected folders.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use harmony::export::atomic::{self, WriteError};

/// Environment variable that tells a child of this program what to do.
const CHILD: &str = "CHANGES_SAVING_CHILD";

/// Bytes of a file: enough that writing it takes a while.
const BYTES: usize = 1 << 20;

/// A whole file: all of its bytes are the same.
fn content(byte: u8) -> Vec<u8> {
    vec![byte; BYTES]
}

fn assert_whole(path: &Path) {
    let found = fs::read(path).unwrap();
    assert_eq!(found.len(), BYTES, "{}", path.display());
    assert!(found.iter().all(|byte| *byte == found[0]));
}

/// This program again, running only the test of that name.
fn child(test: &str, path: &Path) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command
        .args([test, "--exact", "--nocapture"])
        .env(CHILD, path)
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    command
}

/// In a child: the file that it is to write.
fn task() -> Option<PathBuf> {
    std::env::var_os(CHILD).map(PathBuf::from)
}

#[test]
fn a_killed_writer_leaves_the_old_file_or_the_new_one() {
    if let Some(path) = task() {
        for byte in (0..=u8::MAX).cycle() {
            atomic::write(&path, &content(byte)).unwrap();
        }
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("song.mid");
    fs::write(&path, content(7)).unwrap();
    for attempt in 0..40 {
        let mut writer = child("a_killed_writer_leaves_the_old_file_or_the_new_one", &path)
            .spawn()
            .unwrap();
        // Each at another moment of its work.
        std::thread::sleep(Duration::from_micros(3000 + 777 * attempt));
        writer.kill().unwrap();
        writer.wait().unwrap();
        assert_whole(&path);
    }
    // And the next writer is not hindered by leftovers.
    atomic::write(&path, &content(1)).unwrap();
    assert_eq!(fs::read(&path).unwrap(), content(1));
}

#[test]
fn of_several_writers_one_file_stays_whole() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("song.mid");
    atomic::write(&path, &content(0)).unwrap();
    std::thread::scope(|scope| {
        for byte in 1..=4 {
            let path = &path;
            scope.spawn(move || {
                for _ in 0..20 {
                    atomic::write(path, &content(byte)).unwrap();
                }
            });
        }
        for _ in 0..50 {
            assert_whole(&path);
        }
    });
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
}

#[test]
fn of_several_makers_one_makes_the_file() {
    let folder = tempfile::tempdir().unwrap();
    for round in 0..50 {
        let path = folder.path().join(format!("{round}.mid"));
        let makers: Vec<Result<(), WriteError>> = std::thread::scope(|scope| {
            let makers: Vec<_> = (0..4)
                .map(|byte| {
                    let path = &path;
                    scope.spawn(move || atomic::create(path, &[byte; 100]))
                })
                .collect();
            makers.into_iter().map(|it| it.join().unwrap()).collect()
        });
        let made: Vec<u8> = (0..4)
            .zip(&makers)
            .filter_map(|(byte, made)| made.is_ok().then_some(byte))
            .collect();
        assert_eq!(made.len(), 1);
        assert_eq!(fs::read(&path).unwrap(), [made[0]; 100]);
        for refused in makers.into_iter().filter_map(Result::err) {
            assert_eq!(refused.source.kind(), ErrorKind::AlreadyExists);
        }
    }
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 50);
}

#[test]
fn a_file_in_place_is_on_disk_under_its_name() {
    let folder = tempfile::tempdir().unwrap();
    let (beside, path) = (folder.path().join("beside"), folder.path().join("network"));
    fs::write(&path, "old").unwrap();
    fs::write(&beside, "new").unwrap();
    atomic::sync(&beside).unwrap();
    atomic::put_in_place(&beside, &path).unwrap();
    assert_eq!(fs::read_to_string(&path).unwrap(), "new");
    assert!(!beside.exists());
    for error in [
        atomic::put_in_place(&beside, &path).unwrap_err(),
        atomic::sync(&folder.path().join("network.lost")).unwrap_err(),
    ] {
        assert!(error.to_string().contains("network"), "{error}");
    }
    assert_eq!(fs::read_to_string(&path).unwrap(), "new");
}

#[cfg(unix)]
mod unix {
    use super::*;
    use std::os::unix::fs::PermissionsExt;
    use std::os::unix::process::{CommandExt, ExitStatusExt};

    /// A user who owns nothing.
    const NOBODY: u32 = 65_534;

    fn is_root() -> bool {
        let own = tempfile::NamedTempFile::new().unwrap();
        std::os::unix::fs::MetadataExt::uid(&own.as_file().metadata().unwrap()) == 0
    }

    /// Runs a child as a user to whom permissions apply, and who can read the program.
    fn as_nobody(test: &str, path: &Path) -> Command {
        let mut command = child(test, path);
        if is_root() {
            let program = path.parent().unwrap().join("program");
            fs::copy(std::env::current_exe().unwrap(), &program).unwrap();
            command = Command::new(&program);
            command
                .args([test, "--exact", "--nocapture"])
                .env(CHILD, path)
                .current_dir("/")
                .uid(NOBODY)
                .gid(NOBODY);
        }
        command
    }

    /// The output of a child about its attempt to write.
    fn said(command: &mut Command) -> String {
        let output = command
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .output()
            .unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        assert!(
            output.status.success(),
            "{text}\n{:?}",
            output.status.signal()
        );
        text
    }

    fn attempt(path: &Path, bytes: usize) {
        match atomic::write(path, &vec![b'n'; bytes]) {
            Ok(()) => println!("WRITTEN"),
            Err(error) => println!("REFUSED {error}"),
        }
    }

    #[test]
    fn a_folder_that_may_not_be_written_to_is_told_and_nothing_is_lost() {
        if let Some(path) = task() {
            return attempt(&path, 100);
        }
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("song.mid");
        fs::write(&path, "old").unwrap();
        let mut command = as_nobody(
            "unix::a_folder_that_may_not_be_written_to_is_told_and_nothing_is_lost",
            &path,
        );
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o555)).unwrap();
        let said = said(&mut command);
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).unwrap();
        let expected = format!(
            "REFUSED {}: cannot write: Permission denied",
            path.display()
        );
        assert!(said.contains(&expected), "{said}");
        assert_eq!(fs::read_to_string(&path).unwrap(), "old");
        let hidden = fs::read_dir(folder.path()).unwrap();
        assert!(
            hidden
                .flatten()
                .all(|it| it.path().extension() != Some("part".as_ref()))
        );
    }

    #[test]
    fn a_full_disk_is_told_and_nothing_is_lost() {
        if let Some(path) = task() {
            return attempt(&path, BYTES);
        }
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("song.mid");
        fs::write(&path, "old").unwrap();
        // A limit on the size of files, in blocks of 512 or 1024 bytes, ends a write in the
        // middle as a full disk does.
        let mut command = Command::new("sh");
        command
            .args(["-c", "trap '' XFSZ; ulimit -f 100; exec \"$0\" \"$@\""])
            .arg(std::env::current_exe().unwrap())
            .args([
                "unix::a_full_disk_is_told_and_nothing_is_lost",
                "--exact",
                "--nocapture",
            ])
            .env(CHILD, &path);
        let said = said(&mut command);
        let expected = format!("REFUSED {}: cannot write: File too large", path.display());
        assert!(said.contains(&expected), "{said}");
        assert_eq!(fs::read_to_string(&path).unwrap(), "old");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_disk_that_is_really_full_is_told_and_nothing_is_lost() {
        /// A file system of 256 KiB, unmounted when dropped.
        struct Disk(tempfile::TempDir);

        impl Drop for Disk {
            fn drop(&mut self) {
                let _ = Command::new("umount").arg(self.0.path()).status();
            }
        }

        let disk = Disk(tempfile::tempdir().unwrap());
        let mounted = Command::new("mount")
            .args(["-t", "tmpfs", "-o", "size=256k", "changes-test"])
            .arg(disk.0.path())
            .stderr(Stdio::null())
            .status();
        if !mounted.is_ok_and(|status| status.success()) {
            println!("SKIPPED: only root can mount a small disk");
            return;
        }
        let path = disk.0.path().join("song.mid");
        atomic::write(&path, &[b'o'; 1000]).unwrap();
        let error = atomic::write(&path, &content(b'n')).unwrap_err();
        assert_eq!(error.source.kind(), ErrorKind::StorageFull);
        let expected = format!("{}: cannot write: No space left on device", path.display());
        assert!(error.to_string().starts_with(&expected), "{error}");
        assert_eq!(fs::read(&path).unwrap(), [b'o'; 1000]);
        assert_eq!(fs::read_dir(disk.0.path()).unwrap().count(), 1);
    }

    #[test]
    fn what_is_no_file_on_disk_is_written_into_and_stays() {
        let folder = tempfile::tempdir().unwrap();
        let pipe = folder.path().join("pipe");
        assert!(
            Command::new("mkfifo")
                .arg(&pipe)
                .status()
                .unwrap()
                .success()
        );
        let reader = std::thread::spawn({
            let pipe = pipe.clone();
            move || fs::read(pipe).unwrap()
        });
        atomic::write(&pipe, b"heard").unwrap();
        assert_eq!(reader.join().unwrap(), b"heard");
        assert!(!pipe.metadata().unwrap().is_file());
        if Path::new("/dev/full").exists() {
            let error = atomic::write(Path::new("/dev/full"), b"lost").unwrap_err();
            assert!(
                error.to_string().starts_with("/dev/full: cannot write"),
                "{error}"
            );
            assert!(!Path::new("/dev/full").metadata().unwrap().is_file());
        }
    }
}
