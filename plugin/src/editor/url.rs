//! Files as addresses that the system opens.

use std::path::Path;

/// A file's folder as an address that the system opens.
pub(super) fn folder_url(file: &Path) -> Option<String> {
    file_url(file.parent()?)
}

/// A path as an address (RFC 8089); `None` for one that is no text.
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
