//! Files as URLs that the system opens.

use std::path::Path;

/// The URL of a file's folder.
pub(super) fn folder_url(file: &Path) -> Option<String> {
    file_url(file.parent()?)
}

/// A path as a `file:` URL (RFC 8089); `None` if it is not valid UTF-8.
pub(super) fn file_url(path: &Path) -> Option<String> {
    let path = path.to_str()?.replace('\\', "/");
    let mut url = "file://".to_owned();
    // Windows' drive letters come after a third slash.
    if !path.starts_with('/') {
        url.push('/');
    }
    for byte in path.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'/' | b'-' | b'_' | b'.' | b'~' | b':' => {
                url.push(char::from(byte));
            }
            other => url.push_str(&format!("%{other:02X}")),
        }
    }
    Some(url)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_are_addresses() {
        let url = folder_url(Path::new("/home/me/My Songs/ä.mid"));
        assert_eq!(url.as_deref(), Some("file:///home/me/My%20Songs"));
    }
}
